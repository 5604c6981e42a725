"""Measure everything, or the groups named on the command line, and print one table.

A group is a module of this package with a `measure()`: `python -m tests.bench bulk echo`. Ends with 1 if a goal was
missed, so that a script can tell.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Callable, Sequence

from . import __name__ as package
from . import __path__ as folder
from .report import Row, table


def groups() -> dict[str, Callable[[], list[Row]]]:
    """What can be measured, by its name."""
    names = sorted(module.name for module in pkgutil.iter_modules(folder) if module.name != "__main__")
    modules = {name: importlib.import_module(f"{package}.{name}") for name in names}
    return {name: module.measure for name, module in modules.items() if hasattr(module, "measure")}


def main(names: Sequence[str]) -> int:
    known = groups()
    if unknown := [name for name in names if name not in known]:
        print(f"bench: there are no rows {', '.join(unknown)}; there are {', '.join(known)}", file=sys.stderr)
        return 2
    rows: list[Row] = []
    for name in names or known:
        print(f"bench: measuring {name}", file=sys.stderr, flush=True)
        rows += known[name]()
    print(table(rows))
    return 1 if any(row.ok is False for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
