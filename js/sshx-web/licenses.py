"""The licenses of the crates in the built module, each text once, with the crates that it is for."""

from __future__ import annotations

import json
import re
import subprocess
from collections import defaultdict
from pathlib import Path

RULE = "-" * 80
# Nearly all crates may be used under either of two licenses; the shorter one is given.
PREFERRED = ("MIT", "ISC", "BSD", "ZLIB", "UNICODE", "APACHE", "")


def licenses(root: Path, cargo: str, target: str) -> str:
    """The text to ship. Raises `ValueError` for a crate that names no license."""
    tree = ["tree", "--locked", "--target", target, "--edges", "normal", "--prefix", "none", "--format", "{p}"]
    lines = _output(root, cargo, *tree).splitlines()
    used = {(name, version.removeprefix("v")) for name, version, *_ in (line.split() for line in lines)}
    metadata = json.loads(_output(root, cargo, "metadata", "--locked", "--format-version", "1"))
    crates: dict[str, list[str]] = defaultdict(list)
    for package in metadata["packages"]:
        if (package["name"], package["version"]) in used and package["source"] is not None:
            crates[_text(package)].append(f"{package['name']} {package['version']}")
    crates["License: MIT OR Apache-2.0"].append("The standard library of Rust")
    parts = (
        f"{', '.join(sorted(names))}\n\n{text}" for text, names in sorted(crates.items(), key=lambda item: item[1])
    )
    return f"\n\n{RULE}\n\n".join(parts) + "\n"


def _text(package: dict[str, str]) -> str:
    directory = Path(package["manifest_path"]).parent
    files = [
        path for path in sorted(directory.iterdir()) if re.match(r"(licen[cs]e|copying|unlicense)", path.name, re.I)
    ]
    for kind in PREFERRED:
        for path in files:
            if path.is_file() and kind in path.name.upper():
                return "\n".join(line.rstrip() for line in path.read_text(encoding="utf-8").strip().splitlines())
    if not package["license"]:
        raise ValueError(f"{package['name']} names no license")
    return f"License: {package['license']}"


def _output(root: Path, *command: str) -> str:
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout
