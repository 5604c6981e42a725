"""Shell integration in real shells with the startup files of users, and commands that are run in them."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sshx_jupyter.client import SshxClient
from sshx_jupyter.client.command import CommandError, MarkedRun
from sshx_jupyter.client.events import CommandWaits, Event
from sshx_jupyter.host import shell_integration
from sshx_jupyter.host.session import Session
from sshx_jupyter.host.shell_integration import integrate
from sshx_jupyter.protocol.marks import PromptState
from tests.sessions import Host, hosting

ENVIRONMENT = {"PATH": os.environ["PATH"], "HOME": "/nowhere"}
SHELLS = (["bash"], ["bash", "-l"], ["zsh"], ["zsh", "-l"], ["fish"], ["fish", "-l"])
PROMPTS = {
    ".bashrc": "PS1='$ '\n",
    ".profile": "PS1='$ '\n",
    ".zshrc": "PS1='$ '\n",
    ".config/fish/config.fish": "function fish_prompt; echo -n '$ '; end\nset -g fish_greeting\n",
}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home directory with startup files that set a short prompt."""
    for variable in ("ZDOTDIR", "ENV", "XDG_DATA_DIRS", "XDG_CONFIG_HOME", "PROMPT_COMMAND", "PS1"):
        monkeypatch.delenv(variable, raising=False)
    home = tmp_path / "home"
    monkeypatch.setenv("HOME", str(home))
    for name, text in PROMPTS.items():
        write(home / name, text)
    return home


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


async def at_prompt(client: SshxClient, sid: int = 1) -> None:
    await client.wait_for(lambda c: sid in c._shells and c._shells[sid].prompt.at_prompt)


def lines(client: SshxClient, sid: int = 1) -> list[str]:
    """The screen, without what comes before the first prompt."""
    text = client.screen(sid).text()
    return [line.rstrip() for line in text[text.index("$") :].splitlines()]


# Which shells.


@pytest.mark.parametrize("command", [*SHELLS, ["/bin/bash", "--login"], ["bash", "-il"], ["fish", "-i", "-l"]])
def test_plain_shells_are_known(command: list[str]) -> None:
    integration = integrate(command, ENVIRONMENT)
    assert integration is not None
    assert len(integration.aid) == 32
    assert integration.aid not in repr(integration)
    other = integrate(command, ENVIRONMENT)
    assert other is not None
    assert other.aid != integration.aid


@pytest.mark.parametrize(
    "command",
    [
        [],
        ["sh"],
        ["dash"],
        ["rbash"],
        ["/nonexistent/bash"],
        ["bash", "-c", "true"],
        ["bash", "--norc"],
        ["bash", "--posix"],
        ["bash", "-r"],
        ["zsh", "-f"],
        ["fish", "-N"],
        ["vim"],
        ["tmux", "-l"],
    ],
)
def test_everything_else_starts_as_always(command: list[str]) -> None:
    assert integrate(command, ENVIRONMENT) is None


def test_a_program_that_only_has_the_name_of_a_shell_is_not_one(tmp_path: Path) -> None:
    for version in ("echo GNU bash, version 3.2.57", "echo zsh 5.9", "exit 1"):
        directory = tmp_path / version[-1]
        write(directory / "bash", f"#!/bin/sh\n{version}\n")
        (directory / "bash").chmod(0o755)
        assert integrate(["bash"], ENVIRONMENT | {"PATH": f"{directory}:{os.environ['PATH']}"}) is None


def test_what_the_user_has_set_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for program, variable in (("bash", "ENV"), ("zsh", "ZDOTDIR"), ("fish", "XDG_DATA_DIRS")):
        integration = integrate([program], ENVIRONMENT | {variable: "/mine"})
        assert integration is not None
        assert integration.environment["SSHX_SHELL_ORIGINAL"] == "/mine"
    for variable in ("POSIXLY_CORRECT", "SHELLOPTS"):
        assert integrate(["bash"], ENVIRONMENT | {variable: "x"}) is None
    write(tmp_path / "zshenv", "export ZDOTDIR=/elsewhere\n")
    monkeypatch.setattr(shell_integration, "SYSTEM_ZSHENV", (tmp_path / "zshenv",))
    assert integrate(["zsh"], ENVIRONMENT) is None
    monkeypatch.setattr(shell_integration, "SCRIPTS", Path("/a:$b"))
    assert integrate(["bash"], ENVIRONMENT) is None
    assert integrate(["fish"], ENVIRONMENT) is None


# What the marks tell.


def test_marks_may_be_cut_anywhere() -> None:
    output = b"a\x1b[1m\x1b]133;A;aid=s;n=1\x07\x1b[?2004h$ \x1b]133;B;aid=s;n=1\x07ls\r\n\x1b]133;C;aid=s;n=1\x07"
    output += b"\x1b]133;D;3;aid=s;n=1\x07\x1b]133;A;aid=s;n=2\x07$ \x1b]133;B;aid=s;n=2\x07"
    for cut in range(len(output)):
        state = PromptState("s")
        state.feed(output[:cut])
        state.feed(output[cut:])
        assert (state.number, state.at_prompt, state.bracketed_paste) == (2, True, True)
        assert state.marks == b"\x1b]133;D;3;aid=s;n=1\x07\x1b]133;B;aid=s;n=2\x07"
    state = PromptState("s")
    for byte in output:
        state.feed(bytes([byte]))
    assert (state.number, state.at_prompt, state.bracketed_paste) == (2, True, True)
    state.feed(b"\x1b]133;C;aid=s;n=1\x07 of a recording, and \x1b]133;C;aid=other;n=9\x07 \x1b]133;C\x07 of others")
    assert state.at_prompt
    state.feed(b"\x1b]133;C;aid=s;n=2\x07")
    assert not state.at_prompt


def mark(kind: str, number: int) -> bytes:
    return b"\x1b]133;%s;aid=s;n=%d\x07" % (kind.encode(), number)


def test_a_mark_counts_only_if_it_follows() -> None:
    state = PromptState("s")
    state.feed(mark("A", 7) + mark("B", 7))
    assert (state.number, state.at_prompt, state.lost) == (0, False, True)
    state.feed(mark("A", 1) + mark("B", 1))
    assert (state.number, state.at_prompt, state.lost) == (1, True, False)
    state.feed(mark("C", 1) + mark("D;0", 10**14) + mark("B", 10**14))
    assert (state.number, state.at_prompt) == (1, False)
    state.feed(mark("B", 1))  # while the command runs
    assert (state.number, state.at_prompt, state.lost) == (1, False, True)
    state.feed(mark("D;0", 1) + mark("A", 2) + mark("B", 2))
    assert (state.number, state.at_prompt, state.lost) == (2, True, False)
    state.feed(mark("D;0", 8) + mark("B", 9), resync=True)
    assert (state.number, state.at_prompt) == (9, True)
    assert state.marks == mark("D;0", 8) + mark("B", 9)


def test_what_is_typed_for_several_lines_is_one_input() -> None:
    state = PromptState("s")
    assert MarkedRun(state).line(" a\tb ") == b"a\x16\tb\r"
    assert MarkedRun(state).line("a\r\nb") == b"a\x16\nb\r"
    state.feed(b"\x1b[?2004h")
    assert MarkedRun(state).line("a\nb\x1b[201~") == b"\x1b[200~a\nb[201~\x1b[201~\r"
    assert MarkedRun(state).line("a b\n") == b"a b\r"


# In real shells.


@pytest.mark.parametrize("command", SHELLS, ids=" ".join)
async def test_run_types_the_command_and_nothing_else(host: Host, command: list[str]) -> None:
    session = await host.create(command=command)
    async with host.connect(session) as client:
        result = await client.run("echo hi", timeout=30)
        assert (result.output, result.exit_status, result.truncated) == ("hi\n", 0, False)
        await client.wait_for(lambda c: lines(c) == ["$ echo hi", "hi", "$"])
        assert (await client.run("false", timeout=30)).exit_status == 1
        assert (await client.run("printf 'no end'", timeout=30)).output == "no end"
        result = await client.run("echo one\necho two\nfalse", timeout=30)
        assert (result.output, result.exit_status) == ("one\ntwo\n", 1)
        loop = "for i in 1 2\n\techo $i\nend" if command[0] == "fish" else "for i in 1 2; do\n\techo $i\ndone"
        assert (await client.run(loop, timeout=30)).output == "1\n2\n"
        result = await client.run("echo )", timeout=30)
        assert result.exit_status != 0
        assert ")" in result.output
        assert (await client.run("  \n")).exit_status == 0
        with pytest.raises(CommandError, match=r"took longer than 0\.2 s"):
            await client.run("sleep 60", timeout=0.2)
        assert (await client.run("echo still here", timeout=30)).output == "still here\n"
        result = await client.run("seq 1 300000 | tail -n 1; sh -c 'exit 7'", timeout=60)
        assert (result.output, result.exit_status) == ("300000\n", 7)


