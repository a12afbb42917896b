"""What becomes of a roster's rows."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from canlian_events.numbers import make_citizen_id
from canlian_sheets.columns import ROSTER
from canlian_sheets.outcomes import Accepted, Refused, Repeat
from canlian_sheets.roster import Roster, RosterPerson, read_roster

TODAY = date(2026, 3, 1)
PLACES = {
    "梧桐社区": "429999002001",
    "街道口社区": "429999002002",
    "新华社区": "429999002003",
    "新华村": "429999002004",
}
ID = "429999196907060605"
LINE: dict[str, Any] = {
    "community": "梧桐社区",
    "name": "安和平",
    "certificate_number": ID + "51",
    "citizen_id": ID,
    "sex": "女",
    "ethnicity": "汉族",
    "disability": "智力",
    "grade": "一级",
    "birth_date": date(1969, 7, 6),
    "phone": "19900000001",
    "address": "学府街1号（东门）",
    "guardian_name": "安明远",
    "guardian_phone": "027-85550001",
    "certificate_issued": date(2013, 2, 10),
    "low_income": "是",
    "education": "初中",
    "employment": "未就业",
    "note": "=1+1",
}
PERSON = RosterPerson(
    community="429999002001",
    name="安和平",
    sex="female",
    citizen_id=ID,
    birth_date=date(1969, 7, 6),
    disability=5,
    grade=1,
    certificate_number=ID + "51",
    certificate_issued=date(2013, 2, 10),
    phone="19900000001",
    address="学府街1号（东门）",
    guardian_name="安明远",
    guardian_phone="027-85550001",
    ethnicity="汉族",
    low_income=True,
    education="初中",
    employment="未就业",
    note=None,
)

Read = Callable[..., Roster]
TITLES = {field.name: field.zh for field in ROSTER}


@pytest.fixture(scope="session")
def read(as_xlsx: Callable[..., bytes]) -> Read:
    def read_lines(*changes: dict[str, Any]) -> Roster:
        rows = [[TITLES[name] for name in LINE]]
        rows += [list((LINE | {"note": None} | change).values()) for change in changes]
        return read_roster(as_xlsx(rows), "roster.xlsx", PLACES, TODAY)

    return read_lines


def only(roster: Roster) -> Accepted[RosterPerson]:
    (row,) = roster.rows
    assert isinstance(row, Accepted), row
    return row


def refusal(roster: Roster) -> Refused:
    (row,) = roster.rows
    assert isinstance(row, Refused), row
    return row


def test_a_row_without_a_slip_is_accepted_as_it_stands(read: Read) -> None:
    row = only(read({}))
    assert (row.row_no, row.value, row.mended) == (2, PERSON, ())


@pytest.mark.parametrize(
    ("change", "mended"),
    [
        ({"citizen_id": "４２９９９９１９６９０７０６０６０５"}, "citizen_id.width"),
        ({"citizen_id": f"'{ID}"}, "citizen_id.apostrophe"),
        ({"citizen_id": "429999690706060"}, "citizen_id.old_id"),
        ({"citizen_id": None}, "citizen_id.derived"),
        ({"citizen_id": "无"}, "citizen_id.derived"),
        ({"citizen_id": 4.29999196907061e17}, "citizen_id.derived"),
        ({"certificate_number": "429999 19690706 0605 51"}, "certificate_number.spaces"),
        ({"certificate_number": "429999-19690706-0605-51"}, "certificate_number.spaces"),
        ({"certificate_number": "\u200b42999919690706060551\ufeff"}, "certificate_number.spaces"),
        ({"name": " 安\u3000和 平 "}, "name.spaces"),
        ({"sex": "2"}, "sex.wording"),
        ({"sex": "F"}, "sex.wording"),
        ({"sex": None}, "sex.derived"),
        ({"disability": "智力残疾"}, "disability.wording"),
        ({"disability": 5}, "disability.wording"),
        ({"disability": "智力一级"}, "disability.wording"),
        ({"disability": None}, "disability.derived"),
        ({"grade": 1}, "grade.wording"),
        ({"grade": "1级"}, "grade.wording"),
        ({"grade": "壹级"}, "grade.wording"),
        ({"grade": "Ⅰ级"}, "grade.wording"),
        ({"grade": "极重度"}, "grade.wording"),
        ({"grade": None}, "grade.derived"),
        ({"birth_date": "1969年7月6日"}, "birth_date.date"),
        ({"birth_date": "1969.7.6"}, "birth_date.date"),
        ({"birth_date": "1969-07-06 00:00:00"}, "birth_date.date"),
        ({"birth_date": 19690706}, "birth_date.date"),
        ({"birth_date": "19690706"}, "birth_date.date"),
        ({"birth_date": 25390}, "birth_date.date"),
        ({"birth_date": 1969}, "birth_date.date"),
        ({"birth_date": None}, "birth_date.derived"),
        ({"phone": 19900000001}, "phone.number"),
        ({"phone": "+86 199-0000-0001"}, "phone.spaces"),
        ({"phone": "19900000001/19900000002"}, "phone.first_of_several"),
        ({"guardian_phone": "０２７－８５５５０００１"}, "guardian_phone.width"),
        ({"community": "梧桐"}, "community.wording"),
        ({"community": "梧桐居委会"}, "community.wording"),
        ({"community": "样例街道梧桐社区"}, "community.wording"),
        ({"community": "429999002001"}, "community.wording"),
        ({"ethnicity": "汉"}, "ethnicity.wording"),
        ({"certificate_issued": 41315}, "certificate_issued.date"),
        ({"certificate_issued": "2013/2/10"}, "certificate_issued.date"),
    ],
)
def test_a_slip_that_needs_no_guess_is_mended_and_noted(read: Read, change: dict[str, Any], mended: str) -> None:
    row = only(read(change))
    assert row.value == PERSON
    assert row.mended == (mended,)


@pytest.mark.parametrize("field", ["birth_date", "certificate_issued"])
def test_a_date_as_it_is_asked_for_needs_no_mending(read: Read, field: str) -> None:
    assert only(read({field: LINE[field].isoformat()})).mended == ()


def test_a_row_whose_certificate_cannot_be_read_tells_what_else_is_wrong(read: Read) -> None:
    wrong = {"certificate_number": "12", "citizen_id": ID[:17] + "9", "sex": "X", "grade": "九级", "name": None}
    row = refusal(read(wrong | {"birth_date": "昨天", "note": "长" * 1001, "community": "某地"}))
    reasons = [row.reason, *(also.reason for also in row.also)]
    assert reasons == [
        "no_name", "unknown_community", "short_cert", "bad_id", "bad_sex", "bad_grade", "bad_birth", "too_long",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"phone": "打不通"}, "phone"),
        ({"phone": "1990000"}, "phone"),
        ({"certificate_issued": "去年"}, "certificate_issued"),
        ({"certificate_issued": date(1960, 1, 1)}, "certificate_issued"),
        ({"certificate_issued": date(2026, 3, 2)}, "certificate_issued"),
        ({"low_income": "待定"}, "low_income"),
    ],
)
def test_what_cannot_be_read_beside_the_person_is_left_out_and_noted(
    read: Read, change: dict[str, Any], field: str
) -> None:
    row = only(read(change))
    assert getattr(row.value, field) is None
    assert row.mended == (f"{field}.left_out",)


def test_an_expired_certificate_is_accepted(read: Read) -> None:
    assert only(read({"certificate_issued": date(1999, 1, 1)})).value.certificate_issued == date(1999, 1, 1)


def test_a_replaced_certificate_keeps_its_suffix(read: Read) -> None:
    assert only(read({"certificate_number": ID + "51b2"})).value.certificate_number == ID + "51B2"


def test_low_income_said_with_wu_is_no(read: Read) -> None:
    assert only(read({"low_income": "无"})).value.low_income is False


MONTH_13 = "42999919691306060"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"name": None}, "no_name"),
        ({"name": " 无 "}, "no_name"),
        ({"community": None}, "no_community"),
        ({"community": "查无此地"}, "unknown_community"),
        ({"community": "新华"}, "unknown_community"),  # two end differently, and nothing says which
        ({"certificate_number": None}, "no_cert"),
        ({"certificate_number": 4.29999196907061e19}, "lost_digits"),
        ({"certificate_number": "4.29999E+19"}, "lost_digits"),
        ({"certificate_number": ID + "5"}, "short_cert"),
        ({"certificate_number": ID}, "short_cert"),
        ({"certificate_number": ID + "512"}, "long_cert"),
        ({"certificate_number": ID + "51C1"}, "bad_suffix"),
        ({"certificate_number": "42999919690706O60551"}, "bad_characters"),
        ({"certificate_number": "42999919690706060651"}, "bad_check"),
        ({"certificate_number": ID + "81"}, "bad_class"),
        ({"certificate_number": ID + "55"}, "bad_grade"),
        ({"certificate_number": make_citizen_id("429999", date(2026, 3, 2), 60) + "51"}, "bad_birth"),
        ({"citizen_id": "429999196907060606"}, "bad_id"),
        ({"citizen_id": "42999919690706060"}, "bad_id"),
        ({"citizen_id": make_citizen_id("429999", date(1969, 7, 6), 62)}, "id_conflict"),
        ({"sex": "男"}, "sex_conflict"),
        ({"sex": "3"}, "bad_sex"),
        ({"disability": "言语"}, "class_conflict"),
        ({"disability": "智力、肢体"}, "class_conflict"),
        ({"disability": "其他"}, "bad_class"),
        ({"disability": "智力二级"}, "grade_conflict"),
        ({"grade": "四级"}, "grade_conflict"),
        ({"grade": "五级"}, "bad_grade"),
        ({"birth_date": date(1969, 7, 7)}, "born_conflict"),
        ({"birth_date": 1970}, "born_conflict"),
        ({"birth_date": "1969-02-30"}, "bad_birth"),
    ],
)
def test_a_row_that_is_wrong_or_contradicts_itself_is_refused(read: Read, change: dict[str, Any], reason: str) -> None:
    row = refusal(read(change))
    assert (row.reason, row.row_no) == (reason, 2)


def test_everything_wrong_with_a_row_is_said_at_once(read: Read) -> None:
    row = refusal(read({"name": None, "community": "查无此地", "grade": "四级"}))
    assert [row.reason, *(also.reason for also in row.also)] == ["no_name", "unknown_community", "grade_conflict"]


def test_a_refused_row_keeps_its_cells_as_they_stood(read: Read) -> None:
    row = refusal(read({"grade": "四级"}))
    assert row.cells[:3] == ("梧桐社区", "安和平", ID + "51")
    assert row.cells[8] == "1969-07-06"


def test_a_community_whose_own_name_holds_the_word_street_is_found(read: Read) -> None:
    for written in ("街道口社区", "街道口", "样例街道街道口社区"):
        assert only(read({"community": written})).value.community == "429999002002"


def test_the_same_person_again_is_a_repeat_however_typed(read: Read) -> None:
    again = {"name": "安 和平", "grade": 1, "phone": None}
    first, second = read({}, again).rows
    assert isinstance(first, Accepted)
    assert second == Repeat(row_no=3, of_row_no=2)


def test_the_same_person_with_other_details_is_refused(read: Read) -> None:
    first, second = read({}, {"phone": "19900000009", "name": "安小满"}).rows
    assert isinstance(first, Accepted)
    assert isinstance(second, Refused)
    assert second.reason == "repeat_conflict"
    assert second.facts == {"row": 2, "fields": "姓名、联系电话"}


def test_a_wrong_row_does_not_stand_in_the_way_of_its_correction(read: Read) -> None:
    first, second = read({"grade": "四级"}, {}).rows
    assert isinstance(first, Refused)
    assert isinstance(second, Accepted)


def test_a_dot_in_a_name_has_one_form(read: Read) -> None:
    assert only(read({"name": "阿依•古丽"})).value.name == only(read({"name": "阿依・古丽"})).value.name == "阿依·古丽"


def test_a_latin_name_keeps_its_space(read: Read) -> None:
    assert only(read({"name": "Maria  Rossi"})).value.name == "Maria Rossi"
