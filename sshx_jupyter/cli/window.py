"""The full-screen view: one shell at a time, clipped to the person's window, and a status line."""

from __future__ import annotations

import asyncio
import base64
import time
from collections import deque
from collections.abc import Coroutine
from typing import Any

from ..client import SessionEnded, SshxClient
from ..client.command import CommandError
from ..client.events import InputHeld, InputLost, Output, StateChanged
from ..protocol.messages import Error, Hear, Role, ShellChanged, Shells, User, UserDiff, Users
from .cells import BLANK, DIM, REVERSE, REVERSE_BOLD, Row, text_row
from .console import clean
from .grid import Cursor, Grid
from .host_overlays import HostMenu, Welcome
from .hosting import Hosting
from .keys import KeyReader, Mouse, Token
from .modes import Modes, mouse_input
from .overlays import HeldInput, Menu, Overlay
from .painter import Painter
from .requests import wish
from .shell_news import shell_news
from .status import status_line
from .tty import LocalTerminal
from .viewport import Viewport

FRAME = 1 / 60
SYNC_TIMEOUT = 0.15
"""Seconds that a program may hold up drawing (mode 2026) before we draw what there is."""
NOTICE_TIME = 4.0
STATUS_PERIOD = 1.0
KEY_TIMEOUT = 0.01
"""Seconds after which an Esc is the key, not the beginning of a sequence."""
INPUT_LIMIT = 64 << 20
SETTLING = 1.0
"""Seconds after (re)connecting during which old chat is told again."""
READER = "You can only watch here. Ctrl-] w asks the host for write access."


