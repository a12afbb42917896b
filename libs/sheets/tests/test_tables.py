"""Finding the table in the sheet, and what is an entry of it."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from canlian_sheets.columns import COMMUNITIES, RESOURCES, ROSTER, recognise
from canlian_sheets.outcomes import Dropped, Outcome, Unreadable
from canlian_sheets.roster import RosterPerson, preview_roster, read_roster

TODAY = date(2026, 3, 1)
Write = Callable[..., bytes]
Lines = list[dict[str, Any]]
TITLES = {field.name: field.zh for field in ROSTER}
FIELDS = [field.name for field in ROSTER]


def table(lines: Lines, fields: list[str] = FIELDS) -> list[list[Any]]:
    return [[TITLES[name] for name in fields], *([line[name] for name in fields] for line in lines)]


def people(outcome: Outcome[RosterPerson]) -> list[RosterPerson]:
    return [row.value for row in outcome.accepted]


@settings(max_examples=25, deadline=None)
@given(order=st.permutations(FIELDS))
def test_columns_in_any_order_say_the_same(
    order: list[str], lines: Lines, places: dict[str, str], as_xlsx: Write
) -> None:
    plain = read_roster(as_xlsx(table(lines)), "a.xlsx", places, TODAY)
    other = read_roster(as_xlsx(table(lines, order)), "a.xlsx", places, TODAY)
    assert other.rows == plain.rows
    assert len(plain.accepted) == len(lines)


NO_ENTRIES: list[list[Any]] = [
    [],
    [None, " ", "\u3000"],
    ["合计", "12人"],
    ["小计：", None, "12"],
    ["总计", "12", "12"],
    ["持证残疾人花名册"],
    ["填报人：安和平", None, None, "审核人：安明远"],
    ["注：本表一式两份"],
    [TITLES[name] for name in FIELDS],
]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.data_too_large])
@given(extra=st.lists(st.tuples(st.integers(1, 13), st.sampled_from(NO_ENTRIES)), max_size=8), order=st.booleans())
def test_blank_title_total_and_header_rows_change_nothing(
    extra: list[tuple[int, list[Any]]],
    order: bool,
    lines: Lines,
    places: dict[str, str],
    as_xlsx: Write,
) -> None:
    fields = FIELDS if order else ["ethnicity", *(name for name in FIELDS if name != "ethnicity")]
    rows = table(lines, fields)
    plain = read_roster(as_xlsx(rows), "a.xlsx", places, TODAY)
    for at, row in sorted(extra, key=lambda pair: -pair[0]):
        rows.insert(at, [TITLES[name] for name in fields] if row[:1] == [TITLES[FIELDS[0]]] else row)
    read = read_roster(as_xlsx([["持证残疾人花名册"], [], *rows], ["A1:F1"]), "a.xlsx", places, TODAY)
    if not order:  # a lone cell may not be passed over where it could be a person's name
        assert people(read) == people(plain)
    assert [row for row in people(read) if row in people(plain)] == people(plain)
    assert all(rows[row.row_no - 3][fields.index("name")] == row.value.name for row in read.accepted)


SLIPS = st.sampled_from(
    [{}, {"name": None}, {"grade": "九级"}, {"community": "别处"}, {"certificate_number": "1"}, {"phone": "?"}]
)


@settings(max_examples=25, deadline=None)
@given(slips=st.lists(SLIPS, min_size=12, max_size=12), twice=st.lists(st.integers(0, 11), max_size=5))
def test_every_row_ends_as_accepted_refused_or_repeat(
    slips: list[dict[str, Any]], twice: list[int], lines: Lines, places: dict[str, str], as_xlsx: Write
) -> None:
    written = [line | slip for line, slip in zip(lines, slips, strict=True)]
    written += [written[at] for at in twice]
    read = read_roster(as_xlsx(table(written)), "a.xlsx", places, TODAY)
    assert len(read.accepted) + len(read.refused) + len(read.repeats) == len(read.rows) == len(written)
    assert [row.row_no for row in read.rows] == list(range(2, len(written) + 2))


def test_the_rows_passed_over_are_listed(lines: Lines, places: dict[str, str], as_xlsx: Write) -> None:
    header, *body = table(lines)
    rows = [["花名册"], header, body[0], [], header, body[1], ["梧桐社区（2人）"], ["合计", "2人"], ["制表：安和平"]]
    read = read_roster(as_xlsx(rows), "a.xlsx", places, TODAY)
    assert read.dropped == (
        Dropped(5, "header"),
        Dropped(7, "title"),
        Dropped(8, "total"),
        Dropped(9, "note"),
    )
    assert [row.row_no for row in read.rows] == [3, 6]
    assert read.header_row == 2


def test_rows_numbered_in_advance_and_left_empty_are_blank(
    lines: Lines, places: dict[str, str], as_xlsx: Write
) -> None:
    header, *body = table(lines)
    rows = [["序号", *header], [1, *body[0]], [2], [3]]
    assert len(read_roster(as_xlsx(rows), "a.xlsx", places, TODAY).rows) == 1


def test_a_person_with_a_name_only_is_answered(lines: Lines, places: dict[str, str], as_xlsx: Write) -> None:
    rows = [*table(lines[:1]), [None, "安小满"]]
    refused = read_roster(as_xlsx(rows), "a.xlsx", places, TODAY).refused
    assert [row.reason for row in refused] == ["no_community"]


def test_a_community_merged_down_its_rows_holds_for_each(lines: Lines, places: dict[str, str], as_xlsx: Write) -> None:
    same = [line | {"community": "梧桐社区"} for line in lines[:4]]
    rows = table(same)
    for row in rows[2:]:
        row[0] = None
    read = read_roster(as_xlsx(rows, ["A2:A5"]), "a.xlsx", places, TODAY)
    assert [person.community for person in people(read)] == [places["梧桐社区"]] * 4


def test_a_header_of_two_merged_rows_is_one_header(lines: Lines, places: dict[str, str], as_xlsx: Write) -> None:
    header, *body = table(lines)
    below = [None] * 11 + ["姓名", "电话"]
    read = read_roster(as_xlsx([header, below, *body], ["A1:A2", "B1:B2"]), "a.xlsx", places, TODAY)
    assert len(read.accepted) == len(lines)


def test_the_table_may_start_anywhere(lines: Lines, places: dict[str, str], as_xlsx: Write) -> None:
    rows = [[], [], *([None, None, *row] for row in table(lines))]
    read = read_roster(as_xlsx(rows), "a.xlsx", places, TODAY)
    assert len(read.accepted) == len(lines)
    assert read.rows[0].row_no == 4


def test_the_first_sheet_that_holds_the_table_is_read(lines: Lines, places: dict[str, str], as_xlsx: Write) -> None:
    read = read_roster(as_xlsx(table(lines), before=["说明", "空表"], title="二〇二六"), "a.xlsx", places, TODAY)
    assert (read.sheet, len(read.accepted)) == ("二〇二六", len(lines))


@pytest.mark.parametrize(
    ("heading", "field"),
    [
        ("残疾证号", "certificate_number"),
        ("残疾人证号\n（20位）", "certificate_number"),
        ("*姓 名", "name"),
        ("公民身份号码", "citizen_id"),
        ("居委会", "community"),
        ("联系电话（手机）", "phone"),
        ("ＩＤ", "citizen_id"),
        ("Certificate number", "certificate_number"),
    ],
)
def test_a_column_goes_by_several_names(heading: str, field: str) -> None:
    assert recognise([None, heading]).columns == {field: 1}


def test_what_is_not_recognised_and_what_is_missing_are_said() -> None:
    found = recognise(["序号", "姓名", "姓名", "星座", None, "退回原因"])
    assert found.columns == {"name": 1}
    assert found.unknown == {2: "姓名", 3: "星座"}
    assert found.missing == ("community", "certificate_number")


@pytest.mark.parametrize("fields", [ROSTER, COMMUNITIES, RESOURCES])
def test_every_fields_own_names_mean_that_field(fields: Any) -> None:
    for field in fields:
        for heading in (field.zh, field.en, *field.others):
            assert recognise([heading], fields).columns == {field.name: 0}, heading


def test_columns_can_be_mapped_by_hand(lines: Lines, places: dict[str, str], as_xlsx: Write) -> None:
    rows = table(lines, ["community", "name", "certificate_number"])
    rows[0] = ["甲", "乙", "丙"]
    data = as_xlsx([["花名册"], *rows])
    with pytest.raises(Unreadable) as caught:
        read_roster(data, "a.xlsx", places, TODAY)
    assert caught.value.code == "no_table"
    shown = preview_roster(data, "a.xlsx")
    assert shown.header == ("甲", "乙", "丙")
    assert shown.header_row == 2
    assert shown.recognised.missing == ("community", "name", "certificate_number")
    assert len(shown.first_rows) == 5
    mapping = {"community": 0, "name": 1, "certificate_number": 2}
    assert len(read_roster(data, "a.xlsx", places, TODAY, mapping).accepted) == len(lines)


def test_a_mapping_by_hand_corrects_what_was_recognised(lines: Lines, places: dict[str, str], as_xlsx: Write) -> None:
    rows = table(lines)
    name, guardian = FIELDS.index("name"), FIELDS.index("guardian_name")
    rows[0][name], rows[0][guardian] = rows[0][guardian], rows[0][name]
    read = read_roster(as_xlsx(rows), "a.xlsx", places, TODAY, {"name": name, "guardian_name": -1})
    assert [row.value.name for row in read.accepted] == [line["name"] for line in lines]
    assert all(person.guardian_name is None for person in people(read))


def test_a_missing_column_is_named(lines: Lines, places: dict[str, str], as_xlsx: Write) -> None:
    with pytest.raises(Unreadable) as caught:
        read_roster(as_xlsx(table(lines, ["name", "sex", "community"])), "a.xlsx", places, TODAY)
    assert (caught.value.code, caught.value.facts) == (
        "missing_columns",
        {"missing": "残疾人证号 (certificate number)"},
    )


def test_a_table_without_entries_is_refused(places: dict[str, str], as_xlsx: Write) -> None:
    with pytest.raises(Unreadable) as caught:
        read_roster(as_xlsx(table([])), "a.xlsx", places, TODAY)
    assert caught.value.code == "no_rows"
