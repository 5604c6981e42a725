"""`jupyter sshx join` in a terminal, as a person sees it: in tmux, with real programs in the shared shell."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import AsyncIterator, Callable

import pytest

from sshx_jupyter.account import account_name
from sshx_jupyter.client import SshxClient
from sshx_jupyter.client.outbox import STALE
from sshx_jupyter.node import SshxNode

from .programs import Shared, Sshx, Terminal, children, wait_until

Share = Callable[..., Shared]
Open = Callable[..., Terminal]


@pytest.fixture(autouse=True)
def _no_relays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSHX_RELAYS", "disabled")  # for the clients in this process


@pytest.fixture
def shared(share: Share) -> Shared:
    return share("--name", "demo")


@pytest.fixture
def joined(shared: Shared, terminal: Open) -> Terminal:
    """A terminal that has joined the session."""
    return join(terminal(100, 30), shared.ticket)


def join(window: Terminal, ticket: str, name: str = "Ann") -> Terminal:
    window.sshx("join", ticket, "--name", name)
    window.wait_for("^ demo │ shell 1/1")
    window.wait_for("^ready> ")
    return window


def left(window: Terminal) -> None:
    """Leave, and be back in the terminal's own shell."""
    window.key("C-]")
    window.wait_for("q leave")
    window.key("q")
    window.wait_for("You left the session.\nready>")


def test_the_shell_and_the_status_line(joined: Terminal) -> None:
    joined.enter("echo $((6 * 7))")
    joined.wait_for("^42 ")
    joined.wait_for(r"^ demo │ shell 1/1.* │ you .*direct .* ms │ Ctrl-\] menu *$")
    assert joined.get("alternate_on") == "1"
    left(joined)
    assert joined.get("alternate_on") == "0"


def test_the_terminal_is_as_it_was(shared: Shared, terminal: Open) -> None:
    window = terminal(90, 20)
    window.enter("stty -a > before; echo marked")
    window.wait_for("^marked")
    join(window, shared.ticket)
    window.enter("printf '\\033[?1003h\\033[?1006h\\033[?2004h\\033[?1h\\033=\\033[?25l\\033[?1004h'; cat")
    window.wait_until(lambda: window.get("mouse_all_flag") == "1" and window.get("cursor_flag") == "0")
    left(window)
    window.enter("stty -a > after; cmp before after && echo the same")
    window.wait_for("^the same")
    for flag in ("mouse_any_flag", "keypad_cursor_flag", "keypad_flag", "alternate_on"):
        assert window.get(flag) == "0", flag
    assert window.get("cursor_flag") == "1"
    assert window.get("wrap_flag") == "1"
    window.wait_for("^marked")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_puts_the_terminal_back_too(
    shared: Shared, terminal: Open, sshx: Sshx, number: signal.Signals
) -> None:
    window = terminal(90, 20)
    window.enter("echo $$ > pid; stty -a > before")
    join(window, shared.ticket)
    [process] = children(int((sshx.home / "pid").read_text()))
    os.kill(process, number)
    window.wait_for("ready> *$")
    window.enter("echo status $?; stty -a > after; cmp before after && echo the same")
    window.wait_for(f"^status {128 + number}")
    window.wait_for("^the same")
    assert window.get("alternate_on") == "0"


def test_stopped_and_continued(shared: Shared, terminal: Open, sshx: Sshx) -> None:
    window = terminal(90, 20)
    window.enter("echo $$ > pid; set -m")
    join(window, shared.ticket)
    [process] = children(int((sshx.home / "pid").read_text()))
    os.kill(process, signal.SIGTSTP)
    window.wait_for("Stopped")
    assert window.get("alternate_on") == "0"
    window.enter("fg")
    window.wait_for("^ demo │ shell 1/1")
    window.enter("echo $((6 * 7))")
    window.wait_for("^42 ")
    left(window)


def test_ctrl_c_and_all_other_keys_go_to_the_shell(joined: Terminal) -> None:
    joined.enter("echo beg''an; sleep 1000; echo not $((1 + 1))")
    joined.wait_for("^began")  # before, the interrupt would meet bash at its prompt, with keys that it has not read
    joined.key("C-c")
    joined.wait_for(r"\^C")
    joined.enter("echo rea''dy; cat -v")
    joined.wait_for("^ready")
    for key in ("Up", "F5", "M-x", "C-g", "Escape", "C-z"):
        joined.key("C-v", key)
    joined.wait_for(r"\^\[\[A\^\[\[15~\^\[x\^G\^\[")
    joined.key("C-c")
    joined.wait_for("ready> *│?$")
    left(joined)


