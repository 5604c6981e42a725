"""What became of a shell, in words."""

from __future__ import annotations

from .console import clean


def shell_news(change: str, title: str, name: str) -> str:
    """A sentence such as "Ada closed “vim”."; empty for a change that only a newer host knows.

    Args:
        change: see `ShellChanged`.
        title: the shell's title.
        name: the user who did it; empty for the host's own program.
    """
    who, what = clean(name, 40) or "The host", f"“{clean(title, 40)}”"
    texts = {
        "opened": f"{who} opened {what}.",
        "closed": f"{who} closed {what}.",
        "removed": f"{who} removed {what} from the session.",
        "renamed": f"{who} renamed a shell to {what}.",
        "ended": f"{what} has ended.",
    }
    return texts.get(change, "")
