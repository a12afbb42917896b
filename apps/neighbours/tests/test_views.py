"""What the view comes to: events in, rows out; and where a need stands."""

from datetime import UTC, date, datetime

import pytest

from canlian_chassis.projection import fold_all
from canlian_events.assistance.ask_number import ask_number
from canlian_events.assistance.assessment import AssessmentStarted
from canlian_events.assistance.need import (
    AskerIdentified,
    NeedAssessed,
    NeedAssigned,
    NeedClosed,
    NeedMet,
    NeedRaised,
    NeedReferred,
    NeedReopened,
    NeedTransferred,
)
from canlian_events.catalog.referral import (
    FreedPlaceOffered,
    ReferralAccepted,
    ReferralDeclined,
    ReferralLapsed,
    ReferralWaitlisted,
    ServiceCompleted,
    ServiceReferred,
    ServiceStarted,
    SessionAttended,
)
from canlian_events.evaluation.feedback import FeedbackAsked, FeedbackGiven, FeedbackReplied
from canlian_events.meta import Meta
from canlian_events.personal import Sealed
from canlian_events.registry.person import ConsentGiven, ConsentWithdrawn, PersonCorrected, PersonRegistered
from canlian_events.terms import (
    Channel,
    DeclineReason,
    DisabilityClass,
    Domain,
    NeedCloseReason,
    Occasion,
    Outcome,
    Purpose,
    RaterKind,
    Sex,
)
from canlian_neighbours.requests.request_status import Standing, standing
from canlian_neighbours.shared.rows import FeedbackRow, NeedRow, PersonRow, ReferralRow, StepRow
from canlian_neighbours.views import views

NEED, PERSON, ASKER, REFERRAL, SERVICE = (
    "need_00000001",
    "person_00000001",
    "asker_00000001",
    "referral_00000001",
    "service_00000001",
)
HERE, THERE = "429999001001", "429999001002"
AT = datetime(2026, 11, 24, 4, tzinfo=UTC)

ASKED = NeedRaised(need_id=NEED, person_id=ASKER, channel=Channel.NEIGHBOURS, words="我听不见", contact="13800000001")
RAISED = ASKED.model_copy(update={"person_id": PERSON})
ASSIGNED = NeedAssigned(need_id=NEED, worker_id="worker_00000001")
STARTED = AssessmentStarted(
    assessment_id="assessment_00000001", person_id=PERSON, instrument="needs", instrument_version="1", need_id=NEED
)
ASSESSED = NeedAssessed(need_id=NEED, assessment_id="assessment_00000001")
SENT = ServiceReferred(
    referral_id=REFERRAL,
    person_id=PERSON,
    service_id=SERVICE,
    provider_id="provider_00000001",
    domain=Domain.ASSISTIVE_DEVICES,
    need_id=NEED,
)
REFERRED = NeedReferred(need_id=NEED, referral_id=REFERRAL)
ACCEPTED = ReferralAccepted(referral_id=REFERRAL)
WAITLISTED = ReferralWaitlisted(referral_id=REFERRAL, service_id=SERVICE)
OFFERED = FreedPlaceOffered(referral_id=REFERRAL, service_id=SERVICE)
DECLINED = ReferralDeclined(
    referral_id=REFERRAL, person_id=PERSON, service_id=SERVICE, reason=DeclineReason.NO_STAFF, words="忙"
)
LAPSED = ReferralLapsed(referral_id=REFERRAL, person_id=PERSON, service_id=SERVICE)
BEGUN = ServiceStarted(referral_id=REFERRAL, on=date(2026, 11, 25))
ATTENDED = SessionAttended(referral_id=REFERRAL, person_id=PERSON, on=date(2026, 11, 26), note="状态好")
COMPLETED = ServiceCompleted(
    referral_id=REFERRAL, person_id=PERSON, service_id=SERVICE, outcome=Outcome.MET, sessions=1
)


def rows(*events):
    def meta(count):
        return Meta(f"event-{count}", count, AT, AT, "resident:x", HERE, "command")

    return fold_all(views.projections, [(event, meta(count)) for count, event in enumerate(events, 1)])


def stands(*events):
    found = rows(*events)
    return standing(found[NeedRow][NEED], found[ReferralRow].get(REFERRAL))


def test_a_need_is_found_by_its_number():
    need = rows(ASKED)[NeedRow][NEED]
    assert (need.number, need.left_phone) == (ask_number(NEED), True)


def test_words_are_kept_for_a_registered_person_only():
    assert rows(ASKED)[NeedRow][NEED].words is None
    assert rows(RAISED)[NeedRow][NEED].words == "我听不见"


