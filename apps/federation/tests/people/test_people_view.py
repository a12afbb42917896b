"""The rows that people are found by."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from canlian_chassis.projection import fold_all
from canlian_events.core import Event
from canlian_events.ids import derive
from canlian_events.meta import Meta
from canlian_events.numbers import make_citizen_id
from canlian_events.personal import Sealed
from canlian_events.registry import person as happened
from canlian_events.terms import AccessFeature, DisabilityClass, ErasureGround, Grade, Purpose, Sex
from canlian_federation.people import name_matching
from canlian_federation.people.views import PersonEntry, people

ONE = derive("person", 1)
HERE, THERE = "429999001001", "429999001002"
BORN = date(1961, 3, 8)
CITIZEN_ID = make_citizen_id("429999", BORN, 12)
AT = datetime(2026, 11, 1, tzinfo=UTC)
REGISTERED = happened.PersonRegistered(
    person_id=ONE, community=HERE, name="曾晓明", citizen_id=CITIZEN_ID, phone="19900000001", address="沿河路1号",
    birth_year=1961, sex=Sex.FEMALE, disability=DisabilityClass.PHYSICAL,
)  # fmt: skip


def entry(*events: Event) -> PersonEntry:
    told = [
        (event, Meta(f"event_{n}", n, AT, AT, "operator:x", HERE, f"command_{n}")) for n, event in enumerate(events, 1)
    ]
    row = fold_all([people], told)[PersonEntry][ONE]
    assert isinstance(row, PersonEntry)
    return row


def test_somebody_registered_is_there_with_the_sound_of_the_name():
    row = entry(REGISTERED)
    assert (row.name, row.pinyin, row.initials, row.sound) == ("曾晓明", "zeng xiao ming", "zxm", "zenxiaomin")
    assert (row.birth_date, row.citizen_id, row.certified) == (BORN, CITIZEN_ID, False)


def test_what_changes_is_changed():
    row = entry(
        REGISTERED,
        happened.PersonCorrected(person_id=ONE, name="曾小明"),
        happened.PersonMoved(person_id=ONE, from_community=HERE, to_community=THERE),
        happened.DisabilityReclassified(person_id=ONE, disability=DisabilityClass.VISUAL, grade=Grade.TWO),
        happened.CertificateIssued(
            person_id=ONE, number=f"{CITIZEN_ID}12", issued=date(2020, 1, 1), expires=date(2030, 1, 1)
        ),
        happened.CircumstancesRecorded(person_id=ONE, circumstances=happened.Circumstances(low_income=True)),
        happened.AccessNeedsRecorded(person_id=ONE, features=frozenset({AccessFeature.RAMP, AccessFeature.BRAILLE})),
        happened.ConsentGiven(person_id=ONE, purpose=Purpose.VISITS),
        happened.ConsentGiven(person_id=ONE, purpose=Purpose.CONTACT),
        happened.ConsentWithdrawn(person_id=ONE, purpose=Purpose.VISITS),
    )
    assert (row.name, row.initials, row.phone, row.address) == ("曾小明", "zxm", "19900000001", "沿河路1号")
    assert (row.community, row.disability, row.grade, row.low_income) == (THERE, 1, 2, True)
    assert (row.certified, row.certificate_number, row.certificate_expires) == (
        True, f"{CITIZEN_ID}12", date(2030, 1, 1),
    )  # fmt: skip
    assert (row.features, row.consents) == (["braille", "ramp"], ["contact"])


def test_of_somebody_erased_only_a_count_is_left():
    row = entry(REGISTERED, happened.PersonErased(person_id=ONE, ground=ErasureGround.REQUEST))
    assert row.erased_on == date(2026, 11, 1)
    left: dict[str, Any] = {name: value for name, value in row.model_dump().items() if value}
    assert left == {
        "person_id": ONE, "community": HERE, "birth_year": 1961, "sex": "female", "disability": 4,
        "registered_on": date(2026, 11, 1), "erased_on": date(2026, 11, 1),
    }  # fmt: skip


def test_somebody_whose_file_is_sealed_has_no_name():
    sealed = Sealed(about=ONE, sealed="x")
    row = entry(REGISTERED.model_copy(update={"name": sealed, "citizen_id": sealed, "phone": None}))
    assert (row.name, row.pinyin, row.birth_date, row.birth_year) == (None, "", None, 1961)


@pytest.mark.parametrize(
    ("name", "said", "first"),
    [
        ("张晓明", "zhang xiao ming", "zxm"),
        ("单雄信", "shan xiong xin", "sxx"),
        ("尉迟恭", "yu chi gong", "ycg"),
        ("吕布", "lv bu", "lb"),
        ("Tom 李", "tom li", "tl"),
        ("买买提·艾力", "mai mai ti ai li", "mmtal"),
        ("", "", ""),
    ],
)
def test_names_are_said_as_surnames_are(name: str, said: str, first: str):
    assert (name_matching.pinyin(name), name_matching.initials(name_matching.pinyin(name))) == (said, first)


def test_what_is_mixed_up_sounds_alike():
    assert (
        name_matching.sound("zhang xiao ming")
        == name_matching.sound("zang'xiaomin")
        == name_matching.sound("ZhangXiaoMing")
    )
    assert name_matching.sound("liu li") == name_matching.sound("niu ni")
    assert name_matching.sound("lü bu") == name_matching.sound("lu bu") == name_matching.sound("lv bu")
    assert name_matching.sound("dan gao") == name_matching.sound("dangao")
