"""Records terminal sessions for the tests of predictive echo.

    python js/tests/view/predict/record.py [NAME...] && (cd js && npm run format)

Types into real programs on a pseudo-terminal and writes what went in and what came out, in order, to
`recordings/NAME.json`: `[["out", "$ "], ["in", "l"], ["out", "l"], ...]`. A session whose program is not installed is
skipped. Needs bash, zsh, fish, vim, and a Python with IPython.
"""

from __future__ import annotations

import codecs
import json
import os
import re
import select
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from ptyprocess import PtyProcess

RECORDINGS = Path(__file__).parent / "recordings"
ROWS, COLS = 24, 80
#: Seconds without output after which a program has answered a key, and those for keys that start something.
QUIET, LONG = 0.15, 1.0

#: How scripts write keys that are not characters; `<left*4>` is four of them.
KEYS = {
    "up": "\x1b[A",
    "left": "\x1b[D",
    "right": "\x1b[C",
    "bs": "\x7f",
    "esc": "\x1b",
    "ctrl-a": "\x01",
    "ctrl-c": "\x03",
    "ctrl-d": "\x04",
    "ctrl-e": "\x05",
    "ctrl-u": "\x15",
}
#: One key, or `<fast>` and `</fast>` around keys whose echo is not waited for, or `<paste>` and `</paste>` around text.
KEY = re.compile(r"<paste>(?P<paste>.*?)</paste>|<(?P<name>/?[\w-]+)(?:\*(?P<times>\d+))?>|(?P<char>.)", re.S)

BASH = ["bash", "--norc", "--noprofile", "-i"]
PYTHON = [sys.executable, "-q"]
FISH_PROMPT = "function fish_greeting; end; function fish_prompt; printf '> '; end"
MASK = "ask() { printf 'Password: '; while IFS= read -rsn1 c && [ \"$c\" ]; do printf '*'; done; echo; }; clear\r"
GETPASS = "from getpass import getpass\ninput('Name: ')\ngetpass()\ninput('Town: ')"
TOOLKIT = "from prompt_toolkit import prompt\nprompt('Name: ')\nprompt('Password: ', is_password=True)"
UPPER = """
import os, sys
os.system('stty -echo -icanon')
for c in iter(lambda: sys.stdin.read(1), '.'):
    sys.stdout.write(c.upper())
    sys.stdout.flush()
"""