def test_words_whose_key_is_gone_are_not_shown():
    sealed = RAISED.model_copy(update={"words": Sealed(about=PERSON, sealed="…")})
    assert rows(sealed)[NeedRow][NEED].words is None


def test_a_request_that_was_asked_without_an_account_becomes_the_persons_own():
    identified = AskerIdentified(need_id=NEED, asker_id=ASKER, person_id=PERSON)
    assert rows(ASKED, identified)[NeedRow][NEED].person_id == PERSON


@pytest.mark.parametrize(
    ("events", "where"),
    [
        ([], Standing.RECEIVED),
        ([ASSIGNED], Standing.TAKEN),
        ([ASSIGNED, STARTED], Standing.ASSESSING),
        ([ASSIGNED, STARTED, ASSESSED], Standing.ASSESSED),
        ([ASSIGNED, SENT, REFERRED], Standing.WAITING),
        ([SENT, REFERRED, WAITLISTED], Standing.WAITLISTED),
        ([SENT, REFERRED, WAITLISTED, OFFERED], Standing.OFFERED),
        ([SENT, REFERRED, ACCEPTED], Standing.ACCEPTED),
        ([SENT, REFERRED, ACCEPTED, BEGUN, ATTENDED], Standing.RUNNING),
        ([SENT, REFERRED, DECLINED], Standing.LOOKING),
        ([SENT, REFERRED, LAPSED], Standing.LOOKING),
        ([SENT, REFERRED, ACCEPTED, BEGUN, COMPLETED], Standing.ENDED),
        ([SENT, REFERRED, ACCEPTED, COMPLETED, NeedMet(need_id=NEED)], Standing.MET),
        ([NeedClosed(need_id=NEED, reason=NeedCloseReason.NOT_OURS)], Standing.NOT_OURS),
        ([NeedMet(need_id=NEED), NeedReopened(need_id=NEED, why="again")], Standing.REOPENED),
    ],
)
def test_what_is_furthest_along_says_where_it_stands(events, where):
    assert stands(RAISED, *events) is where


def test_every_reason_for_closing_has_its_words():
    for reason in NeedCloseReason:
        assert stands(RAISED, NeedClosed(need_id=NEED, reason=reason)).now


def test_a_new_community_means_another_worker():
    moved = NeedTransferred(need_id=NEED, person_id=PERSON, from_community=HERE, to_community=THERE)
    need = rows(RAISED, ASSIGNED, moved)[NeedRow][NEED]
    assert (need.community, need.worker_id) == (THERE, None)


def test_each_step_is_kept_with_its_code_and_no_words():
    steps = sorted(rows(RAISED, SENT, DECLINED, ATTENDED)[StepRow].values(), key=lambda step: step.position)
    assert [(step.what, step.code) for step in steps] == [
        ("NeedRaised", "neighbours"),
        ("ServiceReferred", None),
        ("ReferralDeclined", "no_staff"),
        ("SessionAttended", None),
    ]
    assert not any(word in str(steps) for word in ("听不见", "忙", "状态好"))


def test_an_assessment_that_belongs_to_no_request_is_no_step_of_one():
    assert rows(STARTED.model_copy(update={"need_id": None}))[StepRow] == {}


def test_feedback_is_asked_given_and_answered():
    asked = FeedbackAsked(
        feedback_id="feedback_00000001", person_id=PERSON, occasion=Occasion.VISIT, occasion_id="visit_00000001"
    )
    given = FeedbackGiven.from_(asked, score=2, rater=RaterKind.PERSON, words="没来")
    replied = FeedbackReplied(feedback_id="feedback_00000001", person_id=PERSON, words="对不起")
    row = rows(asked, given, replied)[FeedbackRow]["feedback_00000001"]
    assert (row.score, row.words, row.reply) == (2, "没来", "对不起")


def test_a_persons_own_page_holds_what_is_so_now():
    registered = PersonRegistered(
        person_id=PERSON,
        community=HERE,
        name="王秀兰",
        citizen_id="x",
        phone="1",
        address="一号楼",
        birth_year=1961,
        sex=Sex.FEMALE,
        disability=DisabilityClass.HEARING,
    )
    row = rows(
        registered,
        PersonCorrected(person_id=PERSON, phone="2"),
        ConsentGiven(person_id=PERSON, purpose=Purpose.VISITS),
        ConsentGiven(person_id=PERSON, purpose=Purpose.CONTACT),
        ConsentWithdrawn(person_id=PERSON, purpose=Purpose.VISITS),
    )[PersonRow][PERSON]
    assert (row.phone, row.address, row.consents) == ("2", "一号楼", ["contact"])
