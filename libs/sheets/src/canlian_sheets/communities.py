"""The subdistrict's communities with their statistical codes, to be opened before the roster is read."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from canlian_sheets import cells
from canlian_sheets.cells import LostDigits
from canlian_sheets.columns import COMMUNITIES
from canlian_sheets.entry import Entry
from canlian_sheets.outcomes import Accepted, Dropped, Outcome, Refused, Repeat
from canlian_sheets.tables import Preview, entries, find_complete_table, preview

_CODE = re.compile(r"[1-9][0-9]{8}(?!000)[0-9]{3}")


@dataclass(frozen=True, slots=True)
class CommunityLine:
    code: str
    """12 digits: province, city, district, subdistrict, community."""
    name: str
    director: str | None = None
    grid_worker: str | None = None


def read_communities(data: bytes, filename: str, mapping: Mapping[str, int] | None = None) -> Outcome[CommunityLine]:
    """Raises `Unreadable` when the file as a whole cannot be read."""
    table = find_complete_table(data, filename, COMMUNITIES, mapping)
    dropped: list[Dropped] = []
    by_code: dict[str, Accepted[CommunityLine]] = {}
    by_name: dict[str, Accepted[CommunityLine]] = {}
    read: list[Accepted[CommunityLine] | Refused | Repeat] = []
    for row in entries(table, ("code", "name"), dropped):
        entry = Entry(row, table.recognised.columns)
        line = _line(entry)
        if line is not None and (same := by_code.get(line.code)):
            if same.value == line:
                read.append(Repeat(row.row_no, same.row_no))
                continue
            entry.refuse("code_conflict", row=same.row_no)
        elif line is not None and (namesake := by_name.get(line.name)):
            entry.refuse("name_conflict", row=namesake.row_no)
        if line is None or entry.problems:
            read.append(entry.refused())
            continue
        accepted = entry.accepted(line)
        by_code[line.code] = by_name[line.name] = accepted
        read.append(accepted)
    return Outcome(
        table.sheet.name,
        table.header_row,
        table.header,
        table.recognised,
        tuple(read),
        tuple(dropped),
        table.other_sheets,
    )


def preview_communities(data: bytes, filename: str, mapping: Mapping[str, int] | None = None) -> Preview:
    return preview(data, filename, COMMUNITIES, mapping)


def _line(entry: Entry) -> CommunityLine | None:
    try:
        code, mends = cells.long_number(entry.cell("code"))
    except LostDigits:
        code, mends = None, ()
    entry.mend("code", *mends)
    name = entry.name("name")
    if code is None or not _CODE.fullmatch(code):
        entry.refuse("bad_code", value=entry.shown("code"))
    if name is None:
        entry.refuse("no_name")
    if code is None or name is None or entry.problems:
        return None
    line = CommunityLine(code, name, entry.name("director"), entry.name("grid_worker"))
    return None if entry.problems else line
