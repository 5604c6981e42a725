"""`ShareOptions`: the options with which a session is shared, defined once.

REST bodies, Python keywords, and the flags of `%sshx share` and `jupyter sshx share` follow from the fields here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import KW_ONLY, Field, dataclass, field, fields, replace
from numbers import Real
from typing import Any

from .errors import Invalid

LONGEST_SESSION = 366 * 24 * 3600
"""Seconds after which a session that has an end time ends at the latest."""
INVITE_PERIOD = 24 * 3600.0
"""Seconds that an invite lets people in unless the host decides otherwise."""


@dataclass(frozen=True, eq=False)
class Kind:
    """A kind of option. `read` returns the value to keep, or raises TypeError, ValueError or OverflowError."""

    read: Callable[[Any], Any]
    must: str
    """What a value must be, as the end of a sentence."""


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    if not value or "\0" in value:
        raise ValueError
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _seconds(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError
    seconds = float(value)
    if not 0 < seconds <= LONGEST_SESSION:  # NaN is neither
        raise ValueError
    return seconds


def _names(value: Any) -> tuple[str, ...]:
    names = (value,) if isinstance(value, str) else tuple(value)
    if not all(isinstance(name, str) for name in names):
        raise TypeError
    return names


TEXT = Kind(_text, "be text that is not empty")
PATH = Kind(_text, "be the path of a directory")
SECRET = Kind(_text, "be text that is not empty")
"""Text that people are asked for: no command line shows it."""
FLAG = Kind(_flag, "be true or false")
SECONDS = Kind(_seconds, "be a positive number of seconds, at most a year")
NAMES = Kind(_names, "be a list of terminals' names")


def _option(
    kind: Kind,
    help: str,
    *,
    default: Any = None,
    flag: str | None = None,
    flag_help: str | None = None,
    shown: bool = False,
) -> Any:
    """An option.

    Args:
        kind: which values it takes. None always stands for the default.
        help: what it does.
        default: its value if nobody chooses. For a boolean, None means that the configuration decides.
        flag: how people choose it on a command line; for a boolean that is true by default, how they turn it off.
            Without one, programs set it.
        flag_help: what the flag does, if that differs from `help`.
        shown: whether everyone who lists the session may see it.
    """
    metadata = {"kind": kind, "help": help, "flag": flag, "flag_help": flag_help or help, "shown": shown}
    return field(default=default, repr=kind is not SECRET, metadata=metadata)


@dataclass(frozen=True)
class ShareOptions:
    """How a session is shared.

    Raises:
        Invalid: for a value of the wrong kind. The sentence names the option, not its value.
    """

    name: str | None = _option(TEXT, "what to call the session", flag="--name")
    _: KW_ONLY
    terminals: tuple[str, ...] | None = _option(
        NAMES,
        "names of running terminals of the Jupyter server; without any, a new one is opened",
        flag="--terminal",
        flag_help="share this running terminal of the Jupyter server instead; again for more of them",
    )
    cwd: str | None = _option(PATH, "the directory in which new terminals start")
    read_only: bool | None = _option(
        FLAG, "guests can only watch; there is no ticket for typing", flag="--read-only", shown=True
    )
    approve: bool = _option(FLAG, "ask you before anyone gets in", default=False, flag="--approve", shown=True)
    password: str | None = _option(
        SECRET,
        "what guests need besides the ticket",
        flag="--password",
        flag_help="ask you for a password that guests need besides the ticket",
    )
    expires_in: float | None = _option(
        SECONDS,
        "seconds after which the session stops",
        flag="--expires",
        flag_help="stop sharing after, for example, 30m or 2h",
    )
    while_owned: bool = _option(
        FLAG, "stop the session when no client of its owner has been there for a while", default=False
    )
    history: bool = _option(
        FLAG,
        "guests see what running terminals have printed so far; without it, they begin with empty screens",
        default=True,
        flag="--no-history",
        flag_help="guests begin with empty screens, and see nothing of what running terminals have printed so far",
        shown=True,
    )

    def __post_init__(self) -> None:
        for option in fields(self):
            value = getattr(self, option.name)
            object.__setattr__(self, option.name, option.default if value is None else _read(option, value))

    def given(self) -> dict[str, Any]:
        """The options that differ from their defaults: keyword arguments, and the body of a REST request."""
        values = {option.name: (getattr(self, option.name), option.default) for option in fields(self)}
        return {name: value for name, (value, default) in values.items() if value != default}

    def shown(self) -> dict[str, Any]:
        """The options that everyone who lists the session may see."""
        return {option.name: getattr(self, option.name) for option in fields(self) if option.metadata["shown"]}

    def with_default_role(self, role: str) -> ShareOptions:
        """The same with `read_only` decided: if nobody chose it, by the role that guests have by default."""
        return self if self.read_only is not None else replace(self, read_only=role == "reader")


CHOSEN: tuple[Field[Any], ...] = tuple(option for option in fields(ShareOptions) if option.metadata["flag"])
"""The options that people choose in notebooks and on command lines."""


def _read(option: Field[Any], value: Any) -> Any:
    kind: Kind = option.metadata["kind"]
    try:
        return kind.read(value)
    except (TypeError, ValueError, OverflowError):
        raise Invalid(f'"{option.name}" must {kind.must}.') from None
