"""What the overview counts, on events written out by hand."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import MetaData
from sqlmodel import Session, create_engine

from canlian_chassis.projection import fold_all
from canlian_chassis.row import Row
from canlian_events.assistance.need import (
    NeedAssigned,
    NeedClosed,
    NeedMet,
    NeedRaised,
    NeedReferralEnded,
    NeedReferred,
    NeedReopened,
    NeedTransferred,
)
from canlian_events.assistance.visit import VisitCompleted, VisitFellDue, VisitScheduled, VisitTransferred
from canlian_events.catalog.referral import (
    ReferralAccepted,
    ReferralDeclined,
    ReferralWaitlisted,
    ServiceCompleted,
    ServiceReferred,
)
from canlian_events.catalog.service import ServiceDetails, ServiceListed
from canlian_events.core import Event
from canlian_events.evaluation.feedback import FeedbackAsked, FeedbackGiven
from canlian_events.meta import Meta
from canlian_events.registry.association import ActivityHeld
from canlian_events.registry.community import CommunityOpened, DirectorNamed, GridWorkerNamed
from canlian_events.registry.person import CertificateIssued, DeathWithdrawn, PersonDied, PersonMoved, PersonRegistered
from canlian_events.terms import (
    Channel,
    DeclineReason,
    DisabilityClass,
    Domain,
    Layer,
    NeedCloseReason,
    Occasion,
    Outcome,
    RaterKind,
    Sex,
    Tie,
)
from canlian_overview import Figure, Period, Rate, overview

HERE, THERE, SUBDISTRICT = "429999001001", "429999001002", "429999001"
YEAR = Period(date(2026, 1, 1), date(2026, 11, 24))
ANNA, BO = "person_00000001", "person_00000002"
NEED, VISIT, REFERRAL = "need_00000001", "visit_00000001", "referral_00000001"
SERVICE, PROVIDER, WORKER = "service_00000001", "provider_00000001", "worker_00000001"


class TestRow(Row):
    __test__ = False
    metadata = MetaData()


OVERVIEW = overview(TestRow)
Story = Sequence[tuple[str, date, Event]]


@pytest.fixture
def session() -> Iterator[Session]:
    engine = create_engine("sqlite://")
    TestRow.metadata.create_all(engine)
    with Session(engine) as session:
        yield session


def told(session: Session, story: Story) -> Session:
    """The overview after these events: where each happened, on which day, and what."""
    recorded = [(event, meta(n, where, day)) for n, (where, day, event) in enumerate(story, 1)]
    for rows in fold_all(OVERVIEW.projections, recorded).values():
        session.add_all(rows.values())
    session.flush()
    return session


def meta(position: int, community: str, day: date) -> Meta:
    noon = datetime(day.year, day.month, day.day, 4, tzinfo=UTC)
    return Meta(
        f"event-{position}", position, noon + timedelta(days=1), noon, "staff:x", community, f"command-{position}"
    )


def registered(person_id: str, community: str = HERE, day: date = date(2025, 3, 1)) -> tuple[str, date, Event]:
    event = PersonRegistered(
        person_id=person_id,
        community=community,
        name="甲",
        citizen_id="x",
        birth_year=1960,
        sex=Sex.FEMALE,
        disability=DisabilityClass.PHYSICAL,
    )
    return community, day, event


def moved(person_id: str, day: date) -> tuple[str, date, Event]:
    return THERE, day, PersonMoved(person_id=person_id, from_community=HERE, to_community=THERE)


def completed(person_id: str, day: date, number: int = 1, where: str = HERE) -> tuple[str, date, Event]:
    event = ServiceCompleted(
        referral_id=f"referral_{number:08}", person_id=person_id, service_id=SERVICE, outcome=Outcome.MET, sessions=1
    )
    return where, day, event


def scored(score: int, number: int, day: date = date(2026, 5, 1), where: str = HERE) -> list[tuple[str, date, Event]]:
    asked = FeedbackAsked(
        feedback_id=f"feedback_{number:08}",
        person_id=ANNA,
        occasion=Occasion.SERVICE,
        occasion_id=f"referral_{number:08}",
        service_id=SERVICE,
    )
    given = FeedbackGiven(**asked.model_dump(), score=score, rater=RaterKind.PERSON)
    return [(where, day, asked), (where, day, given)]


def figures(session: Session, prefix: str = HERE, period: Period = YEAR) -> dict[str, int | Rate]:
    return {figure.code: figure.value for figure in OVERVIEW.figures(session, prefix, period)}


def test_somebody_with_two_completed_services_took_part_once(session: Session) -> None:
    story = [registered(ANNA), registered(BO), completed(ANNA, date(2026, 2, 1)), completed(ANNA, date(2026, 3, 1), 2)]
    told(session, story)
    assert OVERVIEW.participation_rate(session, HERE, YEAR) == Rate(1, 2)
    [line] = OVERVIEW.behind(session, "participants", HERE, YEAR)
    assert (line.person_id, line.event_id) == (ANNA, "event-3")


def came(day: date, *people: str, number: int = 1) -> tuple[str, date, Event]:
    event = ActivityHeld(
        association_id="association_00000001",
        activity_id=f"activity_{number:08}",
        title="读书会",
        on=day,
        attendees=frozenset(people),
    )
    return HERE, day + timedelta(days=2), event


def test_who_came_to_an_activity_took_part_once_however_often(session: Session) -> None:
    """domain.md: participation is a completed service or at least one activity in the period."""
    activities = [came(date(2026, 2, 1), ANNA, BO), came(date(2026, 3, 1), ANNA, number=2)]
    told(session, [registered(ANNA), registered(BO), *activities, completed(BO, date(2026, 4, 1))])
    assert OVERVIEW.participation_rate(session, HERE, YEAR) == Rate(2, 2)
    lines = OVERVIEW.behind(session, "participants", HERE, YEAR)
    assert {(line.person_id, line.event_id) for line in lines} == {(ANNA, "event-3"), (BO, "event-3")}


def test_an_activity_counts_on_the_day_it_was_held(session: Session) -> None:
    told(session, [registered(ANNA), came(date(2025, 12, 31), ANNA)])
    assert OVERVIEW.participation_rate(session, HERE, YEAR) == Rate(0, 1)


def test_a_service_completed_in_another_year_is_not_taking_part_in_this_one(session: Session) -> None:
    told(session, [registered(ANNA), completed(ANNA, date(2025, 12, 31))])
    assert OVERVIEW.participation_rate(session, HERE, YEAR) == Rate(0, 1)


def test_a_person_counts_where_they_are_registered_at_the_end_of_the_period(session: Session) -> None:
    told(session, [registered(ANNA), completed(ANNA, date(2026, 2, 1)), moved(ANNA, date(2026, 6, 1))])
    before, after = Period(date(2026, 1, 1), date(2026, 5, 31)), YEAR
    assert OVERVIEW.participation_rate(session, HERE, before) == Rate(1, 1)
    assert OVERVIEW.participation_rate(session, THERE, before) == Rate(0, 0)
    assert OVERVIEW.participation_rate(session, HERE, after) == Rate(0, 0)
    assert OVERVIEW.participation_rate(session, THERE, after) == Rate(1, 1)
    assert OVERVIEW.participation_rate(session, SUBDISTRICT, after) == Rate(1, 1)


def test_someone_who_moves_and_comes_back_was_elsewhere_in_between(session: Session) -> None:
    back = PersonMoved(person_id=ANNA, from_community=THERE, to_community=HERE)
    told(session, [registered(ANNA), moved(ANNA, date(2026, 3, 1)), (HERE, date(2026, 9, 1), back)])
    ends = [date(2026, 2, 1), date(2026, 5, 1), date(2026, 10, 1)]
    lines = [OVERVIEW.behind(session, "persons", SUBDISTRICT, Period(date(2026, 1, 1), end)) for end in ends]
    assert [(line.community, line.event_id) for [line] in lines] == [
        (HERE, "event-1"),
        (THERE, "event-2"),
        (HERE, "event-3"),
    ]


def test_a_person_registered_after_the_period_is_not_in_it(session: Session) -> None:
    told(session, [registered(ANNA, day=date(2026, 11, 25))])
    assert figures(session)["persons"] == 0


def test_who_died_is_counted_up_to_that_day(session: Session) -> None:
    died = PersonDied(person_id=ANNA, on=date(2026, 6, 1))
    told(session, [registered(ANNA), registered(BO), (HERE, date(2026, 6, 3), died)])
    ends = [date(2026, 5, 31), date(2026, 6, 1)]
    counted = [len(OVERVIEW.behind(session, "persons", HERE, Period(date(2026, 1, 1), end))) for end in ends]
    assert counted == [2, 1]


def test_a_death_recorded_in_error_leaves_no_gap(session: Session) -> None:
    died, lives = PersonDied(person_id=ANNA, on=date(2026, 6, 1)), DeathWithdrawn(person_id=ANNA, why="误报")
    told(session, [registered(ANNA), (HERE, date(2026, 6, 3), died), (HERE, date(2026, 6, 9), lives)])
    assert figures(session)["persons"] == 1


def test_four_and_five_are_satisfied(session: Session) -> None:
    told(session, [line for n, score in enumerate([1, 3, 4, 5, 5], 1) for line in scored(score, n)])
    rate = OVERVIEW.satisfaction_rate(session, HERE, YEAR)
    assert (rate.numerator, rate.denominator, rate.percent, rate.too_few) == (3, 5, 60.0, False)


def test_a_satisfaction_rate_over_four_is_too_few(session: Session) -> None:
    told(session, [line for n in range(1, 5) for line in scored(5, n)])
    assert OVERVIEW.satisfaction_rate(session, HERE, YEAR).too_few


def test_a_rate_over_nothing_has_no_percent() -> None:
    assert Rate(0, 0).percent is None
    assert Rate(0, 4).percent == 0


def test_feedback_asked_and_not_given_is_not_counted(session: Session) -> None:
    told(session, scored(5, 1)[:1])
    assert OVERVIEW.satisfaction_rate(session, HERE, YEAR) == Rate(0, 0, 5)


def test_a_period_cannot_end_before_it_starts() -> None:
    with pytest.raises(ValueError, match="cannot end"):
        Period(date(2026, 2, 1), date(2026, 1, 1))


def test_the_usual_period_is_the_year_up_to_today() -> None:
    assert Period.year_to_date(date(2026, 11, 24)) == YEAR


def test_rates_by_service_name_the_service(session: Session) -> None:
    details = ServiceDetails(name="康复训练", domain=Domain.REHABILITATION, layer=Layer.COMMUNITY)
    listed = ServiceListed(service_id=SERVICE, provider_id=PROVIDER, details=details, places=4)
    day = date(2026, 2, 1)
    told(session, [registered(ANNA), registered(BO), (HERE, day, listed), completed(ANNA, day), *scored(4, 1)])
    [service] = OVERVIEW.services(session, HERE, YEAR)
    assert (service.name, service.participation, service.satisfaction) == ("康复训练", Rate(1, 2), Rate(1, 1, 5))


def test_a_need_is_open_until_met_and_open_again_when_reopened(session: Session) -> None:
    raised = NeedRaised(need_id=NEED, person_id=ANNA, channel=Channel.VISIT, domain=Domain.DAY_CARE)
    day = date(2026, 2, 1)
    story: Story = [(HERE, day, raised), (HERE, day, NeedMet(need_id=NEED))]
    met = figures(told(session, story))
    assert (met["needs_open"], met["needs_raised"], met["needs_met"]) == (0, 1, 1)


def test_a_reopened_need_is_no_longer_met(session: Session) -> None:
    raised = NeedRaised(need_id=NEED, person_id=ANNA, channel=Channel.VISIT, domain=Domain.DAY_CARE)
    day = date(2026, 2, 1)
    closed = NeedClosed(need_id=NEED, reason=NeedCloseReason.NOT_OURS)
    reopened = NeedReopened(need_id=NEED, why="不满意")
    found = figures(told(session, [(HERE, day, raised), (HERE, day, closed), (HERE, day, reopened)]))
    assert (found["needs_open"], found["needs_met"], found["needs_unassigned"]) == (1, 0, 1)


def test_a_referred_need_waits_until_every_referral_is_over(session: Session) -> None:
    day = date(2026, 2, 1)
    raised = NeedRaised(need_id=NEED, person_id=ANNA, channel=Channel.VISIT, domain=Domain.DAY_CARE)
    story: Story = [
        (HERE, day, raised),
        (HERE, day, NeedReferred(need_id=NEED, referral_id="referral_00000001")),
        (HERE, day, NeedReferred(need_id=NEED, referral_id="referral_00000002")),
        (HERE, day, NeedReferralEnded(need_id=NEED, referral_id="referral_00000001")),
    ]
    told(session, story)
    need = session.get(OVERVIEW.tables.need, NEED)
    assert need is not None
    assert (need.status, need.referrals) == ("referred", ["referral_00000002"])


def test_a_need_that_moves_is_open_there_and_was_raised_here(session: Session) -> None:
    day = date(2026, 2, 1)
    raised = NeedRaised(need_id=NEED, person_id=ANNA, channel=Channel.VISIT, domain=Domain.DAY_CARE)
    assigned = NeedAssigned(need_id=NEED, worker_id=WORKER)
    transferred = NeedTransferred(need_id=NEED, person_id=ANNA, from_community=HERE, to_community=THERE)
    told(session, [(HERE, day, raised), (HERE, day, assigned), (THERE, day, transferred)])
    here, there = figures(session, HERE), figures(session, THERE)
    assert (here["needs_raised"], here["needs_open"]) == (1, 0)
    assert (there["needs_raised"], there["needs_open"], there["needs_unassigned"]) == (0, 1, 1)


def test_a_visit_is_overdue_after_its_day_until_it_is_done(session: Session) -> None:
    day = date(2026, 11, 20)
    due = VisitFellDue(visit_id=VISIT, person_id=ANNA, due=date(2026, 11, 23))
    scheduled = VisitScheduled(visit_id=VISIT, person_id=ANNA, worker_id=WORKER, due=date(2026, 11, 23))
    moved_on = VisitTransferred(
        visit_id=VISIT, person_id=ANNA, from_community=HERE, to_community=THERE, due=date(2026, 11, 23)
    )
    told(session, [(HERE, day, due), (HERE, day, scheduled), (THERE, day, moved_on)])
    assert figures(session, THERE)["visits_overdue"] == 1
    assert figures(session, THERE, Period(date(2026, 1, 1), date(2026, 11, 23)))["visits_overdue"] == 0


def test_a_visit_done_is_not_overdue(session: Session) -> None:
    day = date(2026, 11, 23)
    scheduled = VisitScheduled(visit_id=VISIT, person_id=ANNA, worker_id=WORKER, due=day)
    done = VisitCompleted(visit_id=VISIT, person_id=ANNA, worker_id=WORKER, tie=Tie.FAMILY)
    told(session, [(HERE, day, scheduled), (HERE, day, done)])
    assert (figures(session)["visits_overdue"], figures(session)["visits_done"]) == (0, 1)


@pytest.mark.parametrize(
    ("then", "counted"),
    [
        ([], "referrals_waiting"),
        ([ReferralAccepted(referral_id=REFERRAL)], "services_running"),
        ([ReferralWaitlisted(referral_id=REFERRAL, service_id=SERVICE)], "referrals_waitlisted"),
        ([ReferralAccepted(referral_id=REFERRAL), completed(ANNA, date(2026, 2, 2))[2]], "services_completed"),
    ],
)
def test_a_referral_counts_where_it_stands(session: Session, then: list[Event], counted: str) -> None:
    referred = ServiceReferred(
        referral_id=REFERRAL, person_id=ANNA, service_id=SERVICE, provider_id=PROVIDER, domain=Domain.DAY_CARE
    )
    day = date(2026, 2, 1)
    found = figures(told(session, [(HERE, day, event) for event in [referred, *then]]))
    standings = ("referrals_waiting", "referrals_waitlisted", "services_running", "services_completed")
    assert {code for code in standings if found[code]} == {counted}


def test_a_declined_referral_keeps_its_reason_and_waits_for_nobody(session: Session) -> None:
    referred = ServiceReferred(
        referral_id=REFERRAL, person_id=ANNA, service_id=SERVICE, provider_id=PROVIDER, domain=Domain.DAY_CARE
    )
    declined = ReferralDeclined(referral_id=REFERRAL, person_id=ANNA, service_id=SERVICE, reason=DeclineReason.NO_STAFF)
    day = date(2026, 2, 1)
    assert figures(told(session, [(HERE, day, referred), (HERE, day, declined)]))["referrals_waiting"] == 0
    row = session.get(OVERVIEW.tables.referral, REFERRAL)
    assert row is not None
    assert (row.status, row.decline_reason) == ("declined", "no_staff")


def test_a_community_lacks_whoever_is_not_named(session: Session) -> None:
    day = date(2026, 1, 1)
    story: Story = [
        (HERE, day, CommunityOpened(community=HERE, name="一")),
        (THERE, day, CommunityOpened(community=THERE, name="二")),
        (HERE, day, GridWorkerNamed(community=HERE, worker_id=WORKER)),
        (THERE, day, DirectorNamed(community=THERE, worker_id=WORKER)),
    ]
    told(session, story)
    [lacks_grid_worker] = OVERVIEW.behind(session, "communities_without_grid_worker", SUBDISTRICT, YEAR)
    [lacks_director] = OVERVIEW.behind(session, "communities_without_director", SUBDISTRICT, YEAR)
    assert (lacks_grid_worker.id, lacks_director.id) == (THERE, HERE)


def test_a_certificate_is_expired_from_its_day(session: Session) -> None:
    issued = CertificateIssued(person_id=ANNA, number="x", issued=date(2016, 11, 24), expires=date(2026, 11, 24))
    told(session, [registered(ANNA), (HERE, date(2025, 3, 1), issued)])
    assert figures(session)["certificates_expired"] == 1
    assert figures(session, HERE, Period(date(2026, 1, 1), date(2026, 11, 23)))["certificates_expired"] == 0


def test_communities_come_each_with_its_figures(session: Session) -> None:
    day = date(2026, 1, 1)
    opened: Story = [(code, day, CommunityOpened(community=code, name=code)) for code in (THERE, HERE)]
    told(session, [*opened, registered(ANNA), registered(BO, THERE), completed(BO, date(2026, 2, 1), where=THERE)])
    here, there = OVERVIEW.communities(session, "429999001000", YEAR)
    assert (here.community.community, there.community.community) == (HERE, THERE)
    assert here.figures["participation"] == Figure("participation", Rate(0, 1), "participants", "persons")
    assert there.figures["participation"].value == Rate(1, 1)


def test_a_figure_nobody_defined_is_an_error(session: Session) -> None:
    with pytest.raises(KeyError):
        OVERVIEW.behind(session, "happiness", HERE, YEAR)


def test_two_tools_have_tables_of_their_own() -> None:
    class OtherRow(Row):
        metadata = MetaData()

    assert overview(OtherRow).tables.need is not OVERVIEW.tables.need
    assert OtherRow.metadata.tables.keys() == TestRow.metadata.tables.keys()
