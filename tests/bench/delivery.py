"""What a guest gets of a shell's output: bytes delivered and skipped, and how steadily its picture changes."""

from __future__ import annotations

import time

from sshx_jupyter.client import SshxClient
from sshx_jupyter.client.events import Event, Output


class Delivery:
    """Counts one client's output of one shell from now on.

    Attributes:
        delivered: bytes of the shell's own output, as it printed them.
        skipped: bytes that a snapshot stood for, because the client had fallen behind.
        updates: outputs, snapshots included.
        silence: longest time from one to the next, in seconds; 0 before the second.
    """

    def __init__(self, client: SshxClient, sid: int) -> None:
        self._sid = sid
        self.stop = client.observe(self._on_event)
        """Ends it."""
        self.restart()

    def restart(self) -> None:
        """Count from now on."""
        self.delivered = self.skipped = self.updates = 0
        self.silence = 0.0
        self._last: float | None = None

    @property
    def share(self) -> float:
        """The share of the output that was delivered."""
        return self.delivered / max(self.delivered + self.skipped, 1)

    def _on_event(self, event: Event) -> None:
        if not isinstance(event, Output) or event.sid != self._sid:
            return
        now = time.monotonic()
        self.silence, self._last = max(self.silence, now - (self._last or now)), now
        self.updates += 1
        if event.snapshot:
            self.skipped += event.missed
        else:
            self.delivered += len(event.data)
