"""What guests ask of whoever shares: to be let in, and to be allowed to type. Answered with y or n on stdin."""

from __future__ import annotations

import asyncio
import os
import sys
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from ..host.errors import SessionError
from ..host.session import Session

BACKGROUND_PERIOD = 0.5
"""Seconds between two looks at whether the terminal is ours again."""


@dataclass(frozen=True)
class _Question:
    kind: str
    uid: int
    text: str


class Answers:
    """Asks one question at a time. A context manager; reads stdin, which must be a terminal, meanwhile."""

    def __init__(self, session: Session, say: Callable[[str], None]) -> None:
        self._session = session
        self._say = say
        self._questions: deque[_Question] = deque()
        self._timer: asyncio.TimerHandle | None = None

    def __enter__(self) -> Answers:
        asyncio.get_running_loop().add_reader(sys.stdin.fileno(), self._on_line)
        return self

    def __exit__(self, *exc: object) -> None:
        if self._timer is not None:
            self._timer.cancel()
        asyncio.get_running_loop().remove_reader(sys.stdin.fileno())

    def ask(self, kind: str, uid: int, who: str) -> None:
        """Ask whether `who` may come in ("asked") or may type ("wantsWrite")."""
        wish = "wants to join" if kind == "asked" else "asks to be allowed to type"
        # The first is on the screen. A guest who leaves and comes back asks anew each time.
        self._questions = deque([q for at, q in enumerate(self._questions) if at == 0 or self._is_open(q)])
        if any((q.kind, q.uid) == (kind, uid) for q in self._questions):
            return
        self._questions.append(_Question(kind, uid, f"{who} (guest {uid}) {wish}. Allow it? Type y or n, then Enter."))
        if len(self._questions) == 1:
            self._say(self._questions[0].text)

    def _on_line(self) -> None:
        loop, fd = asyncio.get_running_loop(), sys.stdin.fileno()
        if os.tcgetpgrp(fd) != os.getpgrp():  # in the background: the line is not ours, and reading would stop us
            loop.remove_reader(fd)
            self._timer = loop.call_later(BACKGROUND_PERIOD, loop.add_reader, fd, self._on_line)
            return
        data = os.read(fd, 4096)  # a terminal gives whole lines
        if not data:
            loop.remove_reader(fd)
            return
        answer = data.decode(errors="replace").strip().lower()
        if not self._questions or not answer:
            return
        if answer not in ("y", "yes", "n", "no"):
            self._say(f"Please answer y or n. {self._questions[0].text}")
            return
        question = self._questions.popleft()
        try:
            self._answer(question, answer.startswith("y"))
        except SessionError as error:
            self._say(str(error))
        self._ask_next()

    def _ask_next(self) -> None:
        """Ask the next question that is still open."""
        while self._questions and not self._is_open(self._questions[0]):
            self._questions.popleft()
        if self._questions:
            self._say(self._questions[0].text)

    def _is_open(self, question: _Question) -> bool:
        return self._session.asks(question.uid) == question.kind

    def _answer(self, question: _Question, allow: bool) -> None:
        if question.kind == "asked":
            self._session.approve(question.uid, allow)
        else:
            self._session.set_role(question.uid, "writer" if allow else "reader")
