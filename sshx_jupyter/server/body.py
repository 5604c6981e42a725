"""What the bodies of requests may hold. Whatever is wrong with one is told in a sentence that quotes no value of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..host.names import clean_name
from ..host.session_manager import LONGEST_SESSION
from .base import ApiError

LONGEST = 64 << 10
LONGEST_PASSWORD = 1024


@dataclass(frozen=True)
class Share:
    """The body that starts a session. None stands for what was not given."""

    name: str | None
    terminals: list[str] | None
    cwd: str | None
    read_only: bool | None
    approve: bool
    password: str | None
    expires_in: float | None
    while_owned: bool

    @classmethod
    def read(cls, body: bytes, name_length: int) -> Share:
        """Raises `ApiError`."""
        known = ("name", "terminals", "cwd", "read_only", "approve", "password", "expires_in", "while_owned")
        fields = _Fields(body, known)
        return cls(
            fields.name(name_length),
            fields.terminals(),
            fields.text("cwd"),
            fields.flag("read_only"),
            fields.flag("approve") or False,
            fields.password(),
            fields.seconds("expires_in"),
            fields.flag("while_owned") or False,
        )


@dataclass(frozen=True)
class Change:
    """The body that changes a session. None stands for what is to stay."""

    name: str | None
    locked: bool | None
    rotate: bool

    @classmethod
    def read(cls, body: bytes, name_length: int) -> Change:
        """Raises `ApiError`."""
        fields = _Fields(body, ("name", "locked", "rotate"))
        rotate = fields.flag("rotate")
        if rotate is False:
            raise _invalid('"rotate" can only be true: leave it out to keep the tickets.')
        return cls(fields.name(name_length), fields.flag("locked"), rotate or False)


class _Fields:
    """A JSON object whose fields are taken with their types checked; null is as good as nothing."""

    def __init__(self, body: bytes, known: Sequence[str]) -> None:
        if len(body) > LONGEST:
            raise ApiError(413, "tooLarge", f"The body of the request is larger than {LONGEST >> 10} KiB.")
        try:
            fields = json.loads(body) if body.strip() else {}
        except (ValueError, RecursionError):
            raise _invalid("The body of the request is not JSON.") from None
        if not isinstance(fields, dict):
            raise _invalid("The body of the request is not a JSON object.")
        for key in fields:
            if key not in known:
                raise _invalid(f'"{clean_name(key, 64)}" is not known here. Known are: {", ".join(known)}.')
        self._fields: dict[str, Any] = fields

    def text(self, key: str) -> str | None:
        value = self._fields.get(key)
        if value is None or (isinstance(value, str) and value and "\0" not in value):
            return value
        raise _invalid(f'"{key}" must be text that is not empty.')

    def flag(self, key: str) -> bool | None:
        value = self._fields.get(key)
        if value is None or isinstance(value, bool):
            return value
        raise _invalid(f'"{key}" must be true or false.')

    def name(self, longest: int) -> str | None:
        name = self.text("name")
        if name is None:
            return None
        if not clean_name(name, longest):
            raise _invalid('"name" needs at least one visible character.')
        if len(name) > longest:
            raise _invalid(f'"name" may have at most {longest} characters.')
        return name

    def password(self) -> str | None:
        password = self.text("password")
        if password is not None and len(password) > LONGEST_PASSWORD:
            raise _invalid(f'"password" may have at most {LONGEST_PASSWORD} characters.')
        return password

    def seconds(self, key: str) -> float | None:
        value = self._fields.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not value > 0:
            raise _invalid(f'"{key}" must be a number of seconds greater than 0.')
        if value > LONGEST_SESSION:
            raise _invalid(f'"{key}" may be at most {LONGEST_SESSION} seconds, which is a year.')
        return float(value)

    def terminals(self) -> list[str] | None:
        value = self._fields.get("terminals")
        if value is None or (isinstance(value, list) and all(isinstance(name, str) for name in value)):
            return value
        raise _invalid('"terminals" must be a list of terminals\' names.')


def _invalid(message: str) -> ApiError:
    return ApiError(400, "invalid", message)
