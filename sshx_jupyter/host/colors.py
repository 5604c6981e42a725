"""The colors of users, so that people who are here at once can be told apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

COLORS = (
    "#3b82f6",
    "#ef4444",
    "#10b981",
    "#f59e0b",
    "#8b5cf6",
    "#ec4899",
    "#14b8a6",
    "#f97316",
    "#6366f1",
    "#84cc16",
)


def free_color(used: Iterable[str]) -> str:
    """The first of the colors that the fewest of those who are here have."""
    counts = Counter(color.lower() for color in used)
    return min(COLORS, key=lambda color: counts[color])
