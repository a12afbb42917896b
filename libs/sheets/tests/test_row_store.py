"""Rows of a sheet on disk: read here or apart, each ends as one of four; what does harm is refused in words."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from canlian_sheets import roster_shape
from canlian_sheets.columns import ROSTER, Recognised
from canlian_sheets.importer import RowOutcome, RowStore, Wanted, preview_of, read_into, reading
from canlian_sheets.made_up.people import COMMUNITIES, made_up_people
from canlian_sheets.outcomes import Accepted, Refused, Repeat, Unreadable
from canlian_sheets.roster import Reading, Roster, open_roster, read_roster, reading_of

TODAY = date(2026, 11, 24)
TITLES = {field.name: field.zh for field in ROSTER}
Lines = list[dict[str, Any]]
Write = Callable[..., bytes]
PERSON = next(iter(made_up_people(1, 5, list(COMMUNITIES))))


def rows_of(lines: Lines) -> list[list[Any]]:
    return [[TITLES[name] for name in lines[0]], *([line[name] for name in lines[0]] for line in lines)]


def stored(roster: Roster) -> RowStore:
    store = RowStore()
    store.fill(reading_of(roster))
    return store


kinds = st.lists(st.sampled_from(["created", "updated", "unchanged", "refused", "not read", "repeat"]), max_size=40)


@settings(deadline=None)
@given(kinds, st.integers(1, 7))
def test_every_row_ends_as_one_of_four_which_add_up(kinds: list[str], size: int) -> None:
    rows: list[Any] = []
    for no, kind in enumerate(kinds, 2):
        if kind == "not read":
            rows.append(Refused(no, "no_name", {}, ("x",)))
        elif kind == "repeat":
            rows.append(Repeat(no, 1))
        else:
            rows.append(Accepted(no, PERSON, (), ("x",)))
    store = stored(Roster("r", 1, ("姓名",), Recognised({"name": 0}, (), {}), tuple(rows)))
    store.begin("done")
    for first, last in store.chunks("done", size):
        waiting = store.waiting("done", first, last)
        assert [who for _, who in waiting] == [PERSON] * len(waiting)
        said = [RowOutcome(no, kinds[no - 2], "x.y" if kinds[no - 2] == "refused" else None) for no, _ in waiting]  # type: ignore[arg-type]
        store.record("done", [(outcome, "person_00000001") for outcome in said])
    counts = store.counts("done")
    refused = kinds.count("refused") + kinds.count("not read")
    assert sum(counts["refused"].values()) == refused == len(list(store.refused("done")))
    assert counts["unchanged"] == kinds.count("unchanged") + kinds.count("repeat")
    assert counts["created"] + counts["updated"] + counts["unchanged"] + refused == counts["rows"] == len(kinds)
    assert store.left("done") == 0 == len(store.chunks("done", size))


def test_what_is_in_is_forgotten_but_for_what_is_given_back() -> None:
    rows = tuple(Accepted(no, PERSON, (), ("x",)) for no in (2, 3))
    store = stored(Roster("r", 1, ("姓名",), Recognised({"name": 0}, (), {}), rows))
    done, no = RowOutcome(2, "created"), RowOutcome(3, "refused", "community.closed", {"community": "1"})
    store.record("done", [(done, "person_00000001"), (no, "person_00000002")])
    assert [row.cells for row in store.refused("done")] == [("x",)]
    assert store.refused_for("done", "community.closed", 10) == [no]
    assert store.refused_for("done", "x.y", 10) == []
    kept = store._db.execute("SELECT value, cells FROM row ORDER BY no").fetchall()
    assert kept[0] == (None, None)


async def test_a_large_sheet_is_read_apart_and_says_the_same(
    tmp_path: Path, lines: Lines, places: dict[str, str], as_xlsx: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "SMALL", 0)
    sheet = tmp_path / "sheet"
    sheet.write_bytes(as_xlsx(rows_of(lines)))
    wanted = Wanted(str(sheet), "r.xlsx", str(tmp_path / "rows.db"), places, TODAY.isoformat())
    await read_into(wanted)
    with closing(RowStore(tmp_path / "rows.db")) as store:
        assert (store.filled, store.to_send()) == (True, len(lines))
    sheet.write_bytes(b"%PDF-1.4 no sheet")
    with pytest.raises(Unreadable) as no:
        await read_into(replace(wanted, store=str(tmp_path / "other.db")))
    assert (no.value.code, no.value.facts) == ("not_a_sheet", {"kind": "PDF"})


async def test_a_large_sheet_is_previewed_apart_and_shows_the_same(
    tmp_path: Path, lines: Lines, as_xlsx: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    sheet = tmp_path / "sheet"
    sheet.write_bytes(as_xlsx([[*rows_of(lines)[0], "别的"], *[[*row, "x" * 30_000] for row in rows_of(lines)[1:]]]))
    here = [await preview_of(sheet, "r.xlsx", mapping) for mapping in (None, {"phone": 0})]
    monkeypatch.setattr(reading, "SMALL", 0)
    assert [await preview_of(sheet, "r.xlsx", mapping) for mapping in (None, {"phone": 0})] == here
    assert here[0].recognised.unknown == {len(rows_of(lines)[0]): "别的"}
    sheet.write_bytes(b"%PDF-1.4 no sheet")
    with pytest.raises(Unreadable) as no:
        await preview_of(sheet, "r.xlsx")
    assert no.value.code == "not_a_sheet"


def test_sixty_columns_are_read_and_those_that_mean_nothing_passed_over(
    lines: Lines, places: dict[str, str], as_xlsx: Write
) -> None:
    rows = rows_of(lines)
    wide = [[*row, *[f"其他{n}" for n in range(60 - len(row))]] for row in rows]
    read = read_roster(as_xlsx(wide), "r.xlsx", places, TODAY)
    assert (len(read.accepted), len(read.recognised.unknown)) == (len(lines), 60 - len(rows[0]))


def test_a_hundred_thousand_blank_rows_are_none(lines: Lines, places: dict[str, str]) -> None:
    text = "\n".join(",".join(map(str, row)) for row in rows_of(lines)) + "\n" + ",,,\n" * 100_000
    read: Reading = open_roster(text.encode(), "r.csv", places, TODAY)
    assert (len(list(read.rows)), read.dropped) == (len(lines), [])


def test_a_formula_that_was_never_worked_out_is_refused_in_words(lines: Lines, places: dict[str, str]) -> None:
    book = Workbook()
    for row in rows_of(lines):
        book.worksheets[0].append(row)
    at = list(lines[0]).index("certificate_number") + 1
    book.worksheets[0].cell(2, at).value = '="4299"&"99"'
    buffer = io.BytesIO()
    book.save(buffer)
    read = read_roster(buffer.getvalue(), "r.xlsx", places, TODAY)
    assert [row.reason for row in read.refused] == ["no_cert"]
    assert len(read.accepted) == len(lines) - 1


def test_what_is_taken_away_reads_as_the_same_people(places: dict[str, str], as_xlsx: Write) -> None:
    people = list(made_up_people(8, 5, list(COMMUNITIES)))
    told = [
        {field.name: getattr(who, field.name) for field in ROSTER} | {"community": COMMUNITIES[who.community]}
        for who in people
    ]
    sheet = as_xlsx([roster_shape.COLUMNS, *map(roster_shape.cells, told)])
    assert [row.value for row in read_roster(sheet, "r.xlsx", places, TODAY).accepted] == people
