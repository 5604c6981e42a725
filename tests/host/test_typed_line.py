"""Whether someone has started a line at a prompt, as far as what was typed tells."""

from __future__ import annotations

import pytest

from sshx_jupyter.host.typed_line import TypedLine


def at_prompt() -> TypedLine:
    """At the first prompt of a shell."""
    line = TypedLine()
    line.prompted(1)
    return line


@pytest.mark.parametrize("data", [b"a", b"\x1b[A", b"a\x0c", b"\t", b"ls\recho", b"\x1b[200~a\rb\x1b[201~", b"\x03a"])
def test_what_starts_a_line(data: bytes) -> None:
    line = at_prompt()
    line.typed(data, program=False, canonical=False)
    assert line.started


@pytest.mark.parametrize(
    "data", [b"", b"\x0c", b"\x03", b"\x1b[I", b"\x1b[O", b"\x1b[?62;c", b"\x1b[3;1R", b"\x1b[<0;1;2M"]
)
def test_what_does_not(data: bytes) -> None:
    line = at_prompt()
    line.typed(data, program=False, canonical=False)
    assert not line.started
    assert not line.submitted


def test_a_key_that_a_startup_file_has_read_starts_no_line() -> None:
    line = TypedLine()
    line.typed(b"y", program=False, canonical=False)
    line.prompted(1)
    assert not line.started


def test_a_line_ends_with_the_next_prompt() -> None:
    line = at_prompt()
    line.typed(b"ls", program=False, canonical=False)
    line.prompted(1)  # it was drawn again
    assert line.started
    line.typed(b"\r", program=False, canonical=False)
    assert (line.started, line.submitted) == (False, True)
    line.prompted(2)
    assert (line.started, line.submitted) == (False, False)
    line.typed(b"a", program=False, canonical=False)
    line.prompted(3)  # the shell has given it up
    assert not line.started


def test_a_line_that_the_shell_refuses_is_gone() -> None:
    line = at_prompt()
    line.typed(b"echo !x\r", program=False, canonical=False)
    assert line.submitted
    line.prompted(1)
    assert not line.submitted


def test_a_line_may_be_typed_ahead() -> None:
    for early in (b"sleep 1\recho", b"sleep 1\r"):
        line = at_prompt()
        line.typed(early, program=False, canonical=False)
        if early.endswith(b"\r"):
            line.typed(b"cat\necho", program=True, canonical=True)
        line.prompted(2)
        assert line.started
        line.prompted(3)
        assert not line.started


@pytest.mark.parametrize("key", [b"\r", b"\n", b"\x03", b"\x04", b"\x15", b"\x1a", b"\x1c"])
def test_what_a_program_has_read_is_not_typed_ahead(key: bytes) -> None:
    line = at_prompt()
    line.typed(b"cat\r", program=False, canonical=False)
    line.typed(b"some" + key, program=True, canonical=True)
    line.typed(b"keys", program=True, canonical=False)
    line.prompted(2)
    assert (line.started, line.submitted) == (False, False)