#: For each session its program, the script, and variables of its environment.
SESSIONS: dict[str, tuple[list[str], str, dict[str, str]]] = {
    "typing": (
        BASH,
        (
            "git status\rls -la /usr/share | head -3\recho 'Hello, world' > note.txt\rcat note.txt\r"
            "for i in 1 2 3; do echo line $i; done\rgrep -n world note.txt\rpython3 -c 'print(6 * 7)'\r"
        ),
        {},
    ),
    "editing": (
        BASH,
        (
            "echo helo wurld<left*4><bs>o<right*4>!<ctrl-a>time <ctrl-e> again<bs*6>?\r<up><bs*9>done<left*6>all \r"
            "never mind<ctrl-u><bs*3>ls\rabc<ctrl-c>true\r"
        ),
        {},
    ),
    "fast": (BASH, "e<fast>cho the quick brown fox jumps over the lazy dog</fast>\r<fast>ls -l\r</fast>", {}),
    "ahead": (BASH, "sleep 0.5<fast>\recho one\recho two</fast> three\r", {}),
    "wrap": (BASH, "echo " + "abcdefghi " * 9 + "<bs*25>end\recho after\r", {}),
    "completion": (BASH, "cat alp\t| wc\rcat \t\tb\t\r", {}),
    "colours": (
        BASH,
        "ls --color=always\recho ok<left*2>not \rcd sub\rpwd\r",
        {"PS1": r"\[\e[1;32m\]me@here\[\e[0m\]:\[\e[34m\]\W\[\e[0m\]\$ "},
    ),
    "paste": (BASH, "echo a<paste> pasted text</paste> b\r<paste>echo 1\necho 2\n</paste>\recho c\r", {}),
    "unicode": (BASH, "echo häuser 日本語<bs*2>x<left*2>本<ctrl-e>😀 ok\r", {}),
    "cat": (BASH, "cat\rsome words<left>more<bs*2>\rlast\r<ctrl-d>true\r", {}),
    "password": (
        BASH,
        "read -s -p 'Password: ' word\rQXJZ<bs>ZQ\recho done\rread -s -p 'Password: ' word<fast>\r</fast>QQXX\rtrue\r",
        {},
    ),
    "getpass": ([*PYTHON, "-c", GETPASS], "alice\rQXJZQXJZ\rparis\r", {}),
    "masked": (BASH, MASK + "ask\rQXJ*ZQX\rask\r**QXJZ\rtrue\r", {}),
    "masked-toolkit": ([*PYTHON, "-c", TOOLKIT], "alice\rQXJZ<left><bs>Q*XX\r", {}),
    "vim": (BASH, "vim -u NONE -N note\rihello there<esc>bdwiyou<esc>:wq\rcat note\r", {}),
    "python": (
        PYTHON,
        "x = 'some text'\rfor c in x[:2]:\r    print(c)\r\rlen(x)<left*2>2 * <ctrl-a>1 + \r<up><bs*3>)\r",
        {},
    ),
    "ipython": (
        [sys.executable, "-m", "IPython", "--no-banner", "--TerminalInteractiveShell.term_title=False"],
        "value = 123\rprint('a value', value)\rvalu<bs>ue + 1<left*3> * 2\rprint('b')\r",
        {"IPYTHONDIR": "{home}/ipython", "PROMPT_TOOLKIT_NO_CPR": "1"},
    ),
    "upper": ([*PYTHON, "-c", UPPER], "12 years of 3 quiet cats 44 and 5 more.", {}),
    "zsh": (
        ["zsh", "-f", "-i"],
        "echo first words\recho second<left*3>xx<bs><ctrl-e> end\r<up><bs*3>fin\r",
        {"PROMPT": "%# ", "RPROMPT": "[right]"},
    ),
    "fish": (
        ["fish", "--private", "-C", FISH_PROMPT],
        "echo first words\recho first of all\recho first w<bs*2> or<left*3>ly\recho fi<right>\rtrue\r",
        {},
    ),
}


def typed(script: str) -> Iterator[tuple[str, float]]:
    """Each key of a script, and how long its output may pause."""
    fast = False
    for match in KEY.finditer(script):
        name = match["name"]
        if name in ("fast", "/fast"):
            fast = name == "fast"
            continue
        if match["paste"] is not None:
            key = f"\x1b[200~{match['paste']}\x1b[201~"
        else:
            key = KEYS[name] if name else match["char"]
        for _ in range(int(match["times"] or 1)):
            yield key, 0.005 if fast else LONG if key in "\r\t" else QUIET


def record(command: list[str], script: str, variables: dict[str, str]) -> list[list[str]]:
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
        for key, quiet in typed(script):
            if not process.isalive():
                break
            events.append(["in", key])
            process.write(key.encode())
            read(quiet)
        read(LONG)
        process.close(force=True)
    return events


def main(names: list[str]) -> None:
    RECORDINGS.mkdir(exist_ok=True)
    for name in names or SESSIONS:
        command, script, variables = SESSIONS[name]
        if not shutil.which(command[0]):
            sys.stdout.write(f"{name}: {command[0]} is not installed\n")
            continue
        events = record(command, script, variables)
        lines = ",\n".join(json.dumps(event, ensure_ascii=False) for event in events)
        (RECORDINGS / f"{name}.json").write_text(f"[\n{lines}\n]\n")
        sys.stdout.write(f"{name}: {len(events)} events\n")


if __name__ == "__main__":
    main(sys.argv[1:])
