"""Records terminal sessions for the tests of predictive echo.

    python js/tests/predict/record.py [NAME...]

Types into real programs on a pseudo-terminal and writes what went in and what came out, in order, to
`recordings/NAME.json`: `[["out", "$ "], ["in", "l"], ["out", "l"], ...]`. A session whose program is not installed is
skipped. Needs bash, zsh, fish, vim, and a Python with IPython.
"""

from __future__ import annotations

import codecs
import json
import os
import select
import shutil
import sys
import tempfile
from pathlib import Path

from ptyprocess import PtyProcess

RECORDINGS = Path(__file__).parent / "recordings"
ROWS, COLS = 24, 80
#: Seconds without output after which a program has answered a key.
QUIET = 0.15

UP, LEFT, RIGHT = "\x1b[A", "\x1b[D", "\x1b[C"
BACKSPACE = "\x7f"
CTRL_A, CTRL_C, CTRL_D, CTRL_E, CTRL_U = "\x01", "\x03", "\x04", "\x05", "\x15"

BASH = ["bash", "--norc", "--noprofile", "-i"]
PYTHON = [sys.executable, "-q"]

ASK = "read -s -p 'Password: ' word"
MASK = (
    "ask() { printf 'Password: '; while IFS= read -rsn1 c && [ \"$c\" ]; do printf '*'; done; echo; }; clear"
)
UPPER = "import sys\nfor c in iter(lambda: sys.stdin.read(1), '.'):\n    sys.stdout.write(c.upper()); sys.stdout.flush()"


class Together(str):
    """Typed without waiting for the echo."""


class Paste(str):
    """Sent at once."""


def keys(text: str) -> list[str]:
    """One key a character."""
    return list(text)


#: For each session its program, the keys to type, and variables of its environment.
SESSIONS: dict[str, tuple[list[str], list[str], dict[str, str]]] = {
    "typing": (
        BASH,
        keys(
            "git status\rls -la /usr/share | head -3\recho 'Hello, world' > note.txt\rcat note.txt\r"
            "for i in 1 2 3; do echo line $i; done\rgrep -n world note.txt\rpython3 -c 'print(6 * 7)'\r"
        ),
        {},
    ),
    "editing": (
        BASH,
        [
            *keys("echo helo wurld"), *[LEFT] * 4, BACKSPACE, *keys("o"), *[RIGHT] * 4, *keys("!"),
            CTRL_A, *keys("time "), CTRL_E, *keys(" again"), *[BACKSPACE] * 6, *keys("?"), "\r",
            UP, *[BACKSPACE] * 9, *keys("done"), *[LEFT] * 6, *keys("all "), "\r",
            *keys("never mind"), CTRL_U, *[BACKSPACE] * 3, *keys("ls\r"), *keys("abc"), CTRL_C, *keys("true\r"),
        ],
        {},
    ),
    "fast": (BASH, [*keys("e"), Together("cho the quick brown fox jumps over the lazy dog"), "\r", Together("ls -l\r")], {}),
    "ahead": (BASH, [*keys("sleep 0.5\r")[:-1], Together("\recho one\recho two"), *keys(" three\r")], {}),
    "wrap": (BASH, [*keys("echo " + "abcdefghi " * 9), *[BACKSPACE] * 25, *keys("end\r"), *keys("echo after\r")], {}),
    "completion": (BASH, [*keys("cat alp"), "\t", *keys("| wc"), "\r", *keys("cat "), "\t", "\t", *keys("b"), "\t", "\r"], {}),
    "colours": (
        BASH,
        [*keys("ls --color=always\r"), *keys("echo ok"), *[LEFT] * 2, *keys("not "), "\r", *keys("cd sub\r"), *keys("pwd\r")],
        {"PS1": r"\[\e[1;32m\]me@here\[\e[0m\]:\[\e[34m\]\W\[\e[0m\]\$ "},
    ),
    "paste": (
        BASH,
        [*keys("echo a"), Paste("\x1b[200~ pasted text\x1b[201~"), *keys(" b\r"), Paste("\x1b[200~echo 1\necho 2\n\x1b[201~"), "\r", *keys("echo c\r")],
        {},
    ),
    "unicode": (BASH, [*keys("echo häuser 日本語"), *[BACKSPACE] * 2, *keys("x"), *[LEFT] * 2, *keys("本"), CTRL_E, "😀", *keys(" ok"), "\r"], {}),
    "cat": (BASH, [*keys("cat\r"), *keys("some words"), LEFT, *keys("more"), *[BACKSPACE] * 2, "\r", *keys("last"), "\r", CTRL_D, *keys("true\r")], {}),
    "password": (BASH, [*keys(ASK + "\r"), *keys("QXJZ"), BACKSPACE, *keys("ZQ"), "\r", *keys("echo done\r"), *keys(ASK), Together("\r"), *keys("QQXX\r"), *keys("true\r")], {}),
    "getpass": ([*PYTHON, "-c", "from getpass import getpass\ninput('Name: ')\ngetpass()\ninput('Town: ')"], keys("alice\rQXJZQXJZ\rparis\r"), {}),
    "masked": (BASH, [*keys(MASK + "\r"), *keys("ask\r"), *keys("QXJ*ZQX"), "\r", *keys("ask\r"), *keys("**QXJZ"), "\r", *keys("true\r")], {}),
    "masked-toolkit": ([*PYTHON, "-c", "from prompt_toolkit import prompt\nprompt('Name: ')\nprompt('Password: ', is_password=True)"], [*keys("alice\rQXJZ"), LEFT, BACKSPACE, *keys("Q*XX\r")], {}),
    "vim": (BASH, [*keys("vim -u NONE -N note\r"), *keys("ihello there"), "\x1b", *keys("bdwiyou"), "\x1b", *keys(":wq\r"), *keys("cat note\r")], {}),
    "python": (
        PYTHON,
        [*keys("x = 'some text'\rfor c in x[:2]:\r    print(c)\r\r"), *keys("len(x)"), *[LEFT] * 2, *keys("2 * "), CTRL_A, *keys("1 + "), "\r", UP, *[BACKSPACE] * 3, *keys(")\r")],
        {},
    ),
    "ipython": (
        [sys.executable, "-m", "IPython", "--no-banner", "--TerminalInteractiveShell.term_title=False"],
        [*keys("value = 123\r"), *keys("print('a value', value)\r"), *keys("valu"), BACKSPACE, *keys("ue + 1"), *[LEFT] * 3, *keys(" * 2"), "\r", *keys("print('b')\r")],
        {"IPYTHONDIR": "{home}/ipython", "PROMPT_TOOLKIT_NO_CPR": "1"},
    ),
    "upper": ([*PYTHON, "-c", "import os; os.system('stty -echo -icanon')\n" + UPPER], keys("12 years of 3 quiet cats 44 and 5 more."), {}),
    "zsh": (
        ["zsh", "-f", "-i"],
        [*keys("echo first words\r"), *keys("echo second"), *[LEFT] * 3, *keys("xx"), BACKSPACE, CTRL_E, *keys(" end\r"), UP, *[BACKSPACE] * 3, *keys("fin\r")],
        {"PROMPT": "%# ", "RPROMPT": "[right]"},
    ),
    "fish": (
        ["fish", "--private", "-C", "function fish_greeting; end; function fish_prompt; printf '> '; end"],
        [*keys("echo first words\r"), *keys("echo first of all\r"), *keys("echo first w"), *[BACKSPACE] * 2, *keys(" or"), *[LEFT] * 3, *keys("ly"), "\r", *keys("echo fi"), RIGHT, "\r", *keys("true\r")],
        {},
    ),
}


