"""Somebody who died sits in no body, and neither they nor who was erased is a member of an association.

The seat of somebody erased stays, as what it counts for does (`EraseSeatHolder`), until staff vacate it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from canlian_chassis.policy import Consequence, policy
from canlian_events.meta import Meta
from canlian_events.registry.association import DismissMember
from canlian_events.registry.body import VacateSeat
from canlian_events.registry.person import PersonDied, PersonErased
from canlian_events.terms import VacancyReason
from canlian_registry.belonging import associations_of, seats_of

if TYPE_CHECKING:
    from sqlmodel import Session


@dataclass(frozen=True, slots=True)
class Places:
    """Seats as bodies and seats, and associations."""

    seats: Sequence[tuple[str, str]] = ()
    associations: Sequence[str] = ()


def find_places(session: Session, event: PersonDied | PersonErased, _: Meta) -> Places:
    seats = seats_of(session, event.person_id) if isinstance(event, PersonDied) else ()
    return Places(seats, associations_of(session, event.person_id))


@policy("registry.seats-of-the-dead", on=[PersonDied, PersonErased], facts=find_places)
def vacate_seats(event: PersonDied | PersonErased, _: Meta, places: Places) -> Iterable[Consequence]:
    """Of a closed term nothing changes: its rules refuse it."""
    for body_id, seat_id in places.seats:
        yield VacateSeat(body_id=body_id, seat_id=seat_id, reason=VacancyReason.DIED)
    for association_id in places.associations:
        yield DismissMember(association_id=association_id, member_id=event.person_id)
