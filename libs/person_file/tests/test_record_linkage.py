"""When two files may be of one person, and why."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import MetaData
from sqlmodel import Session, create_engine

from canlian_chassis.projection import fold_all
from canlian_chassis.row import Row
from canlian_events.core import Event
from canlian_events.meta import Meta
from canlian_events.numbers import make_citizen_id
from canlian_events.registry.duplicates import FoundDistinct, MergedInto, MergedIntoUndone
from canlian_events.registry.person import (
    PersonCorrected,
    PersonErased,
    PersonMoved,
    PersonRegistered,
    RegistrationWithdrawn,
)
from canlian_events.terms import DisabilityClass, ErasureGround, Sex
from canlian_person_file.record_linkage.candidates import alike_among
from canlian_person_file.record_linkage.comparison_keys import Traits, address_key, phone_key, traits
from canlian_person_file.record_linkage.scoring import POINTS, THRESHOLD, TOP, Because, compare

BORN = date(1961, 3, 14)
ID = make_citizen_id("429999", BORN, 122)
SOMEBODY = traits("王秀兰", ID, "13800001111", "幸福路12号3栋2单元501室")


def like(name: str = "王秀兰", born: date = BORN, sequence: int = 958, phone: str = "", address: str = "") -> Traits:
    return traits(name, make_citizen_id("429999", born, sequence), phone, address)


@pytest.mark.parametrize(
    ("other", "reasons"),
    [
        (like(), [Because.NAME_SAME, Because.BORN_SAME]),
        (like("王秀蓝"), [Because.NAME_SOUNDS, Because.BORN_SAME]),
        (like("汪秀兰"), [Because.NAME_SOUNDS, Because.BORN_SAME]),
        (like("王秀英", phone="138 0000 1111"), [Because.BORN_SAME, Because.NAME_SLIP, Because.PHONE_SAME]),
        (like("王秀", address="幸福路12-3-2-501"), [Because.BORN_SAME, Because.NAME_SLIP, Because.ADDRESS_SAME]),
        (
            like(born=date(1961, 3, 15), phone="+86-13800001111"),
            [Because.NAME_SAME, Because.PHONE_SAME, Because.BORN_SLIP],
        ),
        (like(born=date(1970, 1, 1), phone="13800001111"), [Because.NAME_SAME, Because.PHONE_SAME]),
        (like("王秀英", sequence=722), [Because.BORN_SAME, Because.NAME_SLIP, Because.NUMBER_SLIP]),
    ],
)
def test_who_may_be_the_same_is_proposed_with_the_reasons(other: Traits, reasons: list[Because]):
    found = compare(SOMEBODY, other)
    assert list(found.reasons) == reasons
    assert found.score == min(TOP, sum(POINTS[reason] for reason in reasons))
    assert found.proposed


@pytest.mark.parametrize(
    "other",
    [
        like(born=date(1975, 8, 9)),
        like("李建国"),
        like("王秀英"),
        like("李建国", born=date(1990, 1, 1), phone="13800001111", address="幸福路12-3-2-501"),
    ],
    ids=["the name alone", "the birthday alone", "birthday and part of the name", "the household alone"],
)
def test_what_many_people_share_is_not_enough(other: Traits):
    assert not compare(SOMEBODY, other).proposed


def test_the_threshold_is_what_a_name_and_a_phone_come_to():
    assert POINTS[Because.NAME_SAME] + POINTS[Because.PHONE_SAME] == THRESHOLD


def test_day_and_month_may_be_swapped():
    assert Because.BORN_SLIP in compare(like(born=date(1961, 3, 4)), like(born=date(1961, 4, 3))).reasons


@pytest.mark.parametrize(
    ("one", "other", "reason"),
    [
        ("幸福路12号3栋2单元501室", "幸福路十二号三幢2-501", Because.ADDRESS_SAME),
        ("湖北省武汉市幸福路12号", "幸福路12号", Because.ADDRESS_ALIKE),
        ("幸福路12号501室", "幸福路12号502室", None),
        ("", "", None),
    ],
)
def test_addresses_are_compared_however_they_were_written(one: str, other: str, reason: Because | None):
    found = [because for because in compare(like(address=one), like(address=other)).reasons if "address" in because]
    assert found == ([reason] if reason else [])


def test_what_is_typed_is_written_alike():
    assert phone_key("+86 138-0000-1111") == phone_key("１３８００００１１１１") == "13800001111"
    assert phone_key("12345") == ""
    assert address_key(" 一号楼 ") == address_key("1栋") == "1"


NAMES = st.text("王秀兰蓝英李建国张伟", max_size=4)
FILES = st.builds(
    Traits,
    NAMES,
    st.sampled_from(["", "wanxiunan", "nijianguo"]),
    st.none() | st.dates(date(1960, 1, 1), date(1961, 12, 31)),
    st.sampled_from(["", "13800001111", "13900002222"]),
    st.sampled_from(["", "幸福路12-501", "武汉幸福路12-501", "和平街3"]),
    st.sampled_from(["", ID, make_citizen_id("429999", BORN, 132)]),
)


@given(FILES, FILES)
def test_likeness_is_the_same_whichever_comes_first(one: Traits, other: Traits):
    assert compare(one, other) == compare(other, one)


@given(FILES, FILES)
def test_nobody_is_more_like_a_file_than_the_file_itself(one: Traits, other: Traits):
    assert compare(one, other).score <= compare(one, one).score <= TOP


@given(FILES, FILES)
def test_the_score_is_what_its_reasons_come_to(one: Traits, other: Traits):
    found = compare(one, other)
    assert found.score == min(TOP, sum(POINTS[reason] for reason in found.reasons))
    assert found.proposed == (found.score >= THRESHOLD)


class LikeRow(Row):
    metadata = MetaData()


ALIKE = alike_among(LikeRow)
HERE, THERE = "429999001001", "429999001002"


@pytest.fixture
def db() -> Iterator[Session]:
    engine = create_engine("sqlite://")
    LikeRow.metadata.create_all(engine)
    with Session(engine) as session:
        yield session


def told(db: Session, *events: Event) -> Session:
    at = datetime(2026, 3, 1, tzinfo=UTC)
    envelopes = [Meta(f"e{n}", n, at + timedelta(n), at, "staff:x", HERE, f"c{n}") for n in range(len(events))]
    for rows in fold_all(ALIKE.projections, list(zip(events, envelopes, strict=True))).values():
        db.add_all(rows.values())
    db.flush()
    ALIKE.queues.clear()  # what a test tells has the same positions as what it told before
    return db


def registered(n: int, name: str = "王秀兰", born: date = BORN, phone: str | None = None, where: str = HERE) -> Event:
    return PersonRegistered(
        person_id=f"person_0000000{n}",
        community=where,
        name=name,
        citizen_id=make_citizen_id("429999", born, 123 * n),
        phone=phone,
        birth_year=born.year,
        sex=Sex.FEMALE,
        disability=DisabilityClass.PHYSICAL,
    )


def ids(db: Session, *scopes: str) -> list[tuple[str, ...]]:
    return [(pair.one[-1], pair.other[-1]) for pair in ALIKE.pairs(db, scopes or [HERE[:9]])]


THREE = [registered(1), registered(2, "王秀蓝"), registered(3, "李建国", date(1970, 5, 6), "13800001111")]


def test_pairs_are_found_by_what_they_share(db: Session):
    assert ids(told(db, *THREE, registered(4, "李建国", date(1970, 6, 5), "138 0000 1111"))) == [("3", "4"), ("1", "2")]


def test_a_pair_found_distinct_or_merged_or_erased_is_not_proposed(db: Session):
    pair = {"person_id": "person_00000002"}
    apart = FoundDistinct(person_id="person_00000002", other="person_00000001")
    merged = MergedInto(**pair, into="person_00000001")
    erased = PersonErased(**pair, ground=ErasureGround.REQUEST)
    assert [ids(told(db, *THREE, event)) for event in (apart,)] == [[]]
    for events in ([merged], [erased]):
        db.rollback()
        assert ids(told(db, *THREE, *events)) == []
    db.rollback()
    undone = MergedIntoUndone(**pair, apart_from="person_00000001")
    assert ids(told(db, *THREE, merged, undone)) == [("1", "2")]


def test_corrections_and_moves_are_followed(db: Session):
    corrected = PersonCorrected(person_id="person_00000002", name="赵六")
    assert ids(told(db, *THREE, corrected)) == []
    db.rollback()
    moved = PersonMoved(person_id="person_00000002", from_community=HERE, to_community=THERE)
    told(db, *THREE, moved)
    assert ids(db) == [("1", "2")]
    assert ids(db, HERE) == []


def test_who_types_is_told_of_the_files_that_are_like_it(db: Session):
    told(db, *THREE)
    found = ALIKE.like(db, [HERE], like("王秀兰"))
    assert [(one.row.person_id[-1], one.likeness.score) for one in found] == [("1", 70), ("2", 64)]
    assert ALIKE.like(db, [THERE], like("王秀兰")) == []
    assert ALIKE.like(db, [HERE], like("赵六", date(1999, 9, 9))) == []
    assert [one.row.person_id[-1] for one in ALIKE.of(db, "person_00000001", [HERE])] == ["2"]


def test_the_queue_kept_is_what_comparing_all_anew_would_find(db: Session):
    """Whatever happens to whom, one event after another."""
    second = {"person_id": "person_00000002"}
    events: list[Any] = [
        *THREE,
        registered(4, "李建国", date(1970, 6, 5), "138 0000 1111"),
        MergedInto(**second, into="person_00000001"),
        MergedIntoUndone(**second, apart_from="person_00000001"),
        PersonCorrected(person_id="person_00000003", phone="13900002222"),
        PersonMoved(**second, from_community=HERE, to_community=THERE),
        RegistrationWithdrawn(person_id="person_00000004"),
        registered(4, "王秀兰"),
        PersonErased(person_id="person_00000001", ground=ErasureGround.REQUEST),
    ]
    rows: dict[str, Any] = {}
    seen = set()
    for position, event in enumerate(events, 1):
        at = datetime(2026, 3, 1, tzinfo=UTC)
        meta = Meta(f"e{position}", position, at, at, "staff:x", HERE, f"c{position}")
        [traits, *_] = ALIKE.projections
        rows[event.person_id] = traits.fold(rows.get(event.person_id), event, meta)
        db.merge(rows[event.person_id])
        db.flush()
        kept = ALIKE.pairs(db, [HERE[:9]])
        assert kept == alike_among_all(db), event
        seen.add(tuple(kept))
    assert len(seen) > 4


def alike_among_all(db: Session) -> list[Any]:
    kept = dict(ALIKE.queues)
    ALIKE.queues.clear()
    found = ALIKE.pairs(db, [HERE[:9]])
    ALIKE.queues.clear()
    ALIKE.queues.update(kept)
    return found
