"""The guest page as files."""

from __future__ import annotations

import gzip
import re
from base64 import b64decode, b64encode
from hashlib import sha256
from html import unescape
from pathlib import Path

import pytest

from sshx_jupyter import guest_page
from sshx_jupyter.guest_page import NotBuilt, single_file, write_directory
from sshx_jupyter.page_html import STATIC

LARGEST_PAGE = 300_000
"""Bytes of all that comes before the module, as gzip."""
LARGEST = 1_200_000
"""The same with it."""

LARGEST_LICENSES = 30_000
"""Bytes of the licenses in a single file; they would be 190,000 as they are."""


def policy_of(page: str) -> dict[str, list[str]]:
    found = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', page)
    assert found is not None
    return {name: values for name, *values in (part.split() for part in unescape(found[1]).split(";"))}


def test_a_directory(tmp_path: Path) -> None:
    (tmp_path / "other").write_text("stays")
    write_directory(tmp_path / "page")
    write_directory(tmp_path / "page")  # over what was there
    files = {path.name: path.read_bytes() for path in (tmp_path / "page").iterdir()}
    assert files.keys() == {
        "index.html",
        "guest.js",
        "guest.css",
        "images.js",
        "sshx_web.wasm.gz",
        "sshx_web.js",
        "LICENSES.txt",
    }
    page = files["index.html"].decode()
    for name, digest in re.findall(r'"([\w.]+)\?v=([0-9a-f]+)"', page):
        assert sha256(files[name]).hexdigest().startswith(digest)
    assert "http://" not in page.replace("http://localhost", "").replace("http://127.0.0.1", "")
    assert gzip.decompress(files["sshx_web.wasm.gz"]) == (STATIC / "sshx_web.wasm").read_bytes()
    found = re.fullmatch(rb'sshxWeb="([^"]+)"\n', files["sshx_web.js"])
    assert found is not None
    assert b64decode(found[1]) == files["sshx_web.wasm.gz"]
    assert policy_of(page)["script-src"] == ["'self'", "'wasm-unsafe-eval'"]


def test_a_single_file_runs_one_script_and_refers_to_nothing() -> None:
    page = single_file()
    scripts = re.findall(r"<script>(.*?)</script>", page, re.S)
    assert len(scripts) == 1
    digest = b64encode(sha256(scripts[0].encode()).digest()).decode()
    assert policy_of(page)["script-src"] == [f"'sha256-{digest}'", "'wasm-unsafe-eval'"]
    assert not re.search(r"<(?:script|link)[^>]+(?:src|href)=\"(?!data:)", page)
    found = re.search(r'<script type="text/plain" id="sshx-web">([^<]+)</script>', page)
    assert found is not None
    assert gzip.decompress(b64decode(found[1])) == (STATIC / "sshx_web.wasm").read_bytes()
    assert 'id="sshx-invite"' not in page
    assert single_file() == page


def test_a_single_file_holds_the_licenses_and_how_to_read_them() -> None:
    page = single_file()
    note = re.search(r"<!-- LICENSES\.txt: (.*?) -->", page, re.S)
    packed = re.search(r'<script type="text/plain" id="sshx-licenses">([\w+/=]+)</script>', page)
    assert note is not None
    assert packed is not None
    assert 'getElementById("sshx-licenses")' in note[1]
    assert not re.search("--|\\\\", note[1])
    assert gzip.decompress(b64decode(packed[1])) == (STATIC / "LICENSES.txt").read_bytes()
    assert len(note[0]) + len(packed[0]) < LARGEST_LICENSES


def test_a_single_file_may_hold_a_ticket() -> None:
    assert '<script type="text/plain" id="sshx-invite">sshx1abc</script>' in single_file("sshx1abc")


def test_it_is_small(tmp_path: Path) -> None:
    write_directory(tmp_path)
    size = {path.name: len(gzip.compress(path.read_bytes(), 9)) for path in tmp_path.iterdir()}
    before = sum(size[name] for name in ("index.html", "guest.js", "guest.css"))
    assert before <= LARGEST_PAGE
    assert before + size["sshx_web.wasm.gz"] <= LARGEST


def test_a_checkout_without_bundles_says_how_to_build_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guest_page, "STATIC", tmp_path / "nothing")
    with pytest.raises(NotBuilt, match="npm run build"):
        write_directory(tmp_path / "page")
    assert not (tmp_path / "page").exists()
