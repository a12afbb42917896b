"""What follows in associations and bodies from what happens elsewhere, on a running registry."""

from __future__ import annotations

from datetime import date

from services.registry.tests.conftest import Registry
from services.registry.tests.people import HERE, ID, REGISTER

from canlian_events.registry.association import (
    AdmitMember,
    ChairNamed,
    FoundAssociation,
    HoldActivity,
    MemberDismissed,
)
from canlian_events.registry.body import ConfirmComposition, NominateMember, NominationWithdrawn, OpenTerm
from canlian_events.registry.community import NameDirector, OpenCommunity
from canlian_events.registry.person import RecordDeath
from canlian_events.registry.worker import EnrolWorker
from canlian_events.terms import BodyKind, Category, Position, WorkerKind

ASSOCIATION, BODY, CHEN = "association_00000001", "body_00000001", "worker_00000002"


async def test_a_new_director_chairs_and_whoever_dies_leaves_seat_and_association(registry: Registry):
    await registry.send(OpenCommunity(community=HERE, name="新华社区"))
    await registry.send(REGISTER)
    await registry.send(EnrolWorker(worker_id=CHEN, kind=WorkerKind.DIRECTOR, name="陈主任"))
    await registry.send(FoundAssociation(association_id=ASSOCIATION, community=HERE))
    await registry.send(AdmitMember(association_id=ASSOCIATION, member_id=ID))
    held = HoldActivity(
        association_id=ASSOCIATION,
        activity_id="activity_00000001",
        title="读书会",
        on=date(2026, 1, 5),
        attendees=frozenset({ID}),
    )
    await registry.send(held)
    await registry.send(NameDirector(community=HERE, worker_id=CHEN))
    await registry.until_stored(ChairNamed)

    begins, ends = date(2027, 1, 1), date(2031, 12, 31)
    await registry.send(OpenTerm(body_id=BODY, kind=BodyKind.EXECUTIVE_BOARD, begins=begins, ends=ends))
    director = {"position": Position.DIRECTOR, "categories": frozenset({Category.DEPARTMENT_HEAD})}
    for seat, member, said in (("seat_00000001", CHEN, director), ("seat_00000002", ID, {"position": Position.MEMBER})):
        await registry.send(
            NominateMember.model_validate({"body_id": BODY, "seat_id": seat, "member_id": member} | said)
        )
    await registry.send(RecordDeath(person_id=ID, on=date(2026, 1, 6)))
    await registry.until_stored(MemberDismissed)
    await registry.until_stored(NominationWithdrawn)
    confirmed = await registry.send(ConfirmComposition(body_id=BODY))
    assert [event.name for event in confirmed.events] == ["CompositionConfirmed"]
