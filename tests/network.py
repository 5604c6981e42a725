"""Two or more machines in a bad network: it loses packets, is slow or cut for a while, gives its users other addresses,
or lets nothing through but TCP with one of them.

Each machine is a process in a Linux network namespace of its own, with one TUN device and no other way out. A router in
this process carries the packets between them. It needs /dev/net/tun and the permission to make a network namespace,
which root has, and others where user namespaces are allowed. No program or kernel module beyond that is used.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import fcntl
import ipaddress
import os
import random
import signal
import socket
import stat
import struct
import sys
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

TUN = Path("/dev/net/tun")
CLONE_NEWUSER = 0x10000000  # <linux/sched.h>
CLONE_NEWNET = 0x40000000
TUNSETIFF = 0x400454CA  # <linux/if_tun.h>
IFF_TUN, IFF_NO_PI = 0x1, 0x1000
SIOCSIFFLAGS, SIOCSIFADDR, SIOCSIFNETMASK = 0x8914, 0x8916, 0x891C  # <linux/sockios.h>
IFF_UP = 0x1
TCP, UDP = 6, 17

PACKET_BYTES = 1 << 16
PACKETS_IN_A_ROW = 64
"""Packets read from one machine before the others get their turn."""
QUEUE = 64 << 10
"""Bytes that wait for a machine's line in one direction; more are dropped. At 1 Mbit/s they take half a second."""


@dataclass
class Counts:
    """Packets at one end of the network, in both directions."""

    carried: int = 0
    lost: int = 0
    """Dropped at random."""
    cut: int = 0
    """Dropped while the machine was cut off."""
    barred: int = 0
    """Dropped because the network does not carry this protocol between these machines."""
    full: int = 0
    """Dropped because too many waited for the machine's line."""
    stray: int = 0
    """Sent to or from an address that nobody has, or has no more."""


