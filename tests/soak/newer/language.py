"""What the newer release says: a visit's report in version 2, and who at a provider looks after a person.

Importing this module changes the language for the whole process, so it comes before anything that uses visits.
"""

import sys
from datetime import date
from functools import reduce
from operator import or_
from typing import Any, get_args

from canlian_events.assistance import visit
from canlian_events.catalog.referral import REFERRAL
from canlian_events.core import Event, upcast
from canlian_events.ids import PersonId, ReferralId

_READERS = (
    "canlian_person_file.service_record",
    "canlian_assistance",
    "canlian_evaluation",
    "canlian_overview",
    "canlian_volunteer",
)
assert not (read := [name for name in _READERS if name in sys.modules]), f"{read} speak the older release's language"

_Old = visit.VisitCompleted


class VisitCompleted(_Old, type="assistance.visit.completed", version=2, about="person_id"):
    """`made_on` is the day on which the visit was made; a report of version 1 does not say it."""

    __module__ = visit.__name__

    made_on: date | None = None


@upcast(VisitCompleted, since=1)
def day_not_known(body: dict[str, Any]) -> dict[str, Any]:
    """Version 1 held no day."""
    return body | {"made_on": None}


class ContactNamed(Event, type="catalog.referral.contact-named"):
    """Who at the provider looks after the person, from when they are taken."""

    referral_id: ReferralId
    person_id: PersonId
    contact: str


assert ContactNamed.aggregate is REFERRAL
_events: list[Any] = [VisitCompleted if kind is _Old else kind for kind in get_args(visit.VisitEvent)]
visit.VisitCompleted = VisitCompleted  # type: ignore[misc]
visit.VisitEvent = reduce(or_, _events)
