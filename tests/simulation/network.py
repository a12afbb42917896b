"""The lines between processes and the server: in order each way, of chance speed, and breakable."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from random import Random
from typing import Any, Protocol

from nats.aio.transport import Transport

from tests.simulation.event_loop import OUTSIDE, PROCESS, Process, SimulatedLoop

URL = "nats://simulated:4222"


class Accepting(Protocol):
    """A server as the lines see it."""

    process: Process

    def accept(self, line: Line) -> None: ...

    def receive(self, line: Line, data: bytes) -> None: ...

    def lost(self, line: Line) -> None: ...


class Network:
    """`server` is None while it is down. `slow` is the chance that something takes long on its way."""

    def __init__(self, loop: SimulatedLoop, random: Random, say: Callable[..., None]) -> None:
        self.loop, self._random, self.say = loop, random, say
        self.server: Accepting | None = None
        self.lines: list[Line] = []
        self.slow = 0.01
        self.longest = 0.15
        self._numbers = 0

    def delay(self) -> float:
        chance = self._random.random()
        if chance < self.slow:
            return 0.002 + self.longest * self._random.random()
        return 0.0002 + 0.002 * chance

    def open(self, owner: Process) -> Line:
        """Raises ConnectionRefusedError where no server listens."""
        if self.server is None:
            raise ConnectionRefusedError("nobody listens")
        self._numbers += 1
        line = Line(self, self.server, owner, self._numbers)
        self.lines.append(line)
        line.to_server(self.server.accept, line)
        return line

    def of(self, process: Process) -> list[Line]:
        return [line for line in self.lines if line.owner is process]

    def hang_up(self, process: Process) -> None:
        """What the kernel does with the connections of a process that died."""
        for line in self.of(process):
            line.end()


class Line:
    """One connection. Ended, what was on its way is lost in both directions, and both ends are told in a while.

    Dead, everything is lost and nobody is told.
    """

    def __init__(self, network: Network, server: Accepting, owner: Process, number: int) -> None:
        self.network, self.server, self.owner, self.number = network, server, owner, number
        self.ended = self.dead = False
        self.buffer = bytearray()
        self.eof = False
        self._waiter: asyncio.Future[None] | None = None
        self._last_there = self._last_back = 0.0

    def __repr__(self) -> str:
        return f"{self.owner.name}#{self.number}"

    def to_server(self, act: Callable[..., None], *args: Any) -> None:
        loop = self.network.loop
        self._last_there = max(self._last_there, loop.now + self.network.delay())
        loop.call_at(self._last_there, self._arrive, act, args, context=self.server.process.context)

    def to_client(self, data: bytes) -> None:
        loop = self.network.loop
        self._last_back = max(self._last_back, loop.now + self.network.delay())
        loop.call_at(self._last_back, self._arrive, self._read_in, (data,), context=self.owner.context)

    def _arrive(self, act: Callable[..., None], args: tuple[Any, ...]) -> None:
        if not self.ended and not self.dead:
            act(*args)

    def _read_in(self, data: bytes) -> None:
        self.buffer += data
        self._wake()

    def end(self) -> None:
        """Both ends find it closed, each after a moment."""
        if self.ended:
            return
        self.ended = True
        if self in self.network.lines:
            self.network.lines.remove(self)
        loop = self.network.loop
        loop.call_later(self.network.delay(), self.server.lost, self, context=self.server.process.context)
        loop.call_later(self.network.delay(), self._close_reading, context=self.owner.context)

    def lose(self) -> None:
        """It goes dead without a word."""
        self.dead = True

    def _close_reading(self) -> None:
        self.eof = True
        self._wake()

    def _wake(self) -> None:
        if self._waiter and not self._waiter.done():
            self._waiter.set_result(None)

    async def wait(self) -> None:
        self._waiter = self.network.loop.create_future()
        await self._waiter


class SimulatedTransport(Transport):
    """nats-py's side of a line. `network` is that of the run."""

    network: Network

    def __init__(self) -> None:
        self._line: Line | None = None

    async def connect(self, uri: Any, buffer_size: int, connect_timeout: int) -> None:
        await asyncio.sleep(self.network.delay())
        self._line = self.network.open(PROCESS.get(OUTSIDE))

    async def connect_tls(self, uri: Any, ssl_context: Any, buffer_size: int, connect_timeout: int) -> None:
        raise NotImplementedError

    def write(self, payload: bytes) -> None:
        line = self._line
        if line is None or line.ended:
            return
        line.to_server(line.server.receive, line, bytes(payload))

    def writelines(self, payload: Sequence[bytes]) -> None:
        self.write(b"".join(payload))

    async def drain(self) -> None:
        if self._line is None or self._line.eof:
            raise ConnectionResetError("the line is closed")

    async def read(self, buffer_size: int) -> bytes:
        assert self._line is not None
        line = self._line
        while not line.buffer and not line.eof:
            await line.wait()
        data = bytes(line.buffer[:buffer_size])
        del line.buffer[:buffer_size]
        return data

    async def readline(self) -> bytes:
        assert self._line is not None
        line = self._line
        while b"\n" not in line.buffer and not line.eof:
            await line.wait()
        end = line.buffer.find(b"\n") + 1
        data = bytes(line.buffer[:end])
        del line.buffer[:end]
        return data

    async def wait_closed(self) -> None:
        await asyncio.sleep(0)

    def close(self) -> None:
        if self._line:
            self._line.end()

    def at_eof(self) -> bool:
        return self._line is None or (self._line.eof and not self._line.buffer)

    def __bool__(self) -> bool:
        return self._line is not None
