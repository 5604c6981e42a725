"""Runs commands in shared shells for a client: waits for the shell's prompt, types, and follows what it prints.

What to type and how to read the output is `command`'s business. It is a part of the client.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from ..protocol.messages import Error, Idle, Request, Role, ShellInfo
from ..timeouts import wait_for
from .command import CommandError, CommandRun, MarkedRun, RunResult, TypedRun, is_plain_line
from .events import CommandWaits, Event, Events, InputLost, Output
from .outbox import Outbox
from .output import ShellOutput

NOTICE_DELAY = 1.0
"""Seconds that a command waits for its shell's prompt before the person is told."""
PASTE_DELAY = 0.3
"""Seconds that a command of several lines waits for bracketed paste: fish and zsh switch it on after their marks."""
HITCH_DELAY = 0.3
"""Seconds that a shell has to begin a command before it counts as incomplete or refused, once it looks like that."""
IDLE_PERIOD = 0.2
"""Seconds between two questions to the host whether a shell is at its prompt."""
LOST_LOOKS = 2
"""Questions in a row after which a shell that should print marks counts as one that does not."""


class CommandClient(Protocol):
    """What running a command needs of its client, which is an `SshxClient`."""

    shells: dict[int, ShellInfo]
    _shells: dict[int, ShellOutput]
    _outbox: Outbox
    _events: Events
    _changed: asyncio.Event
    _ended: str

    @property
    def role(self) -> Role: ...

    def observe(self, callback: Callable[[Event], None]) -> Callable[[], None]: ...

    async def wait_for(self, condition: Callable[[Any], Any]) -> None: ...

    async def create(self) -> int: ...

    async def _request(self, request: Request) -> Any: ...

    async def _wait_for_outbox(self) -> None: ...

    def _post_input(self, sid: int, data: bytes) -> None: ...

    def _want(self, sid: int) -> None: ...

    def _set_complete(self, sid: int, on: bool) -> None: ...


@dataclass
class _Typing:
    """A command that `run` types: where, and as which bytes of the client's input once it is typed. `started` tells
    that it waits because someone has started a line."""

    sid: int = 0
    at: range | None = None
    started: bool = False


class CommandRunner:
    """One command at a time."""

    def __init__(self, client: CommandClient) -> None:
        self._client = client
        self._lock = asyncio.Lock()

    async def run(self, command: str, shell: int | None, timeout: float | None) -> RunResult:
        """See `SshxClient.run`."""
        typing = _Typing()
        try:
            return await wait_for(self._run(command, shell, typing), timeout)
        except asyncio.TimeoutError:
            if typing.at is None:
                why = _started(typing.sid) if typing.started else f"{_busy(typing.sid)} for {timeout:g} s"
                raise CommandError(f"{why}. The command was not typed.") from None
            raise CommandError(f"The command took longer than {timeout:g} s and was interrupted.") from None

    async def _run(self, command: str, shell: int | None, typing: _Typing) -> RunResult:
        client = self._client
        async with self._lock:
            if shell is None:
                running = [sid for sid, info in client.shells.items() if not info.ended]
                shell = min(running) if running else await client.create()
            if shell not in client.shells:
                raise CommandError(f"There is no shell {shell}.")
            if client.role == "reader":
                raise CommandError("You have read-only access. Ask the host for write access to run commands.")
            if not command.strip():
                return RunResult("", 0)
            typing.sid = shell
            client._want(shell)
            await client.wait_for(lambda _: shell not in client.shells or client._shells[shell].seq >= 0)
            await client._wait_for_outbox()
            command_run = await self._at_prompt(typing, command)
            line = command_run.line(command)
            errors: list[CommandError] = []
            refused: list[CommandRun] = []
            timer: asyncio.TimerHandle | None = None

            def on_hitch() -> None:
                nonlocal timer
                timer = None
                if command_run.hitch == "incomplete" and not over(client):  # again, if the shell was not ready for it
                    client._post_input(shell, b"\x03")
                    timer = asyncio.get_running_loop().call_later(HITCH_DELAY, on_hitch)
                elif command_run.hitch == "refused":
                    refused.append(command_run)
                    client._changed.set()

            def on_event(event: Event) -> None:
                nonlocal timer
                match event:
                    case Output(sid) if sid == shell:
                        command_run.on_output(event.data, event.snapshot, event.missed)
                        if command_run.hitch and timer is None:
                            timer = asyncio.get_running_loop().call_later(HITCH_DELAY, on_hitch)
                    case Error(None, code, text, {"n": n}) if typing.at is not None and n in typing.at:
                        errors.append(CommandError(text, code))
                    case InputLost(sid) if sid == shell and not command_run.begun:
                        errors.append(CommandError(event.text, event.code))

            def over(_: CommandClient) -> bool:
                return command_run.done or bool(errors or refused) or shell not in client.shells

            stop_observing = client.observe(on_event)
            client._set_complete(shell, True)
            try:
                typing.at = range(client._outbox.end, client._outbox.end + len(line))
                client._post_input(shell, line)
                await client.wait_for(over)
            except asyncio.CancelledError:
                if not client._ended and shell in client.shells:
                    client._shells[shell].prompt.at_prompt = False  # until the next prompt
                    client._post_input(shell, b"\x03")
                raise
            finally:
                stop_observing()
                if timer is not None:
                    timer.cancel()
                if not client._ended:
                    client._set_complete(shell, False)
            if errors and not command_run.done:
                raise errors[0]
            return command_run.result()

    async def _at_prompt(self, typing: _Typing, command: str) -> CommandRun:
        """Wait until a shell is at its prompt and nobody has started a line there; returns how the command runs there.
        Raises `CommandError` if the shell ends."""
        client, sid, since = self._client, typing.sid, time.monotonic()
        looks = drawn = 0
        told = ""

        def ready(_: CommandClient) -> bool:
            return sid in client.shells and client._shells[sid].prompt.at_prompt

        def pastes(_: CommandClient) -> bool:
            return not ready(client) or client._shells[sid].prompt.bracketed_paste

        def changed(_: CommandClient) -> bool:
            return sid not in client.shells or client._shells[sid].prompt.prompts != drawn

        while sid in client.shells:
            prompt = client._shells[sid].prompt
            if ready(client) and not is_plain_line(command):
                with contextlib.suppress(asyncio.TimeoutError):
                    await wait_for(client.wait_for(pastes), PASTE_DELAY)
            answer = await client._request(Idle(0, sid))
            if answer == "marked" and ready(client):
                return MarkedRun(prompt)
            looks = looks + 1 if answer == "unmarked" else 0
            if looks >= (LOST_LOOKS if prompt.aid else 1):
                return TypedRun()
            typing.started = answer == "started"
            text = (
                f"{_started(sid)}. The command waits for the next prompt."
                if typing.started
                else f"{_busy(sid)}. The command waits for it."
            )
            if time.monotonic() - since > NOTICE_DELAY and text != told:
                told = text
                client._events.emit(CommandWaits(sid, text))
            drawn = prompt.prompts
            with contextlib.suppress(asyncio.TimeoutError):
                await wait_for(client.wait_for(changed), IDLE_PERIOD)
        raise CommandError(f"Shell {sid} has ended: the command was not typed.")


def _busy(sid: int) -> str:
    return f"Shell {sid} is not at its prompt"


def _started(sid: int) -> str:
    return f"Someone has started a line in shell {sid}"
