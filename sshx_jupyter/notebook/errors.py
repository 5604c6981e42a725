"""What a person in a notebook can do nothing about but read: one sentence in the cell, and no traceback."""

from __future__ import annotations


class SharingError(RuntimeError):
    """Sharing, joining, or something asked of a session did not work.

    `str()` is a sentence for the person, `reason` a word for the front end, as `Refused` and `TicketError` have it.
    """

    def __init__(self, sentence: str, reason: str = "failed") -> None:
        super().__init__(sentence)
        self.reason = reason

    def _render_traceback_(self) -> list[str]:
        """What IPython shows of it."""
        return [f"{type(self).__name__}: {self}"]
