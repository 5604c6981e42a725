"""The share options as flags, for `jupyter sshx share` and `%sshx share`."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Callable, Collection
from dataclasses import Field
from typing import Any

from .host.share_options import CHOSEN, FLAG, NAMES, SECONDS, SECRET, ShareOptions
from .text import parse_duration

HELP_WIDTH = 80
"""Columns of a help text; a notebook beside a file browser has hardly more."""


def add_share_flags(
    parser: argparse.ArgumentParser, *, without: Collection[str] = (), negatable: bool = False, **defaults: str
) -> None:
    """Add the flags that `read_share_flags` reads.

    Args:
        without: options that have no flag here.
        negatable: whether there is `--no-…` as well for what the configuration decides by default.
        defaults: what the help says of an option's default.
    """
    for option in CHOSEN:
        if option.name not in without:
            help = option.metadata["flag_help"]
            if option.name in defaults:
                help += f" (default: {defaults[option.name]})"
            parser.add_argument(option.metadata["flag"], dest=option.name, help=help, **_action(option, negatable))


def read_share_flags(arguments: argparse.Namespace, ask_password: Callable[[], str]) -> ShareOptions:
    """The options that the flags ask for. Raises `Invalid`, and what `ask_password` raises."""
    values: dict[str, Any] = {option.name: getattr(arguments, option.name, None) for option in CHOSEN}
    values["password"] = ask_password() if values["password"] else None
    values["name"] = values["name"] or None
    return ShareOptions(**values)


def describe_share_flags(indent: str, column: int, **defaults: str) -> str:
    """The flags as lines of a help text of at most `HELP_WIDTH` columns, with what they do from `column` on."""
    lines = []
    for option in CHOSEN:
        metavar = _action(option).get("metavar", "")
        default = f" (default: {defaults[option.name]})" if option.name in defaults else ""
        flag = f"{indent}{option.metadata['flag']} {metavar}".ljust(column)
        text = f"{flag}{option.metadata['flag_help']}{default}"
        lines.append(textwrap.fill(text, HELP_WIDTH, subsequent_indent=" " * column))
    return "\n".join(lines)


def _action(option: Field[Any], negatable: bool = False) -> dict[str, Any]:
    """What argparse is to do with an option."""
    kind = option.metadata["kind"]
    if kind is FLAG and option.default is None and negatable:
        return {"action": argparse.BooleanOptionalAction}
    if kind is FLAG and option.default:
        return {"action": "store_false", "default": None}
    if kind in (FLAG, SECRET):
        return {"action": "store_true", "default": None}
    if kind is NAMES:
        return {"action": "append", "metavar": "NAME"}
    if kind is SECONDS:
        return {"type": _duration, "metavar": "TIME"}
    return {"metavar": option.name.upper()}


def _duration(text: str) -> float:
    try:
        return parse_duration(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
