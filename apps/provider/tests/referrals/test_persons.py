"""Of a person only what the desk needs is kept."""

from __future__ import annotations

from apps.provider.tests.folding import (
    HERE,
    PERSON,
    fold,
)

from canlian_events.personal import Sealed
from canlian_events.registry.person import AccessNeedsRecorded, PersonCorrected, PersonRegistered
from canlian_events.terms import (
    AccessFeature,
    DisabilityClass,
    Sex,
)
from canlian_provider.referrals.persons import PersonRow, persons


def test_of_a_person_only_name_phone_and_needs_are_kept():
    registered = PersonRegistered(
        person_id=PERSON,
        community=HERE,
        name="王小明",
        citizen_id="429999198001010019",
        phone="13800000001",
        address="和平路 1 号",
        birth_year=1980,
        sex=Sex.MALE,
        disability=DisabilityClass.PHYSICAL,
    )
    needs = AccessNeedsRecorded(person_id=PERSON, features=frozenset({AccessFeature.RAMP}))
    row = fold(persons, [registered, needs, PersonCorrected(person_id=PERSON, phone="13900000001")])
    assert row.model_dump() == PersonRow(
        person_id=PERSON, name="王小明", phone="13900000001", needs=["ramp"]
    ).model_dump()  # fmt: skip
    sealed = registered.model_copy(update={"name": Sealed(about=PERSON, sealed="x")})
    assert fold(persons, [sealed]).name is None
