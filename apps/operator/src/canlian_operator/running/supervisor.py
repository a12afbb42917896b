"""Keeps child processes running: starts, restarts with backoff, gives up on one that keeps dying, stops all."""

import asyncio
import os
import signal
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from canlian_operator.running.fork_server import PR_SET_PDEATHSIG, Fork, fork, libc
from canlian_operator.running.system import PartState

DEATHS_TO_GIVE_UP = 5
WITHIN_SECONDS = 60.0
FIRST_DELAY = 0.25
LOG_BYTES_KEPT = 10_000_000


@dataclass(frozen=True)
class Program:
    """What to run: a command, or a module of ours, which is forked.

    `address` is host:port where it listens; `runs` is a part of its command line that is its own.
    """

    name: str
    environment: Mapping[str, str]
    log: Path
    runs: str
    command: Sequence[str] = ()
    module: str = ""
    address: str | None = None


@dataclass
class Child:
    program: Program
    state: PartState = "restarting"
    restarts: int = 0
    since: float = 0.0
    process: asyncio.subprocess.Process | Fork | None = None
    keeper: asyncio.Task[None] | None = None
    deaths: deque[float] = field(default_factory=lambda: deque(maxlen=DEATHS_TO_GIVE_UP))

    @property
    def pid(self) -> int | None:
        return self.process.pid if self.process and self.process.returncode is None else None


class Supervisor:
    """`say` gets a line for the person at the terminal; `changed` is called whenever a child's pid or state changes."""

    def __init__(self, say: Callable[[str], None], changed: Callable[[], None]) -> None:
        self.say = say
        self.changed = changed
        self.children: dict[str, Child] = {}

    def start(self, program: Program) -> Child:
        child = Child(program)
        self.children[program.name] = child
        child.keeper = asyncio.create_task(self._keep(child), name=program.name)
        return child

    async def stop(self, names: Iterable[str], patience: float) -> None:
        """Asks them to end and, after `patience` seconds, ends them."""
        stopped = [child for name in names if (child := self.children.get(name))]
        for child in stopped:
            if child.keeper:
                child.keeper.cancel()
        await asyncio.gather(*(child.keeper for child in stopped if child.keeper), return_exceptions=True)
        processes = [child.process for child in stopped if child.process and child.process.returncode is None]
        for process in processes:
            _signal_group(process.pid, signal.SIGTERM)
        waiting = [asyncio.create_task(process.wait()) for process in processes]
        if waiting:
            await asyncio.wait(waiting, timeout=patience)
        for process in processes:
            if process.returncode is None:
                _signal_group(process.pid, signal.SIGKILL)
        if waiting:
            await asyncio.wait(waiting, timeout=patience)

    async def _keep(self, child: Child) -> None:
        name = child.program.name
        while True:
            process = await self._spawn(child)
            child.since = time.monotonic()
            child.state = "running"
            self.changed()
            code = await process.wait()
            delay = delay_after_death(child.deaths, time.monotonic())
            log = child.program.log
            if delay is None:
                child.state = "down"
                self.changed()
                self.say(f"{name} 一分钟内停止了 {DEATHS_TO_GIVE_UP} 次，不再重启，日志：{log}")
                self.say(f"{name} ended {DEATHS_TO_GIVE_UP} times in a minute and is left down; its log: {log}")
                return
            child.state = "restarting"
            child.restarts += 1
            self.changed()
            self.say(f"{name} 意外停止（{ending(code)}），正在重启 · {name} ended ({ending(code)}), starting it again")
            await asyncio.sleep(delay)

    @staticmethod
    async def _spawn(child: Child) -> asyncio.subprocess.Process | Fork:
        """Whoever stops the child meanwhile finds the process that was being started, and can end it."""
        starting = asyncio.create_task(spawn(child.program))
        try:
            await asyncio.shield(starting)
        finally:
            child.process = await starting
        return child.process


def delay_after_death(deaths: deque[float], now: float) -> float | None:
    """Seconds to wait before the next start; None when it died too often to go on. Adds this death to `deaths`."""
    deaths.append(now)
    recent = sum(1 for death in deaths if now - death <= WITHIN_SECONDS)
    if recent >= DEATHS_TO_GIVE_UP:
        return None
    delay: float = FIRST_DELAY * 2 ** (recent - 1)
    return delay


def ending(code: int) -> str:
    """`code` as the operating system gives it: negative for a signal."""
    if code >= 0:
        return f"exit {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"


async def spawn(program: Program) -> asyncio.subprocess.Process | Fork:
    """In a session of its own, so that Ctrl-C reaches the supervisor only, and ending with the supervisor on Linux."""
    if program.module:
        open_log(program.log).close()
        return await fork(program.module, program.runs, program.environment, program.log)
    with open_log(program.log) as log:
        return await asyncio.create_subprocess_exec(
            *program.command,
            env=dict(program.environment),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=end_with(os.getpid()),
        )


def end_with(parent: int) -> Callable[[], None] | None:
    """For the child to run before its program: the kernel sends it SIGTERM when the parent dies, even by SIGKILL."""
    if libc is None:
        return None

    def ask_kernel() -> None:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(1)

    return ask_kernel


def open_log(path: Path) -> BinaryIO:
    """Appends; a log that has grown large is put aside as .1 first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > LOG_BYTES_KEPT:
        path.replace(path.with_suffix(".log.1"))
    return path.open("ab")


def log_tail(path: Path, lines: int = 8) -> str:
    try:
        return "\n".join(path.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
    except FileNotFoundError:
        return ""


def _signal_group(pid: int, number: signal.Signals) -> None:
    """What has just been forked has no group of its own yet: then the process alone."""
    with suppress(PermissionError):
        try:
            os.killpg(pid, number)
        except ProcessLookupError:
            with suppress(ProcessLookupError):
                os.kill(pid, number)
