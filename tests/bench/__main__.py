"""Measure everything, or the modules named on the command line, and print one table.

Ends with 1 if a budget was missed, so that a script can tell.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Sequence

from . import __name__ as package
from . import __path__ as folder
from .report import Row, table


def main(names: Sequence[str]) -> int:
    rows: list[Row] = []
    for name in names or sorted(module.name for module in pkgutil.iter_modules(folder)):
        if name == "__main__":
            continue
        measure = getattr(importlib.import_module(f"{package}.{name}"), "measure", None)
        if measure is not None:
            print(f"measuring {name} ...", file=sys.stderr, flush=True)
            rows += measure()
    print(table(rows))
    return 1 if any(row.ok is False for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
