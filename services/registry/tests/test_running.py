"""The registry as it runs: on a real log, with its view, asked over the bus."""

import asyncio
from datetime import date

import pytest
from services.registry.tests.conftest import Registry
from services.registry.tests.people import (
    ANOTHER_ID,
    CITIZEN_ID,
    HERE,
    ID,
    ISSUED,
    NUMBER,
    REGISTER,
    THERE,
)

from canlian_chassis.bus.client import Accepted, NotAllowed, Refused
from canlian_events.meta import Actor
from canlian_events.numbers import make_citizen_id
from canlian_events.registry.community import CloseCommunity, NameGridWorker, OpenCommunity
from canlian_events.registry.person import (
    Certificate,
    CertificateExpired,
    CertificateExpiring,
    CorrectPerson,
    IssueCertificate,
    MovePerson,
    RecordRosterEntry,
    RenewCertificate,
)
from canlian_events.registry.worker import AssignWorker, EnrolWorker, ReleaseWorker
from canlian_events.terms import DisabilityClass, Grade, Role, WorkerKind

OPEN_HERE = OpenCommunity(community=HERE, name="新华社区")
OPEN_THERE = OpenCommunity(community=THERE, name="清芬社区")


async def test_a_person_is_registered_only_where_a_community_was_opened(registry: Registry):
    with pytest.raises(Refused, match=r"community\.unknown"):
        await registry.send(REGISTER)
    await registry.send(OPEN_HERE)
    registered = await registry.send(REGISTER)
    assert [event.name for event in registered.events] == ["PersonRegistered"]


async def test_a_citizen_id_that_another_holds_is_refused_with_who(registry: Registry):
    await registry.send(OPEN_HERE)
    await registry.send(REGISTER)
    with pytest.raises(Refused) as refused:
        await registry.send(REGISTER.model_copy(update={"person_id": ANOTHER_ID}))
    assert (refused.value.code, refused.value.facts["holder"]) == ("person.citizen_id_taken", ID)


async def test_a_number_that_was_replaced_is_free_again(registry: Registry):
    await registry.send(OPEN_HERE)
    await registry.send(REGISTER)
    await registry.send(IssueCertificate(person_id=ID, number=NUMBER, issued=ISSUED))
    await registry.send(RenewCertificate(person_id=ID, number=f"{NUMBER}B1", issued=date(2026, 1, 2)))
    renewed = await registry.send(RenewCertificate(person_id=ID, number=NUMBER, issued=date(2026, 1, 3)))
    assert [event.name for event in renewed.events] == ["CertificateRenewed"]


async def test_the_same_command_at_once_and_later_gets_the_same_answer(registry: Registry):
    await registry.send(OPEN_HERE)
    once, twice = await asyncio.gather(registry.send(REGISTER, "cmd-1"), registry.send(REGISTER, "cmd-1"))
    await registry.send(CorrectPerson(person_id=ID, phone="13900000000"))
    later = await registry.send(REGISTER, "cmd-1")
    assert once.events == twice.events == later.events
    assert once.position == twice.position == later.position
    assert await registry.stored() == 3


async def test_two_registering_one_person_under_two_ids_get_one_file(registry: Registry):
    await registry.send(OPEN_HERE)
    other = REGISTER.model_copy(update={"person_id": ANOTHER_ID})
    answers = await asyncio.gather(registry.send(REGISTER), registry.send(other), return_exceptions=True)
    assert sorted(type(answer).__name__ for answer in answers) == ["Accepted", "Refused"]


async def test_a_community_closes_once_its_last_resident_has_moved(registry: Registry):
    for command in (OPEN_HERE, OPEN_THERE, REGISTER):
        await registry.send(command)
    with pytest.raises(Refused) as refused:
        await registry.send(CloseCommunity(community=HERE))
    assert (refused.value.code, refused.value.facts) == ("community.has_residents", {"residents": 1})
    await registry.send(MovePerson(person_id=ID, to=THERE))
    await registry.send(CloseCommunity(community=HERE))
    with pytest.raises(Refused, match=r"community\.closed"):
        await registry.send(MovePerson(person_id=ID, to=HERE))


