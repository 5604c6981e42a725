"""The line at the bottom of the window: which session and shell, who is here, how well it is connected."""

from __future__ import annotations

import re

from ..client import SshxClient
from .cells import text_width
from .console import clean
from .requests import open_requests

SEPARATOR = " │ "
HINT = "Ctrl-] menu"
UNTITLED = re.compile(r"Terminal \d+")
"""How the host calls a terminal without a title; next to the number of the shell it says nothing."""


def status_line(client: SshxClient, sid: int | None, width: int, clipped: bool) -> str:
    """The line, without the parts for which there is no room: the least needed ones go first.

    `clipped` tells that the shell is larger than the window.
    """
    name = clean(str(client.info.get("name", "")), 40) or "session"
    shell, title = _shell(client, sid)
    if clipped and sid in client.shells:
        shell += f" (part of {client.shells[sid].cols}x{client.shells[sid].rows})"
    state = _state(client)
    asking = len(open_requests(client))
    badge = f"{asking} request{'s' if asking > 1 else ''}: Ctrl-] r" if asking else ""
    if client.role == "reader":
        badge = "read-only"
    for left, right in (
        ([name, shell + title, _people(client, names=True)], [badge, state, HINT]),
        ([name, shell + title, _people(client, names=False)], [badge, state, HINT]),
        ([name, shell, _people(client, names=False)], [badge, state, HINT]),
        ([name, shell], [badge, state, HINT]),
        ([shell], [badge, state, HINT]),
        ([shell], [badge, HINT]),
        ([], [badge, HINT]),
    ):
        start, end = (f" {SEPARATOR.join(filter(None, parts))} " for parts in (left, right))
        room = width - text_width(start) - text_width(end)
        if room >= 0:
            return start + " " * room + end
    return HINT


def _shell(client: SshxClient, sid: int | None) -> tuple[str, str]:
    sids = sorted(client.shells)
    if sid not in client.shells:
        return "no shell", ""
    title = clean(client.shells[sid].title, 30)
    title = "" if UNTITLED.fullmatch(title) else title
    return f"shell {sids.index(sid) + 1}/{len(sids)}", f" {title}" if title else ""


def _people(client: SshxClient, names: bool) -> str:
    others = [clean(user.name, 20) for uid, user in client.people.items() if uid != client.uid and not user.pending]
    if not names:
        return f"{len(others) + 1} here"
    return ", ".join(["you", *others[:5]]) + (f" and {len(others) - 5} more" if len(others) > 5 else "")


def _state(client: SshxClient) -> str:
    if waiting := client.waiting_input:
        return f"reconnecting…, {waiting} typed wait"
    if client.state != "connected":
        return "reconnecting…" if client.state == "reconnecting" else client.state
    path = client.path()
    kind = {"relay": "relayed", "direct": "direct", "local": "local"}[path.kind] if path is not None else ""
    if client.latency is None:
        return kind
    milliseconds = client.latency * 1000
    return f"{kind} {milliseconds:.0f} ms" if milliseconds >= 1 else f"{kind} <1 ms"
