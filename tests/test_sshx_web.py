"""The browser's node as it is in git: made from these sources, and with nothing of the machine that built it."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path
from types import ModuleType

import pytest

CRATE = Path(__file__).parents[1] / "js" / "sshx-web"
STATIC = Path(__file__).parents[1] / "sshx_jupyter" / "server" / "static"


@pytest.fixture(scope="module")
def stamp() -> ModuleType:
    spec = importlib.util.spec_from_file_location("stamp", CRATE / "stamp.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_it_was_made_from_these_sources(stamp: ModuleType) -> None:
    said = json.loads(stamp.STAMP.read_text())
    assert said["sources"] == stamp.digest(stamp.sources()), "run `make sshx-web`"
    assert said["files"] == stamp.digests()
    build = (CRATE / "build.py").read_text()
    for program in ("wasm-bindgen", "binaryen"):
        assert f'"{said["made_with"][program]}"' in build


def test_the_stamp_changes_with_every_source(
    stamp: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copies = []
    for source in stamp.sources():
        copy = tmp_path / source.relative_to(CRATE)
        copy.parent.mkdir(exist_ok=True)
        copy.write_bytes(source.read_bytes())
        copies.append(copy)
    monkeypatch.setattr(stamp, "ROOT", tmp_path)
    digest = stamp.digest(copies)
    assert digest == json.loads(stamp.STAMP.read_text())["sources"]
    for copy in copies:
        before = copy.read_bytes()
        copy.write_bytes(before + b"\n")
        assert stamp.digest(copies) != digest
        copy.write_bytes(before)


def test_it_names_no_path_and_no_host() -> None:
    for path in sorted((CRATE / "pkg").iterdir()):
        if path.name == "LICENSES.txt":
            continue
        text = path.read_bytes()
        assert not re.findall(rb"/(?:root|home|usr|tmp|build|work)/\w+", text), path.name
        assert not re.findall(rb"(?:index\.crates|registry|crates\.io|\.cargo)[^\0]{0,40}", text), path.name


def test_the_bundles_have_it() -> None:
    assert (STATIC / "sshx_web.wasm").read_bytes() == (CRATE / "pkg" / "sshx_web_bg.wasm").read_bytes()
    assert "iroh 1.4.1" in (STATIC / "LICENSES.txt").read_text()
