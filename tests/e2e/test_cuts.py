"""A guest over real iroh endpoints whose link is cut at random, while both sides type, talk and open shells."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sshx_jupyter.client import SshxClient, retry
from sshx_jupyter.host.limits import Limits
from sshx_jupyter.node import SshxNode
from sshx_jupyter.ticket import Ticket
from tests.cuts import storm

CUTS = int(os.environ.get("SSHX_CUTS", "50"))
"""`make soak` cuts 1,000 times."""


@pytest.mark.timeout(60 + CUTS)
async def test_nothing_is_lost_or_doubled_in_either_direction(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "BACKOFF", (0.001, 0.01))
    limits = Limits(chat_burst=10**6, handshakes=256)
    async with (
        await SshxNode.spawn(relays="disabled", bind="127.0.0.1:0", limits=limits) as host,
        await SshxNode.spawn(relays="disabled", bind="127.0.0.1:0") as node,
    ):
        session = await host.host("storm", command=["sh"])
        ticket = session.ticket
        assert ticket is not None

        def connect(dial):  # type: ignore[no-untyped-def]
            return SshxClient.connect(Ticket.decode(ticket), dial=dial, stale_input="send")

        done = await storm(session, lambda: node.join(ticket), lambda: node.join(ticket), connect, CUTS, tmp_path)
        print(done)  # noqa: T201 - the figures, with `-s`
        assert done["lines"] > CUTS
