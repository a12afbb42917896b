"""Nothing is left in hand for a person who was erased."""

from __future__ import annotations

from collections.abc import Iterable

from canlian_assistance.facts import InHand, in_hand
from canlian_chassis.policy import policy
from canlian_events.assistance.need import CloseNeed, EraseAsker
from canlian_events.assistance.visit import CancelVisit
from canlian_events.core import Command
from canlian_events.meta import Meta
from canlian_events.registry.person import PersonErased
from canlian_events.terms import NeedCloseReason


@policy("assistance.end-erased", on=PersonErased, facts=in_hand)
def end_erased(_event: PersonErased, _meta: Meta, found: InHand) -> Iterable[Command]:
    """Needs and visits end; what they had asked for before anybody knew who it was, is destroyed too."""
    for need_id in found.needs:
        yield CloseNeed(need_id=need_id, reason=NeedCloseReason.ERASED)
    for visit_id in found.visits:
        yield CancelVisit(visit_id=visit_id, why="个人信息已删除 (the person's data was erased)")
    for need_id in found.asked_unknown:
        yield EraseAsker(need_id=need_id)
