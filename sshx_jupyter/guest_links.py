"""The link that people are offered for a ticket, and what they are told where there is none.

A link is the address of a page, `#`, and the ticket. Browsers keep what is after the `#` to themselves.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

NO_LINK = (
    "There is no link, because no guest page is known. Send the ticket or, if you have a relay, an invite file. For "
    "links, set SshxApp.guest_page."
)
"""Where only a guest page elsewhere could make links: on the command line and in kernels."""
NO_SERVER_LINK = (
    "There is no link that guests can open. Send the ticket or, if you have a relay, an invite file. For links, set "
    "SshxApp.guest_page; or SshxApp.guests, and SshxApp.public_url to the address at which guests reach this Jupyter "
    "server."
)
"""Where a Jupyter server hosts the session."""


def guest_link(ticket: str | None, guest_page: str, server: str | None = None) -> str | None:
    """The link to offer for a ticket, to the first page that exists; None if there is none, or no ticket.

    Args:
        ticket: its text, or None for a session that is read-only.
        guest_page: the address of the configured guest page; empty if there is none.
        server: the address of the host's Jupyter server, up to its base URL, if it lets guests in.
    """
    if ticket is None:
        return None
    if guest_page:
        return f"{guest_page}#{ticket}"
    if server is not None:
        from .ticket import Ticket  # loads the cryptography, which a server without sessions does without

        return f"{server.rstrip('/')}/sshx/guest/{Ticket.decode(ticket).session_id.hex()}#{ticket}"
    return None


def is_local(url: str) -> bool:
    """Whether the address leads everyone to their own machine, such as `http://localhost:8888`."""
    host = urlsplit(url).hostname or ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        name = host.rstrip(".")
        return not name or name == "localhost" or name.endswith(".localhost")
    return address.is_loopback or address.is_unspecified
