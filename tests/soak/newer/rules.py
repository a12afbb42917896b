"""What the parts of the newer release do with its language. The old release's modules are imported and changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from canlian_chassis.decider import Given
from canlian_chassis.policy import policy
from canlian_chassis.projection import Projection
from canlian_events.assistance.visit import VISIT, LetVisitFallDue
from canlian_events.calendar import day_of
from canlian_events.catalog.referral import REFERRAL, ReferralAccepted
from canlian_events.core import Command, Event
from canlian_events.ids import derive
from canlian_events.meta import Meta
from tests.soak.newer.language import ContactNamed, VisitCompleted

SETTLED_IN_DAYS = 30
"""So long after a provider has taken a person they are visited."""


@policy("assistance.visit-the-placed", on=ContactNamed)
def visit_the_placed(event: ContactNamed, meta: Meta) -> Iterable[Command]:
    """A visit is owed, once for a referral."""
    yield LetVisitFallDue(
        visit_id=derive("visit", event.referral_id, "settled-in"),
        person_id=event.person_id,
        community=meta.community,
        due=day_of(meta.said_at) + timedelta(days=SETTLED_IN_DAYS),
    )


def bring_in(part: str) -> None:
    """Make the part of this process one of the newer release. It must not have been imported before."""
    if part in _CHANGED:
        _CHANGED[part]()


def bring_in_all() -> None:
    for part in _CHANGED:
        bring_in(part)


def _change_assistance() -> None:
    """It says the day of a visit, and owes a visit to whoever was taken by a provider."""
    from canlian_assistance.app import service

    decided = {decider.aggregate: decider for decider in service.deciders}[VISIT].decide

    def decide(command: Any, visit: Any, given: Given) -> Sequence[Event]:
        made_on = {"made_on": day_of(given.at)}
        events = decided(command, visit, given)
        return [event.model_copy(update=made_on) if isinstance(event, VisitCompleted) else event for event in events]

    service.deciders = [
        replace(decider, decide=decide) if decider.aggregate is VISIT else decider for decider in service.deciders
    ]
    service.policies = [*service.policies, visit_the_placed]


def _change_catalog() -> None:
    """Whoever accepts a referral for a provider is the person's contact."""
    from canlian_catalog.app import service

    referral = {decider.aggregate: decider for decider in service.deciders}[REFERRAL]

    def decide(command: Any, state: Any, given: Given) -> Sequence[Event]:
        events = list(referral.decide(command, state, given))
        if events and isinstance(events[-1], ReferralAccepted):
            ids = {"referral_id": command.referral_id, "person_id": state.sent.person_id}
            events.append(ContactNamed(**ids, contact=given.by.id))
        return events

    def evolve(state: Any, event: Event) -> Any:
        return state if isinstance(event, ContactNamed) else referral.evolve(state, event)

    service.deciders = [
        replace(decider, decide=decide, evolve=evolve) if decider is referral else decider
        for decider in service.deciders
    ]


def _change_social_worker() -> None:
    """A referral's history tells who the contact is. Its rows have the columns they had."""
    from canlian_social_worker import views as module
    from canlian_social_worker.shared.history import HistoryRow, note

    contacts = Projection(
        "contacts", HistoryRow, frozenset({ContactNamed}), lambda _: None, note, by=lambda meta: meta.id
    )
    module.views = replace(module.views, projections=[*module.views.projections, contacts])


_CHANGED: Mapping[str, Callable[[], None]] = {
    "assistance": _change_assistance,
    "services-catalog": _change_catalog,
    "social-worker": _change_social_worker,
}
