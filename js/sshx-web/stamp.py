"""What `pkg/` was made from and what came out, as `pkg/stamp.json` says and a test compares."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).parent.resolve()
PKG = ROOT / "pkg"
STAMP = PKG / "stamp.json"
FILES = ("Cargo.toml", "Cargo.lock", "build.py", "licenses.py")


def sources() -> list[Path]:
    """All that decides what comes out, besides the toolchain."""
    return [*map(ROOT.joinpath, FILES), *sorted((ROOT / "src").rglob("*.rs"))]


def digest(files: Iterable[Path]) -> str:
    """One for the names and contents of all these files."""
    hashed = sha256()
    for file in files:
        content = file.read_bytes()
        hashed.update(f"{file.relative_to(ROOT).as_posix()} {len(content)}\n".encode() + content)
    return hashed.hexdigest()


def digests() -> dict[str, str]:
    """That of each file in `pkg/`, but for the stamp."""
    files = (file for file in sorted(PKG.iterdir()) if file != STAMP)
    return {file.name: sha256(file.read_bytes()).hexdigest() for file in files}
