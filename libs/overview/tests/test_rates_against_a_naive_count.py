"""The rates equal what somebody would count who reads the whole log from its beginning, whatever happened."""

import dataclasses
import random
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import MetaData, StaticPool
from sqlmodel import Session, create_engine

from canlian_chassis.projection import fold_all
from canlian_chassis.row import Row
from canlian_events.catalog.referral import ServiceCompleted
from canlian_events.core import Event
from canlian_events.evaluation.feedback import FeedbackAsked, FeedbackGiven
from canlian_events.meta import Meta
from canlian_events.registry.association import ActivityHeld
from canlian_events.registry.person import PersonMoved, PersonRegistered
from canlian_events.terms import DisabilityClass, Occasion, Outcome, RaterKind, Sex
from canlian_overview import Period, Rate, overview

COMMUNITIES = ("429999001001", "429999001002", "429999002001")
PREFIXES = (*COMMUNITIES, "429999001", "429999")
FIRST = date(2025, 11, 1)


class NaiveRow(Row):
    metadata = MetaData()


OVERVIEW = overview(NaiveRow)
ENGINE = create_engine("sqlite://", poolclass=StaticPool)
NaiveRow.metadata.create_all(ENGINE)
Log = list[tuple[Event, Meta]]


class Step(NamedTuple):
    """Somebody, something, somewhere, some days later."""

    what: str
    person: int
    community: int
    score: int
    days: int


steps = st.lists(
    st.builds(
        Step,
        st.sampled_from(["register", "move", "complete", "activity", "feedback"]),
        st.integers(0, 5),
        st.integers(0, 2),
        st.integers(1, 5),
        st.integers(0, 40),
    ),
    max_size=40,
)
periods = st.tuples(st.integers(0, 400), st.integers(0, 400)).map(
    lambda days: Period(FIRST + timedelta(days=min(days)), FIRST + timedelta(days=max(days)))
)


def written(story: Iterable[Step]) -> Log:
    """A log these steps may have left: nobody moves or is served before being registered."""
    log: Log = []
    lives_in: dict[str, str] = {}
    today = FIRST
    for number, step in enumerate(story):
        today += timedelta(days=step.days)
        person, community = f"person_{step.person:08}", COMMUNITIES[step.community]
        for event in events_of(step, number, person, community, lives_in):
            where = lives_in[person]
            noon = datetime(today.year, today.month, today.day, 4, tzinfo=UTC)
            position = len(log) + 1
            log.append(
                (event, Meta(f"event-{position}", position, noon, noon, "staff:x", where, f"command-{position}"))
            )
    return log


def events_of(step: Step, number: int, person: str, community: str, lives_in: dict[str, str]) -> list[Event]:
    match step.what, lives_in.get(person):
        case "register", None:
            lives_in[person] = community
            return [registered(person, community)]
        case "move", str(before) if before != community:
            lives_in[person] = community
            return [PersonMoved(person_id=person, from_community=before, to_community=community)]
        case "complete", str():
            return [completed(person, number, step.score)]
        case "activity", str():
            return [held(sorted(lives_in)[: step.score], number)]
        case "feedback", str():
            return feedback(person, number, step.score)
        case _:
            return []


def registered(person: str, community: str) -> PersonRegistered:
    return PersonRegistered(
        person_id=person,
        community=community,
        name="甲",
        citizen_id="x",
        birth_year=1960,
        sex=Sex.MALE,
        disability=DisabilityClass.VISUAL,
    )


def completed(person: str, number: int, service: int) -> ServiceCompleted:
    return ServiceCompleted(
        referral_id=f"referral_{number:08}",
        person_id=person,
        service_id=f"service_{service:08}",
        outcome=Outcome.MET,
        sessions=1,
    )


def held(people: Sequence[str], number: int) -> ActivityHeld:
    on = FIRST + timedelta(days=number)
    return ActivityHeld(
        association_id="association_00000001",
        activity_id=f"activity_{number:08}",
        title="读书会",
        on=on,
        attendees=frozenset(people),
    )


def feedback(person: str, number: int, score: int) -> list[Event]:
    asked = FeedbackAsked(
        feedback_id=f"feedback_{number:08}", person_id=person, occasion=Occasion.VISIT, occasion_id=f"visit_{number:08}"
    )
    return [asked, FeedbackGiven(**asked.model_dump(), score=score, rater=RaterKind.PERSON)]


