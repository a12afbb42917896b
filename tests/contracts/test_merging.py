"""Two files of one person count once in every view, and once they are apart again every view is as it was."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlmodel import Session, create_engine

import canlian_assistance.views
import canlian_catalog.views.folds
import canlian_evaluation.views
import canlian_exchange.views
import canlian_federation.views
import canlian_neighbours.views
import canlian_provider.views
import canlian_registry.views
import canlian_social_worker.views
import canlian_volunteer.views
from canlian_assistance.facts import in_hand
from canlian_catalog.views.queries import open_referral, person_facts
from canlian_chassis.projection import fold_all
from canlian_chassis.row import Row, columns_of
from canlian_chassis.views.runner import Views
from canlian_evaluation.views import OVERVIEW as RATED
from canlian_events.assistance.need import NeedRaised
from canlian_events.assistance.visit import VisitScheduled
from canlian_events.catalog.referral import ServiceCompleted, ServiceReferred
from canlian_events.core import Event
from canlian_events.evaluation.feedback import FeedbackAsked, FeedbackGiven
from canlian_events.meta import Meta
from canlian_events.registry.community import CommunityOpened
from canlian_events.registry.duplicates import DuplicateMerged, MergedInto, MergedIntoUndone, MergeUndone
from canlian_events.registry.person import CertificateIssued, PersonMoved, PersonRegistered
from canlian_events.terms import (
    Channel,
    DisabilityClass,
    Domain,
    MergeGround,
    Occasion,
    Outcome,
    RaterKind,
    Sex,
)
from canlian_federation.overview.views import behind
from canlian_federation.people.search import Wanted, find
from canlian_federation.shared.rows import OVERVIEW
from canlian_neighbours.shared import queries as neighbours
from canlian_overview import FIGURES, Period, ServiceRates
from canlian_provider.referrals.persons import people
from canlian_provider.referrals.views import ReferralRow
from canlian_registry.views import residents_of
from canlian_social_worker.feedback.views import feedback_of_person
from canlian_social_worker.needs.views import needs_of_person
from canlian_social_worker.persons.views import person, person_names, search_persons
from canlian_social_worker.referrals.views import referrals_of_person
from canlian_social_worker.visits.views import visits_of_person
from canlian_volunteer.visits.queries import own_visit

HERE = "429999001001"
KEPT, TWIN, OTHER = "person_00000001", "person_00000002", "person_00000003"
SERVICE, PROVIDER, WORKER = "service_00000001", "provider_00000001", "worker_00000001"
TODAY = date(2026, 11, 24)
YEAR = Period(date(2026, 1, 1), TODAY)
VIEWS: list[Views] = [
    canlian_registry.views.views,
    canlian_assistance.views.views,
    canlian_catalog.views.folds.views,
    canlian_evaluation.views.views,
    canlian_exchange.views.views,
    canlian_federation.views.views,
    canlian_neighbours.views.views,
    canlian_provider.views.views,
    canlian_social_worker.views.views,
    canlian_volunteer.views.views,
]
LOGS = {"trail", "commandrow", "history", "step", "record", "sheet_row"}
"""Tables with a row an event or a look: what was done and undone stays in them."""


def registered(person_id: str, name: str) -> Event:
    return PersonRegistered(
        person_id=person_id,
        community=HERE,
        name=name,
        citizen_id="429999196103141229",
        phone="13800000000",
        address="一号楼",
        birth_year=1961,
        sex=Sex.FEMALE,
        disability=DisabilityClass.PHYSICAL,
    )


def helped(person_id: str, n: int) -> Iterator[Event]:
    """A need, a visit, an open referral, and a service completed and found good."""
    yield CertificateIssued(person_id=person_id, number="x", issued=date(2014, 1, 1), expires=date(2024, 1, 1))
    yield NeedRaised(need_id=f"need_0000000{n}", person_id=person_id, channel=Channel.WALK_IN, domain=Domain.DAY_CARE)
    yield VisitScheduled(visit_id=f"visit_0000000{n}", person_id=person_id, worker_id=WORKER, due=TODAY)
    for number in (n, n + 4):
        yield ServiceReferred(
            referral_id=f"referral_0000000{number}",
            person_id=person_id,
            service_id=SERVICE,
            provider_id=PROVIDER,
            domain=Domain.DAY_CARE,
        )
    yield ServiceCompleted(
        referral_id=f"referral_0000000{n}", person_id=person_id, service_id=SERVICE, outcome=Outcome.MET, sessions=1
    )
    feedback_id = f"feedback_0000000{n}"
    yield FeedbackAsked(
        feedback_id=feedback_id,
        person_id=person_id,
        occasion=Occasion.SERVICE,
        occasion_id=f"referral_0000000{n}",
        service_id=SERVICE,
    )
    yield FeedbackGiven(
        feedback_id=feedback_id,
        person_id=person_id,
        occasion=Occasion.SERVICE,
        occasion_id=f"referral_0000000{n}",
        service_id=SERVICE,
        score=5,
        rater=RaterKind.PERSON,
    )


BEFORE: list[Event] = [
    CommunityOpened(community=HERE, name="新华社区"),
    registered(KEPT, "王秀兰"),
    registered(TWIN, "王秀蓝"),
    registered(OTHER, "李强"),
    *helped(KEPT, 1),
    *helped(TWIN, 2),
]
MERGED: list[Event] = [
    MergedInto(person_id=TWIN, into=KEPT),
    DuplicateMerged(person_id=KEPT, duplicate=TWIN, ground=MergeGround.MISTYPED),
]
APART: list[Event] = [
    MergedIntoUndone(person_id=TWIN, apart_from=KEPT),
    MergeUndone(person_id=KEPT, duplicate=TWIN),
]


def folded(views: Views, events: Sequence[Event]) -> dict[type[Row], list[Row]]:
    def meta(position: int) -> Meta:
        at = datetime(2026, 3, 1, 4, tzinfo=UTC) + timedelta(minutes=position)
        return Meta(f"event-{position}", position, at, at, "staff:x", HERE, f"command-{position}")

    tables = fold_all(views.projections, [(event, meta(n)) for n, event in enumerate(events, 1)])
    return {table: list(rows.values()) for table, rows in tables.items()}


WHEN_CHANGED = {"changed": None}
"""The position of what a row shows, which goes on whatever is undone."""


def compared(views: Views, events: Sequence[Event]) -> dict[str, list[dict[str, object]]]:
    tables = {str(table.__tablename__): rows for table, rows in folded(views, events).items()}
    return {
        name: sorted((columns_of(row) | WHEN_CHANGED for row in rows), key=str)
        for name, rows in tables.items()
        if name.rpartition("overview_")[2] not in LOGS
    }


@contextmanager
def held(views: Views, events: Sequence[Event]) -> Iterator[Session]:
    engine = create_engine("sqlite://")
    views.rows.metadata.create_all(engine)
    with Session(engine) as session:
        for rows in folded(views, events).values():
            session.add_all(rows)
        session.flush()
        yield session


@pytest.mark.parametrize("views", VIEWS, ids=lambda views: str(views.name))
def test_after_a_merge_is_undone_every_view_is_as_it_was(views: Views):
    before, merged = compared(views, BEFORE), compared(views, BEFORE + MERGED)
    assert merged != before, "the merge was not noticed at all"
    assert compared(views, BEFORE + MERGED + APART) == before


@pytest.mark.parametrize("views", VIEWS, ids=lambda views: str(views.name))
def test_whatever_keeps_persons_knows_of_merges(views: Views):
    deaf = [
        p.name
        for p in views.projections
        if PersonRegistered in p.on
        and str(p.row.__tablename__).rpartition("overview_")[2] not in LOGS
        and not (MergedInto in p.on and MergedIntoUndone in p.on)
    ]
    assert deaf == []


def federation_counts(events: Sequence[Event]) -> tuple[dict[str, int], int, list[ServiceRates]]:
    with held(canlian_federation.views.views, events) as db:
        codes = {code: len(OVERVIEW.behind(db, code, HERE, YEAR)) for code in {f.behind for f in FIGURES.values()}}
        return codes, find(db, Wanted(), [HERE], TODAY).number, OVERVIEW.services(db, HERE, YEAR)


def test_two_files_of_one_person_count_once_and_what_was_done_counts_whole():
    before, shown, _ = federation_counts(BEFORE)
    merged, shown_merged, services = federation_counts(BEFORE + MERGED)
    once = {"persons", "participants", "certificates_expired"}
    assert {code: before[code] - merged[code] for code in before} == {code: int(code in once) for code in before}
    assert (shown, shown_merged) == (3, 2)
    [service] = services
    assert (service.participation.numerator, service.participation.denominator) == (1, 2)
    assert federation_counts(BEFORE + MERGED + APART)[0] == before
    with held(canlian_evaluation.views.views, BEFORE + MERGED) as db:
        assert RATED.participation_rate(db, HERE, YEAR).denominator == 2
    with held(canlian_registry.views.views, BEFORE + MERGED) as db:
        assert residents_of(db, HERE) == 2


def test_the_lists_behind_the_figures_name_the_file_that_is_kept():
    with held(canlian_federation.views.views, BEFORE + MERGED) as db:
        assert {line.person_id for line in OVERVIEW.behind(db, "needs_open", HERE, YEAR)} == {KEPT}
        assert [line.id for line in behind(db, "participants", [HERE], YEAR, SERVICE)] == [KEPT]


@pytest.mark.parametrize("id", [KEPT, TWIN])
def test_a_worker_finds_the_kept_file_with_all_that_was_done_under_either_id(id: str):
    with held(canlian_social_worker.views.views, BEFORE + MERGED) as db:
        row = person(db, id)
        assert row is not None
        assert row.person_id == KEPT
        assert len(needs_of_person(db, id)) == 2
        assert len(visits_of_person(db, id)) == 2
        assert len(referrals_of_person(db, id)) == 4
        assert len(feedback_of_person(db, id)) == 2
        assert person_names(db, [TWIN]) == {TWIN: "王秀兰"}
        assert search_persons(db, [HERE], "")[1] == 2


@pytest.mark.parametrize("id", [KEPT, TWIN])
def test_a_resident_has_one_file_whichever_account_they_use(id: str):
    with held(canlian_neighbours.views.views, BEFORE + MERGED) as db:
        row = neighbours.person(db, id)
        assert row is not None
        assert row.person_id == KEPT
        assert len(neighbours.needs_of(db, id)) == 2
        assert len(neighbours.feedback_of(db, id)) == 2


def test_a_provider_and_a_volunteer_are_told_of_the_kept_file():
    with held(canlian_provider.views.views, BEFORE + MERGED) as db:
        row = db.get(ReferralRow, "referral_00000006")
        assert row is not None
        assert [one.name for one in people(db, [row]).values()] == ["王秀兰"]
    with held(canlian_volunteer.views.views, BEFORE + MERGED) as db:
        stop = own_visit(db, "visit_00000002", WORKER, TODAY)
        assert stop is not None
        assert stop.door is not None


@pytest.mark.parametrize("id", [KEPT, TWIN])
def test_rules_and_policies_know_the_person_by_either_id(id: str):
    moved = PersonMoved(person_id=id, from_community=HERE, to_community="429999001002")
    meta = Meta("e", 1, datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC), "staff:x", HERE, "c")
    with held(canlian_assistance.views.views, BEFORE + MERGED) as db:
        found = in_hand(db, moved, meta)
        assert (len(found.needs), len(found.visits)) == (2, 2)
    with held(canlian_catalog.views.folds.views, BEFORE + MERGED) as db:
        facts = person_facts(db, id)
        assert facts is not None
        assert facts.person_id == KEPT
        assert facts.ids == frozenset({KEPT, TWIN})
        assert open_referral(db, id, SERVICE) is not None
