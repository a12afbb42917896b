"""A system, or some of its parts, run by `canlian run` as a user does, on a folder and a port of the test's."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import httpx

from canlian_chassis import clock
from canlian_chassis.bus.client import connect
from canlian_chassis.log.jetstream import Log
from canlian_chassis.settings import Settings
from canlian_chassis.testing.servers import free_port
from canlian_operator.running.system import RunningPart, RunningSystem, is_alive, running
from tests.support.api import Api

SECONDS_TO_START = 300.0
SECONDS_TO_STOP = 20.0


class System:
    """One `canlian run`. Parts have the names of the command line; besides them there are nats-server and caddy."""

    def __init__(self, data: Path, parts: Sequence[str] = (), environment: Mapping[str, str] | None = None) -> None:
        self.data = data
        self.parts = parts
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.output_file = data.with_name(f"{data.name}.out")
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("CANLIAN_")}
        self.environment = {
            **inherited,
            "CANLIAN_DATA": str(data),
            "CANLIAN_PORT": str(self.port),
            "CANLIAN_DEMO": "0",
            **(environment or {}),
        }
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Comes back when it is ready."""
        self.launch()
        self.until_ready()

    def until_ready(self) -> None:
        until(lambda: self.is_ready, SECONDS_TO_START, self.explain)

    def until_log(self) -> None:
        """Until its log answers, before any part need do."""
        until(lambda: self._state_now is not None and len(self._state_now.parts) > 1, SECONDS_TO_START, self.explain)

    def launch(self) -> subprocess.Popen[bytes]:
        """Starts it without waiting."""
        with self.output_file.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "canlian_operator", "run", *self.parts],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        return self.process

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Another `canlian` command against this system."""
        return subprocess.run(
            [sys.executable, "-m", "canlian_operator", *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def told(self, *arguments: str) -> str:
        """What such a command prints; that it ends well is asserted."""
        done = self.command(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def last_position(self) -> int:
        """Where the log ends."""

        async def read() -> int:
            async with connect(Settings(nats_url=self.nats_url), "test") as nc:
                return await Log(nc).last_position()

        return asyncio.run(read())

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """The exit code. A system that does not end in time is killed, and that fails the test."""
        assert self.process
        self.process.send_signal(how)
        try:
            return self.process.wait(timeout=SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError(self.explain()) from None

    @property
    def state(self) -> RunningSystem:
        state = running(self.data)
        assert state, self.explain()
        return state

    @property
    def is_ready(self) -> bool:
        state = self._state_now
        return bool(state and state.ready)

    @property
    def _state_now(self) -> RunningSystem | None:
        """What this process has said of itself, not one before it on the same data."""
        assert self.process
        assert self.process.poll() is None, self.explain()
        state = running(self.data)
        return state if state and state.pid == self.process.pid else None

    @property
    def nats_url(self) -> str:
        return self.state.nats_url

    @property
    def output(self) -> str:
        return self.output_file.read_text(encoding="utf-8", errors="replace")

    def part(self, name: str) -> RunningPart:
        return self.state.parts[name]

    def pid(self, name: str) -> int:
        pid = self.part(name).pid
        assert pid, f"{name} does not run"
        return pid

    def move_clock(self, days: float) -> None:
        """Set the whole system's clock so many days ahead; it must run with CANLIAN_MOVABLE_CLOCK."""

        async def move() -> None:
            async with connect(Settings(nats_url=self.nats_url, movable_clock=True), "test") as nc:
                await clock.move(nc, Settings(movable_clock=True), timedelta(days=days))

        asyncio.run(move())

    def kill(self, name: str, how: signal.Signals = signal.SIGKILL) -> int:
        """Comes back when the process is gone, with its pid; the supervisor starts another."""
        pid = self.pid(name)
        os.kill(pid, how)
        until(lambda: not is_alive(pid), 10, lambda: f"{name} survived {how.name}")
        return pid

    def until_restarted(self, name: str, old_pid: int) -> int:
        """The new pid; that it runs does not yet mean that it answers: see `until_healthy`."""
        until(lambda: self.part(name).pid not in {None, old_pid}, 30, self.explain)
        return self.pid(name)

    def until_healthy(self, seconds: float = 60) -> None:
        """Until the one address says that every part is ready."""
        until(lambda: answers(f"{self.url}/health"), seconds, self.explain)

    def explain(self) -> str:
        """What it said, and the ends of its parts' logs."""
        logs = sorted((self.data / "logs").glob("*.log"))
        ends = [f"--- {log.name}\n" + "\n".join(log.read_text(errors="replace").splitlines()[-15:]) for log in logs]
        return "\n".join([self.output, *ends])


@contextmanager
def running_system(
    data: Path, parts: Sequence[str] = (), environment: Mapping[str, str] | None = None
) -> Iterator[System]:
    """Ready when the block begins, stopped when it ends."""
    system = System(data, parts, environment)
    try:
        system.start()
        yield system
    finally:
        if system.process and system.process.poll() is None:
            system.stop()


def api_of(system: System) -> Api:
    """The system's API, with tokens from its own `canlian token`."""

    def make_token(*arguments: str) -> str:
        made = system.command("token", *arguments)
        assert made.returncode == 0, made.stderr
        return made.stdout.strip()

    return Api(system.url, make_token)


def until(holds: Callable[[], bool], seconds: float, explain: Callable[[], str]) -> None:
    """Fails with the explanation when it does not come to hold in time."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"not within {seconds:g} s\n{explain()}"
        time.sleep(0.05)


def answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5, trust_env=False).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False