class Window:
    """Shows a client's session in a terminal and types into it. Make one, then `run` it.

    With `hosting` it is the host's own: its size is the shell's, and its menu has what only the host may do.
    """

    def __init__(self, client: SshxClient, terminal: LocalTerminal, hosting: Hosting | None = None) -> None:
        self.client = client
        self._hosting = hosting
        """What the host can do, in the host's own window."""
        self.overlay: Overlay | None = None
        self._terminal = terminal
        self._rows, self._cols = terminal.size
        self._painter = Painter(self._rows, self._cols)
        self._modes = Modes()
        self._keys = KeyReader()
        self._key_timer: asyncio.TimerHandle | None = None
        self._grids: dict[int, Grid] = {}
        self._sid: int | None = None
        self._viewport = Viewport()
        self._notice, self._notice_until = "", 0.0
        self._status: Row | None = None
        """The status line, as long as it is good."""
        self._bell = False
        self._title = ""
        self._present: dict[int, User] = {}
        """The users who are in, as this window knows them."""
        self._asked: dict[int, bool] = {}
        """Those whose requests the host knows of, and whether they are to join."""
        self._role: str = client.role
        self._settled_at = time.monotonic() + SETTLING
        self._loop = asyncio.get_running_loop()
        self._frame: asyncio.TimerHandle | None = None
        self._drawn_at = 0.0
        self._behind = False
        self._held_since: float | None = None
        self._input: deque[tuple[int, bytes]] = deque()
        self._input_size = 0
        self._input_some = asyncio.Event()
        self._left_session = asyncio.Event()
        self._tasks: set[asyncio.Task[Any]] = set()

    async def run(self) -> None:
        """Show the session until the person leaves or it ends."""
        terminal = self._terminal
        terminal.on_input, terminal.on_resize, terminal.on_ready = self._on_input, self._on_resize, self._on_ready
        terminal.on_gone = self.leave if self._hosting is None else self._hosting.stop
        terminal.reset = lambda: self._modes.follow(None)
        self._present = self._users()
        self._choose()
        if self._hosting is not None:
            self.overlay = Welcome(self, self._hosting)
        self.invalidate()
        steps = [asyncio.ensure_future(step) for step in (self._follow(), self._type(), self._tick(), self._leaving())]
        try:
            done, _ = await asyncio.wait(steps, return_when=asyncio.FIRST_COMPLETED)
            next(iter(done)).result()
        finally:
            for task in (*steps, *self._tasks):
                task.cancel()
            await asyncio.gather(*steps, *self._tasks, return_exceptions=True)
            for timer in (self._frame, self._key_timer):
                if timer is not None:
                    timer.cancel()
            if self._hosting is not None:
                self._hosting.close()

    @property
    def height(self) -> int:
        """Rows for the shell: all but the status line."""
        return max(1, self._rows - 1)

    # What the menu does.

    def open_menu(self) -> None:
        """Open the menu."""
        self.overlay = Menu(self) if self._hosting is None else HostMenu(self, self._hosting)

    def leave(self) -> None:
        """Leave the session."""
        self._left_session.set()

    def show(self, sid: int | None) -> None:
        """Show another shell."""
        if sid == self._sid:
            return
        self.scroll_end()
        self._sid = sid
        self._decide_size()
        self._viewport.reset()
        self._do(self.client.set_focus(sid))
        self.invalidate()

    def step(self, by: int) -> None:
        """Show the next shell, or the one before."""
        sids = sorted(self.client.shells)
        if sids:
            at = sids.index(self._sid) if self._sid in sids else 0
            self.show(sids[(at + by) % len(sids)])

    def show_nth(self, number: int) -> None:
        """Show a shell by its place, from 1."""
        sids = sorted(self.client.shells)
        if 1 <= number <= len(sids):
            self.show(sids[number - 1])
        else:
            self.notify(f"There is no shell {number}.")

    def create(self) -> None:
        """Open a shell and show it."""

        async def create() -> None:
            self.show(await self.client.create())

        self._do(create())

    def say(self, text: str) -> None:
        """Say something to everyone."""
        self._do(self.client.chat(text))

    def ask_to_write(self) -> None:
        """Ask the host for write access."""
        if self.client.role != "reader":
            self.notify("You may type here already.")
            return
        self._do(self.client.request_write())
        self.notify("The host has been asked for write access.")

    def fit(self) -> None:
        """Give the shell the size of this window, for everyone."""
        info = self.client.shells.get(self._sid) if self._sid is not None else None
        if self._sid is None or info is None:
            return
        if self.client.role == "reader":
            self.notify(READER)
            return
        self._do(self.client.resize(self._sid, self.height, self._cols))

    @property
    def scrolled(self) -> tuple[int, int]:
        """The line at the top, counted from 0, and how many there are."""
        grid = self._grid()
        return self._viewport.line(grid) if grid is not None else (0, 0)

    def scroll(self, lines: int) -> None:
        """Look further down by so many lines; negative is up."""
        grid = self._grid()
        if grid is not None:
            self._viewport.scroll(grid, lines)
            self.invalidate()

    def scroll_pages(self, pages: int) -> None:
        """Look further down by so many times what is seen at once."""
        grid = self._grid()
        if grid is not None:
            self.scroll(pages * max(1, self._viewport.page(grid) - 1))

    def pan(self, columns: int) -> None:
        """Look further to the right; negative is left."""
        self._viewport.pan(columns)
        self.invalidate()

    def scroll_end(self) -> None:
        """Back to where the cursor is."""
        self._viewport.follow(self._grid())
        self.invalidate()

    def notify(self, text: str) -> None:
        """Say something in the status line for a while."""
        self._notice, self._notice_until = clean(text, 300), time.monotonic() + NOTICE_TIME
        self.invalidate()

    def send(self, data: bytes) -> None:
        """Type into the shell that is shown."""
        if self._sid is None:
            self.notify("There is no shell here. Ctrl-] c opens one.")
        elif self.client.role == "reader":
            self.notify(READER)
        elif self._input_size + len(data) > INPUT_LIMIT:
            self.notify("This is not sent: the connection does not take what you have typed before.")
        else:
            self._input.append((self._sid, data))
            self._input_size += len(data)
            self._input_some.set()

    def copy(self, text: str, what: str) -> None:
        """Ask the person's terminal to copy a text (OSC 52), which not every terminal does."""
        self._terminal.write(b"\x1b]52;c;%s\x07" % base64.b64encode(text.encode()))
        self.notify(f"The {what} is copied, if your terminal lets programs copy.")

    # What the host does.

    def answer(self, uid: int, user: User, allow: bool) -> None:
        """Answer what a user asks for."""
        if user.pending:
            self._do(self.client.approve(uid, allow))
        else:
            self._do(self.client.set_role(uid, "writer" if allow else "reader"))

    def set_role(self, uid: int, role: Role) -> None:
        """Change what a user may do."""
        self._do(self.client.set_role(uid, role))

    def remove(self, uid: int) -> None:
        """Remove a user."""
        self._do(self.client.kick(uid))

    def _decide_size(self) -> None:
        if self._hosting is not None:
            self._hosting.show(self._sid, self.height, self._cols)

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        async def do() -> None:
            try:
                await work
            except CommandError as error:
                self.notify(str(error))
            except SessionEnded:
                pass  # the end is told elsewhere

        task = asyncio.ensure_future(do())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # What happens.

    async def _leaving(self) -> None:
        await self._left_session.wait()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(STATUS_PERIOD)
            self.invalidate()

    async def _type(self) -> None:
        while True:
            while not self._input:
                self._input_some.clear()
                await self._input_some.wait()
            sid, data = self._input[0]
            if sid in self.client.shells:
                try:
                    await self.client.send(sid, data)
                except SessionEnded:
                    await asyncio.Future()  # the end is told elsewhere
            self._input.popleft()
            self._input_size -= len(data)

    async def _follow(self) -> None:
        async for event in self.client:
            match event:
                case Output(sid):
                    if sid == self._sid:
                        self.invalidate(status=False)
                    continue
                case StateChanged("connected"):
                    self._settled_at = time.monotonic() + SETTLING
                case StateChanged("reconnecting", reason) if self.client.state == "reconnecting":
                    self.notify(f"The connection was lost: {reason.rstrip('.')}. Trying again; Ctrl-] q leaves.")
                case Users():
                    self._present = self._users()
                case UserDiff():
                    self._on_user(event)
                case Shells():
                    self._choose()
                case Hear(_, uid, name, text):
                    if uid != self.client.uid and time.monotonic() > self._settled_at:
                        self.notify(f"{clean(name, 40)}: {text}")
                case ShellChanged(_, change, title, uid, name):
                    if uid != self.client.uid and (news := shell_news(change, title, name)):
                        self.notify(news)
                case InputHeld():
                    self.overlay = HeldInput(self)
                case InputLost():
                    self.notify(event.text)
                case Error(None, _, text):  # the others are told to whoever asked
                    self.notify(text)
            self.invalidate()

    def _users(self) -> dict[int, User]:
        return {uid: user for uid, user in self.client.users.items() if not user.pending}

    def _elsewhere(self, user: User) -> bool:
        """Whether a client of the same person is here."""
        return bool(user.person) and any(other.person == user.person for other in self._present.values())

    def _on_user(self, event: UserDiff) -> None:
        known = self._present.pop(event.uid, None)
        if event.user is None:
            self._asked.pop(event.uid, None)
            if known is not None and not self._elsewhere(known):
                self.notify(f"{known.name} left.")
            return
        self._on_request(event.uid, event.user)
        if event.user.pending:
            return
        joined = known is None and not self._elsewhere(event.user)
        self._present[event.uid] = event.user
        if event.uid == self.client.uid:
            self._on_role(event.user.role)
        elif joined:
            self.notify(f"{event.user.name} joined.")
        elif known is not None and known.name != event.user.name:
            self.notify(f"{known.name} is now called {event.user.name}.")

    def _on_request(self, uid: int, user: User) -> None:
        """Tell the host of what a user asks for, once."""
        asks = user.pending or user.wants_write
        if asks and self._asked.get(uid) != user.pending and self._hosting is not None:
            self.notify(f"{user.name} {wish(user)}. Ctrl-] r answers.")
            self._bell = True
        if asks:
            self._asked[uid] = user.pending
        else:
            self._asked.pop(uid, None)

    def _on_role(self, role: str) -> None:
        before, self._role = self._role, role
        if role != before:
            self.notify("You can only watch from now on." if role == "reader" else "You may type from now on.")

    def _choose(self) -> None:
        """Go on with the next shell when the one that is shown has ended."""
        shells = self.client.shells
        for sid in self._grids.keys() - shells.keys():
            del self._grids[sid]
        if self._sid not in shells:
            if self._sid is not None:
                self.notify("The shell has ended.")
            later = [sid for sid in sorted(shells) if self._sid is None or sid > self._sid]
            self.show(next(iter(later or sorted(shells)), None))

    def _on_resize(self) -> None:
        self._rows, self._cols = self._terminal.size
        self._painter = Painter(self._rows, self._cols)
        self._decide_size()
        self.invalidate()

    def _on_input(self, data: bytes) -> None:
        if self._key_timer is not None:
            self._key_timer.cancel()
            self._key_timer = None
        self._take(self._keys.feed(data, self._loop.time()))
        if self._keys.unfinished:
            self._key_timer = self._loop.call_later(KEY_TIMEOUT, lambda: self._take(self._keys.flush()))

    def _take(self, tokens: list[Token]) -> None:
        typed = bytearray()
        for token in tokens:
            if self.overlay is not None:
                self.overlay.key(token)
                self.invalidate()
            elif token.menu:
                if typed:
                    self.send(bytes(typed))
                    typed.clear()
                self.open_menu()
                self.invalidate()
            elif (mouse := token.mouse) is not None:
                typed += self._on_mouse(mouse)
            else:
                typed += token.raw
        if typed:
            if self._viewport.elsewhere:
                self.scroll_end()
            self.send(bytes(typed))

    def _on_mouse(self, mouse: Mouse) -> bytes:
        grid = self._grid()
        if grid is None or self.client.role == "reader":
            return b""
        cell = self._viewport.cell_at(grid, mouse.x, mouse.y)
        return mouse_input(grid, mouse, *cell) if cell is not None else b""

    def _on_bell(self) -> None:
        self._bell = True

    # Drawing.

    def invalidate(self, *, status: bool = True) -> None:
        """Draw soon: at once if nothing was drawn just now, else with the next frame."""
        if status:
            self._status = None
        if self._frame is None:
            wait = self._drawn_at + FRAME - time.monotonic()
            self._frame = self._loop.call_later(max(0.0, wait), self._draw)

    def _on_ready(self) -> None:
        if self._frame is None and self._behind:
            self.invalidate()

    def _draw(self) -> None:
        self._frame = None
        self._behind = self._terminal.busy
        if self._behind:
            return  # the terminal is slower than the session: `_on_ready` goes on from there
        grid = self._grid()
        now = time.monotonic()
        if grid is not None and grid.mode(2026):
            if self._held_since is None:
                self._held_since = now
            if now - self._held_since < SYNC_TIMEOUT:
                self._frame = self._loop.call_later(FRAME, self._draw)
                return
        self._held_since = None
        self._drawn_at = now
        if grid is not None:
            grid.refresh()
        rows, cursor = self._compose(grid)
        modes = self._modes.follow(grid, overlaid=self.overlay is not None)
        out = modes + self._set_title() + self._painter.paint(rows, cursor)
        if self._bell:
            self._bell = False
            out += b"\x07"
        if out:
            self._terminal.write(out)

    def _grid(self) -> Grid | None:
        if self._sid is None or self._sid not in self.client.shells:
            return None
        screen = self.client.screen(self._sid)
        grid = self._grids.get(self._sid)
        if grid is None or grid.screen is not screen:
            grid = self._grids[self._sid] = Grid(screen, self._on_bell)
            grid.refresh()
        return grid

    def _set_title(self) -> bytes:
        shell = self.client.shells.get(self._sid) if self._sid is not None else None
        title = clean(shell.title if shell is not None else str(self.client.info.get("name", "")), 100)
        if title == self._title:
            return b""
        self._title = title
        return b"\x1b]2;%s\x1b\\" % title.encode()

    def _compose(self, grid: Grid | None) -> tuple[list[Row], Cursor]:
        rows, cursor = self._compose_shell(grid)
        if self._rows > 1:
            line, at = self._bottom_line()
            if self.overlay is not None:
                panel = [text_row(text, self._cols, REVERSE) for text in self.overlay.panel(self._cols, self.height)]
                if panel:
                    rows[-len(panel) :] = panel
                cursor = Cursor(at or 0, self._rows - 1, at is not None, cursor.style)
            rows.append(line)
        return rows, cursor

    def _bottom_line(self) -> tuple[Row, int | None]:
        if self.overlay is not None:
            text, at = self.overlay.line(self._cols)
            return text_row(text, self._cols, REVERSE), at
        if self._notice and time.monotonic() < self._notice_until:
            return text_row(f" {self._notice}", self._cols, REVERSE_BOLD), None
        self._notice = ""
        if self._status is None:
            text = status_line(self.client, self._sid, self._cols, self._viewport.clipped)
            self._status = text_row(text, self._cols, REVERSE)
        return self._status, None

    def _compose_shell(self, grid: Grid | None) -> tuple[list[Row], Cursor]:
        height, width = self.height, self._cols
        if grid is not None:
            return self._viewport.compose(grid, height, width)
        rows = [[BLANK] * width for _ in range(height)]
        rows[height // 2] = text_row("There is no shell here. Ctrl-] c opens one.".center(width), width, DIM)
        return rows, Cursor(0, 0, False)
