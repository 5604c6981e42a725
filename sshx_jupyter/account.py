"""The name of the person whose account this process runs under."""

from __future__ import annotations

import getpass
import os


def account_name() -> str | None:
    """JupyterHub's name for the user, else the account's; None if the system has no name for it."""
    try:
        return os.environ.get("JUPYTERHUB_USER") or getpass.getuser()
    except (KeyError, OSError, ImportError):
        return None
