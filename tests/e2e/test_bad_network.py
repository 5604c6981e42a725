"""A host and a guest at work in a bad network, over real iroh endpoints: nothing is lost, doubled or reordered."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest
import pytest_asyncio

from tests.cli.programs import COMMAND, Sshx
from tests.network import Machine, Network
from tests.participants import NAMES, Account, check, summary
from tests.relay import PROGRAM
from tests.remote import PAUSES

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(400),
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux has network namespaces"),
]

HOST, GUEST, RELAY = "10.0.0.1", "10.1.0.1", "10.4.0.1"
ELSEWHERE, NAT = "10.2.0.{}", "10.3.0.{}"
"""Other addresses of the guest, of their own and on their NAT."""
DELAY = 0.02
"""Seconds from one machine to the other."""
LOSS = 0.2
PACKETS = 4000
"""Packets after which the share of lost ones is known to within 3 %, more than four standard deviations."""
CALM = 2.0
"""Seconds in which everything is printed that had arrived before a cut, on a busy computer, too."""
TIMEOUT = 150.0
"""Seconds after which what happens will not come to its end."""


class Scene:
    """A host and a guest who are at work, and the guest's connection to the network."""

    def __init__(self, host: Machine, guest: Machine) -> None:
        self.host = host
        self.guest = guest

    async def flows(self) -> None:
        """Wait until something that each types from now on has been printed for the other."""
        before = await self._look()
        for name, other in ((NAMES[0], self.guest), (NAMES[1], self.host)):
            while (await look(other))["seen"][name] <= before[name]["lines"]:
                await asyncio.sleep(0.1)

    async def lose_answers(self) -> None:
        """Let the guest be heard but hear nothing, for so long that the host does things of which they cannot know."""
        self.guest.hears = False
        await asyncio.sleep(1.5 * PAUSES.message)

    async def cut(self, seconds: float) -> None:
        """Let nothing through for a while, and check that nothing came through though both worked on."""
        guest = self.guest
        guest.hears = guest.sends = False
        await asyncio.sleep(CALM)
        carried, before = guest.counts.carried, await self._look()
        await asyncio.sleep(seconds - CALM)
        after = await self._look()
        for name, other in (NAMES, NAMES[::-1]):
            assert after[name]["lines"] > before[name]["lines"]
            assert after[other]["seen"][name] == before[other]["seen"][name]
        assert guest.counts.carried == carried
        assert guest.counts.cut > 0
        guest.hears = guest.sends = True

    async def _look(self) -> dict[str, Any]:
        return {name: await look(machine) for name, machine in zip(NAMES, (self.host, self.guest), strict=True)}


Scenario: TypeAlias = Callable[[Scene], Awaitable[None]]


async def a_fifth_of_the_packets_is_lost(scene: Scene) -> None:
    counts = scene.guest.counts
    scene.guest.loss, before = LOSS, counts.carried
    while counts.lost + counts.carried - before < PACKETS:
        await asyncio.sleep(0.1)
    assert counts.lost / (counts.lost + counts.carried - before) == pytest.approx(LOSS, abs=0.03)


async def cut_for_10_s(scene: Scene) -> None:
    await scene.lose_answers()
    await scene.cut(10)


async def cut_for_40_s(scene: Scene) -> None:
    await scene.lose_answers()
    await scene.cut(40)


async def nat_forgets_the_guest(scene: Scene) -> None:
    for number in range(1, 4):
        scene.guest.rebind(NAT.format(number))
        await scene.flows()
    assert scene.host.counts.stray > 0  # the host had to find out


async def guest_moves(scene: Scene) -> None:
    for number in range(1, 3):
        scene.guest.move(ELSEWHERE.format(number))
        await scene.flows()
    assert scene.host.counts.stray > 0


async def laptop_is_carried_into_another_bad_network(scene: Scene) -> None:
    scene.guest.loss = LOSS
    scene.guest.rebind(NAT.format(1))
    await scene.flows()
    await scene.lose_answers()
    scene.guest.move(ELSEWHERE.format(1))
    scene.guest.rebind(NAT.format(2))
    await scene.cut(20)
    await scene.flows()
    assert scene.guest.counts.lost > 0


SCENARIOS: list[Scenario] = [
    cut_for_40_s,
    laptop_is_carried_into_another_bad_network,
    a_fifth_of_the_packets_is_lost,
    cut_for_10_s,
    guest_moves,
    nat_forgets_the_guest,
]
"""The longest first, because only some start at a time."""


async def tell(machine: Machine, command: str) -> None:
    assert machine.process.stdin is not None
    machine.process.stdin.write(command.encode() + b"\n")
    await machine.process.stdin.drain()


async def hear(machine: Machine) -> dict[str, Any]:
    assert machine.process.stdout is not None
    line = await machine.process.stdout.readline()
    assert line, "A participant has failed; their standard error says why."
    answer: dict[str, Any] = json.loads(line)
    return answer


async def look(machine: Machine) -> dict[str, Any]:
    """How many `lines` a participant has typed, and the newest of each that they have `seen`."""
    await tell(machine, "look")
    return await hear(machine)


async def tasks(machine: Machine) -> str:
    """What a participant waits for."""
    await tell(machine, "tasks")
    while "tasks" not in (answer := await hear(machine)):
        pass  # the answer to an earlier question
    return str(answer["tasks"])


