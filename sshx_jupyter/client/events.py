"""What a client tells of its session, and how it waits for whoever reads it."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from ..protocol.messages import Error, Hear, ShellChanged, ShellLatency, Shells, UserDiff, Users
from .outbox import LossCode

State: TypeAlias = Literal["connecting", "unreachable", "waiting", "connected", "reconnecting", "ended"]
"""What a client is doing.

- `connecting`: joining for the first time;
- `unreachable`: the host has not answered for some seconds, or there is no way to it;
- `waiting`: the host has to let this client in;
- `connected`: in the session;
- `reconnecting`: the link has broken; it tries again by itself;
- `ended`: over for this client.
"""

QUEUE_BYTES = 4 << 20
"""Events that may wait for a reader."""


@dataclass(frozen=True)
class StateChanged:
    """The client's connection is in another state.

    `reason` is a sentence: for `unreachable`, `reconnecting` and `ended` it says why; for `waiting` it names the host
    and the session, if the host tells them. `connecting` comes with one when the host has not answered for some
    seconds. For `ended`, `code` says it in a word.
    """

    state: State
    reason: str = ""
    code: str = ""


@dataclass(frozen=True)
class InfoChanged:
    """The session's properties changed, such as its name; see `SshxClient.info`."""


@dataclass(frozen=True)
class InputHeld:
    """Input has waited too long for a connection to be sent without asking; see `SshxClient.held_input`."""


@dataclass(frozen=True)
class InputLost:
    """Input was not delivered, or may not have been (`lost`). `text` is a sentence for the person."""

    sid: int
    data: bytes
    code: LossCode
    text: str


@dataclass(frozen=True)
class CommandWaits:
    """A command that was given to `run` is not typed yet, because its shell is not at its prompt. `text` is a sentence
    for the person."""

    sid: int
    text: str


@dataclass(frozen=True)
class Output:
    """A shell printed `data`. With `snapshot` the data is instead its whole screen, drawn anew from an empty terminal.
    `missed` bytes of output that came before were skipped, because this client had fallen behind or was away."""

    sid: int
    data: bytes
    snapshot: bool = False
    missed: int = 0


Event: TypeAlias = (
    StateChanged
    | InfoChanged
    | InputHeld
    | InputLost
    | CommandWaits
    | Output
    | Users
    | UserDiff
    | Shells
    | Hear
    | ShellChanged
    | ShellLatency
    | Error
)


class Events:
    """Events for one reader at a time, and at once for callbacks. Without a reader the oldest are forgotten."""

    def __init__(self) -> None:
        self._waiting: deque[Event] = deque()
        self._size = 0
        self._changed = asyncio.Event()
        self._being_read = False
        self._reader: asyncio.Task[Any] | None = None
        self._ended = False
        self._observers: list[Callable[[Event], None]] = []

    @property
    def full(self) -> bool:
        """Whether the reader should first take what waits."""
        return self._being_read and self._size > QUEUE_BYTES

    def emit(self, event: Event) -> None:
        for observer in list(self._observers):
            observer(event)
        self._waiting.append(event)
        self._size += _size(event)
        while not self._being_read and self._size > QUEUE_BYTES:  # nobody takes them now
            self._size -= _size(self._waiting.popleft())
        self._changed.set()

    def end(self) -> None:
        """Nothing more comes."""
        self._ended = True
        self._changed.set()

    def observe(self, callback: Callable[[Event], None]) -> Callable[[], None]:
        """Call `callback` with every event from now on; returns what ends that."""
        self._observers.append(callback)
        return lambda: self._observers.remove(callback)

    @contextlib.contextmanager
    def set_aside(self) -> Iterator[None]:
        """While the reader itself waits for something else that takes long, nobody waits for it."""
        waits = self._being_read and asyncio.current_task() is self._reader
        if waits:
            self._being_read = False
            self._changed.set()
        try:
            yield
        finally:
            self._being_read |= waits

    async def changed(self) -> None:
        """Wait until an event has come or was taken."""
        self._changed.clear()
        await self._changed.wait()

    async def read(self) -> AsyncIterator[Event]:
        """All that waits, and all that comes, until the end."""
        self._being_read = True
        self._reader = asyncio.current_task()
        try:
            while True:
                while self._waiting:
                    event = self._waiting.popleft()
                    self._size -= _size(event)
                    self._changed.set()
                    yield event
                if self._ended:
                    return
                await self.changed()
        finally:  # who has stopped reading must not hold up the rest
            self._being_read = False
            self._changed.set()


def _size(event: Event) -> int:
    return len(event.data) if isinstance(event, Output) else 100
