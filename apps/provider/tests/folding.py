"""What the tests of the desk's folds share: events of one referral, and the row they come to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from canlian_chassis.projection import Projection
from canlian_chassis.testing.deciders import NOON
from canlian_events.catalog.referral import (
    FreedPlaceOffered,
    ReferralAccepted,
    ReferralWaitlisted,
    ServiceCompleted,
    ServiceReferred,
    ServiceStarted,
    SessionAttended,
)
from canlian_events.core import Event
from canlian_events.meta import Meta
from canlian_events.terms import (
    Domain,
    Outcome,
)
from canlian_provider.referrals.views import ReferralList, ReferralRow, belongs

HERE = "429999001001"


PROVIDER, SERVICE, PERSON, REFERRAL = "provider_00000001", "service_00000001", "person_00000001", "referral_00000001"


TODAY = date(2026, 11, 24)


OF = {"referral_id": REFERRAL, "person_id": PERSON}


ABOUT = OF | {"service_id": SERVICE}


REFERRED = ServiceReferred(**ABOUT, provider_id=PROVIDER, domain=Domain.REHABILITATION, note="肩部活动受限")


ACCEPTED = ReferralAccepted(referral_id=REFERRAL)


WAITLISTED = ReferralWaitlisted(referral_id=REFERRAL, service_id=SERVICE)


OFFERED = FreedPlaceOffered(referral_id=REFERRAL, service_id=SERVICE)


STARTED = ServiceStarted(referral_id=REFERRAL, on=TODAY)


ATTENDED = SessionAttended(**OF, on=TODAY, note="练了肩部")


COMPLETED = ServiceCompleted(**ABOUT, outcome=Outcome.MET, sessions=1)


def meta(at: datetime = NOON) -> Meta:
    return Meta("id", 1, at, at, "staff:worker_00000001", HERE, "command")


def fold(projection: Projection, events: Sequence[Event], ago: int = 0) -> Any:
    row = None
    for event in events:
        row = projection.fold(row, event, meta(NOON - timedelta(days=ago)))
    return row


def lists_of(row: ReferralRow) -> set[ReferralList]:
    return {which for which in ReferralList if which is not ReferralList.ALL and belongs(row, which, TODAY)}
