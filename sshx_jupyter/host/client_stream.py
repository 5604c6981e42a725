"""What the host has taken of one client's input and requests, over all links that the client has had.

A client whose link breaks sends again what it does not know to have arrived. By the numbers kept here nothing is lost
and nothing is done twice. Sans-I/O.
"""

from __future__ import annotations

from collections import OrderedDict

from ..protocol.codec import MalformedMessage
from ..protocol.messages import MAX_UNANSWERED
from .output_log import Hold


class ClientStream:
    """One client's side of the conversation, as far as it was taken."""

    def __init__(self) -> None:
        self.taken = 0
        """Bytes of input taken: queued for a program, or answered by an error."""
        self.req = 0
        """Number of the last request taken."""
        self.holds: dict[int, Hold] = {}
        """What keeps the output of shells, by their sid, for a client that must miss nothing."""
        self._answers: OrderedDict[int, bytes] = OrderedDict()

    def take(self, n: int, data: bytes) -> bytes:
        """Return what is new of `data`, whose first byte has position `n`, and count it as taken.

        Raises:
            MalformedMessage: if input is missing before `n`.
        """
        if n > self.taken:
            raise MalformedMessage("data: input before it is missing")
        data = data[self.taken - n :]
        self.taken += len(data)
        return data

    def begin(self, req: int) -> bool:
        """Whether request `req` is new, and is to be done now."""
        if req <= self.req:
            return False
        self.req = req
        return True

    def keep_answer(self, req: int, answer: bytes) -> None:
        """Keep an encoded answer. The oldest is forgotten once there are more than a client may wait for."""
        self._answers[req] = answer
        while len(self._answers) > MAX_UNANSWERED:
            self._answers.popitem(last=False)

    def answer(self, req: int) -> bytes | None:
        """The answer to a request that was taken before, or None if it is not kept any more."""
        return self._answers.get(req)
