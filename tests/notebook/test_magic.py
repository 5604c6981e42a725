"""`%sshx`: how its line is read, and what is shown where there are no widgets."""

from __future__ import annotations

from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from sshx_jupyter import JoinTicket
from sshx_jupyter.notebook.magic import HELP, _without_comment
from sshx_jupyter.notebook.widget import SharedSession


@pytest.mark.parametrize(
    ("line", "read"),
    [
        ("share --name demo       # or share(name='demo')", "share --name demo       "),
        ("# it's all a comment", ""),
        ("join https://a.example/#sshx1abc # a link", "join https://a.example/#sshx1abc "),
        ("share --name '# no comment' # yes", "share --name '# no comment' "),
        (r"share --name \# # yes", r"share --name \# "),
        ("share 'x", "share 'x"),
        ("list", "list"),
    ],
)
def test_a_comment_after_the_magic_is_a_comment(line: str, read: str) -> None:
    assert _without_comment(line) == read


def test_the_help_fits_into_80_columns() -> None:
    assert max(len(line) for line in HELP.splitlines()) <= 80


def test_ipython_in_a_terminal_shows_what_a_session_is() -> None:
    formatter: Any = InteractiveShell.instance().display_formatter
    assert formatter is not None
    try:
        for widget in (SharedSession(session_id="00", own=True), JoinTicket()):
            data, _ = formatter.format(widget)
            assert data["text/plain"] == repr(widget)
    finally:
        InteractiveShell.clear_instance()
    assert "sshx_jupyter.join(TICKET)" in repr(JoinTicket())
