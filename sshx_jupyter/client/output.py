"""A shell as a client has it: its exact screen, and how far its output is known. The mirror of `output.ts`.

Sans-I/O: what the host says goes in; what the client's reader should see, or the host be asked, comes out.
"""

from __future__ import annotations

from ..protocol.marks import PromptState
from ..protocol.messages import REPLAY_BYTES, Ack, Chunks, Complete, Snapshot, Subscribe
from ..screen.screen import Screen
from .events import Output


class ShellOutput:
    """One shell of the session. Positions and sizes are in bytes of its output."""

    def __init__(self, sid: int, screen: Screen | None, aid: str = "") -> None:
        self.sid = sid
        self.screen = screen
        self.prompt = PromptState(aid)
        """What its marks tell; nothing without shell integration."""
        self.seq = -1
        """Position up to which output was parsed; -1 before the first snapshot."""
        self.wanted = False
        """Whether its output is asked for, now and after each reconnection."""
        self.complete = False
        """Whether all of its output must come, now and after each reconnection."""
        self._subscribed = False
        self._received = 0
        self._acknowledged = 0
        self._parts: list[bytes] | None = None
        """The snapshot that is arriving."""
        self._replay: list[bytes] = []
        """The output since it began."""
        self._replay_size = 0

    @property
    def arriving(self) -> bool:
        """Whether a snapshot has begun and not ended."""
        return self._parts is not None

    def new_link(self) -> None:
        """What the host and this side said of the shell belongs to a link that is gone; what it printed stays."""
        self._received = self._acknowledged = 0
        self._subscribed = False
        self._drop_snapshot()

    def resize(self, rows: int, cols: int) -> None:
        if self.screen is not None and (self.screen.rows, self.screen.cols) != (rows, cols):
            self.screen.resize(rows, cols)

    def subscription(self) -> list[Complete | Subscribe]:
        """What asks the host for the output, from where it was left; nothing if it was asked already."""
        self.wanted = True
        if self._subscribed:
            return []
        self._subscribed = True
        subscribe = Subscribe(self.sid, self.seq)
        return [Complete(self.sid, True), subscribe] if self.complete else [subscribe]

    def set_complete(self, on: bool) -> list[Complete]:
        """What tells the host that all of the output must come from now on, or need not any longer."""
        if self.complete == on:
            return []
        self.complete = on
        return [Complete(self.sid, on)] if self._subscribed else []

    def acknowledgement(self, least: int) -> Ack | None:
        """What tells the host how much was parsed on this link, if it is `least` more than it was told before."""
        if self._received - self._acknowledged < least:
            return None
        self._acknowledged = self._received
        return Ack(self.sid, self._received)

    def on_snapshot(self, message: Snapshot) -> Output | Subscribe | None:
        if message.part == 0:
            self._drop_snapshot()
            self._parts = []
        self._received += len(message.data)
        if self._parts is not None:
            self._parts.append(message.data)
        if message.more:
            return None
        if self._parts is None:  # given up, see `on_chunks`
            return None if self.complete else Subscribe(self.sid, -1)  # which would skip output
        screen, replay = b"".join(self._parts), b"".join(self._replay)
        data = screen + replay
        self._drop_snapshot()
        missed = max(0, message.seq - self.seq) if self.seq >= 0 else 0
        self.seq = max(self.seq, message.seq)
        if self.screen is not None:
            self.screen.feed(data)
        self._read_marks(screen, resync=True)
        self._read_marks(replay)
        return Output(self.sid, data, True, missed)

    def on_chunks(self, message: Chunks) -> Output | None:
        data = b"".join(message.chunks)
        self._received += len(data)
        missed = message.seq - self.seq
        if missed and not (self.complete and missed > 0 <= self.seq):
            return None
        if missed:  # more than the host keeps
            self._drop_snapshot()
        self.seq = message.seq + len(data)
        if self.screen is not None:
            self.screen.feed(data)
        self._read_marks(data, resync=missed > 0)
        if self._parts is not None:
            self._replay.append(data)
            self._replay_size += len(data)
            if self._replay_size > REPLAY_BYTES:  # the snapshot would be old by the time it is there
                self._drop_snapshot()
        return Output(self.sid, data, missed=missed)

    def _read_marks(self, data: bytes, resync: bool = False) -> None:
        if self.prompt.aid:
            self.prompt.feed(data, resync)

    def _drop_snapshot(self) -> None:
        self._parts, self._replay, self._replay_size = None, [], 0
