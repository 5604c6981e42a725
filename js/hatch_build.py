"""Makes the bundles of the browser's side when a checkout is built or installed (hatchling's custom build hook)."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE = (20, 19)
HOW = (
    "Install Node.js {} or newer with npm, such as from https://nodejs.org or conda-forge, and try again; "
    "or install a released wheel of sshx-jupyter, which has the page in it."
).format(".".join(map(str, NODE)))


class BundleHook(BuildHookInterface[Any]):
    """Runs `npm ci` and `npm run build` here, unless the bundles are up to date."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        root = Path(self.root)
        if (root / "PKG-INFO").is_file() and all(bundle.is_file() for bundle in bundles(root)):
            self.app.display_info("sshx: the page comes with this source distribution")
        elif is_current(root):
            self.app.display_info("sshx: the page is up to date")
        else:
            self._build(root / "js")

    def _build(self, js: Path) -> None:
        npm = shutil.which("npm")  # with its suffix, which Windows needs
        found = node_version()
        if npm is None or found is None:
            self.app.abort(f"sshx: building the page needs Node.js, which is not here. {HOW}")
        if found < NODE:
            self.app.abort(f"sshx: this Node.js, {'.'.join(map(str, found))}, cannot build the page. {HOW}")
        # As npm does for a package that is worked on: what is installed stays while it is as the lock file says.
        installed = js / "node_modules" / ".package-lock.json"
        if not installed.is_file() or changed(installed) < changed(js / "package-lock.json"):
            self._run(npm, "ci", cwd=js)
        self._run(npm, "run", "build", cwd=js)

    def _run(self, *command: str, cwd: Path) -> None:
        text = " ".join(["npm", *command[1:]])
        self.app.display_info(f"sshx: running `{text}` for the page")
        if subprocess.run(command, cwd=cwd).returncode != 0:
            self.app.abort(f"sshx: the page could not be built: `{text}` in js/ failed, see above.")


def bundles(root: Path) -> list[Path]:
    """One file of each directory of bundles, which stands for all in it."""
    package = root / "sshx_jupyter"
    return [package / "server" / "static" / "page.js", package / "labextension" / "package.json"]


def is_current(root: Path) -> bool:
    """Whether the bundles are whole ones, and newer than all that they are made from."""
    made = bundles(root)
    if not all(bundle.is_file() for bundle in made):
        return False
    if any(path for bundle in made for path in bundle.parent.rglob("*.map")):
        return False  # for development, made by `build.mjs --watch`
    return min(map(changed, made)) >= max(map(changed, sources(root / "js")))


def sources(js: Path) -> Iterator[Path]:
    """All that the bundles are made from; directories for what has been deleted."""
    yield from (path for path in js.iterdir() if path.suffix in (".json", ".mjs"))
    for top in ("src", "schema", "sshx-web/pkg"):
        for directory, _, files in os.walk(js / top):
            yield Path(directory)
            yield from (Path(directory, name) for name in files)


def changed(path: Path) -> int:
    return path.stat().st_mtime_ns


def node_version() -> tuple[int, ...] | None:
    """The version of Node.js, or None if there is none."""
    node = shutil.which("node")
    if node is None:
        return None
    answer = subprocess.run([node, "--version"], capture_output=True, text=True).stdout
    numbers = re.match(r"v(\d+)\.(\d+)", answer)
    return tuple(map(int, numbers.groups())) if numbers else None
