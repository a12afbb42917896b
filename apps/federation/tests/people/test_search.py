"""Who is found by what."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event
from sqlmodel import Session, create_engine

from canlian_events.ids import derive
from canlian_events.numbers import make_citizen_id
from canlian_events.registry.person import REMINDER_DAYS
from canlian_events.terms import AccessFeature, DisabilityClass, Grade, Hardship, Sex
from canlian_federation.households.hardship_kinds import hardships_of
from canlian_federation.households.views import HOMES
from canlian_federation.people import name_matching
from canlian_federation.people.name_matching import Likeness, like_characters, like_letters
from canlian_federation.people.search import CertificateState, Found, Order, Wanted, age_of, find, state_of
from canlian_federation.people.views import PersonEntry
from canlian_federation.shared.rows import FederationRow

TODAY = date(2026, 11, 24)
HERE, THERE, ELSEWHERE = "429999001001", "429999001002", "429999003001"
SCOPES = ["429999001"]
EVERY_NUMBER = ("citizen_id", "certificate", "phone")


def somebody(name: str, /, **more: Any) -> PersonEntry:
    said = name_matching.pinyin(name)
    born = date(1961, 3, 8)
    number = make_citizen_id("429999", born, len(name) + sum(map(ord, name)) % 900)
    given = {"community": HERE, "birth_date": born, "birth_year": 1961, "sex": "male", "disability": 4}
    called = {
        "name": name,
        "pinyin": said,
        "initials": name_matching.initials(said),
        "sound": name_matching.sound(said),
    }
    return PersonEntry(
        person_id=derive("person", name, str(more)),
        registered_on=date(2026, 1, 1),
        **called | given | {"citizen_id": number} | more,
    )


MING = somebody("张晓明", phone="19900000001", certificate_number="42999919610308071X41", certified=True)
PEOPLE = [
    MING,
    somebody("张小明", community=THERE),
    somebody("章晓明", community=ELSEWHERE),
    somebody("张小鸣", erased_on=TODAY, name=None, pinyin="", initials="", sound="", citizen_id=None),
    somebody("张晓铭", died_on=TODAY),
    somebody("张明", sex="female", disability=1, grade=2, birth_date=date(1990, 11, 25), birth_year=1990),
    somebody("李晓明", household_id="household_1", low_income=True, features=["ramp", "sign_language"]),
    somebody("欧阳晓明月", birth_date=date(2020, 2, 29), birth_year=2020),
    somebody("阿依古丽", birth_date=None, birth_year=1966, citizen_id=None),
    somebody("王芳", certified=True, certificate_expires=TODAY - timedelta(days=1)),
    somebody("王方", certified=True, certificate_expires=TODAY + timedelta(days=REMINDER_DAYS)),
    somebody("王放", certified=True, certificate_expires=TODAY + timedelta(days=REMINDER_DAYS + 1)),
]


@pytest.fixture(scope="module")
def db() -> Iterator[Session]:
    engine = create_engine("sqlite://")
    FederationRow.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all(PEOPLE)
        session.add(
            HOMES.household(
                household_id="household_1", community=HERE, formed_on=TODAY, aged_and_disabled=True,
                told={Hardship.AGED_AND_DISABLED.value: {"on": TODAY.isoformat(), "reasons": []}},
            )
        )  # fmt: skip
        session.flush()
        yield session


def called(found: Found) -> list[str | None]:
    return [row.name for row in found.rows]


def test_a_name_finds_the_same_name_then_those_that_sound_alike_then_those_that_are_similar(db: Session):
    found = find(db, Wanted(name="张晓明"), SCOPES, TODAY)
    assert called(found) == ["张晓明", "张小明", "李晓明", "张明"]
    assert [found.alike[row.person_id] for row in found.rows] == [
        Likeness.SAME, Likeness.SOUNDS, Likeness.SIMILAR, Likeness.SIMILAR,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("zhangxiaoming", {"张晓明", "张小明"}),
        ("Zhang Xiao Ming", {"张晓明", "张小明"}),
        ("zangxiaomin", {"张晓明", "张小明"}),
        ("zhangxaoming", {"张晓明", "张小明"}),
        ("zhangxi", {"张晓明", "张小明"}),
        ("zxm", {"张晓明", "张小明"}),
        ("晓明", {"张晓明", "李晓明", "欧阳晓明月"}),
        ("张明", {"张明", "张晓明", "张小明"}),
        ("张大明", {"张晓明", "张小明", "张明"}),
        ("欧阳明月", {"欧阳晓明月"}),
        ("ayiguli", {"阿依古丽"}),
        ("aygl", {"阿依古丽"}),
        ("nobody", set()),
    ],
)
def test_names_are_found_by_characters_pinyin_and_initials_with_a_slip(db: Session, typed: str, expected: set[str]):
    assert set(called(find(db, Wanted(name=typed.replace(" ", "")), SCOPES, TODAY))) >= expected
    if typed == "nobody":
        assert called(find(db, Wanted(name=typed), SCOPES, TODAY)) == []


def test_nobody_is_found_elsewhere_who_died_or_was_erased_and_the_erased_are_counted(db: Session):
    found = find(db, Wanted(), SCOPES, TODAY)
    assert (found.number, found.erased) == (9, 1)
    assert None not in called(found)
    assert "章晓明" not in called(found)
    assert "张晓铭" not in called(found)


def test_part_of_a_number_finds_its_holder_for_those_who_may_see_it(db: Session):
    assert MING.citizen_id
    parts = [["19900000001"], [MING.citizen_id[8:]], ["071X41"], ["0000001", "071X"]]
    for part in parts:
        assert called(find(db, Wanted(numbers=part, seen=EVERY_NUMBER), SCOPES, TODAY)) == ["张晓明"], part
    assert called(find(db, Wanted(numbers=["071X41"], seen=("phone",)), SCOPES, TODAY)) == []
    assert called(find(db, Wanted(numbers=["071X41"]), SCOPES, TODAY)) == []
    assert called(find(db, Wanted(name="zhang", numbers=["0000001"], seen=EVERY_NUMBER), SCOPES, TODAY)) == ["张晓明"]
    assert called(find(db, Wanted(name="wang", numbers=["0000001"], seen=EVERY_NUMBER), SCOPES, TODAY)) == []


@pytest.mark.parametrize("typed", ["19900000007", "1990000001", "199000000001", "42999919610308071X43"])
def test_a_number_with_one_character_wrong_missing_or_too_many_finds_its_holder(db: Session, typed: str):
    found = find(db, Wanted(numbers=[typed], seen=EVERY_NUMBER), SCOPES, TODAY)
    if len(typed) < 11:
        assert called(found) == []
    else:
        assert (called(found), found.mistyped) == (["张晓明"], True)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Wanted(disability=DisabilityClass.VISUAL), ["张明"]),
        (Wanted(grade=Grade.TWO), ["张明"]),
        (Wanted(sex=Sex.FEMALE), ["张明"]),
        (Wanted(hardship=Hardship.AGED_AND_DISABLED), ["李晓明"]),
        (Wanted(hardship=Hardship.MULTIPLE_DISABLED), []),
        (Wanted(need=AccessFeature.RAMP), ["李晓明"]),
        (Wanted(need=AccessFeature.BRAILLE), []),
        (Wanted(low_income=True), ["李晓明"]),
        (Wanted(age_to=17), ["欧阳晓明月"]),
        (Wanted(age_from=35, age_to=35), ["张明"]),
        (Wanted(age_from=36, age_to=36), []),
        (Wanted(age_from=60, age_to=60), ["阿依古丽"]),
        (Wanted(certificate=CertificateState.EXPIRED), ["王芳"]),
        (Wanted(certificate=CertificateState.EXPIRING), ["王方"]),
        (Wanted(certificate=CertificateState.VALID, order=Order.EXPIRES), ["王放", "张晓明"]),
        (Wanted(name="王芳", certificate=CertificateState.EXPIRING), ["王方"]),
    ],
)
def test_people_are_found_by_what_is_known_of_them(db: Session, wanted: Wanted, expected: list[str]):
    assert called(find(db, wanted, SCOPES, TODAY)) == expected


def test_a_list_is_paged_and_sorted(db: Session):
    for order in Order:
        whole = called(find(db, Wanted(order=order), SCOPES, TODAY))
        assert called(find(db, Wanted(order=order), SCOPES, TODAY, limit=3, skip=3)) == whole[3:6]
    assert called(find(db, Wanted(order=Order.YOUNGEST), SCOPES, TODAY))[0] == "欧阳晓明月"
    assert called(find(db, Wanted(name="王芳", order=Order.EXPIRES), SCOPES, TODAY, limit=2, skip=1)) == [
        "王方",
        "王放",
    ]


def test_the_database_and_the_list_agree_on_ages_and_states(db: Session):
    for row in find(db, Wanted(), SCOPES, TODAY).rows:
        age, state = age_of(row, TODAY), state_of(row, TODAY)
        assert row in find(db, Wanted(age_from=age, age_to=age, certificate=state), SCOPES, TODAY).rows


def test_a_list_says_in_which_hardship_somebodys_household_is(db: Session):
    assert hardships_of(db, ["household_1", None, "household_2"]) == {"household_1": [Hardship.AGED_AND_DISABLED]}


NAMES = st.text("王李张晓小明月芳", min_size=2, max_size=4)


@given(name=NAMES, others=st.lists(NAMES, max_size=5))
def test_a_name_is_always_found_by_itself_its_pinyin_and_its_beginning(name: str, others: list[str]):
    known = [*others, name]
    sounds = [name_matching.sound(name_matching.pinyin(one)) for one in known]
    assert like_characters(name, known)[name] is Likeness.SAME
    assert (
        like_letters(name_matching.pinyin(name), sounds)[name_matching.sound(name_matching.pinyin(name))]
        is Likeness.SAME
    )
    assert name in like_characters(name[:2], known)


@given(name=st.text("王李张晓小明月芳", min_size=3, max_size=4), place=st.integers(0, 3), kind=st.sampled_from("wm"))
def test_three_characters_or_more_are_found_with_one_wrong_or_missing(name: str, place: int, kind: str):
    place %= len(name)
    typed = name[:place] + ("强" if kind == "w" else "") + name[place + 1 :]
    assert name in like_characters(typed, [name])


@pytest.mark.parametrize(
    ("wanted", "ways"),
    [
        (Wanted(name="张晓明"), {"person_entry_names", "person_entry_sounds"}),
        (Wanted(name="zhangxiaoming"), {"person_entry_sounds", "person_entry_initials"}),
        (Wanted(numbers=["1961030"], seen=EVERY_NUMBER), {"person_entry_numbers"}),
        (Wanted(need=AccessFeature.RAMP, age_from=60), {"person_entry_counted"}),
    ],
)
def test_no_search_reads_all_rows(db: Session, wanted: Wanted, ways: set[str]):
    """A hundred thousand of them would take the tenth of a second that an index saves."""
    plans = [line for statement in statements(db, wanted) for line in plan(db, *statement)]
    assert not [line for line in plans if line.startswith("SCAN person_entry") and "COVERING INDEX" not in line]
    assert {way for way in ways if any(way in line for line in plans)} == ways


def statements(db: Session, wanted: Wanted) -> list[tuple[str, Any]]:
    """What is asked of the database for a search."""
    asked: list[tuple[str, Any]] = []
    engine = db.get_bind()

    def note(_: Any, __: Any, statement: str, parameters: Any, ___: Any, ____: Any) -> None:
        asked.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", note)
    find(db, wanted, SCOPES, TODAY, limit=5)
    event.remove(engine, "before_cursor_execute", note)
    return asked


def plan(db: Session, statement: str, parameters: Any) -> list[str]:
    lines = db.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
    return [str(line[3]) for line in lines]


def test_a_whole_number_is_found_with_any_one_slip():
    number = "429999196103072941"
    engine = create_engine("sqlite://")
    PersonEntry.__table__.create(engine)  # type: ignore[attr-defined]
    with Session(engine) as session:
        session.add(somebody("王芳", citizen_id=number))
        session.flush()
        for at in range(len(number)):
            wrong = "8" if number[at] != "8" else "5"
            for typed in (
                number[:at] + wrong + number[at + 1 :],
                number[:at] + number[at + 1 :],
                number[:at] + wrong + number[at:],
                number[:at] + number[at + 1 : at + 2] + number[at] + number[at + 2 :],
            ):
                assert called(find(session, Wanted(numbers=[typed], seen=EVERY_NUMBER), SCOPES, TODAY)) == ["王芳"], (
                    typed
                )
