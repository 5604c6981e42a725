"""Names as others see them."""

from __future__ import annotations


def clean_name(name: str, length: int) -> str:
    """A name as others see it: one line, no control or invisible characters, at most `length` characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in name).split())[:length].strip()
