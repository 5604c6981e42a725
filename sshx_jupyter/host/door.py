"""The bounds of what strangers can do before they have shown a key. No I/O; `now` is monotonic time in seconds.

**Places.** A handshake that has not finished holds a place. Guests have a number of places in all, and each endpoint a
number among them; the host's own front ends have places of their own, and so have guests who come by a WebSocket to
the host's server. If all are taken, the newcomer gets the place
of the oldest: a client that does its part is in after two round trips and so never the oldest for long, while one that
stalls is. An endpoint that has all the places it may have loses its own oldest, never somebody else's.

**Failures.** What an endpoint fails is counted against it: wrong keys and garbage strictly, handshakes that it leaves
unfinished less so, because a bad network does that too. Beyond the bound the endpoint is refused unheard for a while.

**Wrong keys of a session.** New endpoints cost nothing, so failures are counted per session too. Once there were
`Limits.wrong_keys` in a minute, handshakes take turns: `TURN_PERIOD` apart, whether the key is right or wrong, because
an answer that only a wrong key had to wait for could be skipped by whoever guesses. Somebody who joins for the first
time waits a moment then. Nobody else does: not owners and not clients that resume, whose keys have 128 random bits; not
the host's own pages; and not endpoints that have been in this session.

**Guests' WebSockets.** All guests behind a proxy come from one address, so nothing is counted by address: each
WebSocket is a peer of its own. A failed one is over, and another costs nothing, so its failures are not remembered
either: they would only push out those of endpoints. What remains are the places, and the turns of a session with a
password, which are kept apart from those of endpoints: a flood on one of the two ways in holds nobody up on the other.
Without a password there are no turns here, because hundreds of WebSockets are opened as quickly as one, and would take
all of them; and a ticket's secret has 128 random bits, so that nobody guesses it.

Someone who waits for a turn has done their part and cannot be thrown out. The turns handed out are bounded instead:
while more than 25 endpoints guess at the same time, a newcomer may hear that the host is busy and has to try again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable
from typing import Generic, Literal, TypeAlias, TypeVar

from ..protocol.handshake import Refused
from .limits import Limits
from .places import Places

Share: TypeAlias = Literal["network", "local", "guests"]
"""Whose places a link takes: those of endpoints, of the host's own front ends, or of guests' WebSockets."""

PERIOD = 60.0
"""Seconds for which failures count."""
TURN_PERIOD = 0.2
"""Seconds from one key of a session that is guessed at to the next: 5 guesses a second, however many guess."""
LONGEST_TURN = 5.0
"""Seconds that somebody may have to wait for a turn. Who would wait longer is told that the host is busy."""
REMEMBERED = 4096
"""Endpoints whose failures are remembered, sessions whose wrong keys are, and endpoints that have been in."""

Item = TypeVar("Item", bound=Hashable)
Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Door(Generic[Item]):
    """Decides which handshakes may go on. Items stand for handshakes."""

    def __init__(self, limits: Limits) -> None:
        self._places: dict[Share, Places[Item]] = {
            "network": Places[Item](limits.handshakes, limits.endpoint_handshakes),
            "local": Places[Item](limits.local_handshakes, limits.local_handshakes),
            "guests": Places[Item](limits.guest_handshakes, limits.guest_handshakes),
        }
        self._limits = limits
        self._wrong = _Times[str](limits.failed_handshakes)
        self._unfinished = _Times[str](limits.unfinished_handshakes)
        self._wrong_keys = _Times[tuple[bytes, Share]](limits.wrong_keys)
        self._turns: dict[tuple[bytes, Share], float] = {}
        self._known: dict[tuple[bytes, str], None] = {}

    def __len__(self) -> int:
        """Unfinished handshakes, without those that wait for their turn."""
        return sum(map(len, self._places.values()))

    def enter(self, item: Item, peer: str, share: Share) -> Item | None:
        """Give a handshake a place; returns the handshake that is to end for it, if any."""
        return self._places[share].take(item, peer)

    def leave(self, item: Item) -> None:
        """A handshake has finished, failed, or begun to wait for its turn."""
        for places in self._places.values():
            places.leave(item)

    def check(self, peer: str, now: float) -> None:
        """Raises `Refused` for a peer that has failed too often."""
        if self._wrong.exceeded(peer, now) or self._unfinished.exceeded(peer, now):
            raise Refused("rateLimited")

    def failed(self, peer: str, share: Share, now: float) -> None:
        """A peer has shown a wrong key, or garbage."""
        if share != "guests":
            self._wrong.add(peer, now)

    def unfinished(self, peer: str, share: Share, now: float) -> None:
        """A peer has left a handshake unfinished, or lost its place."""
        if share == "network":  # reloading the host's own page does that too
            self._unfinished.add(peer, now)

    def turn(self, session_id: bytes, peer: str, share: Share, now: float) -> float:
        """Seconds until a key for this session may be tried. Raises `Refused` if too many wait."""
        queue = (session_id, share)
        if (session_id, peer) in self._known or not self._wrong_keys.exceeded(queue, now):
            return 0.0
        at = max(now, self._turns.get(queue, now))
        if at - now > min(LONGEST_TURN, self._limits.handshake_timeout / 2):
            raise Refused("busy")
        self._turns[queue] = at + TURN_PERIOD
        return at - now

    def wrong_key(self, session_id: bytes, share: Share, now: float) -> None:
        """A wrong key was shown for a session that exists."""
        self._wrong_keys.add((session_id, share), now)

    def came_in(self, session_id: bytes, peer: str, share: Share) -> None:
        """A peer has shown a key of this session."""
        if share != "guests":  # a WebSocket comes in once
            _remember(self._known, (session_id, peer), None)

    def forget(self, session_id: bytes) -> None:
        """The session has ended."""
        for share in self._places:
            self._turns.pop((session_id, share), None)
            self._wrong_keys.forget((session_id, share))
        for known in [known for known in self._known if known[0] == session_id]:
            del self._known[known]


class _Times(Generic[Key]):
    """When something happened, for each of some keys: the last `limit` times."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._times: dict[Key, deque[float]] = {}

    def add(self, key: Key, now: float) -> None:
        times = self._times.get(key) or deque(maxlen=self._limit)
        times.append(now)
        _remember(self._times, key, times)

    def exceeded(self, key: Key, now: float) -> bool:
        """Whether it has happened `limit` times within the last `PERIOD`."""
        times = self._times.get(key)
        return times is not None and len(times) == self._limit and now - times[0] < PERIOD

    def forget(self, key: Key) -> None:
        self._times.pop(key, None)


def _remember(memory: dict[Key, Value], key: Key, value: Value) -> None:
    """Put an entry last, and drop the first ones if there are too many."""
    memory.pop(key, None)
    memory[key] = value
    while len(memory) > REMEMBERED:
        del memory[next(iter(memory))]