def record(command: list[str], steps: list[str], variables: dict[str, str]) -> list[list[str]]:
    """One session, from the first prompt on."""
    with tempfile.TemporaryDirectory() as home:
        for name in ("alpha.txt", "beta.txt", "sub/inner.txt"):
            path = Path(home, name)
            path.parent.mkdir(exist_ok=True)
            path.write_text(name + "\n")
        env = {"HOME": home, "PATH": os.environ["PATH"], "TERM": "xterm-256color", "LANG": "C.UTF-8", "PS1": "$ "}
        env |= {name: value.replace("{home}", home) for name, value in variables.items()}
        process = PtyProcess.spawn(command, cwd=home, env=env, dimensions=(ROWS, COLS))
        decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        events: list[list[str]] = []

        def read(quiet: float) -> None:
            while select.select([process.fd], [], [], quiet)[0]:
                try:
                    events.append(["out", decode(os.read(process.fd, 65536)).replace(home, "/home")])
                except OSError:  # the program has ended
                    return

        read(2)
        for step in steps:
            for key in step if isinstance(step, Together) else [step]:
                events.append(["in", key])
                try:
                    process.write(key.encode())
                except OSError:
                    break
                if isinstance(step, Together):
                    read(0.005)
            read(1 if step[-1:] in "\r\t" else QUIET)
        process.close(force=True)
    return events


def main(names: list[str]) -> None:
    RECORDINGS.mkdir(exist_ok=True)
    for name in names or SESSIONS:
        command, steps, variables = SESSIONS[name]
        if not shutil.which(command[0]):
            print(f"{name}: {command[0]} is not installed")
            continue
        events = record(command, steps, variables)
        lines = ",\n".join(json.dumps(event, ensure_ascii=False) for event in events)
        (RECORDINGS / f"{name}.json").write_text(f"[\n{lines}\n]\n")
        print(f"{name}: {len(events)} events")


if __name__ == "__main__":
    main(sys.argv[1:])
