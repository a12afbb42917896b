"""A sheet into a row store, and what a page shows of it before; a large one is read by a process of its own.

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

from canlian_sheets.columns import Recognised
from canlian_sheets.importer.row_store import RowStore
from canlian_sheets.outcomes import Unreadable
from canlian_sheets.roster import open_roster, preview_roster
from canlian_sheets.tables import Preview

SMALL = 1024 * 1024
"""Bytes up to which a sheet is read here: some ten thousand rows."""
PATIENCE = 900.0
"""Seconds after which reading is given up: a hundred times what a hundred thousand rows take."""
_MEMORY = 3 * 1024**3
_LONGEST_LINE = 8 * 1024**2
"""Bytes of what the process of its own says at once: a preview of MAX_COLUMNS columns takes a fifth of it."""
_ENTRY = "from canlian_sheets.importer.reading import main; main()"

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
        await _apart({"read": asdict(wanted)}, progress)


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


async def preview_of(sheet: Path, filename: str, mapping: Mapping[str, int] | None = None) -> Preview:
    """Its headings and first rows, with the columns as chosen by hand. Raises Unreadable."""
    if (await asyncio.to_thread(sheet.stat)).st_size <= SMALL:
        return await asyncio.to_thread(lambda: preview_roster(sheet.read_bytes(), filename, mapping))
    asked = {"sheet": str(sheet), "filename": filename, "mapping": dict(mapping) if mapping is not None else None}
    said = await _apart({"preview": asked})
    return _preview(said["preview"])


def _preview(said: Mapping[str, Any]) -> Preview:
    known = said["recognised"]
    unknown = {int(at): heading for at, heading in known["unknown"].items()}
    return Preview(
        said["sheet"],
        said["header_row"],
        tuple(said["header"]),
        Recognised(known["columns"], tuple(known["missing"]), unknown),
        tuple(tuple(row) for row in said["first_rows"]),
        tuple(said["other_sheets"]),
    )


async def _apart(what: Mapping[str, Any], progress: Read = lambda _: None) -> dict[str, Any]:
    """The last thing that the process of its own says. Raises Unreadable."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _ENTRY, json.dumps(what),
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, limit=_LONGEST_LINE,
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
    return said


def _tell(**what: Any) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def main() -> None:
    """What the process of its own does; it tells on stdout how far it is, or why it stopped."""
    with suppress(ImportError, ValueError, OSError):
        import resource  # noqa: PLC0415 - not on every platform

        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    what = json.loads(sys.argv[1])
    try:
        if asked := what.get("preview"):
            found = preview_roster(Path(asked["sheet"]).read_bytes(), asked["filename"], asked["mapping"])
            _tell(preview=asdict(found))
        else:
            _read(Wanted(**what["read"]), lambda rows: _tell(rows=rows))
    except Unreadable as no:
        _tell(code=no.code, facts=dict(no.facts))
    except MemoryError:
        _tell(code="unpacks_too_big", facts={})
