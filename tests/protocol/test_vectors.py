from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.vectors import generate


@pytest.mark.parametrize("name", generate.FILES)
def test_committed_vectors_are_current(name: str) -> None:
    text = (generate.HERE / name).read_text(encoding="ascii")
    assert text == generate.render(name), "run: python -m tests.vectors.generate"


def test_no_file_is_left_over() -> None:
    assert {path.name for path in generate.HERE.glob("*.json")} == set(generate.FILES)


@pytest.mark.parametrize("name", generate.FILES)
def test_bytes_are_lowercase_hex(name: str) -> None:
    """Whoever reads the files in another language relies on it."""

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            for key, item in value.items():
                if key == "fields":  # the message's own names
                    continue
                if key in ("bytes", "same", "psk", "secret", "sessionId", "address", "frame", "preface", "first"):
                    assert re.fullmatch("(?:[0-9a-f]{2})*", item)
                walk(item)
        elif isinstance(value, list):
            for item in value:
                walk(item)

    walk(json.loads((generate.HERE / name).read_text()))