class Line:
    """One direction of a machine's connection. Packets pass in order, each after the one before and the delay."""

    def __init__(self, delay: float) -> None:
        self.rate: float | None = None
        """Bytes a second that pass, or None for as many as come."""
        self._delay = delay
        self._free_at = 0.0
        self._packets: deque[tuple[float, Callable[[], None]]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    def carry(self, size: int, arrive: Callable[[], None]) -> bool:
        """Call `arrive` when a packet of `size` bytes has passed; False if too many bytes wait already."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        start = max(now, self._free_at)
        if self.rate is None:
            self._free_at = now
        elif (start - now) * self.rate + size > QUEUE:
            return False
        else:
            self._free_at = start + size / self.rate
        self._packets.append((self._free_at + self._delay, arrive))
        if self._timer is None:
            self._run(loop)
        return True

    def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        while self._packets and self._packets[0][0] <= loop.time():
            self._packets.popleft()[1]()
        self._timer = loop.call_at(self._packets[0][0], self._run, loop) if self._packets else None


class Machine:
    """A process in a namespace of its own, and how it is connected.

    Attributes:
        address: the machine's own address, in 10.0.0.0/8 as all others.
        public: the address at which the others see it. A NAT is in between if it differs.
        shift: what the NAT adds to the machine's ports.
        loss: the share of packets that are dropped in each direction.
        sends, hears: whether packets pass at all, from it and to it.
        up, down: its line, in each direction.
    """

    def __init__(self, address: str, process: asyncio.subprocess.Process, tun: int, control: int, delay: float) -> None:
        self.address = self.public = address
        self.process = process
        self.tun = tun
        self.shift = 0
        self.loss = 0.0
        self.sends = self.hears = True
        self.up, self.down = Line(delay), Line(0)
        self.counts = Counts()
        self._control = control

    def limit(self, rate: float | None) -> None:
        """Let at most `rate` bytes a second pass in each direction, or as many as come (None)."""
        self.up.rate = self.down.rate = rate

    def move(self, address: str) -> None:
        """Give the machine another address of its own, as another network without a NAT would. It notices."""
        _set_address(self._control, address)
        self.address = self.public = address
        self.shift = 0

    def rebind(self, public: str) -> None:
        """Let the NAT show the machine at another address and other ports, as if it had been restarted. The machine
        does not notice, and what comes to the earlier address is dropped."""
        self.public, self.shift = public, self.shift + 1000

    def close(self) -> None:
        os.close(self.tun)
        os.close(self._control)


class Network(contextlib.AbstractAsyncContextManager["Network"]):
    """The machines, and the router between them."""

    def __init__(self, seed: int, delay: float, relay: str | None = None, tcp: bool = False) -> None:
        """
        Args:
            seed: decides which packets are lost.
            delay: seconds that a packet takes from one machine to another.
            relay: the address of a machine. The network carries TCP with this one, between which and the others there
                is no NAT, and nothing else. Without it, the network carries UDP.
            tcp: whether the network also carries TCP, between any two machines that have no NAT.
        """
        self._chance = random.Random(seed)
        self._delay = delay
        self._relay = relay
        self._protocols = {UDP, TCP} if tcp else {UDP}
        self._machines: list[Machine] = []

    async def __aexit__(self, *exc: object) -> None:
        machines, self._machines = self._machines, []  # what is on its way goes nowhere now
        for machine in machines:
            asyncio.get_running_loop().remove_reader(machine.tun)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(machine.process.pid, signal.SIGKILL)  # a machine's process may have started others
            await machine.process.wait()
            machine.close()

    async def start(self, address: str, *command: str) -> Machine:
        """Run `command` on a new machine. Its standard input and output are pipes.

        Raises:
            RuntimeError: if this computer does not allow it, with the reason.
        """
        near, far = socket.socketpair()
        with near, far:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, __file__, str(far.fileno()), address, *command),
                cwd=Path(__file__).parents[1],
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                limit=1 << 26,
                pass_fds=[far.fileno()],
                start_new_session=True,
            )
            far.close()
            problem, fds, _, _ = await asyncio.to_thread(socket.recv_fds, near, 1000, 2)
        if len(fds) != 2:
            await process.wait()
            raise RuntimeError(f"The test needs network namespaces and TUN devices: {problem.decode() or 'no answer'}")
        tun, control = fds
        machine = Machine(address, process, tun, control, self._delay)
        self._machines.append(machine)
        asyncio.get_running_loop().add_reader(machine.tun, self._read, machine)
        return machine

    def _read(self, machine: Machine) -> None:
        for _ in range(PACKETS_IN_A_ROW):
            try:
                packet = bytearray(os.read(machine.tun, PACKET_BYTES))
            except BlockingIOError:
                return
            if packet[0] >> 4 == 4 and (packet[9] in self._protocols or self._relay is not None):
                self._route(machine, packet)

    def _route(self, sender: Machine, packet: bytearray) -> None:
        source, destination = (str(ipaddress.IPv4Address(bytes(packet[at : at + 4]))) for at in (12, 16))
        receiver = next((machine for machine in self._machines if machine.public == destination), None)
        if receiver is None or source != sender.address:
            sender.counts.stray += 1
            return
        if self._relay is not None and (packet[9] != TCP or self._relay not in (source, destination)):
            sender.counts.barred += 1
            return
        if self._relay is None:
            if packet[9] == UDP:
                _rewrite(packet, sender.public, sender.shift, receiver.address, -receiver.shift)
            elif sender.public != sender.address or receiver.public != receiver.address:
                sender.counts.barred += 1
                return
        for machine, passes in ((sender, sender.sends), (receiver, receiver.hears)):
            if not passes:
                machine.counts.cut += 1
                return
            if self._chance.random() < machine.loss:
                machine.counts.lost += 1
                return
        if not sender.up.carry(len(packet), partial(self._arrive, sender, receiver, bytes(packet))):
            sender.counts.full += 1

    def _arrive(self, sender: Machine, receiver: Machine, packet: bytes) -> None:
        if receiver not in self._machines:
            return
        if not receiver.down.carry(len(packet), partial(self._deliver, receiver, packet)):
            receiver.counts.full += 1
            return
        for machine in (sender, receiver):
            machine.counts.carried += 1

    def _deliver(self, receiver: Machine, packet: bytes) -> None:
        if receiver in self._machines:
            os.write(receiver.tun, packet)


def _rewrite(packet: bytearray, source: str, source_shift: int, destination: str, destination_shift: int) -> None:
    """Put other addresses and ports into an IPv4 packet with UDP (RFC 791, RFC 768)."""
    header = (packet[0] & 15) * 4
    packet[12:20] = socket.inet_aton(source) + socket.inet_aton(destination)
    packet[10:12] = b"\0\0"
    total = sum(struct.unpack_from(f"!{header // 2}H", packet))
    total = (total & 0xFFFF) + (total >> 16)
    struct.pack_into("!H", packet, 10, ~(total + (total >> 16)) & 0xFFFF)
    for at, shift in ((header, source_shift), (header + 2, destination_shift)):
        port = int.from_bytes(packet[at : at + 2], "big")
        packet[at : at + 2] = ((port + shift) & 0xFFFF).to_bytes(2, "big")
    packet[header + 6 : header + 8] = b"\0\0"  # no checksum


def _set_address(control: int, address: str) -> None:
    """Replace the address of the namespace's TUN device; all of 10.0.0.0/8 is reached through it."""
    for request, value in ((SIOCSIFADDR, address), (SIOCSIFNETMASK, "255.0.0.0")):
        fcntl.ioctl(control, request, struct.pack("16sH2x4s16x", b"tun0", socket.AF_INET, socket.inet_aton(value)))


def _enter(answer: socket.socket, address: str) -> None:
    """Move this process into a namespace of its own with a TUN device, and send the device and a socket by which the
    namespace can be configured from outside."""
    root = os.geteuid() == 0
    if root and not TUN.exists():  # a container's /dev may have only the most common devices
        TUN.parent.mkdir(exist_ok=True)
        with contextlib.suppress(FileExistsError):
            os.mknod(TUN, stat.S_IFCHR | 0o600, os.makedev(10, 200))  # admin-guide/devices.txt of Linux
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET | (0 if root else CLONE_NEWUSER)):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), "unshare")
    tun = os.open(TUN, os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH22x", b"tun0", IFF_TUN | IFF_NO_PI))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        _set_address(control.fileno(), address)
        for device in (b"tun0", b"lo"):
            fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sH22x", device, IFF_UP))
        socket.send_fds(answer, [b"ready"], [tun, control.fileno()])
    os.close(tun)


if __name__ == "__main__":
    with socket.socket(fileno=int(sys.argv[1])) as answer:
        try:
            _enter(answer, sys.argv[2])
        except OSError as error:
            answer.send(str(error).encode())
            sys.exit(1)
    os.execvp(sys.argv[3], sys.argv[3:])
