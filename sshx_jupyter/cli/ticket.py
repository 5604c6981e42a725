"""`jupyter sshx ticket`: says what a ticket holds, and never its secret."""

from __future__ import annotations

import argparse
import json
from typing import Any

from ..text import utc
from ..ticket import Ticket, TicketError
from .console import Failure, read_ticket

ALLOWS = {
    "writer": "type, open and close shells, and chat",
    "reader": "watch and chat",
}


def ticket(arguments: argparse.Namespace) -> int:
    """Run the command."""
    try:
        parsed = Ticket.decode(read_ticket(arguments.ticket))
        facts = _facts(parsed)
    except TicketError as error:
        raise Failure(str(error)) from None
    if arguments.json:
        print(json.dumps(facts))
    else:
        print(_text(facts))
    return 0


def _facts(parsed: Ticket) -> dict[str, Any]:
    from iroh import EndpointTicket, IrohError

    try:
        address = EndpointTicket.from_string(parsed.endpoint_ticket).endpoint_addr()
    except IrohError:
        raise TicketError("malformed") from None
    return {
        "session": parsed.session_id.hex(),
        "role": parsed.role,
        "password": parsed.password,
        "expires_at": None if parsed.expires is None else utc(parsed.expires),
        "endpoint": str(address.id()),
        "relay": address.relay_url(),
        "addresses": list(address.direct_addresses()),
    }


def _text(facts: dict[str, Any]) -> str:
    lines = {
        "session": facts["session"],
        "allows": f"to {ALLOWS[facts['role']]} ({facts['role']})",
        "password": "needed as well" if facts["password"] else "not needed",
        "ends": facts["expires_at"] or "with the session",
        "host": facts["endpoint"],
        "relay": facts["relay"] or "none",
        "addresses": ", ".join(facts["addresses"]) or "none",
        "secret": "(hidden)",
    }
    return "\n".join(f"{name + ':':<11}{value}" for name, value in lines.items())
