"""The page that a session's link leads to."""

from __future__ import annotations

import pytest

from .serving import Server

NOBODY = "0" * 32


@pytest.mark.parametrize("path", ["sshx/p2p", "sshx/p2p/", f"sshx/p2p/{NOBODY}"])
async def test_says_how_to_take_part(server: Server, path: str) -> None:
    answer = await server.call("GET", path)
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/html; charset=UTF-8"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    text = answer.body.decode()
    assert "jupyter sshx join" in text
    assert ("jupyter sshx share" in text) == (NOBODY not in path)


async def test_no_such_page(server: Server) -> None:
    answer = await server.call("GET", "sshx/p2p/<script>")
    assert answer.status == 404
    assert b"<script>" not in answer.body.replace(b"<script>\n", b"")


async def test_a_ticket_in_the_query_moves_behind_the_hash_before_the_login(server: Server) -> None:
    for headers in ({}, {"Authorization": ""}):
        answer = await server.call(
            "GET",
            f"sshx/p2p/{NOBODY}",
            params={"ticket": "sshx1abc\r\nX: y"},
            headers=headers,
            follow_redirects=False,
        )
        assert answer.status == 302
        assert answer.headers["Location"] == f"/a%40b/sshx/p2p/{NOBODY}#sshx1abc%0D%0AX%3A%20y"
