"""README's snippets, taken out of it and run as they are. One that is not run has a comment before it that says why."""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from sshx_jupyter.client import SshxClient
from tests.cli.programs import Sshx
from tests.notebook.kernels import LoneKernel, lone_kernel
from tests.relay import running_relay
from tests.servers import TOKEN, JupyterServer, jupyter_server

pytestmark = pytest.mark.timeout(100)

README = Path(__file__).parents[1] / "README.md"
BLOCK = re.compile(r"^(?:<!-- not run: (.+) -->\n)?```(.*)\n((?:(?!```).*\n)*)```$", re.MULTILINE)
LANGUAGES = {"sh", "ipython", "python", "config", "text"}
NOT_CODE = "text"


@dataclass(frozen=True)
class Block:
    line: int
    language: str
    code: str
    not_run: str | None


def blocks() -> list[Block]:
    text = README.read_text()
    found = []
    for match in BLOCK.finditer(text):
        why, language, code = match.groups()
        if language == "python" and all(line.startswith("c.") for line in code.splitlines()):
            language = "config"
        found.append(Block(text[: match.start()].count("\n") + 1, language, code, why))
    return found


def to_run(language: str) -> list[Block]:
    return [block for block in blocks() if block.language == language and block.not_run is None]


def test_every_snippet_is_run_or_says_why_not() -> None:
    found = blocks()
    assert len(found) == README.read_text().count("\n```") // 2
    assert {block.language for block in found} <= LANGUAGES
    assert sum(block.not_run is not None for block in found) <= 2
    assert all(to_run(language) for language in LANGUAGES)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterServer]:
    with jupyter_server(tmp_path_factory.mktemp("server"), config="c.SshxApp.guests = True\n") as server:
        yield server


@pytest.fixture
async def kernel(tmp_path: Path) -> AsyncIterator[LoneKernel]:
    async with running_relay(tmp_path) as relay, lone_kernel(tmp_path, relay.url) as kernel:
        yield kernel


async def run(kernel: LoneKernel, code: str) -> str:
    """What a cell prints that must not fail."""
    result = await kernel.run(code)
    assert not result.error, "\n".join(result.error)
    assert "UsageError" not in result.text
    return result.text.strip()


@pytest.mark.parametrize("block", to_run("sh"), ids=lambda block: f"line {block.line}")
async def test_shell(block: Block, server: JupyterServer) -> None:
    assert await server.terminal() == "1"
    environment = {**os.environ, "SERVER": server.url.rstrip("/"), "TOKEN": TOKEN}
    process = await asyncio.create_subprocess_exec(
        "bash", "-ec", block.code, env=environment, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    assert process.returncode == 0
    session = json.loads(out)
    assert session["name"] == "demo"
    assert session["tickets"]["write"].startswith("sshx1")


async def test_cells(kernel: LoneKernel) -> None:
    """Each line as a cell of one notebook. Ada has joined whatever session there is."""
    cells = "".join(block.code for block in to_run("ipython")).splitlines()
    ada: asyncio.Task[None] | None = None
    for cell in cells:
        if '"Ada"' in cell:
            ada = asyncio.ensure_future(take_part(await run(kernel, "print(session.ticket)"), "Ada"))
            await run(
                kernel, "import time\nwhile not any(u.name == 'Ada' for u in session.users.values()): time.sleep(.01)"
            )
        await run(kernel, cell)
    assert ada is not None
    await ada  # removed, as the last cell says
    assert "0 True" in await run(kernel, "print(result.exit_status, bool(result.output))")


async def take_part(ticket: str, name: str) -> None:
    """Be in a session until that ends."""
    async with SshxClient.connect(ticket, name=name, relays="disabled") as client:
        async for _ in client:
            pass
        assert client.end_code == "removed"


@pytest.mark.parametrize("block", to_run("python"), ids=lambda block: f"line {block.line}")
async def test_python(block: Block, server: JupyterServer, tmp_path: Path) -> None:
    session = await server.share()
    ticket = session["tickets"]["write"]
    async with lone_kernel(tmp_path) as kernel:
        await run(kernel, f"ticket = {ticket!r}\nlink = '{server.url}sshx/guest/{session['id']}#' + ticket")
        assert re.fullmatch("Linux .* 0|Darwin .* 0|writer", await run(kernel, block.code), re.DOTALL)
    await server.json("DELETE", f"sshx/api/sessions/{session['id']}")


@pytest.mark.parametrize("block", to_run("config"), ids=lambda block: f"line {block.line}")
def test_config(block: Block, tmp_path: Path) -> None:
    """The settings are known, and take effect: where one names a guest page, links lead there."""
    sshx = Sshx(tmp_path)
    (sshx.config / "jupyter_server_config.py").write_text(block.code)
    told = sshx.run("share", "--relays", "disabled", "--", "true")
    assert (told.returncode, told.stderr) == (0, "")
    for page in re.findall(r'guest_page = "(.+)"', block.code):
        assert f"{page}#sshx1" in told.stdout
