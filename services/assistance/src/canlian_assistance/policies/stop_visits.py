"""Who no longer agrees to visits is not visited."""

from __future__ import annotations

from collections.abc import Iterable

from canlian_assistance.facts import InHand, in_hand
from canlian_chassis.policy import policy
from canlian_events.assistance.visit import CancelVisit
from canlian_events.core import Command
from canlian_events.meta import Meta
from canlian_events.registry.person import ConsentWithdrawn
from canlian_events.terms import Purpose


@policy("assistance.stop-visits", on=ConsentWithdrawn, facts=in_hand)
def stop_visits(event: ConsentWithdrawn, _: Meta, found: InHand) -> Iterable[Command]:
    """Visits still owed are cancelled when the person withdraws consent to visits."""
    if event.purpose is Purpose.VISITS:
        for visit_id in found.visits:
            yield CancelVisit(visit_id=visit_id, why="本人撤回访视同意 (the person withdrew consent to visits)")