def viewed(log: Log) -> Session:
    """The rows, until the session is closed."""
    session = Session(ENGINE)
    for rows in fold_all(OVERVIEW.projections, log).values():
        session.add_all(rows.values())
    session.flush()
    return session


def naive_participation(log: Log, prefix: str, period: Period) -> Rate:
    """Who lives here when the period ends, and who of them completed a service or came to an activity in it."""
    home: dict[str, str] = {}
    served: set[str] = set()
    for event, meta in log:
        if isinstance(event, ActivityHeld) and period.start <= event.on <= period.end:
            served |= event.attendees
        if meta.said_at.date() > period.end:
            continue
        match event:
            case PersonRegistered():
                home[event.person_id] = event.community
            case PersonMoved():
                home[event.person_id] = event.to_community
            case ServiceCompleted() if meta.said_at.date() >= period.start:
                served.add(event.person_id)
            case _:
                pass
    residents = {person for person, community in home.items() if community.startswith(prefix)}
    return Rate(len(residents & served), len(residents))


def naive_satisfaction(log: Log, prefix: str, period: Period) -> Rate:
    scores = [
        event.score
        for event, meta in log
        if isinstance(event, FeedbackGiven)
        and meta.community.startswith(prefix)
        and period.start <= meta.said_at.date() <= period.end
    ]
    return Rate(len([score for score in scores if score in (4, 5)]), len(scores), 5)


@settings(max_examples=60, deadline=None)
@given(steps, periods)
def test_the_rates_equal_a_naive_count(story: Sequence[Step], period: Period) -> None:
    log = written(story)
    with viewed(log) as session:
        for prefix in PREFIXES:
            figures = {figure.code: figure for figure in OVERVIEW.figures(session, prefix, period)}
            participation = naive_participation(log, prefix, period)
            assert figures["participation"].value == participation
            assert figures["satisfaction"].value == naive_satisfaction(log, prefix, period)
            assert OVERVIEW.participation_rate(session, prefix, period) == participation
            assert participation.numerator <= participation.denominator


@settings(max_examples=40, deadline=None)
@given(steps, periods)
def test_every_figure_opens_as_many_lines_as_it_says(story: Sequence[Step], period: Period) -> None:
    log = written(story)
    ids = {meta.id: meta.position for _, meta in log}
    with viewed(log) as session:
        for figure in OVERVIEW.figures(session, "429999", period):
            lines = OVERVIEW.behind(session, figure.behind, "429999", period)
            page = OVERVIEW.page_behind(session, figure.behind, "429999", period, 2, 1)
            assert page == lines[1:3]
            count = figure.value.numerator if isinstance(figure.value, Rate) else figure.value
            assert len(lines) == count
            assert all(ids[line.event_id] == line.position for line in lines)
            if isinstance(figure.value, Rate):
                assert figure.of is not None
                divided_by = OVERVIEW.behind(session, figure.of, "429999", period)
                assert len(divided_by) == figure.value.denominator
                assert {line.id for line in lines} <= {line.id for line in divided_by}


@settings(max_examples=40, deadline=None)
@given(steps, periods)
def test_a_subdistrict_is_the_sum_of_its_communities(story: Sequence[Step], period: Period) -> None:
    with viewed(written(story)) as session:
        first, second = COMMUNITIES[:2]
        for rate in (OVERVIEW.participation_rate, OVERVIEW.satisfaction_rate):
            assert rate(session, first, period) + rate(session, second, period) == rate(session, "429999001", period)


@settings(max_examples=40, deadline=None)
@given(steps, periods, st.randoms(use_true_random=False))
def test_the_order_of_what_happens_to_different_people_does_not_matter(
    story: Sequence[Step], period: Period, chance: random.Random
) -> None:
    log = written(story)
    people = [getattr(event, "person_id", "") for event, _ in log]
    chance.shuffle(people)
    queues = {
        person: [entry for entry in log if getattr(entry[0], "person_id", "") == person] for person in set(people)
    }
    shuffled = [queues[person].pop(0) for person in people]
    moved = [(event, dataclasses.replace(meta, position=n)) for n, (event, meta) in enumerate(shuffled, 1)]
    with viewed(log) as session:
        before = OVERVIEW.figures(session, "429999", period)
    with viewed(moved) as session:
        assert OVERVIEW.figures(session, "429999", period) == before
