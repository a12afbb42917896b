"""What follows from what: an event, and the commands it leads to."""

from datetime import UTC, date, datetime

import pytest

from canlian_assistance.facts import InHand
from canlian_assistance.policies.after_assessment import after_assessment
from canlian_assistance.policies.after_visit import let_next_visit_fall_due, raise_needs
from canlian_assistance.policies.deaths import end_dead
from canlian_assistance.policies.erasures import end_erased
from canlian_assistance.policies.moves import follow_home, transfer
from canlian_assistance.policies.referrals import close_met_need, note_referral, note_referral_end, reopen_need
from canlian_assistance.policies.stop_visits import stop_visits
from canlian_chassis.policy import Later, Policy, command_id
from canlian_events.assistance.assessment import AssessmentCompleted, NeedFound
from canlian_events.assistance.need import (
    CloseNeed,
    EraseAsker,
    LinkAssessment,
    NoteReferral,
    NoteReferralEnd,
    RaiseNeed,
    ReopenNeed,
    TransferNeed,
)
from canlian_events.assistance.visit import (
    CancelVisit,
    LetVisitFallDue,
    RaisedNeed,
    TransferVisit,
    VisitCompleted,
    VisitFellDue,
)
from canlian_events.calendar import begin_of
from canlian_events.catalog.referral import (
    ReferralDeclined,
    ReferralLapsed,
    ReferralWithdrawn,
    ServiceCompleted,
    ServiceReferred,
)
from canlian_events.core import Command, Event
from canlian_events.evaluation.feedback import FeedbackGiven
from canlian_events.meta import Meta
from canlian_events.personal import Sealed
from canlian_events.registry.person import ConsentWithdrawn, PersonDied, PersonErased, PersonMoved
from canlian_events.terms import (
    Channel,
    DeclineReason,
    Domain,
    ErasureGround,
    NeedCloseReason,
    Occasion,
    Outcome,
    Purpose,
    RaterKind,
    Tie,
    Urgency,
    VisitOccasion,
)

PERSON, NEED, VISIT, REFERRAL = "person_00000001", "need_00000001", "visit_00000001", "referral_00000001"
SERVICE, PROVIDER, WORKER = "service_00000001", "provider_00000001", "worker_00000001"
HERE, THERE = "429999001001", "429999001002"
NOW = datetime(2026, 11, 24, 4, tzinfo=UTC)
META = Meta("11111111-event", 7, NOW, NOW, "volunteer:x", HERE, "command-1")

VISITED = VisitCompleted(
    visit_id=VISIT,
    person_id=PERSON,
    worker_id=WORKER,
    tie=Tie.FAMILY,
    needs=(
        RaisedNeed(domain=Domain.DAY_CARE, words="白天没人", urgency=Urgency.URGENT),
        RaisedNeed(domain=Domain.DAY_CARE, words=Sealed(about=PERSON, sealed="x")),
    ),
    next_due=date(2026, 12, 24),
)
COMPLETED = ServiceCompleted(
    referral_id=REFERRAL, person_id=PERSON, service_id=SERVICE, outcome=Outcome.MET, sessions=3, need_id=NEED
)


def follows(policy: Policy, event: Event, facts: object = None) -> list[Command]:
    assert type(event) in policy.on
    return policy.commands(event, META, facts)


def test_each_need_found_on_a_visit_is_raised():
    first, second = follows(raise_needs, VISITED)
    assert isinstance(first, RaiseNeed)
    assert isinstance(second, RaiseNeed)
    assert (first.person_id, first.community, first.channel) == (PERSON, HERE, Channel.VISIT)
    assert (first.domain, first.words, first.urgency) == (Domain.DAY_CARE, "白天没人", Urgency.URGENT)
    assert second.words is None
    assert first.need_id != second.need_id


def test_the_same_event_always_leads_to_the_same_commands():
    once, again = follows(raise_needs, VISITED), follows(raise_needs, VISITED)
    assert once == again
    assert len({command_id(raise_needs, META.id, command) for command in once + again}) == len(once)


def test_the_next_visit_falls_due_a_week_before_the_day_it_was_promised_for():
    [later] = let_next_visit_fall_due.consequences(VISITED, META)
    assert isinstance(later, Later)
    assert later.at == begin_of(date(2026, 12, 17))
    assert isinstance(later.command, LetVisitFallDue)
    owed = later.command
    assert (owed.person_id, owed.community, owed.due) == (PERSON, HERE, date(2026, 12, 24))
    assert owed.visit_id != VISIT
    assert let_next_visit_fall_due.consequences(VISITED, META) == [later]


def test_no_next_visit_no_visit_due():
    assert let_next_visit_fall_due.consequences(VISITED.model_copy(update={"next_due": None}), META) == []


def test_a_visit_that_fell_due_passes_to_where_the_person_lives_by_then():
    due = VisitFellDue(visit_id=VISIT, person_id=PERSON, due=date(2026, 12, 24))
    assert follows(follow_home, due, THERE) == [TransferVisit(visit_id=VISIT, community=THERE)]
    assert follows(follow_home, due, HERE) == follows(follow_home, due, None) == []


ASSESSED = AssessmentCompleted(
    assessment_id="assessment_00000001",
    person_id=PERSON,
    instrument="service-needs",
    instrument_version="1",
    score=2,
    level="urgent",
    needs=(
        NeedFound(domain=Domain.DAY_CARE, urgency=Urgency.NORMAL),
        NeedFound(domain=Domain.RIGHTS, urgency=Urgency.URGENT),
    ),
    need_id=NEED,
)


def test_an_assessment_is_linked_to_its_need_and_raises_what_is_not_asked_for_already():
    link, raised = follows(after_assessment, ASSESSED, {Domain.DAY_CARE})
    assert link == LinkAssessment(need_id=NEED, assessment_id="assessment_00000001")
    assert isinstance(raised, RaiseNeed)
    assert (raised.domain, raised.urgency, raised.channel) == (Domain.RIGHTS, Urgency.URGENT, Channel.ASSESSMENT)


def test_an_assessment_made_for_no_need_raises_all_it_found():
    commands = follows(after_assessment, ASSESSED.model_copy(update={"need_id": None}), frozenset())
    assert [getattr(command, "domain", None) for command in commands] == [Domain.DAY_CARE, Domain.RIGHTS]


def test_a_referral_is_noted_on_its_need():
    referred = ServiceReferred(
        referral_id=REFERRAL,
        person_id=PERSON,
        service_id=SERVICE,
        provider_id=PROVIDER,
        domain=Domain.DAY_CARE,
        need_id=NEED,
    )
    assert follows(note_referral, referred) == [NoteReferral(need_id=NEED, referral_id=REFERRAL)]
    assert follows(note_referral, referred.model_copy(update={"need_id": None})) == []


@pytest.mark.parametrize(
    "end",
    [
        ReferralDeclined(
            referral_id=REFERRAL, person_id=PERSON, service_id=SERVICE, reason=DeclineReason.NO_STAFF, need_id=NEED
        ),
        ReferralLapsed(referral_id=REFERRAL, person_id=PERSON, service_id=SERVICE, need_id=NEED),
        ReferralWithdrawn(referral_id=REFERRAL, person_id=PERSON, service_id=SERVICE, why="不需要了", need_id=NEED),
        COMPLETED,
    ],
    ids=lambda event: type(event).__name__,
)
def test_every_end_of_a_referral_is_noted_on_its_need(end: Event):
    assert follows(note_referral_end, end) == [NoteReferralEnd(need_id=NEED, referral_id=REFERRAL)]
    assert follows(note_referral_end, end.model_copy(update={"need_id": None})) == []


def test_a_service_that_met_the_need_closes_it():
    assert follows(close_met_need, COMPLETED) == [CloseNeed(need_id=NEED, reason=NeedCloseReason.MET)]


@pytest.mark.parametrize("outcome", [Outcome.PARTLY_MET, Outcome.NOT_MET])
def test_a_service_that_did_not_meet_the_need_leaves_it_open(outcome: Outcome):
    assert follows(close_met_need, COMPLETED.model_copy(update={"outcome": outcome})) == []


def test_the_referrals_end_is_noted_before_the_need_is_closed():
    from canlian_assistance.app import service

    names = [policy.name for policy in service.policies]
    assert names.index("assistance.note-referral-end") < names.index("assistance.close-met-need")


@pytest.mark.parametrize(("score", "reopened"), [(1, True), (2, True), (3, False), (5, False)])
def test_a_dissatisfied_person_has_the_need_reopened(score: int, reopened: bool):
    feedback = FeedbackGiven(
        feedback_id="feedback_00000001",
        person_id=PERSON,
        occasion=Occasion.SERVICE,
        occasion_id=REFERRAL,
        score=score,
        rater=RaterKind.PERSON,
        need_id=NEED,
    )
    commands = follows(reopen_need, feedback)
    assert [type(command) for command in commands] == ([ReopenNeed] if reopened else [])
    assert follows(reopen_need, feedback.model_copy(update={"need_id": None})) == []


def test_what_is_open_moves_with_the_person():
    moved = PersonMoved(person_id=PERSON, from_community=HERE, to_community=THERE)
    assert follows(transfer, moved, InHand((NEED,), (VISIT,))) == [
        TransferNeed(need_id=NEED, community=THERE),
        TransferVisit(visit_id=VISIT, community=THERE),
    ]


def test_visits_stop_when_the_person_no_longer_agrees_to_them():
    withdrawn = ConsentWithdrawn(person_id=PERSON, purpose=Purpose.VISITS)
    [command] = follows(stop_visits, withdrawn, InHand(visits=(VISIT,)))
    assert isinstance(command, CancelVisit)
    assert command.visit_id == VISIT


def test_other_consents_withdrawn_leave_the_visits():
    withdrawn = ConsentWithdrawn(person_id=PERSON, purpose=Purpose.CONTACT)
    assert follows(stop_visits, withdrawn, InHand(visits=(VISIT,))) == []


def test_what_is_in_hand_for_an_erased_person_ends_and_what_they_asked_unknown_is_erased():
    erased = PersonErased(person_id=PERSON, ground=ErasureGround.REQUEST)
    asked = "need_00000002"
    close, cancel, erase = follows(end_erased, erased, InHand((NEED,), (VISIT,), (asked,)))
    assert close == CloseNeed(need_id=NEED, reason=NeedCloseReason.ERASED)
    assert isinstance(cancel, CancelVisit)
    assert (cancel.visit_id, erase) == (VISIT, EraseAsker(need_id=asked))


def test_what_is_in_hand_for_somebody_who_died_ends_and_their_household_is_visited_within_7_days():
    died = PersonDied(person_id=PERSON, on=date(2026, 11, 20))
    close, cancel, owed = follows(end_dead, died, InHand((NEED,), (VISIT,)))
    assert close == CloseNeed(need_id=NEED, reason=NeedCloseReason.DIED)
    assert isinstance(cancel, CancelVisit)
    assert isinstance(owed, LetVisitFallDue)
    assert (owed.person_id, owed.community, owed.occasion) == (PERSON, HERE, VisitOccasion.BEREAVEMENT)
    assert owed.due == date(2026, 12, 1)
    [again] = follows(end_dead, died, InHand(visits=(owed.visit_id,)))
    assert again == owed, "the day of the death corrected: the visit to the household stays"
