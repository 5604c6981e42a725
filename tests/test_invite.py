"""Where invite files may be written, and how."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sshx_jupyter.invite import check_target, write_invite


def test_a_file_is_replaced_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    file = tmp_path / ("x" * 250 + ".html")  # as long as a name may be
    file.write_text("earlier")
    file.chmod(0o666)
    write_invite(check_target(file), "now")
    assert file.read_text() == "now"
    assert file.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [file]


def test_nothing_is_left_of_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(OSError, match="directory"):
        write_invite(tmp_path / "taken", "text")
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


def test_a_link_leads_to_the_file_that_is_written(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "file")
    write_invite(check_target(tmp_path / "link"), "text")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_text() == "text"


def test_the_home_directory_may_be_a_tilde(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert check_target("~/invite.html") == tmp_path / "invite.html"


def test_the_home_of_nobody_is_no_place() -> None:
    with pytest.raises(ValueError, match="the name cannot be used"):
        check_target("~nobody-of-this-name/invite.html")


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "it is a directory"),
        (os.devnull, "it is not a regular file"),
        ("missing/invite.html", "its directory does not exist"),
        ("a\0b", "the name cannot be used"),
        ("x" * 300, "the name cannot be used"),
    ],
)
def test_what_is_no_place_for_a_file_is_told(tmp_path: Path, name: str, why: str) -> None:
    with pytest.raises(ValueError, match=f"The invite cannot be written to .*: {why}.$"):
        check_target(tmp_path / name)
