"""What the views come to: events in, rows out, and which lists they stand in."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlmodel import Session, create_engine

from canlian_chassis.projection import fold_all
from canlian_events.assistance.need import NeedAssessed, NeedAssigned, NeedMet, NeedRaised, NeedReferred, NeedReopened
from canlian_events.assistance.visit import VisitCompleted, VisitFellDue, VisitMissed, VisitScheduled
from canlian_events.catalog.matching import Reason
from canlian_events.catalog.referral import (
    FreedPlaceOffered,
    NextMatchProposed,
    ReferralDeclined,
    ReferralWaitlisted,
    ServiceReferred,
    SessionAttended,
    SessionMissed,
)
from canlian_events.core import Event
from canlian_events.evaluation.feedback import FeedbackAsked, FeedbackGiven, FeedbackReplied
from canlian_events.meta import Meta
from canlian_events.personal import Sealed
from canlian_events.registry.person import ConsentGiven, ConsentWithdrawn, PersonMoved, PersonRegistered
from canlian_events.registry.worker import RoleGranted, RoleRevoked, WorkerAssigned, WorkerEnrolled
from canlian_events.terms import (
    Channel,
    DeclineReason,
    DisabilityClass,
    Domain,
    Occasion,
    Purpose,
    RaterKind,
    Role,
    Sex,
    Tie,
    WorkerKind,
)
from canlian_social_worker.day.figures import day
from canlian_social_worker.feedback.views import FeedbackList, listed_feedback
from canlian_social_worker.needs.detail import NextStep, next_step
from canlian_social_worker.needs.views import NeedFilter, NeedRow, NeedStatus, listed_needs
from canlian_social_worker.persons.views import PersonRow, search_persons
from canlian_social_worker.referrals.views import ReferralList, ReferralRow, ReferralStatus, listed_referrals
from canlian_social_worker.shared.columns import SocialWorkerRow
from canlian_social_worker.shared.history import HistoryRow
from canlian_social_worker.shared.workers import VISITORS, WorkerRow, workers_of
from canlian_social_worker.views import views
from canlian_social_worker.visits.views import VisitList, VisitRow, VisitStatus, listed_visits

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


@pytest.fixture
def db() -> Session:
    engine = create_engine("sqlite://")
    SocialWorkerRow.metadata.create_all(engine)
    return Session(engine)


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


def test_a_new_need_is_held_by_nobody_and_one_that_is_assigned_is_not_new(db: Session):
    put(db, RAISED)
    assert len(listed_needs(db, [HERE], NeedFilter(holder="nobody"))) == 1
    put(db, RAISED, NeedAssigned(need_id=NEED, worker_id=WORKER))
    assert listed_needs(db, [HERE], NeedFilter(holder="nobody")) == []
    assert len(listed_needs(db, [HERE], NeedFilter(holder=WORKER))) == 1


def test_nobody_sees_the_needs_of_other_communities(db: Session):
    put(db, RAISED, community=ELSEWHERE)
    assert listed_needs(db, ["429999001"], NeedFilter()) == []
    assert listed_needs(db, [], NeedFilter()) == []


def test_a_need_is_found_by_its_number_however_it_was_typed(db: Session):
    put(db, RAISED)
    number = listed_needs(db, [HERE], NeedFilter())[0].number
    assert len(listed_needs(db, [HERE], NeedFilter(number=number.lower()))) == 1
    assert listed_needs(db, [HERE], NeedFilter(number="那个")) == []


def test_a_need_that_is_met_counts_no_more_days_and_a_reopened_one_does():
    met = rows(RAISED, NeedMet(need_id=NEED))[NeedRow][NEED]
    assert isinstance(met, NeedRow)
    assert (met.status, met.age(TODAY + timedelta(days=9))) == (NeedStatus.MET, 0)
    again = rows(RAISED, NeedMet(need_id=NEED), NeedReopened(need_id=NEED, why="没解决"))[NeedRow][NEED]
    assert isinstance(again, NeedRow)
    assert (again.in_hand, again.reopened, again.age(TODAY + timedelta(days=9))) == (True, True, 9)


def test_what_a_need_waits_for_first():
    def step(**changes: object) -> NextStep:
        row = rows(RAISED)[NeedRow][NEED]
        assert isinstance(row, NeedRow)
        return next_step(row.with_(**changes))

    assert step(person_id="asker_00000001") is NextStep.IDENTIFY
    assert step(domain=None) is NextStep.CLASSIFY
    assert step() is NextStep.MATCH
    assert step(referrals=[REFERRAL], status=NeedStatus.REFERRED) is NextStep.WAIT
    assert step(status=NeedStatus.MET) is NextStep.NOTHING


@pytest.mark.parametrize(("days", "silent"), [(6, 0), (7, 1)])
def test_silence_is_noticed_after_seven_days(db: Session, days: int, silent: int):
    put(db, REFERRED, days_ago=days)
    assert len(listed_referrals(db, [HERE], ReferralList.SILENT, TODAY)) == silent


def test_a_place_offered_again_starts_the_days_anew():
    waited: list[tuple[Event, int]] = [
        (REFERRED, 20),
        (ReferralWaitlisted(referral_id=REFERRAL, service_id=SERVICE), 19),
    ]
    offered: list[tuple[Event, int]] = [(FreedPlaceOffered(referral_id=REFERRAL, service_id=SERVICE), 1)]
    log = [(event, meta(n, days_ago=days)) for n, (event, days) in enumerate(waited + offered, 1)]
    row = fold_all(views.projections, log)[ReferralRow][REFERRAL]
    assert isinstance(row, ReferralRow)
    assert row.status is ReferralStatus.REQUESTED
    assert row.offered
    assert not row.silent(TODAY)


def test_a_decline_waits_for_the_next_step_until_somebody_goes_on(db: Session):
    proposed = NextMatchProposed(referral_id=REFERRAL, need_id=NEED, service_id="service_00000002")
    put(db, RAISED, REFERRED, DECLINED, proposed, days_ago=3)
    [row] = listed_referrals(db, [HERE], ReferralList.NEXT, TODAY)
    assert (row.decline_reason, row.next_service_id) == (DeclineReason.NO_STAFF, "service_00000002")
    put(db, REFERRED.model_copy(update={"referral_id": NEXT, "service_id": "service_00000002"}), days_ago=1)
    assert listed_referrals(db, [HERE], ReferralList.NEXT, TODAY) == []


def test_sessions_are_kept_by_day_and_only_those_attended_count():
    missed = SessionMissed(referral_id=REFERRAL, person_id=PERSON, on=date(2026, 11, 20))
    came = SessionAttended(referral_id=REFERRAL, person_id=PERSON, on=date(2026, 11, 13))
    row = rows(REFERRED, missed, came)[ReferralRow][REFERRAL]
    assert isinstance(row, ReferralRow)
    assert [session["on"] for session in row.sessions] == ["2026-11-13", "2026-11-20"]
    assert row.attended == 1


def test_visits_stand_in_the_list_of_what_is_to_be_done_about_them(db: Session):
    owed = VisitFellDue(visit_id="visit_00000002", person_id=PERSON, due=TODAY - timedelta(days=2))
    put(db, SCHEDULED, owed)

    def listed(which: VisitList) -> list[str]:
        return [row.visit_id for row in listed_visits(db, [HERE], which, TODAY)]

    assert listed(VisitList.TODAY) == [VISIT]
    assert listed(VisitList.OVERDUE) == listed(VisitList.DUE) == ["visit_00000002"]
    assert listed(VisitList.OWED) == ["visit_00000002", VISIT]


def test_a_visit_says_what_came_of_it():
    done = VisitCompleted(visit_id=VISIT, person_id=PERSON, worker_id=WORKER, tie=Tie.FAMILY, findings="一切好")
    completed = rows(SCHEDULED, done)[VisitRow][VISIT]
    missed = rows(SCHEDULED, VisitMissed(visit_id=VISIT, person_id=PERSON, why="不在家"))[VisitRow][VISIT]
    assert isinstance(completed, VisitRow)
    assert isinstance(missed, VisitRow)
    assert (completed.status, completed.text) == (VisitStatus.COMPLETED, "一切好")
    assert (missed.status, missed.text) == (VisitStatus.MISSED, "不在家")


def test_low_feedback_waits_for_a_reply(db: Session):
    put(db, ASKED, GIVEN)
    assert len(listed_feedback(db, [HERE], FeedbackList.TO_ANSWER)) == 1
    put(db, ASKED, GIVEN, FeedbackReplied(feedback_id=FEEDBACK, person_id=PERSON, words="我们会改"))
    assert listed_feedback(db, [HERE], FeedbackList.TO_ANSWER) == []
    assert len(listed_feedback(db, [HERE], FeedbackList.GIVEN)) == 1


def test_every_figure_of_the_day_is_the_length_of_its_list(db: Session):
    put(
        db,
        person(),
        RAISED,
        REFERRED,
        NeedReferred(need_id=NEED, referral_id=REFERRAL),
        SCHEDULED,
        ASKED,
        GIVEN,
        days_ago=8,
    )
    figures = day(db, [HERE], WORKER, TODAY)
    assert (figures.new, figures.oldest, figures.mine, figures.waiting, figures.to_answer) == (1, 8, 0, 1, 1)
    assert figures.referrals[ReferralList.SILENT] == 1
    assert figures.visits[VisitList.TODAY] == 1


def test_consent_is_known_by_purpose_and_ends_when_it_is_withdrawn():
    given = ConsentGiven(person_id=PERSON, purpose=Purpose.SHARE_WITH_PROVIDER)
    withdrawn = ConsentWithdrawn(person_id=PERSON, purpose=Purpose.SHARE_WITH_PROVIDER)
    agreed, not_any_more = rows(person(), given)[PersonRow][PERSON], rows(person(), given, withdrawn)[PersonRow][PERSON]
    assert isinstance(agreed, PersonRow)
    assert isinstance(not_any_more, PersonRow)
    assert agreed.shares
    assert not not_any_more.shares


def test_a_person_is_found_by_name_or_phone_and_passes_to_the_new_community_with_a_move(db: Session):
    put(db, person())
    assert search_persons(db, [HERE], "秀兰")[1] == search_persons(db, [HERE], "13800000001")[1] == 1
    assert search_persons(db, [HERE], "%")[1] == 0
    put(db, person(), PersonMoved(person_id=PERSON, from_community=HERE, to_community=THERE))
    assert (search_persons(db, [HERE], "秀兰")[1], search_persons(db, [THERE], "秀兰")[1]) == (0, 1)


def test_a_name_that_is_sealed_stays_out_of_the_view():
    sealed = Sealed(about=PERSON, sealed="…")
    row = rows(person(name=sealed))[PersonRow][PERSON]
    assert isinstance(row, PersonRow)
    assert row.name is None


def test_a_worker_may_be_sent_where_they_are_assigned_or_hold_a_role(db: Session):
    enrolled = WorkerEnrolled(worker_id=WORKER, kind=WorkerKind.VOLUNTEER, name="周敏")
    put(db, enrolled, WorkerAssigned(worker_id=WORKER, community=HERE))
    assert [worker.name for worker in workers_of(db, HERE, VISITORS)] == ["周敏"]
    assert workers_of(db, THERE, VISITORS) == []
    put(db, enrolled, RoleGranted(worker_id=WORKER, role=Role.VOLUNTEER, scope="429999001"))
    assert [worker.name for worker in workers_of(db, THERE, VISITORS)] == ["周敏"]
    revoked = RoleRevoked(worker_id=WORKER, role=Role.VOLUNTEER, scope="429999001")
    granted = RoleGranted(worker_id=WORKER, role=Role.VOLUNTEER, scope="429999001")
    assert not rows(enrolled, granted, revoked)[WorkerRow][WORKER].works_in(THERE)  # type: ignore[attr-defined]


def test_the_history_tells_each_thing_once_and_by_whom():
    by_system = "policy:assistance.note-referral"
    log = [
        (RAISED, meta(1)),
        (REFERRED, meta(2)),
        (NeedReferred(need_id=NEED, referral_id=REFERRAL), meta(3, actor=by_system)),
        (NeedAssessed(need_id=NEED, assessment_id="assessment_00000001"), meta(4, actor=by_system)),
    ]
    told = fold_all(views.projections, log)[HistoryRow]
    assert [row.kind for row in told.values()] == ["assistance.need.raised", "catalog.referral.referred"]  # type: ignore[attr-defined]
    assert {row.actor for row in told.values()} == {f"social_worker:{WORKER}"}  # type: ignore[attr-defined]
