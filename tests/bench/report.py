"""One row of the table, and the table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """A figure beside what it is compared with, both from the same run."""

    what: str
    measured: str
    baseline: str = ""
    ratio: float | None = None
    budget: str = ""
    ok: bool | None = None  # None: there is no budget for this one

    def cells(self) -> list[str]:
        ratio = "" if self.ratio is None else f"{self.ratio:.2f} x"
        verdict = {None: "", True: "ok", False: "MISSED"}[self.ok]
        return [self.what, self.measured, self.baseline, ratio, self.budget, verdict]


def table(rows: Sequence[Row]) -> str:
    """The rows under a heading, in aligned columns."""
    lines = [["what", "measured", "compared with", "ratio", "budget", ""], *(row.cells() for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    lines.insert(1, ["-" * width for width in widths])
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )
