"""What is taken to be a command's output, however what the shell prints is cut. No shell runs here."""

from __future__ import annotations

import pytest

from sshx_jupyter.client import command as command_module
from sshx_jupyter.client.command import MarkedRun, TypedRun
from sshx_jupyter.protocol.marks import PromptState

NUMBERS = "".join(f"{number}\n" for number in range(700))
PRINTED = NUMBERS.replace("\n", "\r\n").encode()


def mark(kind: str, number: int) -> bytes:
    return b"\x1b]133;%s;aid=s;n=%d\x07" % (kind.encode(), number)


BEGIN = b"seq 0 699\r\n" + mark("C", 1)
END = mark("D;3", 1) + mark("A", 2) + b"ann@home:~$ " + mark("B", 2)


@pytest.mark.parametrize("at", range(len(END)))
def test_a_prompt_is_no_output_wherever_much_output_is_cut(at: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command_module, "MOST_OUTPUT", 1000)
    state = PromptState("s")
    state.feed(mark("A", 1) + mark("B", 1))
    run = MarkedRun(state)
    run.on_output(BEGIN + PRINTED + END[:at], snapshot=False, missed=0)
    done = run.done
    run.on_output(END[at:], snapshot=False, missed=0)
    assert (done, run.done) == (False, True)
    result = run.result()
    assert (result.exit_status, result.truncated) == (3, True)
    assert NUMBERS.endswith(result.output)
    assert len(result.output) > 700


def test_a_prompt_of_which_a_part_is_missed_is_no_output() -> None:
    state = PromptState("s")
    state.feed(mark("A", 1) + mark("B", 1))
    run = MarkedRun(state)
    run.on_output(BEGIN + PRINTED + mark("D;3", 1), snapshot=False, missed=0)
    run.on_output(b":~$ " + mark("B", 2), snapshot=False, missed=500)
    result = run.result()
    assert (result.output, result.exit_status, result.truncated) == ("", 3, True)


def test_much_after_the_end_is_no_output_and_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command_module, "MOST_OUTPUT", 1000)
    state = PromptState("s")
    state.feed(mark("A", 1) + mark("B", 1))
    run = MarkedRun(state)
    run.on_output(BEGIN + b"once\r\n" + mark("D;0", 1) + mark("A", 2), snapshot=False, missed=0)
    for _ in range(10):
        run.on_output(b"a long prompt " * 100, snapshot=False, missed=0)
        assert len(run._output) <= 2000
    run.on_output(mark("B", 2), snapshot=False, missed=0)
    assert (run.result().output, run.result().truncated) == ("", True)


@pytest.mark.parametrize("at", [1, 5, 30])
def test_typed_marks_are_no_output_either(at: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command_module, "MOST_OUTPUT", 1000)
    run = TypedRun()
    begin, end = (f"\x1b]133;{kind};aid={run._id}\x07".encode() for kind in ("C", "D;0"))
    run.on_output(b"echo\r\n" + begin + PRINTED + end[:at], snapshot=False, missed=0)
    run.on_output(end[at:] + b"$ ", snapshot=False, missed=0)
    assert run.done
    assert run.result().truncated
    assert NUMBERS.endswith(run.result().output)