def test_the_menu_key_itself_can_be_sent(joined: Terminal) -> None:
    joined.enter("echo rea''dy; cat -v")
    joined.wait_for("^ready")  # before, keys would still go to the shell, which edits its line
    joined.key("C-v", "C-]", "C-]", "Enter")
    joined.wait_for(r"^\^\] ")
    joined.key("C-]")
    joined.wait_for("q leave")
    joined.key("Escape")
    joined.wait_for("^ demo │ shell")


def test_shells_are_opened_and_switched(joined: Terminal) -> None:
    joined.enter("echo in the fi''rst")
    joined.wait_for("^in the first")
    joined.key("C-]")
    joined.wait_for("c new shell")
    joined.key("c")
    joined.wait_for("^ demo │ shell 2/2")
    assert "in the first" not in joined.text
    joined.enter("echo the sec''ond")
    joined.wait_for("^the second")
    joined.key("C-]", "p")
    joined.wait_for("^in the first")
    joined.wait_for("shell 1/2")
    joined.key("C-]", "2")
    joined.wait_for("^the second")
    joined.key("C-]", "7")
    joined.wait_for("There is no shell 7.")
    joined.enter("exit")
    joined.wait_for("^in the first")
    joined.wait_for("shell 1/1")


def test_everyone_is_told_of(shared: Shared, joined: Terminal, terminal: Open) -> None:
    other = join(terminal(100, 30), shared.read_ticket, "Bob")
    joined.wait_for("Bob joined.")
    other.wait_for("you, Ann .*read-only")
    joined.wait_for("you, Bob")
    joined.key("C-]", "u")
    joined.wait_for(r"^ Ann \(you, may type, in shell 1\)")
    joined.wait_for(r"^ Bob \(watches, in shell 1\)")
    joined.wait_for("^ tester shares this session but is not viewing it[.]")
    joined.key("x")
    joined.wait_for("^ demo │ shell")
    other.type("x")
    other.wait_for("You can only watch here")
    other.key("C-]", "m")
    other.wait_for("Say:")
    other.enter("hello Ann")
    other.wait_for(r"Bob: hello Ann")
    joined.wait_for("^ Bob: hello Ann")
    joined.key("C-]", "m")
    joined.wait_for(r"\d\d:\d\d Bob: hello Ann")
    joined.enter("hello to you")
    other.wait_for("Ann: hello to you")
    other.key("Escape")
    other.key("C-]", "w")
    shared.said("Bob asks for write access")
    left(other)
    joined.key("Escape")
    joined.wait_for("Bob left.")
    left(joined)


def test_a_full_screen_program(joined: Terminal, sshx: Sshx) -> None:
    (sshx.home / "text").write_text("".join(f"line {n} 中文 ü\n" for n in range(200)))
    joined.enter("vim -u NONE -N -c 'set number' text")
    joined.wait_for("^ *1 line 0 中文 ü")
    assert joined.get("keypad_cursor_flag") == "1"
    joined.type("G")
    joined.wait_for("^ *200 line 199 中文 ü")
    joined.type("ofrom the guest")
    joined.key("Escape")
    joined.wait_for("^ *201 from the guest")
    joined.enter(":wq")
    joined.wait_for("^ready> vim.*")
    joined.wait_until(lambda: joined.get("keypad_cursor_flag") == "0")
    assert (sshx.home / "text").read_text().endswith("line 199 中文 ü\nfrom the guest\n")
    joined.enter("htop")
    joined.wait_for("Load average")
    joined.wait_for("F10Quit")
    joined.type("q")
    joined.wait_for("ready> *$|ready> *│")


def test_a_paste_is_passed_whole(joined: Terminal, sshx: Sshx) -> None:
    joined.enter("stty -echo; echo rea''dy; cat > pasted")
    joined.wait_for("^ready")
    lines = "".join(f"{n} and some more to make it longer \x1d ]\n" for n in range(2000))
    (sshx.home / "paste").write_text(lines)
    joined._server.call("load-buffer", str(sshx.home / "paste"))
    joined._server.call("paste-buffer", "-r", "-t", joined._name)
    joined.key("C-d")
    wait_until(
        lambda: (sshx.home / "pasted").exists() and (sshx.home / "pasted").read_text() == lines,
        lambda: (sshx.home / "pasted").read_text()[-100:],
    )


