"""Share Jupyter terminals live with other people, peer to peer."""

from __future__ import annotations

from typing import Any

from ._version import __version__

__all__ = ["__version__"]


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    """What Jupyter Server asks an extension's package for."""
    from .server.app import SshxApp

    return [{"module": "sshx_jupyter.server.app", "app": SshxApp}]
