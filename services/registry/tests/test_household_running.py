"""Households as they run: on a real log, with policies, timers and claims."""

import asyncio
from datetime import date

import pytest
from libs.chassis.tests.processes import Process
from services.registry.tests.conftest import Registry
from services.registry.tests.people import ANOTHER_CITIZEN_ID, ANOTHER_ID, HERE, ID, REGISTER, STAFF, THERE

from canlian_chassis.bus.client import Refused
from canlian_events import subjects
from canlian_events.core import Event
from canlian_events.registry.community import OpenCommunity
from canlian_events.registry.household import (
    AddMember,
    EraseRelative,
    FormHousehold,
    HardshipCleared,
    HardshipRecognised,
    HouseholdDissolved,
    HouseholdMoved,
    MemberJoined,
    MemberLeft,
    NameCarer,
    Relative,
    RelativeErased,
)
from canlian_events.registry.person import ErasePerson, MovePerson, ReclassifyDisability, RecordDeath, WithdrawDeath
from canlian_events.terms import DisabilityClass, ErasureGround, Grade, Kinship
from canlian_registry.app import service

HOME, MOTHER = "household_00000001", "relative_00000001"
LI = REGISTER.model_copy(update={"person_id": ANOTHER_ID, "citizen_id": ANOTHER_CITIZEN_ID, "grade": Grade.THREE})
RELATIVE = Relative(relative_id=MOTHER, name="赵桂英", kinship=Kinship.PARENT, birth_date=date(1967, 2, 3))


async def happened(registry: Registry, *kinds: type[Event]) -> list[str]:
    wanted = {kind.type: kind.__name__ for kind in kinds}
    entries = await registry.log.read(subjects.EVENTS)
    return [wanted[type_] for entry in entries if (type_ := entry.headers["ce-type"]) in wanted]


async def form(registry: Registry) -> None:
    for command in (
        OpenCommunity(community=HERE, name="新华社区"),
        OpenCommunity(community=THERE, name="清芬社区"),
        LI,
    ):
        await registry.send(command)
    persons = (ANOTHER_ID,)
    await registry.send(FormHousehold(household_id=HOME, community=HERE, persons=persons, relatives=(RELATIVE,)))


async def test_hardship_follows_files_birthdays_moves_and_erasure(registry: Registry):
    await form(registry)
    await registry.send(NameCarer(household_id=HOME, person_id=ANOTHER_ID, carer_id=MOTHER))
    assert await happened(registry, HardshipRecognised) == []

    await registry.send(
        ReclassifyDisability(person_id=ANOTHER_ID, disability=DisabilityClass.PHYSICAL, grade=Grade.ONE)
    )
    await registry.until_stored(HardshipRecognised)

    await asyncio.sleep(0.3)
    await registry.move_clock(date(2027, 2, 2))
    await asyncio.sleep(0.5)
    assert await happened(registry, HardshipRecognised) == ["HardshipRecognised"]
    await registry.move_clock(date(2027, 2, 3))
    await registry.until_stored(HardshipRecognised, 2)

    await registry.send(MovePerson(person_id=ANOTHER_ID, to=THERE))
    await registry.until_stored(HouseholdMoved)

    await registry.send(ErasePerson(person_id=ANOTHER_ID, ground=ErasureGround.REQUEST))
    await registry.until_stored(HouseholdDissolved)
    told = await happened(registry, HardshipCleared, MemberLeft, HouseholdDissolved)
    assert told == ["MemberLeft", "HardshipCleared", "HardshipCleared", "MemberLeft", "HouseholdDissolved"]


async def test_who_died_leaves_the_household_and_its_hardship_is_derived_again(registry: Registry):
    await form(registry)
    await registry.send(REGISTER.model_copy(update={"grade": Grade.THREE}))
    await registry.send(AddMember(household_id=HOME, person_id=ID))
    assert await happened(registry, HardshipRecognised, HardshipCleared) == 2 * ["HardshipRecognised"]
    await registry.send(RecordDeath(person_id=ID, on=date(2026, 1, 6)))
    await registry.until_stored(HardshipCleared, 2)
    told = await happened(registry, MemberLeft, HardshipCleared, HouseholdDissolved)
    assert told == ["MemberLeft", "HardshipCleared", "HardshipCleared"], "of two disabled, and of one over 60"


async def test_who_never_died_rejoins_the_household(registry: Registry):
    await form(registry)
    await registry.send(REGISTER.model_copy(update={"grade": Grade.THREE}))
    await registry.send(AddMember(household_id=HOME, person_id=ID))
    await registry.send(RecordDeath(person_id=ID, on=date(2026, 1, 6)))
    await registry.until_stored(MemberLeft)
    await registry.send(WithdrawDeath(person_id=ID, why="同名"))
    await registry.until_stored(MemberJoined, 4)
    await registry.until_stored(HardshipRecognised, 4)


async def test_nobody_is_in_two_households_and_nothing_in_the_log_names_a_relative(registry: Registry):
    await form(registry)
    await registry.send(REGISTER)
    both = FormHousehold(household_id="household_00000002", community=HERE, persons=(ID, ANOTHER_ID))
    with pytest.raises(Refused) as refused:
        await registry.send(both)
    assert (refused.value.code, refused.value.facts["holder"]) == ("household.member_elsewhere", HOME)
    for entry in await registry.log.read(subjects.EVENTS) + await registry.log.read(subjects.CLAIMS):
        written = entry.subject + entry.body.decode() + str(entry.headers)
        assert not any(secret in written for secret in ("赵桂英", "1967-02-03", "1980-07-01"))

    erase = EraseRelative(household_id=HOME, relative_id=MOTHER, ground=ErasureGround.REQUEST)
    erased = await registry.send(erase)
    assert [event.name for event in erased.events] == [MemberLeft.__name__, RelativeErased.__name__]


@pytest.mark.parametrize("forming", [True, False])
async def test_nobody_is_taken_into_a_household_whose_file_changes_in_another_process_meanwhile(
    registry: Registry, forming: bool
):
    """The person moves away between the decision to take them in and its being stored."""
    await form(registry)
    await registry.send(REGISTER)
    here = Process(registry.nc, registry.settings, service.deciders, by=STAFF)
    here.before_storing(lambda: registry.send(MovePerson(person_id=ID, to=THERE)))
    if forming:
        answer = await here.do(FormHousehold(household_id="household_00000002", community=HERE, persons=(ID,)))
    else:
        answer = await here.do(AddMember(household_id=HOME, person_id=ID))
    assert (answer.status, answer.code) == ("refused", "household.lives_elsewhere")
    assert await happened(registry, MemberJoined) == ["MemberJoined"] * 2
