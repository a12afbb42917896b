"""What is open for a person goes with them when they move."""

from __future__ import annotations

from collections.abc import Iterable

from canlian_assistance.facts import InHand, home_of, in_hand
from canlian_chassis.policy import policy
from canlian_events.assistance.need import TransferNeed
from canlian_events.assistance.visit import TransferVisit, VisitFellDue
from canlian_events.core import Command
from canlian_events.meta import Meta
from canlian_events.registry.person import PersonMoved


@policy("assistance.transfer", on=PersonMoved, facts=in_hand)
def transfer(event: PersonMoved, _: Meta, found: InHand) -> Iterable[Command]:
    """Open needs and visits pass to the new community's workers."""
    for need_id in found.needs:
        yield TransferNeed(need_id=need_id, community=event.to_community)
    for visit_id in found.visits:
        yield TransferVisit(visit_id=visit_id, community=event.to_community)


@policy("assistance.due-elsewhere", on=VisitFellDue, facts=home_of)
def follow_home(event: VisitFellDue, meta: Meta, home: str | None) -> Iterable[Command]:
    """Who moved while the visit's day was still far off is visited where they live now."""
    if home not in (None, meta.community):
        yield TransferVisit(visit_id=event.visit_id, community=home)