async def perform(happens: Scenario, scene: Scene) -> tuple[float, list[Any]]:
    """Let it happen, and end the work of both. Returns how many seconds it took to recover, and what both say."""
    host, guest = scene.host, scene.guest
    try:
        await happens(scene)
        over = time.monotonic()
        await scene.flows()
        recovery = time.monotonic() - over
        await tell(guest, "stop")
        assert await hear(guest) == {"done": True, "path": "direct"}
        await tell(host, "stop")
        return recovery, [await hear(machine) for machine in (host, guest)]
    except asyncio.CancelledError:
        print(f"\n{happens.__name__} does not end: host {host.counts}, guest {guest.counts}")  # noqa: T201
        for machine in (host, guest):
            print(await asyncio.wait_for(tasks(machine), 10))  # noqa: T201
        raise


async def play(happens: Scenario, folder: Path, starting: asyncio.Semaphore) -> None:
    """Let both work while something happens to their network, and check what came of their work."""
    program = (sys.executable, "-m", "tests.remote")
    async with Network(seed=1, delay=DELAY) as network:
        async with starting:
            host = await network.start(HOST, *program, "host", str(folder), "disabled")
            told = await hear(host)
            guest = await network.start(GUEST, *program, "guest", told["ticket"], json.dumps(told["sids"]), "disabled")
            scene = Scene(host, guest)
            await scene.flows()
        # Not sooner: how long it takes until all have started depends on what else this computer does.
        recovery, answers = await asyncio.wait_for(perform(happens, scene), TIMEOUT)
    accounts = [Account(**answer["account"]) for answer in answers]
    check(accounts, told["sids"], {int(sid): place for sid, place in answers[0]["places"].items()}, folder)
    figures = {**summary(accounts), "recovery": round(recovery, 1), "host": host.counts, "guest": guest.counts}
    print(f"\n{happens.__name__}: {figures}")  # noqa: T201 - the figures, with `-s`


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def problems(tmp_path_factory: pytest.TempPathFactory) -> dict[Scenario, BaseException | None]:
    """What went wrong in each scenario. All are played side by side, as most of it is waiting."""
    starting = asyncio.Semaphore(2)
    plays = [play(happens, tmp_path_factory.mktemp(happens.__name__), starting) for happens in SCENARIOS]
    results = await asyncio.gather(*plays, return_exceptions=True)
    return dict(zip(SCENARIOS, results, strict=True))


@pytest.mark.parametrize("happens", SCENARIOS, ids=lambda happens: happens.__name__)
def test_nothing_is_lost_or_doubled(happens: Scenario, problems: dict[Scenario, BaseException | None]) -> None:
    problem = problems[happens]
    if problem is not None:
        raise problem


async def test_a_relay_is_all_that_connects_them(tmp_path: Path) -> None:
    """Host, guest and relay on machines of their own. There is no UDP, and no TCP between host and guest."""
    config, port = tmp_path / "relay.toml", 3340
    config.write_text(f'http_bind_addr = "{RELAY}:{port}"\nenable_metrics = false\n')
    url = f"http://{RELAY}:{port}/"
    program = (sys.executable, "-m", "tests.remote")
    async with Network(seed=1, delay=DELAY, relay=RELAY) as network:
        relay = await network.start(RELAY, str(PROGRAM), "--dev", "--config-path", str(config))
        host = await network.start(HOST, *program, "host", str(tmp_path), url)
        told = await hear(host)
        assert told["relay"] == url
        guest = await network.start(GUEST, *program, "guest", told["ticket"], json.dumps(told["sids"]), url)
        await Scene(host, guest).flows()
        for machine in (host, guest):
            assert machine.counts.barred > 0  # they have tried to do without the relay
        await tell(guest, "stop")
        assert await hear(guest) == {"done": True, "path": "relay"}
        await tell(host, "stop")
        answers = [await hear(machine) for machine in (host, guest)]
    check(
        [Account(**answer["account"]) for answer in answers],
        told["sids"],
        {int(sid): place for sid, place in answers[0]["places"].items()},
        tmp_path,
    )
    for machine in (relay, host, guest):
        assert machine.counts.carried > 0


async def test_a_pipe_gets_all_of_it_over_a_slow_link(tmp_path: Path) -> None:
    """`jupyter sshx join` in a script: what it reads comes late, and nothing of it is skipped."""
    at_home = ("env", *(f"{name}={value}" for name, value in Sshx(tmp_path).env.items()))
    async with Network(seed=1, delay=DELAY) as network:
        share = ("share", "--json", "--bind", f"{HOST}:0", "--", "sh", "-c", "read go; seq 1 400000")
        host = await network.start(HOST, *at_home, *COMMAND, *share)
        ticket = (await hear(host))["tickets"]["write"]
        guest = await network.start(GUEST, *at_home, *COMMAND, "join", ticket)
        assert guest.process.stdin is not None
        assert guest.process.stdout is not None
        guest.limit(500_000)
        guest.process.stdin.write(b"\n")
        guest.process.stdin.close()
        printed = (await asyncio.wait_for(guest.process.stdout.read(), TIMEOUT)).split()
    assert printed == [b"%d" % number for number in range(1, 400_001)]
