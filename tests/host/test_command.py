"""Commands that a client runs in a shared shell, on real PTYs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from sshx_jupyter.client import InputNotDelivered, events
from sshx_jupyter.client import command as command_module
from sshx_jupyter.client.command import CommandError
from sshx_jupyter.client.events import Event, Output
from sshx_jupyter.links import Link
from sshx_jupyter.protocol.messages import Hear
from tests.sessions import Host, Throttled, hosting, past


async def test_a_command_gives_its_output_and_status(host: Host) -> None:
    session = await host.create()
    async with host.connect(session, name="ann") as client:
        result = await client.run("printf 'one\\ntwo\\n'; (exit 3)")
        assert (result.output, result.exit_status, result.truncated) == ("one\ntwo\n", 3, False)
        assert (await client.run("sleep 0.01 &")).exit_status == 0
        result = await client.run("for i in 1 2; do # a comment\necho $i\ndone")
        assert (result.output, result.exit_status) == ("1\n2\n", 0)
        with pytest.raises(CommandError, match=r"took longer than 0\.2 s"):
            await client.run("sleep 60", timeout=0.2)
        assert (await client.run("echo still here")).output == "still here\n"


@pytest.mark.parametrize("shell", ["sh", "bash --norc"])
async def test_a_command_that_makes_no_sense_ends_too(host: Host, shell: str) -> None:
    session = await host.create()
    async with host.connect(session) as client:
        await client.send(next(iter(session.shells)), f"exec {shell}\r")
        for command in ("if", "echo )", ";", "echo 'half", "done"):
            result = await client.run(command, timeout=20)
            assert result.exit_status != 0
            assert "syntax error" in result.output.lower() or "unexpected EOF" in result.output
        assert (await client.run("  \n")).exit_status == 0
        assert (await client.run("echo \"it's\" '!x' $((40+2))")).output == "it's !x 42\n"


async def test_an_error_about_something_earlier_is_not_the_commands(host: Host) -> None:
    session = await host.create()
    async with host.connect(session) as client:
        await client.send(77, b"x")
        assert (await client.run("echo typed")).output == "typed\n"
        await client.send(77, b"x")
        assert await client.create() in client.shells
        await client.send(77, b"x")
        with pytest.raises(CommandError, match="Only the host"):
            await client.kick(99)


async def test_who_reads_the_events_may_run_a_command_meanwhile(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "QUEUE_BYTES", 10_000)
    session = await host.create()
    async with host.connect(session) as client:
        await client.chat("go")
        async for event in client:
            if isinstance(event, Hear):
                assert (await client.run("seq 1 50000")).exit_status == 0
                await client.chat("done" if event.text == "go" else "")
                if event.text == "done":
                    break


def numbers(last: int) -> str:
    """What `seq 1 LAST` prints."""
    return "".join(f"{number}\n" for number in range(1, last + 1))


def slowly(host: Host, rate: float) -> Callable[[], Awaitable[Link]]:
    """Makes links that carry so many bytes a second."""

    async def dial() -> Link:
        return Throttled(await host.dial(limit=64 << 10), rate, delay=0.005)

    return dial


@pytest.mark.parametrize("command", [["sh"], ["bash"]])
async def test_all_of_the_output_comes_over_a_slow_link(host: Host, command: list[str]) -> None:
    session = await host.create(command=command)
    async with host.connect(session, dial=slowly(host, 6e6), screens=False) as client:
        result = await asyncio.wait_for(client.run("seq 1 1300000; (exit 4)"), 100)
        assert (result.exit_status, result.truncated) == (4, False)
        assert result.output == numbers(1_300_000)  # 10 MB, more than is kept of a shell otherwise
        assert (await client.run("echo on", timeout=30)).output == "on\n"
        assert not client._shells[1].complete
        assert session.shells[1].log.size <= host.manager.limits.log_bytes


async def test_all_of_the_output_comes_although_the_link_breaks(host: Host) -> None:
    session = await host.create(command=["bash"])
    async with host.connect(session, dial=slowly(host, 6e6), screens=False) as client:
        running = asyncio.ensure_future(client.run("seq 1 1300000"))
        for quarter in (1, 2, 3):
            await past(client, 1, quarter * 2_000_000)
            await host.links[-1].close()
            await client.wait_for(lambda c: c.state == "connected")
        result = await asyncio.wait_for(running, 100)
        assert not result.truncated
        assert result.output == numbers(1_300_000)


async def test_of_too_much_output_the_end_comes() -> None:
    async with hosting(log_bytes=200_000, held_bytes=400_000) as host:
        session = await host.create(command=["bash"])
        async with host.connect(session, dial=slowly(host, 1e6), screens=False) as client:
            result = await asyncio.wait_for(client.run("seq 1 300000; (exit 5)"), 100)
            assert (result.exit_status, result.truncated) == (5, True)
            assert len(result.output) > 100_000
            assert numbers(300_000).endswith(result.output)


@pytest.mark.parametrize("command", [["sh"], ["bash"]])
async def test_no_more_than_the_end_of_much_output_is_returned(
    host: Host, command: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command_module, "MOST_OUTPUT", 1000)
    session = await host.create(command=command)
    async with host.connect(session) as client:
        for last in (150, 300, 20_000):
            result = await client.run(f"seq 1 {last}", timeout=30)
            assert result.truncated == (last > 150)
            assert numbers(last).endswith(result.output)
            assert len(result.output) == len(numbers(last)) or 700 < len(result.output) <= 1000


async def test_what_is_missed_is_known_to_the_byte() -> None:
    async with hosting(log_bytes=200_000, held_bytes=400_000) as host:
        session = await host.create()
        seen: list[Output] = []

        def on_event(event: Event) -> None:
            if isinstance(event, Output):
                seen.append(event)

        async with host.connect(session, dial=slowly(host, 1e6), complete=True, on_event=on_event) as client:
            await client.wait_for(lambda c: c._shells[1].seq >= 0)
            first = session.shells[1].seq
            await client.send(1, "seq 1 300000\r")
            await client.wait_for(lambda c: c._shells[1].seq > 2_000_000)
            await client.wait_for(lambda c: c.screen(1).text().rstrip().endswith("300000\n$"))
            printed = sum(len(output.data) for output in seen if not output.snapshot)
            missed = sum(output.missed for output in seen)
            assert missed > 0
            assert printed + missed == session.shells[1].seq - first


async def test_a_command_that_the_host_refuses_is_not_waited_for(host: Host) -> None:
    session = await host.create()
    async with host.connect(session) as client:
        await client.run("true")
        session.set_role(client.uid, "reader")  # which the client has not heard yet
        with pytest.raises(CommandError, match="You have read-only access"):
            await client.run("true")


async def test_input_that_was_lost_is_told_by_the_next_send_and_not_by_a_command(host: Host) -> None:
    session = await host.create()
    async with host.connect(session) as client:
        await client.wait_for(lambda c: c.shells)
        client._outbox.type(99, b"exit\r", 0.0)
        client._tell_losses(client._outbox.open(client._token, 0, 0, {1}, True, 0.0))
        assert (await client.run("echo on")).output == "on\n"
        with pytest.raises(InputNotDelivered, match="Shell 99 has ended"):
            await client.send(1, "x")
        await client.send(1, " ")


async def test_a_command_runs_in_the_oldest_shell_wherever_its_window_is(host: Host) -> None:
    session = await host.create()
    async with host.connect(session) as client:
        other = await client.create()
        await client.run("x=other", other)
        await client.run("x=first", 1)
        await client.move(1, None)  # the topmost is the last in the list
        await client.wait_for(lambda c: list(c.shells) == [other, 1])
        assert (await client.run("echo $x")).output == "first\n"
