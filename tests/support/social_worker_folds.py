"""What the tests of the social worker's views share: events of one case, and the rows they come to."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from sqlmodel import Session

from canlian_chassis.projection import fold_all
from canlian_events.assistance.need import NeedRaised
from canlian_events.assistance.visit import VisitScheduled
from canlian_events.catalog.matching import Reason
from canlian_events.catalog.referral import (
    ReferralDeclined,
    ServiceReferred,
)
from canlian_events.core import Event
from canlian_events.evaluation.feedback import FeedbackAsked, FeedbackGiven
from canlian_events.meta import Meta
from canlian_events.registry.person import PersonRegistered
from canlian_events.terms import (
    Channel,
    DeclineReason,
    DisabilityClass,
    Domain,
    Occasion,
    RaterKind,
    Sex,
)
from canlian_social_worker.shared.columns import SocialWorkerRow
from canlian_social_worker.views import views

HERE, THERE, ELSEWHERE = "429999001001", "429999001002", "429999002001"


PERSON, NEED, REFERRAL, NEXT, SERVICE, VISIT, FEEDBACK, WORKER = (
    "person_00000001",
    "need_00000001",
    "referral_00000001",
    "referral_00000002",
    "service_00000001",
    "visit_00000001",
    "feedback_00000001",
    "worker_00000001",
)


NOON = datetime(2026, 11, 24, 4, tzinfo=UTC)


TODAY = date(2026, 11, 24)


RAISED = NeedRaised(need_id=NEED, person_id=PERSON, channel=Channel.WALK_IN, domain=Domain.DAY_CARE, words="白天没人")


REFERRED = ServiceReferred(
    referral_id=REFERRAL,
    person_id=PERSON,
    service_id=SERVICE,
    provider_id="provider_00000001",
    domain=Domain.DAY_CARE,
    need_id=NEED,
    reasons=(Reason(code="near", counts="for"),),
)


DECLINED = ReferralDeclined(
    referral_id=REFERRAL, person_id=PERSON, service_id=SERVICE, reason=DeclineReason.NO_STAFF, need_id=NEED
)


SCHEDULED = VisitScheduled(visit_id=VISIT, person_id=PERSON, worker_id=WORKER, due=TODAY)


GIVEN = FeedbackGiven(
    feedback_id=FEEDBACK,
    person_id=PERSON,
    occasion=Occasion.VISIT,
    occasion_id=VISIT,
    score=2,
    rater=RaterKind.PERSON,
)


ASKED = FeedbackAsked(feedback_id=FEEDBACK, person_id=PERSON, occasion=Occasion.VISIT, occasion_id=VISIT)


def meta(number: int, *, days_ago: float = 0, community: str = HERE, actor: str = f"social_worker:{WORKER}") -> Meta:
    at = NOON - timedelta(days=days_ago)
    return Meta(f"event-{number}", number, at, at, actor, community, f"command-{number}")


def rows(*events: Event, **more: float) -> dict[type, dict[str, SocialWorkerRow]]:
    return fold_all(views.projections, [(event, meta(n, **more)) for n, event in enumerate(events, 1)])  # type: ignore[arg-type,return-value]


def put(db: Session, *events: Event, days_ago: float = 0, community: str = HERE) -> None:
    folded = fold_all(
        views.projections,
        [(event, meta(n, days_ago=days_ago, community=community)) for n, event in enumerate(events, 1)],
    )
    for table in folded.values():
        for row in table.values():
            db.merge(row)
    db.commit()


def person(**more: object) -> PersonRegistered:
    known = {"person_id": PERSON, "community": HERE, "name": "欧阳秀兰", "citizen_id": "x", "phone": "13800000001"}
    return PersonRegistered(
        **(known | {"birth_year": 1961, "sex": Sex.FEMALE, "disability": DisabilityClass.HEARING} | more)
    )