async def test_a_move_takes_authority_over_both_communities(registry: Registry):
    for command in (OPEN_HERE, OPEN_THERE, REGISTER):
        await registry.send(command)
    only_here = Actor("worker_00000005", frozenset({Role.SOCIAL_WORKER}), (HERE,))
    with pytest.raises(NotAllowed, match="wrong_community"):
        await registry.send(MovePerson(person_id=ID, to=THERE), by=only_here)


async def test_a_grid_worker_is_released_once_a_successor_is_named(registry: Registry):
    chen, liu = "worker_00000002", "worker_00000003"
    await registry.send(OPEN_HERE)
    for worker_id, name in ((chen, "陈国静"), (liu, "刘国静")):
        await registry.send(EnrolWorker(worker_id=worker_id, kind=WorkerKind.GRID_WORKER, name=name))
        await registry.send(AssignWorker(worker_id=worker_id, community=HERE))
    await registry.send(NameGridWorker(community=HERE, worker_id=chen))
    with pytest.raises(Refused, match=r"worker\.only_grid_worker"):
        await registry.send(ReleaseWorker(worker_id=chen, community=HERE))
    await registry.send(NameGridWorker(community=HERE, worker_id=liu, replaces=chen))
    released = await registry.send(ReleaseWorker(worker_id=chen, community=HERE))
    assert [event.name for event in released.events] == ["WorkerReleased"]


def entry(number: int) -> RecordRosterEntry:
    citizen_id = make_citizen_id("429999", date(1960, 1, 1), number)
    return RecordRosterEntry(
        person_id=f"person_{number:08d}",
        community=HERE,
        name=f"第{number}人",
        citizen_id=citizen_id,
        disability=DisabilityClass.PHYSICAL,
        grade=Grade.TWO,
        certificate=Certificate(number=f"{citizen_id}42", issued=ISSUED),
    )


async def test_two_hundred_rows_at_once_and_again_change_nothing(registry: Registry):
    await registry.send(OPEN_HERE)
    token = registry.signer.sign(Actor("worker_00000001", frozenset({Role.STAFF}), ("429999001",)))
    first = await registry.client.send_many("registry", [(f"a{n}", entry(n)) for n in range(200)], token=token)
    names = {tuple(event.name for event in answer.events) for answer in first if isinstance(answer, Accepted)}
    assert names == {("PersonRegistered", "CertificateIssued")}
    stored = await registry.stored()
    assert stored == 401

    same = await registry.client.send_many("registry", [(f"a{n}", entry(n)) for n in range(200)], token=token)
    assert [a.events for a in same if isinstance(a, Accepted)] == [a.events for a in first if isinstance(a, Accepted)]
    anew = await registry.client.send_many("registry", [(f"b{n}", entry(n)) for n in range(200)], token=token)
    assert all(isinstance(answer, Accepted) and not answer.events for answer in anew)
    assert await registry.stored() == stored


async def test_what_stands_in_the_log_names_nobody(registry: Registry):
    from canlian_events import subjects

    await registry.send(OPEN_HERE)
    await registry.send(REGISTER)
    await registry.send(IssueCertificate(person_id=ID, number=NUMBER, issued=ISSUED))
    for entry_ in await registry.log.read(subjects.EVENTS) + await registry.log.read(subjects.CLAIMS):
        written = entry_.subject + entry_.body.decode() + str(entry_.headers)
        assert not any(secret in written for secret in (CITIZEN_ID, "王秀兰", "13800000000", "一号楼"))


async def test_a_certificate_runs_out_after_a_reminder_and_a_renewed_one_not_before_its_own_day(registry: Registry):
    await registry.send(OPEN_HERE)
    await registry.send(REGISTER)
    await registry.send(IssueCertificate(person_id=ID, number=NUMBER, issued=ISSUED))
    await registry.send(RenewCertificate(person_id=ID, number=f"{NUMBER}B1", issued=date(2026, 1, 2)))
    await asyncio.sleep(0.3)
    await registry.move_clock(date(2030, 5, 7))
    await asyncio.sleep(0.5)
    assert await registry.stored() == 4
    await registry.move_clock(date(2035, 11, 3))
    await registry.until_stored(CertificateExpiring)
    await registry.move_clock(date(2036, 1, 3))
    await registry.until_stored(CertificateExpired)
    assert await registry.stored() == 6