def test_bracketed_paste_and_mouse_and_focus_are_passed_on(joined: Terminal, sshx: Sshx) -> None:
    joined.enter("printf '\\033[?2004h\\033[?1000h\\033[?1006h'; stty raw -echo; cat -v")
    joined.wait_until(lambda: joined.get("mouse_standard_flag") == "1")
    joined._server.call("set-buffer", "pasted text")
    joined._server.call("paste-buffer", "-p", "-t", joined._name)
    joined.wait_for(r"\^\[\[200~pasted text\^\[\[201~")
    joined.type("\x1b[<0;10;3M")  # as a terminal reports a click in line 3
    joined.wait_for(r"\^\[\[<0;10;3M")
    joined.type("\x1b[<0;10;30M")  # on the status line
    joined.type("\x1b[<0;11;3m")
    joined.wait_for(r"\^\[\[<0;11;3m")
    assert "10;30" not in joined.text


async def resize(shared: Shared, rows: int, cols: int) -> None:
    async with SshxClient.connect(shared.ticket) as client:
        await client.wait_for(lambda _: client.shells)
        [sid] = client.shells
        await client.resize(sid, rows, cols)
        await client.wait_for(lambda _: client.shells[sid].cols == cols)


async def test_a_shell_larger_than_the_window(shared: Shared, joined: Terminal) -> None:
    joined.resize(80, 20)
    await resize(shared, 50, 200)
    await asyncio.to_thread(joined.wait_for, r"\(part of 200x50\)")
    joined.enter("clear; printf '%s' $(seq 10 109) | tr -d '\\n'; echo; seq 100")

    def seen() -> None:
        joined.wait_for(r"^100\b")
        joined.wait_for("^ready>")
        assert "\n10111213" not in joined.text
        joined.type("echo " + "x" * 150)
        joined.wait_for("x" * 40)
        joined.key("C-a")
        joined.wait_for("^ready> echo x")
        joined.key("C-k", "C-]", "s")
        joined.wait_for("Scrolling")
        joined.key("Home", "Right")
        joined.wait_for("Scrolling: line 1 of")
        joined.key("q")
        joined.wait_for("^ready>")
        joined.key("C-]", "f")
        joined.wait_for("^ demo │ shell 1/1 │ you ")
        joined.enter("stty size")
        joined.wait_for("^19 80")

    await asyncio.to_thread(seen)


def test_a_shell_smaller_than_the_window_has_an_edge(joined: Terminal) -> None:
    lines = joined.lines
    assert lines[0][80] == "│"
    assert lines[24] == "─" * 80 + "┘"
    joined.resize(60, 15)
    joined.wait_for("^ready>")
    joined.wait_until(lambda: "│" not in joined.lines[0] and joined.status.startswith(" shell 1/1 (part of 80x24) "))
    assert len(joined.lines) == 16
    joined.resize(3, 2)
    joined.resize(1, 1)
    joined.resize(120, 40)
    joined.wait_until(lambda: joined.lines[24] == "─" * 80 + "┘")
    joined.enter("echo still $((1 + 1))")
    joined.wait_for("^still 2")


def test_scrolling_back(joined: Terminal) -> None:
    joined.enter("seq 500")
    joined.wait_for("^500 ")
    joined.key("C-]", "s", "PageUp", "PageUp")
    joined.wait_until(lambda: "500" not in joined.text and "450" in joined.text)
    joined.key("Home")
    joined.wait_for("^1 ")
    joined.wait_for("Scrolling: line 1 of 50")
    joined.key("End")
    joined.wait_for("^500 ")
    joined.key("Up", "q")
    joined.wait_for("^ demo │ shell")
    joined.enter("echo $((6 * 7))")
    joined.wait_for("^42 ")


def test_a_lot_of_output_and_then_a_key(joined: Terminal) -> None:
    joined.enter("seq 3000000")
    joined.wait_for(r"^\d{5}")  # it runs
    joined.key("C-c")
    joined.wait_for("ready> *│?$")
    joined.enter("echo $((6 * 7))")
    joined.wait_for("^42 ")
    left(joined)


