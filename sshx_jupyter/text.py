"""Text as people and programs read and write it: tables, durations, times."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timezone


def table(rows: Sequence[Sequence[str]]) -> str:
    """Rows as aligned columns."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


def parse_duration(text: str) -> float:
    """A duration: "90s", "30m", "2h", "1d", or a number of seconds. Raises ValueError."""
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([smhd]?)\s*", text)
    value = float(found[1]) * {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}[found[2]] if found else 0.0
    if not 0 < value <= 366 * 86400:
        raise ValueError("a duration is a number and s, m, h or d, such as 2h")
    return value


def utc(time: float) -> str:
    """Unix time as JSON has it everywhere, in the form of Jupyter's own APIs (RFC 3339, UTC, microseconds)."""
    return datetime.fromtimestamp(time, timezone.utc).isoformat(timespec="microseconds").replace("+00:00", "Z")


def parse_utc(text: str) -> float:
    """The Unix time of what `utc` has written. Raises ValueError."""
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
