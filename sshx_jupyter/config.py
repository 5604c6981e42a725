"""The settings that the server extension and the command line share, as traits of `SshxApp`.

`c.SshxApp.relays = "disabled"` in `jupyter_server_config.py` (or in `jupyter_config.py`, or in their JSON forms) or
`--SshxApp.relays=disabled` on a command line is meant for both.
"""

from __future__ import annotations

import contextlib
import difflib
import logging
import re
import sys
from collections.abc import Sequence
from dataclasses import fields
from typing import Any
from urllib.parse import urlsplit

from traitlets import Bool, Enum, Float, Integer, List, TraitError, Unicode, Union, validate
from traitlets.config import Application, Config, Configurable
from traitlets.config.loader import KeyValueConfigLoader

from .host.limits import Limits

log = logging.getLogger(__name__)

CONFIG_FILES = ("jupyter_config", "jupyter_server_config")
SECTION = "SshxApp"


class NodeSettings(Configurable):
    """How this machine takes part in the network, and what its sessions are like."""

    relays = Union(
        [Unicode(), List(Unicode())],
        default_value="",
        help="""Where to look for a way to hosts and guests behind firewalls: "default" (iroh's public relays),
        "disabled" (direct connections only, nothing on the internet is asked), or relay URLs. If empty, the
        environment variable SSHX_RELAYS says, and without it "default" it is.""",
    ).tag(config=True)
    bind = Unicode(
        "",
        help='The "address:port" to listen on; if empty, every IPv4 interface and a free port.',
    ).tag(config=True)
    key_file = Unicode(
        "",
        help="""A file that keeps the identity in the network, so that tickets' addresses stay valid across restarts;
        made if it is missing. If empty, the identity is a new one at every start. In a configuration file it is the
        Jupyter server's alone.""",
    ).tag(config=True)
    default_role = Enum(
        ("writer", "reader"),
        "writer",
        help="""What guests may be in a session whose creator does not say: "writer", or "reader", which makes it a
        read-only session unless its creator says otherwise.""",
    ).tag(config=True)
    guest_page = Unicode(
        "",
        help="""The address of a page on which guests join, such as "https://example.org/join/": the links that people
        copy are this address, "#" and the ticket. If empty, links lead to the Jupyter server's own guest page where
        SshxApp.guests is on, and otherwise there are none.""",
    ).tag(config=True)
    shell_integration = Bool(
        True,
        help="""Whether shells that a session opens mark their prompts and commands for .run and agents, if they are
        bash, zsh or fish without special options. The marks are invisible; startup files are read as always.""",
    ).tag(config=True)

    for _bound in fields(Limits):
        _default: Any = _bound.default
        _type, _least = (Integer, 1) if isinstance(_default, int) else (Float, 0.1)
        vars()[_bound.name] = _type(_default, min=_least, help=_bound.metadata["help"]).tag(config=True)
    del _bound, _default, _type, _least

    @validate("guest_page")
    def _validate_guest_page(self, proposal: Any) -> str:
        return check_address("guest_page", proposal["value"], "https://example.org/join/")

    @property
    def limits(self) -> Limits:
        return Limits(**{field.name: getattr(self, field.name) for field in fields(Limits)})


def check_address(trait: str, url: str, example: str) -> str:
    """Return the address of a page, or an empty one.

    Raises:
        TraitError: if it is something else, or has a fragment, which is the ticket's place, or a login.
    """
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("https", "http") and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        usable = False
    if url and (not usable or re.search(r'[#\s<>"]', url)):
        raise TraitError(f'SshxApp.{trait} must be an address such as "{example}", without a "#" or a login in it.')
    return url


def load_settings(options: Sequence[str] = ()) -> NodeSettings:
    """The settings that Jupyter's configuration files and then `options`, such as "--SshxApp.relays=disabled", make.

    Raises:
        traitlets.TraitError, traitlets.config.ArgumentError: for a setting or an option that makes no sense.
    """
    from jupyter_core.paths import jupyter_config_path

    app = Application(raise_config_file_errors=True)
    with contextlib.redirect_stdout(sys.stderr):  # a file may print, and stdout may be meant for a program
        for name in CONFIG_FILES:
            try:
                app.load_config_file(name, jupyter_config_path())
            except Exception as error:  # it is Python, and mostly about other things
                log.warning("jupyter sshx: %s.py or .json was left out, it has an error: %s", name, error)
    config = app.config
    # The server may be running: of two endpoints with one identity, each would get what is meant for the other.
    config.get(SECTION, {}).pop("key_file", None)
    known = NodeSettings.class_trait_names(config=True)
    if options:
        given = KeyValueConfigLoader(list(options)).load_config()
        for name in given.get(SECTION, {}):
            if name not in known:
                close = difflib.get_close_matches(name, known, 1)
                hint = f" Did you mean {SECTION}.{close[0]}?" if close else ""
                raise TraitError(f"{SECTION}.{name} is not a setting of the command line.{hint}")
        config.merge(given)
    section = {name: value for name, value in config.get(SECTION, {}).items() if name in known}
    return NodeSettings(config=Config({NodeSettings.__name__: section}))
