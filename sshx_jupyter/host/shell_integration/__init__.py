"""Shell integration: bash, zsh and fish mark their prompts and commands (OSC 133), and change in nothing else, except
that they do not export the size with which they began (LINES, COLUMNS): programs would not follow later sizes.

It is brought in by the environment alone, since a login bash ignores `--init-file`. The scripts beside this file put
the environment back: in bash and zsh before any of the user's own startup files are read, in fish after the files in
the user's `conf.d`, which fish reads first. Each shell has a secret, which its marks carry as their `aid`: files made
without it cannot forge them. The shell keeps it in a variable that it does not export. Guests see it in the
output, and programs of the same account find it, for example in `/proc/PID/environ` of the shell: nothing may type into
a shell because of its marks alone.
"""

from __future__ import annotations

import re
import secrets
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

SCRIPTS = Path(__file__).parent
OPTIONS = {"-l", "--login", "-i", "-il", "-li"}
"""Options with which a shell is still a plain one."""
OLDEST = {"bash": (5, 1), "zsh": (5, 3), "fish": (3, 1)}
"""bash: PROMPT_COMMAND may be an array. zsh: add-zle-hook-widget. fish: fish_posterror."""
VERSION = re.compile(r"(?:GNU (?=bash)|(?=zsh|fish))(\w+),?(?: version)? (\d+)\.(\d+)")
VERSION_TIMEOUT = 2.0
"""Seconds that a shell may take to print its version, a few milliseconds mostly."""
POSIX_VARIABLES = {"POSIXLY_CORRECT", "POSIX_PEDANTIC", "SHELLOPTS", "BASHOPTS"}
"""With one of these, bash starts in a mode of the user's choice, which the script could not restore."""
SYSTEM_ZSHENV = (Path("/etc/zshenv"), Path("/etc/zsh/zshenv"))
DATA_DIRS = "/usr/local/share/:/usr/share/"
"""What XDG_DATA_DIRS counts as where it is not set (XDG Base Directory Specification)."""


@dataclass(frozen=True)
class ShellIntegration:
    """What starts one shell with integration.

    Attributes:
        environment: variables to add to the shell's environment.
        aid: the secret of its marks.
    """

    environment: dict[str, str] = field(repr=False)
    aid: str = field(repr=False)


@dataclass(frozen=True)
class _Program:
    kind: str
    system_rc: str = ""
    """The file that this bash reads before ~/.bashrc, which its maker has decided."""


def integrate(command: Sequence[str], environment: Mapping[str, str]) -> ShellIntegration | None:
    """How to start `command` in `environment` with integration; None if it is not a plain shell that is known."""
    program = Path(command[0]).name if command else ""
    if program not in OLDEST or not OPTIONS.issuperset(command[1:]):
        return None
    path = shutil.which(command[0], path=environment.get("PATH"))
    if path is None or not _usable(program, environment):
        return None
    found = _program(path)
    if found is None or found.kind != program:
        return None
    aid = secrets.token_hex(16)
    added = {"SSHX_SHELL_INTEGRATION": aid}
    match program:
        case "bash":
            replaced = "ENV"
            added |= {"ENV": str(SCRIPTS / "bash.sh"), "POSIXLY_CORRECT": "y", "SSHX_SHELL_SYSTEM_RC": found.system_rc}
        case "zsh":
            replaced = "ZDOTDIR"
            added |= {"ZDOTDIR": str(SCRIPTS / "zsh")}
        case _:
            replaced = "XDG_DATA_DIRS"
            added |= {"XDG_DATA_DIRS": f"{SCRIPTS}:{environment.get(replaced) or DATA_DIRS}"}
    if replaced in environment:
        added["SSHX_SHELL_ORIGINAL"] = environment[replaced]
    return ShellIntegration(added, aid)


def _usable(program: str, environment: Mapping[str, str]) -> bool:
    if program == "bash":  # bash expands the value of ENV
        return not POSIX_VARIABLES & environment.keys() and not re.search(r"""[$`\\"']""", str(SCRIPTS))
    if program == "zsh":  # these are read first, and may lead zsh away
        return not any(path.is_file() and b"ZDOTDIR" in path.read_bytes() for path in SYSTEM_ZSHENV)
    return ":" not in str(SCRIPTS)


@lru_cache(maxsize=16)
def _program(path: str) -> _Program | None:
    """Which shell a program really is, if it is new enough."""
    try:
        told = subprocess.run(
            [path, "--version"], stdin=subprocess.DEVNULL, capture_output=True, timeout=VERSION_TIMEOUT, check=True
        ).stdout.decode(errors="replace")
        match = VERSION.match(told)
        if match is None or (int(match[2]), int(match[3])) < OLDEST[match[1]]:
            return None
        system_rc = re.search(rb"/etc/[\w./]*bashrc", Path(path).read_bytes()) if match[1] == "bash" else None
    except (OSError, subprocess.SubprocessError):
        return None
    return _Program(match[1], system_rc[0].decode() if system_rc is not None else "")
