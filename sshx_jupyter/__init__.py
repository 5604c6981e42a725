"""Share Jupyter terminals live with other people, peer to peer."""

from __future__ import annotations

from ._version import __version__

__all__ = ["__version__"]
