"""Reads the bodies of requests, as `openapi.yaml` describes them.

Errors are sentences that quote no value of a body: it may be a secret.
"""

from __future__ import annotations

import difflib
import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, ValidationError
from jupyter_events import yaml

from ..host.names import clean_name
from .base import ApiError

LONGEST = 64 << 10
"""Bytes of a body."""

_MUST = {
    "boolean": "be true or false",
    "string": "be text",
    "number": "be a number",
    "integer": "be a whole number",
    "array": "be a list",
    "object": "be a JSON object",
}
"""What a value of each type must be. `x-must` in `openapi.yaml` says more where there are bounds."""


def read_body(body: bytes, schema: str) -> dict[str, Any]:
    """The fields of a JSON object of the schema. A null is as good as nothing, and left out.

    Args:
        body: at most `LONGEST` bytes; an empty one stands for no fields.
        schema: "Share" or "Change".

    Raises:
        ApiError: for a body that the schema does not allow.
    """
    if len(body) > LONGEST:
        raise ApiError(413, "tooLarge", f"The body of the request is larger than {LONGEST >> 10} KiB.")
    try:
        # NaN and Infinity are not JSON: the object that stands for them is of no type that a schema allows.
        fields = json.loads(body, parse_constant=lambda _: object()) if body.strip() else {}
        error = next(_validator(schema).iter_errors(fields), None)
    except (ValueError, RecursionError):
        raise _invalid("The body of the request is not JSON.") from None
    if error is not None:
        raise _invalid(_sentence(error, _components()["schemas"][schema]["properties"]))
    return {name: value for name, value in fields.items() if value is not None}


def check_name(name: str | None, longest: int) -> None:
    """Raises `ApiError` for a session's name that has no visible character, or more than `longest`."""
    if name is not None and not clean_name(name, longest):
        raise _invalid('"name" needs at least one visible character.')
    if name is not None and len(name) > longest:
        raise _invalid(f'"name" may have at most {longest} characters.')


@cache
def _validator(schema: str) -> Draft202012Validator:
    # The references of a schema are relative to the whole file.
    return Draft202012Validator({"$ref": f"#/components/schemas/{schema}", "components": _components()})


@cache  # it takes longer to read than to import this package
def _components() -> dict[str, Any]:
    components: dict[str, Any] = yaml.load(Path(__file__).with_name("openapi.yaml"))["components"]
    return components


def _sentence(error: ValidationError, properties: dict[str, Any]) -> str:
    if error.absolute_path:
        name = error.absolute_path[0]
        schema = properties[name]
        kinds = schema.get("type", "object")
        kind = kinds if isinstance(kinds, str) else kinds[0]
        return f'"{name}" must {schema.get("x-must", _MUST[kind])}.'
    if error.validator == "additionalProperties":
        unknown = clean_name(next(name for name in error.instance if name not in properties), 64)
        close = difflib.get_close_matches(unknown, properties, 1)
        hint = f'Did you mean "{close[0]}"? ' if close else ""
        return f'"{unknown}" is not known here. {hint}Known are: {", ".join(properties)}.'
    if error.validator == "required":
        missing = next(name for name in error.validator_value if name not in error.instance)
        return f'"{missing}" is missing.'
    return "The body of the request is not a JSON object."


def _invalid(message: str) -> ApiError:
    return ApiError(400, "invalid", message)
