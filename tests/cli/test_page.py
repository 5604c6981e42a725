"""`jupyter sshx page`: the guest page as files."""

from __future__ import annotations

from pathlib import Path

from .programs import Sshx


def test_it_writes_the_page_and_says_who_can_read_tickets(sshx: Sshx, tmp_path: Path) -> None:
    told = sshx.run("page", str(tmp_path / "new" / "page"))
    assert told.returncode == 0, told.stderr
    assert str(tmp_path / "new" / "page" / "index.html") in told.stderr
    assert "can read the tickets" in told.stderr
    assert (tmp_path / "new" / "page" / "index.html").is_file()


def test_it_writes_one_file(sshx: Sshx, tmp_path: Path) -> None:
    assert sshx.run("page", "--single-file", str(tmp_path / "page")).returncode == 0
    assert [path.name for path in (tmp_path / "page").iterdir()] == ["sshx.html"]


def test_a_directory_that_cannot_be_written_to_is_said(sshx: Sshx, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for options in ((), ("--single-file",)):
        told = sshx.run("page", *options, str(tmp_path / "file"))
        assert told.returncode == 1
        assert told.stderr.startswith("jupyter sshx: The page cannot be written to ")
