"""A sheet into a row store; a large one by a process of its own.

Reading lays the whole sheet out in memory and keeps a processor busy. Apart, neither is felt by whoever uses the tool
meanwhile, memory is given back, and a file made to do harm ends with that process.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from canlian_sheets.importer.row_store import RowStore
from canlian_sheets.outcomes import Unreadable
from canlian_sheets.roster import open_roster

SMALL = 1024 * 1024
"""Bytes up to which a sheet is read here: some ten thousand rows."""
PATIENCE = 900.0
"""Seconds after which reading is given up: a hundred times what a hundred thousand rows take."""
_MEMORY = 3 * 1024**3

Read = Callable[[int], None]
"""Called with how many rows are read."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which sheet is read, how, and into which store."""

    sheet: str
    filename: str
    store: str
    places: Mapping[str, str]
    """Community name to 12-digit code."""
    today: str
    mapping: Mapping[str, int] | None = None


async def read_into(wanted: Wanted, progress: Read = lambda _: None) -> None:
    """Raises Unreadable; then the store has no rows."""
    if (await asyncio.to_thread(Path(wanted.sheet).stat)).st_size <= SMALL:
        await asyncio.to_thread(_read, wanted, progress)
    else:
        await _read_apart(wanted, progress)


def _read(wanted: Wanted, progress: Read) -> None:
    data = Path(wanted.sheet).read_bytes()
    store = RowStore(Path(wanted.store))
    try:
        reading = open_roster(
            data, wanted.filename, wanted.places, date.fromisoformat(wanted.today), wanted.mapping or None
        )
        store.fill(reading, progress)
    finally:
        store.close()


async def _read_apart(wanted: Wanted, progress: Read) -> None:
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "canlian_sheets.importer.reading", json.dumps(asdict(wanted)),
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    said: dict[str, Any] = {}
    try:
        async with asyncio.timeout(PATIENCE):
            assert child.stdout is not None
            async for line in child.stdout:
                said = json.loads(line)
                if "rows" in said:
                    progress(said["rows"])
            await child.wait()
    except TimeoutError:
        raise Unreadable("too_slow") from None
    finally:
        with suppress(ProcessLookupError):
            child.kill()
    if "code" in said:
        raise Unreadable(said["code"], **said["facts"])
    if child.returncode:
        raise Unreadable("broken")


def _tell(**what: Any) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def main() -> None:
    """What the process of its own does; it tells on stdout how far it is, or why it stopped."""
    with suppress(ImportError, ValueError, OSError):
        import resource  # noqa: PLC0415 - not on every platform

        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    try:
        _read(Wanted(**json.loads(sys.argv[1])), lambda rows: _tell(rows=rows))
    except Unreadable as no:
        _tell(code=no.code, facts=dict(no.facts))
    except MemoryError:
        _tell(code="unpacks_too_big", facts={})


if __name__ == "__main__":
    main()
