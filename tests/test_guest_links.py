"""Which link is offered for a ticket."""

from __future__ import annotations

import pytest

from sshx_jupyter.guest_links import guest_link, is_local
from tests.test_ticket import SAMPLES

TICKET = SAMPLES[0].encode()
ID = SAMPLES[0].session_id.hex()


@pytest.mark.parametrize(
    ("guest_page", "server", "link"),
    [
        ("https://a.example/join/", None, f"https://a.example/join/#{TICKET}"),
        ("https://a.example/join?x", "https://b.example/", f"https://a.example/join?x#{TICKET}"),
        ("", "https://b.example", f"https://b.example/sshx/guest/{ID}#{TICKET}"),
        ("", "https://b.example/user/ann/", f"https://b.example/user/ann/sshx/guest/{ID}#{TICKET}"),
        ("", None, None),
    ],
)
def test_the_first_page_that_exists(guest_page: str, server: str | None, link: str | None) -> None:
    assert guest_link(TICKET, guest_page, server) == link
    assert guest_link(None, guest_page, server) is None


@pytest.mark.parametrize(
    "url",
    [
        *(
            "http://localhost:8888/",
            "http://LOCALHOST./",
            "http://lab.localhost",
            "http://127.0.0.1:1/a",
            "http://127.1.2.3",
        ),
        *("http://[::1]:8888/", "http://0.0.0.0:8888/", "http://[::]/", "http://", "nothing"),
    ],
)
def test_addresses_of_ones_own_machine(url: str) -> None:
    assert is_local(url)


@pytest.mark.parametrize(
    "url", ["http://10.0.0.7:8888/", "https://hub.example.org", "http://lab", "http://[2001:db8::1]/"]
)
def test_addresses_that_others_may_reach(url: str) -> None:
    assert not is_local(url)
