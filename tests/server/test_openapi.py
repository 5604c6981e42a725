"""The API's description: valid, and complete. That answers are as it says is checked wherever tests ask for one."""

from __future__ import annotations

import inspect
import re
from typing import Any

from openapi_spec_validator import OpenAPIV31SpecValidator, validate
from tornado.web import RequestHandler

from sshx_jupyter.server import api, guests, pages, sockets
from sshx_jupyter.server.base import _REASONS

from .serving import SPEC

METHODS = ("get", "post", "put", "patch", "delete")


def routes() -> set[tuple[str, str]]:
    """Every address and method that the extension serves."""
    found = set()
    handlers = [pair for module in (api, sockets, pages, guests) for pair in module.default_handlers]
    for pattern, handler in handlers:
        path = pattern.replace("([^/]+)", "{id}").removesuffix("/?")
        for method in METHODS:
            if inspect.unwrap(getattr(handler, method)) is not RequestHandler._unimplemented_method:
                found.add((method, path))
    return found


def described() -> set[tuple[str, str]]:
    return {(method, path) for path, item in SPEC["paths"].items() for method in item if method in METHODS}


def test_the_description_is_valid() -> None:
    validate(SPEC, cls=OpenAPIV31SpecValidator)


def test_every_route_is_described_and_no_other() -> None:
    assert routes() == described()


def test_every_reference_leads_somewhere() -> None:
    def references(node: Any) -> Any:
        if isinstance(node, dict):
            yield from ([node["$ref"]] if "$ref" in node else [])
            node = list(node.values())
        if isinstance(node, list):
            for child in node:
                yield from references(child)

    used = set(references(SPEC))
    there = {f"#/components/{kind}/{name}" for kind in SPEC["components"] for name in SPEC["components"][kind]}
    assert used <= there
    assert {path for path in there if "securitySchemes" not in path} <= used


def test_every_reason_is_described() -> None:
    listed = set(re.findall(r"`(\w+)`", SPEC["components"]["schemas"]["Error"]["properties"]["reason"]["description"]))
    sources = "".join(inspect.getsource(module) for module in (api, sockets, guests))
    assert set(_REASONS.values()) | set(re.findall(r'ApiError\(\s*\d+,\s*"(\w+)"', sources)) <= listed
