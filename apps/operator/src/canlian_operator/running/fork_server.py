"""Parts as forks of one process that has already imported what all of them need.

Eleven parts that each import the same libraries cost some thirty seconds of processor time to start; forked, a few.
The forking is the standard library's forkserver: it runs no thread and no loop, so that a fork of it is safe.
"""

import asyncio
import ctypes
import multiprocessing
import os
import runpy
import signal
import sys
import threading
from collections.abc import Mapping
from multiprocessing import connection
from pathlib import Path

from setproctitle import setproctitle

from canlian_operator.variables import replace_variables

PR_SET_PDEATHSIG = 1
SHARED = (
    "canlian_chassis.service",
    "canlian_web.tool",
    "canlian_web.export.sheet",
    "canlian_operator.main",
    "email.parser",
)
"""What is imported before forking. No part's own package: a part that starts again runs the code that is there then."""

libc = ctypes.CDLL(None) if sys.platform == "linux" else None
_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(list(SHARED))


class Fork:
    """A part that runs; like asyncio's Process as far as the supervisor needs it."""

    def __init__(self, process: multiprocessing.process.BaseProcess) -> None:
        self._process = process

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """As the operating system gives it: negative for a signal; None while it runs."""
        return self._process.exitcode

    async def wait(self) -> int:
        ended = asyncio.Event()
        loop = asyncio.get_running_loop()
        # of its own, because a descriptor has one reader and two may wait
        watched = os.dup(self._process.sentinel)
        loop.add_reader(watched, ended.set)
        try:
            await ended.wait()
        finally:
            loop.remove_reader(watched)
            os.close(watched)
        code = self._process.exitcode
        assert code is not None
        return code


async def fork(module: str, title: str, environment: Mapping[str, str], log: Path) -> Fork:
    """Runs `python -m module` in a session of its own, with `title` as its command line, ending with this process."""
    process = _context.Process(target=_run, args=(module, title, dict(environment), str(log)))
    # blocking until the libraries are imported, the first time
    await asyncio.to_thread(process.start)
    return Fork(process)


def _run(module: str, title: str, environment: dict[str, str], log: str) -> None:
    os.setsid()
    with open(log, "ab") as output:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    # before the environment changes, because the title is written over its first place in memory
    setproctitle(title)
    replace_variables(environment)
    _end_with_parents()
    sys.argv = [module]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _end_with_parents() -> None:
    """SIGTERM when the forking process dies (on Linux by the kernel), or the supervisor, however they die."""
    if libc:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    supervisor = multiprocessing.parent_process()
    assert supervisor is not None

    def watch() -> None:
        connection.wait([supervisor.sentinel])
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="supervisor", daemon=True).start()