@contextlib.asynccontextmanager
async def hosting() -> AsyncIterator[SshxNode]:
    async with await SshxNode.spawn(relays="disabled", bind="127.0.0.1:0") as node:
        yield node


async def test_being_removed(terminal: Open) -> None:
    async with hosting() as node:
        session = await node.host("demo", command=["sh"])
        window = terminal(100, 30)
        window.sshx("join", str(session.ticket))
        await asyncio.to_thread(window.wait_for, "^ demo │ shell 1/1")
        session.kick(next(iter(session.users())), "\x1b[31mbye")
        await asyncio.to_thread(window.wait_for, r"jupyter sshx: The host removed you from the session: .*bye")
        window.enter("echo status $?")
        await asyncio.to_thread(window.wait_for, "^status 1")
        await session.stop(terminals="close")


async def test_losing_and_regaining_the_right_to_type(terminal: Open) -> None:
    async with hosting() as node:
        session = await node.host("demo", command=["sh"])
        window = terminal(100, 30)
        window.sshx("join", str(session.ticket))
        await asyncio.to_thread(window.wait_for, "^ demo │ shell 1/1")
        [uid] = session.users()
        session.set_role(uid, "reader")
        await asyncio.to_thread(window.wait_for, "You can only watch from now on.")
        await asyncio.to_thread(window.wait_for, " read-only │")
        session.set_role(uid, "writer")
        await asyncio.to_thread(window.wait_for, "You may type from now on.")
        await session.stop(terminals="close")
        await asyncio.to_thread(window.wait_for, "The host stopped sharing.")


async def test_waiting_to_be_let_in(terminal: Open) -> None:
    async with hosting() as node:
        session = await node.host("demo", command=["sh"], approve=True)
        asked: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        session.observe(lambda event: asked.set_result(event.uid or 0) if event.kind == "asked" else None)
        window = terminal(100, 30)
        window.sshx("join", str(session.ticket))
        uid = await asked
        await asyncio.to_thread(window.wait_for, f'{account_name()} shares "demo". Waiting for the host to let you in')
        session.approve(uid, True)
        await asyncio.to_thread(window.wait_for, "^ demo │ shell 1/1")
        await session.stop(terminals="close")


async def test_a_session_without_shells(terminal: Open) -> None:
    async with hosting() as node:
        session = await node.host("demo", terminals=[])
        window = terminal(100, 30)
        window.sshx("join", str(session.ticket))
        await asyncio.to_thread(window.wait_for, r"There is no shell here. Ctrl-\] c opens one.")
        window.key("C-]", "c")
        await asyncio.to_thread(window.wait_for, "^ demo │ shell 1/1")
        await session.stop(terminals="close")


def test_the_end_of_the_session_is_told(shared: Shared, joined: Terminal) -> None:
    shared.stop()
    joined.wait_for("The host stopped sharing.\nready>")
    joined.enter("echo status $?")
    joined.wait_for("^status 0")


def test_the_host_is_killed_and_one_can_leave(shared: Shared, joined: Terminal) -> None:
    shared.process.kill()
    started = time.monotonic()
    joined.wait_for("The connection was lost|reconnecting…")
    assert time.monotonic() - started < 30
    left(joined)


def test_keys_typed_while_the_host_is_silent_wait_and_are_asked_about(shared: Shared, joined: Terminal) -> None:
    shared.process.send_signal(signal.SIGSTOP)
    try:
        joined.wait_for("reconnecting…")
        joined.enter("echo held$((6*7))")
        joined.wait_for("reconnecting…, 18 typed wait")
        time.sleep(STALE + 0.5)  # what waited for less is sent without asking
    finally:
        shared.process.send_signal(signal.SIGCONT)
    joined.wait_for("Send it")
    assert "echo held$((6*7))↵" in joined.text
    joined.type("q")  # no answer
    joined.type("y")
    joined.wait_for("^held42")


def test_in_a_terminal_in_a_terminal(shared: Shared, joined: Terminal, sshx: Sshx) -> None:
    """tmux in the shared shell, in which one joins the same session read-only: nothing in between gets confused."""
    joined.enter(f"tmux -S {sshx.home}/inner.sock -f /dev/null new -s inner 'bash --norc --noprofile'")
    joined.wait_for(r"\[inner\]")
    joined.enter("printf '\\033[31mred\\033[m 中文\\n'")
    joined.wait_for("^red 中文")
    joined.enter("exit")
    joined.wait_for(r"\[exited\]")
