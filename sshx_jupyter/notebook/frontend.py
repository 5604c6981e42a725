"""The widgets' conversation with their views, in custom messages: what must not be in the widgets' state.

The state of a widget may be saved in the notebook's file, and everyone who gets the file has it. So a view asks for its
keys, and for its code, when it needs them. `js/src/widget/` is the other side.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

import anywidget
import traitlets

from .. import server
from .._version import __version__
from ..links.comm import CommLink
from . import background, busy

log = logging.getLogger(__name__)

STATIC = Path(server.__file__).parent / "static"
HEIGHTS = (160, 4000)
"""Pixels that a view may be high."""
LINKS = 64
"""Links of one widget's views."""

_NOT_BUILT = """
export default { render({ el }) { el.textContent = "sshx: the widget has not been built; see js/ in its sources." } };
"""


def _loader() -> str:
    """What a front end runs to get the view's code."""
    try:
        return (STATIC / "loader.js").read_text()
    except OSError:
        return _NOT_BUILT


class SessionWidget(anywidget.AnyWidget):
    """What both widgets have in common: a view, which is served links to a session."""

    _esm = _loader()
    _version = traitlets.Unicode(__version__).tag(sync=True)

    name = traitlets.Unicode("", help="The session's name.").tag(sync=True)
    height = traitlets.Int(480, min=HEIGHTS[0], max=HEIGHTS[1], help="Height of the view in pixels.").tag(sync=True)
    session_id = traitlets.Unicode("", help="32 hexadecimal digits; empty before there is a session.").tag(sync=True)
    own = traitlets.Bool(False, help="Whether the session is shared from here, rather than joined.").tag(sync=True)
    ended = traitlets.Unicode("", help="Why the session is over, as a sentence; empty while it is not.").tag(sync=True)

    def __init__(self, **kwargs: Any) -> None:
        self._links: dict[str, CommLink] = {}
        self._serving: set[asyncio.Task[None]] = set()
        super().__init__(**kwargs)
        self.shown_in: int | None = None
        """The number of the cell in which the magic has displayed this; what it gives back is not to show once more."""
        self.on_msg(self._on_message)
        busy.watch(self._tell_busy)

    def _ipython_display_(self) -> None:
        shown_in, self.shown_in = self.shown_in, None
        if shown_in is None or shown_in != _execution_count():
            raise NotImplementedError  # displayed as any other widget

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        bundle: Any = super()._repr_mimebundle_(**kwargs)
        if bundle is None:
            return None
        # In place of the view: where widgets cannot be shown, or when the notebook is read later.
        text = self._instead() if _has_kernel() else repr(self)
        (bundle[0] if isinstance(bundle, tuple) else bundle)["text/plain"] = text
        return bundle

    def _instead(self) -> str:
        """What stands for the view in a notebook that is read without its kernel."""
        raise NotImplementedError

    # What the subclasses know. On the background thread.

    async def _access(self) -> dict[str, Any]:
        """What a view needs to take part; or why it cannot, as a message of the type "ended"."""
        raise NotImplementedError

    async def _serve(self, link: CommLink) -> None:
        """Take a view's link to the session, until either side ends it."""
        raise NotImplementedError

    async def _join(self, content: dict[str, Any]) -> dict[str, Any]:
        """Answer a view that wants to join."""
        raise NotImplementedError

    async def _stop_sharing(self) -> dict[str, Any]:
        """Answer a view in which the host stops sharing."""
        raise NotImplementedError

    # From the views.

    def _on_message(self, _: Any, content: Any, buffers: Sequence[Any]) -> None:
        """A custom message, on one of the kernel's threads."""
        frames = [bytes(buffer) for buffer in buffers]
        if isinstance(content, dict):  # of what a page may send, its types are checked where they matter
            background.loop().call_soon_threadsafe(self._handle, content, frames)

    def _handle(self, content: dict[str, Any], frames: Sequence[bytes]) -> None:
        link = self._links.get(str(content.get("link")))
        match content.get("type"):
            case "code":
                self._spawn(self._answer(content, self._code))
            case "access":
                self._spawn(self._answer(content, self._access))
            case "join":
                self._spawn(self._answer(content, lambda: self._join(content)))
            case "stop":
                self._spawn(self._answer(content, self._stop_sharing))
            case "open":
                self._open(str(content.get("link"))[:64])
            case "frames" if link is not None:
                link.on_frames(content.get("first"), frames)
            case "close" if link is not None:
                link.on_close()

    async def _answer(self, content: dict[str, Any], work: Callable[[], Any]) -> None:
        try:
            answer = dict(await work())
        except Exception:
            log.exception("answering a view failed")
            text = "Something went wrong in the kernel; its log says more."
            answer = {"type": "refused", "message": text, "reason": "failed"}
        buffers = answer.pop("buffers", ())
        self._say({**answer, "id": content.get("id")}, buffers)

    async def _code(self) -> dict[str, Any]:
        code = await asyncio.to_thread((STATIC / "widget.js").read_bytes)
        return {"type": "code", "buffers": [code]}

    def _open(self, name: str) -> None:
        if name in self._links or len(self._links) >= LINKS:
            self._say({"type": "closed", "link": name, "reason": "There are too many views.", "unreachable": True})
            return
        link = self._links[name] = CommLink(name, self._say, busy.is_busy)
        self._say({"type": "opened", "link": name})
        self._spawn(self._serve_link(name, link))

    async def _serve_link(self, name: str, link: CommLink) -> None:
        try:
            await self._serve(link)
        finally:
            del self._links[name]
            await link.close()

    def _spawn(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)

    # To the views.

    def _say(self, content: dict[str, Any], buffers: Sequence[bytes] = ()) -> None:
        """Send a custom message, from whatever thread: the kernel's sockets are made for that."""
        with contextlib.suppress(Exception):  # a kernel that is about to end; nobody is there to be told
            self.send(content, list(buffers))

    def _tell_busy(self, is_busy: bool) -> None:
        if self._links or self.own or self.session_id:
            self._say({"type": "kernel", "busy": is_busy})

    def close(self) -> None:
        """Remove the widget from all pages. The session goes on."""
        busy.unwatch(self._tell_busy)
        for link in list(self._links.values()):
            background.loop().call_soon_threadsafe(link.on_close)
        super().close()


def _has_kernel() -> bool:
    """Whether there is a front end that may show widgets, and not a terminal, such as IPython's own."""
    from IPython import get_ipython

    return hasattr(get_ipython(), "kernel")


def _execution_count() -> int | None:
    from IPython import get_ipython

    shell = get_ipython()
    return cast("int", shell.execution_count) if shell is not None else None
