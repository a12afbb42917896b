"""Clock, chance and file locks as the simulated processes meet them. Installed once, for the whole program.

The program that runs simulations does nothing else: pytest starts it as a process of its own.
"""

from __future__ import annotations

import asyncio
import datetime as real_datetime
import fcntl
import logging
import os
import random
import sys
import time
from random import Random
from typing import Any

import jwt.api_jwt
import nats.aio.client
import structlog

from canlian_chassis import service  # with it comes every module that is to be patched
from canlian_chassis.log import replay
from canlian_events import language  # the real one is declared before the toy ones take its place
from tests.simulation import releases
from tests.simulation.event_loop import OUTSIDE, PROCESS, Process, SimulatedLoop
from tests.simulation.network import SimulatedTransport
from tests.simulation.streams import EPOCH


class _Now:
    """What the patched functions look at: the run there is."""

    loop: SimulatedLoop
    chance = Random(0)
    locks: dict[str, tuple[Process, Any]] = {}  # noqa: RUF012


def begin(loop: SimulatedLoop, seed: int) -> None:
    """A new run: its time, its chance, and nobody holds a lock."""
    _Now.loop, _Now.chance, _Now.locks = loop, Random(f"{seed} entropy"), {}
    random.seed(f"{seed} random")


def _monotonic() -> float:
    return _Now.loop.now


def _time() -> float:
    return EPOCH + _Now.loop.now + PROCESS.get(OUTSIDE).clock_ahead


class _SimulatedDatetime(real_datetime.datetime):
    @classmethod
    def now(cls, tz: Any = None) -> Any:
        return real_datetime.datetime.fromtimestamp(_time(), tz)


def _flock(file: Any, operation: int) -> None:
    """The kernel lets go of a dead process' locks; here its file stays open, since no `finally` block ran."""
    holder = _Now.locks.get(file.name)
    if operation & fcntl.LOCK_UN:
        _Now.locks.pop(file.name, None)
    elif holder and not holder[0].dead and not holder[1].closed and holder[1] is not file:
        raise BlockingIOError
    else:
        _Now.locks[file.name] = PROCESS.get(OUTSIDE), file


def _no_socket(_url: Any) -> Any:
    raise replay.CannotReplay("there are no sockets here")


def _urandom(size: int) -> bytes:
    return _Now.chance.randbytes(size)


def fix_hashes() -> None:
    """Begin the program again with hashes that are the same each time, on which the order of sets depends."""
    if os.environ.get("PYTHONHASHSEED") != "0":
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], os.environ | {"PYTHONHASHSEED": "0"})


def install() -> None:
    assert jwt.api_jwt
    assert service
    assert language
    releases.install()
    time.monotonic, time.time, time.time_ns = _monotonic, _time, lambda: int(_time() * 1e9)
    os.urandom = _urandom
    vars(random)["_urandom"] = _urandom
    fcntl.flock = _flock
    vars(replay)["_connect"] = _no_socket
    vars(nats.aio.client)["TcpTransport"] = SimulatedTransport
    for name, module in list(sys.modules.items()):
        if name.startswith(("canlian_", "jwt")) and vars(module).get("datetime") is real_datetime.datetime:
            vars(module)["datetime"] = _SimulatedDatetime
    logging.disable(logging.CRITICAL)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    sys.unraisablehook = lambda _: None  # coroutines of killed processes, collected after a run
    asyncio.set_event_loop_policy(None)
