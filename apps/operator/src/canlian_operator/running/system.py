"""What is known of a running system.

CANLIAN_DATA/run/system.json says it; CANLIAN_DATA/run/lock lets one supervisor run on a data folder.
"""

import fcntl
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import IO, Literal

from pydantic import BaseModel, ValidationError

PartState = Literal["running", "restarting", "down"]


class RunningPart(BaseModel):
    """`address` is host:port for what listens; `runs` is the text by which its process is recognised."""

    pid: int | None
    state: PartState
    address: str | None
    log: Path
    restarts: int
    runs: str


class RunningSystem(BaseModel):
    """`address` is where people go, None when the edge does not run here."""

    pid: int
    ready: bool
    address: str | None
    nats_url: str
    data: Path
    parts: dict[str, RunningPart]


class AlreadyRunning(Exception):
    """Another supervisor holds this data folder; `pid` is its process, 0 when it has not said."""

    def __init__(self, pid: int) -> None:
        super().__init__(f"already running as process {pid}")
        self.pid = pid


def system_file(data: Path) -> Path:
    return data / "run" / "system.json"


def recorded(data: Path) -> RunningSystem | None:
    """What the last supervisor on this data wrote, whether or not it still runs."""
    try:
        return RunningSystem.model_validate_json(system_file(data).read_bytes())
    except (FileNotFoundError, ValidationError):
        return None


def running(data: Path) -> RunningSystem | None:
    """The system that runs on this data now, None when there is none."""
    system = recorded(data)
    return system if system and is_alive(system.pid) else None


def record(system: RunningSystem) -> None:
    """Readers see the old or the new state, never half of one."""
    file = system_file(system.data)
    new = file.with_suffix(".new")
    new.write_text(system.model_dump_json(indent=2), encoding="utf-8")
    new.replace(file)


def hold(data: Path) -> IO[str]:
    """Takes the data folder for this process until it ends, however it ends. Raises AlreadyRunning."""
    (data / "run").mkdir(parents=True, exist_ok=True)
    lock = (data / "run" / "lock").open("a+", encoding="utf-8")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        text = lock.read().strip()
        lock.close()
        raise AlreadyRunning(int(text) if text.isdecimal() else 0) from None
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    return lock


def end_leftovers(data: Path, patience: float = 5.0) -> list[str]:
    """Ends what a killed supervisor left behind, so that no two servers write one folder. Returns their names."""
    system = recorded(data)
    if system is None:
        return []
    left = {name: part.pid for name, part in system.parts.items() if part.pid and runs_still(part.pid, part.runs)}
    for pid in left.values():
        os.kill(pid, signal.SIGTERM)
    until = time.monotonic() + patience
    while any(is_alive(pid) for pid in left.values()) and time.monotonic() < until:
        time.sleep(0.05)
    for pid in left.values():
        if is_alive(pid):
            os.kill(pid, signal.SIGKILL)
    return list(left)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return not command_line(pid).startswith("[")  # a zombie of ours has ended


def runs_still(pid: int, text: str) -> bool:
    """A pid may have passed to another program since, so its command line has to match."""
    return text in command_line(pid)


def command_line(pid: int) -> str:
    shown = subprocess.run(["ps", "-ww", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return shown.stdout.strip()
