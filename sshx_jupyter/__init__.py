"""Share Jupyter terminals live with other people, peer to peer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._version import __version__

if TYPE_CHECKING:
    from .client import SshxClient
    from .node import SshxNode
    from .notebook.errors import SharingError
    from .notebook.join_widget import JoinTicket
    from .notebook.sharing import join, share
    from .notebook.widget import SharedSession
    from .ticket import Ticket

__all__ = [
    "JoinTicket",
    "SharedSession",
    "SharingError",
    "SshxClient",
    "SshxNode",
    "Ticket",
    "__version__",
    "join",
    "share",
]

_HOMES = {
    "JoinTicket": "notebook.join_widget",
    "SharedSession": "notebook.widget",
    "SharingError": "notebook.errors",
    "SshxClient": "client",
    "SshxNode": "node",
    "Ticket": "ticket",
    "join": "notebook.sharing",
    "share": "notebook.sharing",
}


def __getattr__(name: str) -> Any:
    """Imports a public name when it is first used: servers and the command line do without widgets."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".{_HOMES[name]}", __name__), name)


def load_ipython_extension(shell: Any) -> None:
    """`%load_ext sshx_jupyter`."""
    from .notebook.magic import register

    register(shell)


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    """What `jupyter-builder develop` asks a package for."""
    return [{"src": "labextension", "dest": "sshx-jupyter"}]


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    """What Jupyter Server asks an extension's package for."""
    from .server.app import SshxApp

    return [{"module": "sshx_jupyter.server.app", "app": SshxApp}]