@pytest.mark.parametrize("command", SHELLS, ids=" ".join)
async def test_programs_and_screens_are_as_without_it(
    home: Path, command: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv({"bash": "ENV", "zsh": "ZDOTDIR", "fish": "XDG_DATA_DIRS"}[command[0]], str(home))
    typed = "env | grep -v -e SSHX_TEST -e ^LINES= -e ^COLUMNS= | sort > ~/env; cd /; true; echo hi\r"
    seen: list[tuple[str, str, str]] = []
    for on in (True, False):
        async with hosting() as host:
            host.terminals._integrates = on
            session = await host.create(command=command)
            async with host.connect(session) as client:
                assert bool(client.shells[1].aid) == on
                await client.wait_for(lambda c: 1 in c._shells and "$" in c.screen(1).text())
                await client.send(1, typed)
                await client.wait_for(lambda c: re.search(r"^hi\s+\$\s*$", c.screen(1).text(), re.MULTILINE))
                aid = client.shells[1].aid
                environment = (home / "env").read_text()
                assert "SSHX_SHELL" not in environment
                assert "aid=" not in environment
                assert not aid or aid not in environment
                seen.append((environment, client.screen(1).text(), client.shells[1].title.rstrip("0123456789")))
    assert seen[0] == seen[1]


@pytest.mark.parametrize("command", SHELLS, ids=" ".join)
async def test_programs_are_not_told_a_size_that_changes(host: Host, command: list[str]) -> None:
    session = await host.create(command=command)
    async with host.connect(session) as client:
        size = "stty size; env | grep -E '^(LINES|COLUMNS)='"
        assert (await client.run(size, timeout=30)).output == "24 80\n"
        await client.resize(1, 31, 97)
        await client.wait_for(lambda c: c.shells[1].rows == 31)
        assert (await client.run(size, timeout=30)).output == "31 97\n"
        shell = await client.run("echo $LINES $COLUMNS", timeout=30)
        assert shell.output == "31 97\n"


async def test_a_startup_file_may_export_the_size(home: Path, host: Host) -> None:
    write(home / ".bashrc", "PS1='$ '\nexport LINES\n")
    write(home / ".zshrc", "PS1='$ '\nexport LINES\n")
    for command in ("bash", "zsh"):
        session = await host.create(command=[command])
        async with host.connect(session) as client:
            assert (await client.run("env | grep ^LINES=", timeout=30)).output == "LINES=24\n"


@pytest.mark.parametrize("command", SHELLS, ids=" ".join)
async def test_a_file_that_is_printed_cannot_forge_a_mark(home: Path, host: Host, command: list[str]) -> None:
    session = await host.create(command=command)
    async with host.connect(session) as client:
        await at_prompt(client)
        number = client._shells[1].prompt.number
        forged = [f"\x1b]133;{kind};aid={aid};n={number}\x07" for kind in ("D;0", "A", "B") for aid in ("x", "")]
        write(home / "forged", "".join(forged) + "\x1b]133;D;0\x07\x1b]133;A\x07\x1b]133;B\x07\n")
        result = await client.run("cat ~/forged; echo after; sh -c 'exit 3'", timeout=30)
        assert (result.output, result.exit_status) == ("\nafter\n", 3)
        program = "cat /proc/self/environ | tr '\\0' '\\n'"
        assert client.shells[1].aid not in (await client.run(program, timeout=30)).output


async def test_startup_files_are_read_as_always(home: Path, host: Host) -> None:
    for name in (".bash_profile", ".profile", ".bashrc", ".zshenv", ".zprofile", ".zshrc", ".zlogin"):
        write(home / name, f"PS1='$ '\nread_files=$read_files{name}\ndeclare seen=1\n")
    expected = {
        "bash": ".bashrc",
        "bash -l": ".bash_profile",
        "zsh": ".zshenv.zshrc",
        "zsh -l": ".zshenv.zprofile.zshrc.zlogin",
    }
    for command, files in expected.items():
        session = await host.create(command=command.split())
        async with host.connect(session) as client:
            result = await client.run("echo $read_files $seen", timeout=30)
            assert result.output == f"{files} 1\n"
            if command == "bash":
                result = await client.run("echo $HISTFILE $MAILCHECK", timeout=30)
                assert result.output == f"{home}/.bash_history 60\n"
                assert (await client.run("shopt -o posix; shopt inherit_errexit", timeout=30)).output.count("off") == 2
    (home / ".bash_profile").unlink()
    session = await host.create(command=["bash", "-l"])
    async with host.connect(session) as client:
        assert (await client.run("echo $read_files; shopt -q login_shell", timeout=30)).output == ".profile\n"


CUSTOMS = {
    "string": "PROMPT_COMMAND='echo -n \"<$?>\"; '",
    "array": "PROMPT_COMMAND=('echo -n \"<$?>\"' 'true')",
    "exported": "export PROMPT_COMMAND='history -a' PS1",
    "sets PS1": "PROMPT_COMMAND='PS1=\"$ \"'",
    "two lines": "PS1='one\\n$ '",
    "PS0": "PS0='[start]'",
    "debug trap": "trap 'echo \"$BASH_COMMAND\" >> ~/debug' DEBUG",
    "set -u": "set -u",
    "set -a": "set -a",
    "vi": "set -o vi",
    "no paste": "bind 'set enable-bracketed-paste off'",
    "ignorespace": "HISTCONTROL=ignorespace",
}


@pytest.mark.parametrize("custom", CUSTOMS.values(), ids=CUSTOMS)
async def test_what_users_do_to_bash(home: Path, host: Host, custom: str) -> None:
    write(home / ".bashrc", f"PS1='$ '\n{custom}\n")
    session = await host.create(command=["bash"])
    async with host.connect(session) as client:
        output = (await client.run("echo hi", timeout=30)).output
        assert output in ("hi\n", "[start]hi\n")
        assert (await client.run("sh -c 'exit 5'", timeout=30)).exit_status == 5
        assert "<5>" in client.screen(1).text() or "<$?>" not in custom
        result = await client.run("echo a\necho b", timeout=30)
        assert re.sub(r"<0>|\[start\]", "", result.output) == "a\nb\n"
        assert client.shells[1].aid not in (await client.run("env", timeout=30)).output
        if "DEBUG" in custom:
            assert "echo hi" in (home / "debug").read_text().splitlines()


async def test_what_people_do_in_bash_afterwards(home: Path, host: Host) -> None:
    session = await host.create(command=["bash"])
    async with host.connect(session) as client:
        for command in ("PROMPT_COMMAND='true'", "PS1='new $ '", "source ~/.bashrc", "set -e", "set -u", "set -o vi"):
            await client.run(command, timeout=30)
        assert (await client.run("echo hi", timeout=30)).output == "hi\n"
        await client.run("set +eu", timeout=30)
        with pytest.raises(CommandError, match="event not found"):
            await client.run('echo "hi!nothing"', timeout=30)
        with pytest.raises(CommandError, match="incomplete"):
            await client.run("if true", timeout=30)
        with pytest.raises(CommandError, match="when commands end"):
            await client.run("unset PROMPT_COMMAND", timeout=30)


async def test_what_users_do_to_zsh(home: Path, host: Host) -> None:
    custom = """PS1='$ '
bindkey -v
setopt no_unset all_export prompt_subst
zle-line-init() { zle reset-prompt }
zle -N zle-line-init
autoload -Uz add-zsh-hook
mine() { PS1='$ ' }
add-zsh-hook precmd mine
late() { print -n "<$?>" }
add-zsh-hook precmd late
"""
    write(home / ".zshrc", custom)
    session = await host.create(command=["zsh"])
    async with host.connect(session) as client:
        assert (await client.run("echo hi", timeout=30)).output == "hi\n"
        assert (await client.run("sh -c 'exit 5'", timeout=30)).exit_status == 5
        assert client.shells[1].aid not in (await client.run("env", timeout=30)).output
        with pytest.raises(CommandError, match="incomplete"):
            await client.run("if true", timeout=30)


@pytest.mark.parametrize(("command", "inside"), [("bash", "bash --norc"), ("bash", "sh"), ("zsh", "zsh -f")])
async def test_a_shell_inside_prints_no_marks(host: Host, command: str, inside: str) -> None:
    session = await host.create(command=[command])
    async with host.connect(session) as client:
        await client.run("export PS1", timeout=30)
        marked = MarkCounter(client)
        await client.send(1, f"{inside}\r")
        await client.wait_for(lambda _: marked.kinds[-1:] == [b"C"])
        await client.send(1, "echo in''side\r")
        await client.wait_for(lambda c: "inside" in c.screen(1).text())
        assert "[" not in client.screen(1).text()  # what marks PS1 does not show
        assert marked.kinds == [b"C"]
        await client.send(1, "exit\r")
        await at_prompt(client)
        assert (await client.run("echo out", timeout=30)).output == "out\n"


class MarkCounter:
    """The kinds of the marks that a client gets from now on."""

    def __init__(self, client: SshxClient) -> None:
        self.kinds: list[bytes] = []
        client.observe(self._take)

    def _take(self, event: Event) -> None:
        self.kinds += re.findall(rb"\x1b\]133;([ABCD])", getattr(event, "data", b""))


# A shell that is not at its prompt.


async def until_busy(client: SshxClient, session: Session) -> None:
    """Wait until a program runs in the shell, and the client has heard of it."""
    while session.shells[1].terminal.idle:
        await asyncio.sleep(0.01)
    await client.wait_for(lambda c: not c._shells[1].prompt.at_prompt)


NOT_AT_PROMPT = "Shell 1 is not at its prompt. The command waits for it."


async def waits(client: SshxClient, command: str, text: str = NOT_AT_PROMPT) -> asyncio.Task[object]:
    """Begin to run a command, and return once the client has told that it waits."""
    told: asyncio.Future[CommandWaits] = asyncio.get_running_loop().create_future()

    def on_event(event: Event) -> None:
        if isinstance(event, CommandWaits) and not told.done():
            told.set_result(event)

    stop = client.observe(on_event)
    task: asyncio.Task[object] = asyncio.ensure_future(client.run(command, timeout=30))
    event = await asyncio.wait_for(told, 20)
    stop()
    assert event.text == text
    return task


@pytest.mark.parametrize("command", [["bash"], ["zsh"], ["fish"]], ids=" ".join)
async def test_a_command_waits_for_a_slow_startup_file(home: Path, host: Host, command: list[str]) -> None:
    fifo = home / "fifo"
    os.mkfifo(fifo)
    for name, text in PROMPTS.items():
        write(home / name, f"cat {fifo}\n{text}")
    session = await host.create(command=command)
    async with host.connect(session) as client:
        running = await waits(client, "echo hi")
        with pytest.raises(CommandError, match=r"^There is no shell 7"):
            await asyncio.wait_for(other_run(host, session), 20)
        fifo.write_text("ready\n")
        assert getattr(await running, "output", "") == "hi\n"
        await client.wait_for(lambda c: lines(c) == ["$ echo hi", "hi", "$"])


@contextlib.asynccontextmanager
async def busy(home: Path, host: Host, command: list[str]) -> AsyncIterator[tuple[Session, SshxClient]]:
    """A session whose shell prints the pipe `fifo`, in `home`, until something is written into it."""
    os.mkfifo(home / "fifo")
    session = await host.create(command=command)
    async with host.connect(session) as client:
        await client.run("true", timeout=30)
        await client.send(1, "cat ~/fifo\r")
        await until_busy(client, session)
        yield session, client


async def other_run(host: Host, session: Session) -> None:
    async with host.connect(session) as client:
        await client.run("true", shell=7)


@pytest.mark.parametrize("command", [["bash"], ["sh"]], ids=" ".join)
async def test_a_command_waits_while_another_runs(home: Path, host: Host, command: list[str]) -> None:
    async with busy(home, host, command) as (session, client):
        running = await waits(client, "echo hi")
        with pytest.raises(CommandError, match=r"not at its prompt for 0\.1 s\. The command was not typed"):
            async with host.connect(session) as other:
                await other.run("echo never", timeout=0.1)
        assert "echo" not in client.screen(1).text().rpartition("fifo")[2]
        (home / "fifo").write_text("ready\n")
        assert getattr(await running, "output", "") == "hi\n"
        assert "never" not in client.screen(1).text()


@pytest.mark.parametrize("other", ["sh", "bash --norc", "zsh -f"])
async def test_a_shell_that_has_been_replaced_counts_as_one_without_integration(host: Host, other: str) -> None:
    session = await host.create(command=["bash"])
    async with host.connect(session) as client:
        await at_prompt(client)
        await client.send(1, f"exec {other}\r")
        await client.wait_for(lambda c: not c._shells[1].prompt.at_prompt)
        result = await client.run("echo hi; (exit 3)", timeout=30)
        assert (result.output, result.exit_status) == ("hi\n", 3)
        assert "133;C" in client.screen(1).text()


async def test_a_startup_file_may_replace_the_shell(home: Path, host: Host) -> None:
    write(home / ".bashrc", "exec zsh\n")
    session = await host.create(command=["bash"])
    async with host.connect(session) as client:
        assert (await client.run("echo $ZSH_NAME", timeout=30)).output == "zsh\n"


async def test_a_command_that_reads_a_line_is_not_the_prompt(home: Path, host: Host) -> None:
    session = await host.create(command=["bash"])
    async with host.connect(session) as client:
        await at_prompt(client)
        await client.send(1, "read -e line\r")
        await client.wait_for(lambda c: not c._shells[1].prompt.at_prompt)
        running = await waits(client, "echo $line")
        await client.send(1, "mine\r")
        assert getattr(await running, "output", "") == "mine\n"


async def test_who_comes_late_knows_whether_the_shell_is_at_its_prompt(home: Path, host: Host) -> None:
    os.mkfifo(home / "fifo")
    session = await host.create(command=["bash"])
    async with host.connect(session) as first:
        await first.run("echo first", timeout=30)
        async with host.connect(session) as late:
            assert (await late.run("echo late\necho r", timeout=30)).output == "late\nr\n"
        await first.send(1, "cat ~/fifo\r")
        await first.wait_for(lambda c: not c._shells[1].prompt.at_prompt)
        async with host.connect(session, outputs=False, screens=False) as late:
            running = await waits(late, "echo later")
            (home / "fifo").write_text("")
            assert getattr(await running, "output", "") == "later\n"


async def test_marks_do_not_change_the_screen_of_a_late_client(home: Path, host: Host) -> None:
    os.mkfifo(home / "fifo")
    drawn = r"\33[2J\33[H\33]133;A;aid=%s;n=%s\7half a prompt\33[4"
    write(home / "draw", f"printf '{drawn}' $1 $2; cat ~/fifo; printf 'C|'; cat ~/fifo")
    session = await host.create(command=["bash"])
    async with host.connect(session) as first:
        await at_prompt(first)
        prompt = first._shells[1].prompt
        await first.send(1, f"sh ~/draw {prompt.aid} {prompt.number + 1}\r")
        await first.wait_for(lambda c: "half a prompt" in c.screen(1).text())
        async with host.connect(session) as late:
            await late.wait_for(lambda c: 1 in c._shells and c._shells[1].prompt.number == 2)
            assert session.shells[1]._draw(False).startswith(b"\x18\x1b]133;")  # what a viewer is in must not be run
            (home / "fifo").write_text("")
            await late.wait_for(lambda c: "|" in c.screen(1).text())
            assert late.screen(1).text() == "half a prompt    |"


async def test_other_sessions_know_the_shell_too(host: Host) -> None:
    session = await host.create(command=["bash"])
    name = session.shells[1].terminal.name
    for history in (True, False):
        other = await host.create(terminals=[name], history=history)
        async with host.connect(other) as client:
            assert (await client.run("echo hi", timeout=30)).output == "hi\n"
            assert "eval" not in client.screen(1).text()


async def test_it_can_be_off(host: Host) -> None:
    host.terminals._integrates = False
    session = await host.create(command=["bash"])
    async with host.connect(session) as client:
        assert client.shells[1].aid == ""
        result = await client.run("echo hi; (exit 3)", timeout=30)
        assert (result.output, result.exit_status) == ("hi\n", 3)
        assert lines(client)[0].startswith("$  printf '\\33]133;C;aid=")


async def test_a_shell_that_was_running_before_is_typed_into_only_by_run(home: Path, host: Host) -> None:
    """As one that Jupyter has started."""
    bash = shutil.which("bash")
    name, _ = host.terminals._manager.new_named_terminal(shell_command=[bash])
    session = await host.create(terminals=[name])
    async with host.connect(session) as client:
        await client.wait_for(lambda c: 1 in c._shells and "$" in c.screen(1).text())
        assert lines(client) == ["$"]
        result = await client.run("echo hi", timeout=30)
        assert (result.output, result.exit_status) == ("hi\n", 0)
        assert len(" ".join(lines(client))) < 140


# A line that someone else has started.


async def ends_with(client: SshxClient, text: str) -> None:
    await client.wait_for(lambda c: 1 in c._shells and c.screen(1).text().rstrip().endswith(text))


STARTED = "Someone has started a line in shell 1. The command waits for the next prompt."


@pytest.mark.parametrize("command", [["bash"], ["zsh"], ["fish"], ["sh"], ["bash", "--norc"]], ids=" ".join)
async def test_a_command_waits_while_someone_types_a_line(host: Host, command: list[str]) -> None:
    session = await host.create(command=command)
    async with host.connect(session) as client, host.connect(session) as other:
        await client.run("true", timeout=30)
        await other.send(1, "echo rm -rf ")
        await ends_with(client, "echo rm -rf")
        with pytest.raises(CommandError, match=r"^Someone has started a line in shell 1\. The command was not typed"):
            await client.run("/important", timeout=0.1)
        running = await waits(client, "echo hi", text=STARTED)
        await other.send(1, "here\r")
        assert getattr(await running, "output", "") == "hi\n"
        assert "rm -rf here" in client.screen(1).text()
        await other.send(1, "echo never")
        running = await waits(client, "echo ho", text=STARTED)
        await other.send(1, "\x03")
        assert getattr(await running, "output", "") == "ho\n"


@pytest.mark.parametrize("command", [["bash"], ["sh"]], ids=" ".join)
async def test_a_line_that_is_typed_in_a_tab_of_the_host_counts_too(host: Host, command: list[str]) -> None:
    session = await host.create(command=command)
    process = host.terminals._manager.terminals[session.shells[1].terminal.name].ptyproc
    async with host.connect(session) as client:
        await client.run("true", timeout=30)
        await asyncio.to_thread(process.write, "echo mine")
        running = await waits(client, "echo hi", text=STARTED)
        await asyncio.to_thread(process.write, "\r")
        assert getattr(await running, "output", "") == "hi\n"


@pytest.mark.parametrize("command", [["bash"], ["zsh"], ["fish"]], ids=" ".join)
async def test_a_line_may_be_typed_ahead(home: Path, host: Host, command: list[str]) -> None:
    async with busy(home, host, command) as (_, client):
        await client.send(1, "echo ahead")
        await ends_with(client, "echo ahead")
        (home / "fifo").write_text("")
        await at_prompt(client)
        running = await waits(client, "echo hi", text=STARTED)
        await client.send(1, "\r")
        assert getattr(await running, "output", "") == "hi\n"


@pytest.mark.parametrize("command", [["bash"], ["zsh"], ["fish"], ["sh"]], ids=" ".join)
async def test_keys_of_a_full_screen_program_start_no_line(home: Path, host: Host, command: list[str]) -> None:
    write(home / "program", "stty raw -echo; printf on; head -c 1 >/dev/null; stty sane")
    session = await host.create(command=command)
    async with host.connect(session) as client:
        await client.run("true", timeout=30)
        await client.send(1, "sh ~/program\r")
        await ends_with(client, "on")
        await client.send(1, "q")
        assert (await client.run("echo hi", timeout=30)).output == "hi\n"
        await client.resize(1, 30, 70)
        assert (await client.run("echo ho", timeout=30)).output == "ho\n"


# Programs that are not at a shell's prompt.


@pytest.mark.parametrize("program", ["cat", "python3 -q"])
@pytest.mark.parametrize("command", [["bash"], ["sh"]], ids=" ".join)
async def test_a_program_in_place_of_the_shell_is_typed_nothing(host: Host, command: list[str], program: str) -> None:
    session = await host.create(command=command)
    async with host.connect(session) as client:
        await client.run("true", timeout=30)
        await client.send(1, f"exec {program}\r")
        name = program.split()[0]
        while not session.shells[1].terminal._program().startswith(name):
            await asyncio.sleep(0.01)
        await waits_in_vain(client)


async def waits_in_vain(client: SshxClient) -> None:
    before = client.screen(1).text().count("never")
    with pytest.raises(CommandError, match=r"not at its prompt for 1\.5 s\. The command was not typed"):
        await client.run("echo never", timeout=1.5)
    assert client.screen(1).text().count("never") == before


async def test_a_forged_prompt_is_typed_nothing(home: Path, host: Host) -> None:
    session = await host.create(command=["bash"])
    async with host.connect(session, "reader") as reader, host.connect(session) as client:
        await client.run("true", timeout=30)
        await reader.wait_for(lambda c: c.shells)
        aid, number = reader.shells[1].aid, client._shells[1].prompt.number
        far = f"\x1b]133;D;0;aid={aid};n={10**14}\x07\x1b]133;B;aid={aid};n={10**14}\x07"
        near = f"\x1b]133;D;0;aid={aid};n={number}\x07\x1b]133;A;aid={aid};n={number + 1}\x07"
        near += f"\x1b]133;B;aid={aid};n={number + 1}\x07"
        for forged in (far, near):
            write(home / "forged", forged)
            result = await client.run("cat ~/forged; sh -c 'exit 5'", timeout=30)
            assert result.exit_status == 5 or forged is near
            await client.send(1, "cat ~/forged - >/dev/tty\r")
            await until_program(session)
            await waits_in_vain(client)
            await client.send(1, "\x03")
            result = await client.run("echo hi", timeout=30)
            assert (result.output, result.exit_status) == ("hi\n", 0)


async def until_program(session: Session) -> None:
    while session.shells[1].terminal.idle:
        await asyncio.sleep(0.01)


# Startup files that leave no room for the marks.


BARE = {
    "readonly PROMPT_COMMAND": ("bash", ".bashrc", "readonly PROMPT_COMMAND='history -a'"),
    "readonly PS1": ("bash", ".bashrc", "readonly PS1"),
    "no promptvars": ("bash", ".bashrc", "shopt -u promptvars"),
    "precmd_functions": ("zsh", ".zshrc", "foo() { : }; precmd_functions=(foo)"),
    "fish that becomes bash": ("fish", ".config/fish/conf.d/a.fish", "status is-interactive; and exec bash -i"),
}


@pytest.mark.parametrize(("command", "file", "text"), BARE.values(), ids=BARE)
async def test_a_startup_file_may_leave_no_marks(home: Path, host: Host, command: str, file: str, text: str) -> None:
    write(home / file, f"{PROMPTS.get(file, '')}{text}\n")
    session = await host.create(command=[command])
    async with host.connect(session) as client:
        for status in (0, 3):
            result = await client.run(f"echo hi; (exit {status})", timeout=30)
            assert (result.output, result.exit_status) == ("hi\n", status)
        assert lines(client)[0].startswith("$  printf")  # and no error before it
        await client.send(1, "echo one")
        await ends_with(client, "echo one")
        running = await waits(client, "echo two", text=STARTED)
        await client.send(1, "\r")
        assert getattr(await running, "output", "") == "two\n"


async def test_a_question_of_a_startup_file_is_not_the_prompt(home: Path, host: Host) -> None:
    write(home / ".zshrc", f"{PROMPTS['.zshrc']}echo -n 'update? '; read -rk1 answer\n")
    session = await host.create(command=["zsh"])
    async with host.connect(session) as client:
        await client.wait_for(lambda c: 1 in c._shells and "update?" in c.screen(1).text())
        await waits_in_vain(client)
        await client.send(1, "y")
        assert (await client.run("echo $answer", timeout=30)).output == "y\n"


async def test_marks_that_have_stopped_are_typed_again(host: Host) -> None:
    session = await host.create(command=["bash"])
    async with host.connect(session) as client:
        with pytest.raises(CommandError, match="when commands end"):
            await client.run("unset PROMPT_COMMAND", timeout=30)
        assert (await client.run("echo hi", timeout=30)).output == "hi\n"


async def test_a_fish_user_may_have_a_file_named_sshx(home: Path, host: Host) -> None:
    write(home / ".config/fish/conf.d/sshx.fish", "set -gx MINE yes\n")
    session = await host.create(command=["fish"])
    async with host.connect(session) as client:
        assert (await client.run("echo $MINE", timeout=30)).output == "yes\n"
        assert "printf" not in client.screen(1).text()
