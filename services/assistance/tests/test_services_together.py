"""Assistance and evaluation on a real server: what follows from a visit follows once, whoever dies in between."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import pytest
from nats.aio.client import Client as Nats

from canlian_assistance import app as assistance
from canlian_chassis import clock
from canlian_chassis.bus.client import Client, Refused, connect
from canlian_chassis.bus.wire import event_headers
from canlian_chassis.clock import CLOCK
from canlian_chassis.keys.store import Keys, key_folder
from canlian_chassis.log.following import read_entry
from canlian_chassis.log.jetstream import Log, NewEntry
from canlian_chassis.policies.parked import BUCKET
from canlian_chassis.service import Service
from canlian_chassis.settings import Settings
from canlian_chassis.testing.servers import NatsServer, nats_server
from canlian_chassis.tokens import Signer
from canlian_evaluation import app as evaluation
from canlian_events import subjects
from canlian_events.assistance.assessment import CompleteAssessment, StartAssessment
from canlian_events.assistance.instruments import SERVICE_NEEDS
from canlian_events.assistance.need import NeedAssessed, NeedRaised, NeedTransferred, RaiseNeed
from canlian_events.assistance.visit import (
    FALLS_DUE_DAYS,
    CompleteVisit,
    RaisedNeed,
    ScheduleVisit,
    VisitCancelled,
    VisitCompleted,
    VisitFellDue,
    VisitTransferred,
)
from canlian_events.calendar import begin_of, day_of
from canlian_events.core import Command, Event, encode
from canlian_events.evaluation.feedback import FeedbackAsked
from canlian_events.evaluation.rates import CommunityRates, Rates
from canlian_events.ids import derive_uuid
from canlian_events.meta import Actor, Recorded
from canlian_events.registry.community import CommunityOpened
from canlian_events.registry.person import ConsentWithdrawn, PersonMoved, PersonRegistered
from canlian_events.terms import Channel, DisabilityClass, Domain, Purpose, Role, Sex, Tie

E = TypeVar("E", bound=Event)

HERE, THERE = "429999001001", "429999001002"
PERSON, VISIT, NEED = "person_00000001", "visit_00000001", "need_00000001"
TODAY, NEXT, FAR_OFF = date(2026, 11, 24), date(2026, 11, 27), date(2099, 2, 24)
WHEN = datetime(2026, 11, 24, 4, tzinfo=UTC)
SOCIAL_WORKER = Actor("worker_00000003", frozenset({Role.SOCIAL_WORKER}), ("429999001",))
FOUND = (RaisedNeed(domain=Domain.DAY_CARE, words="白天没人照看"), RaisedNeed(domain=Domain.RIGHTS))

SCHEDULE = ScheduleVisit(visit_id=VISIT, person_id=PERSON, community=HERE, worker_id=SOCIAL_WORKER.id, due=TODAY)
COMPLETE = CompleteVisit(visit_id=VISIT, tie=Tie.FAMILY, needs=FOUND, next_due=NEXT)
RAISE = RaiseNeed(need_id=NEED, person_id=PERSON, community=HERE, channel=Channel.WALK_IN, domain=Domain.RIGHTS)
REGISTERED = PersonRegistered(
    person_id=PERSON,
    community=HERE,
    name="甲",
    citizen_id="x",
    birth_year=1960,
    sex=Sex.FEMALE,
    disability=DisabilityClass.PHYSICAL,
)


class Bench:
    """The log, in which the registry has written before, and a client of the services."""

    def __init__(self, settings: Settings, nc: Nats) -> None:
        self.settings, self.client = settings, Client(nc)
        self._nc, self._log, self._stores = nc, Log(nc), nc.jetstream()
        self._keys = Keys.of(settings)
        self.token = Signer(key_folder(settings)).sign(SOCIAL_WORKER)

    async def send(self, command: Command) -> None:
        await self.client.send(command, token=self.token, said_at=WHEN)

    async def happens(self, event: Event, community: str) -> None:
        """Somebody else's event, as their service would have written it."""
        id_ = derive_uuid(type(event).__name__, encode(event))
        headers = event_headers(event, id=id_, said_at=WHEN, actor="staff:x", command=id_, digest="", cause=None)
        entry = NewEntry(subjects.event(event, community), headers, encode(self._keys.seal(event, id_)))
        await self._log.append([entry])

    async def all(self, kind: type[E]) -> list[Recorded[E]]:
        found = [read_entry(entry) for entry in await self._log.read(subjects.EVENTS)]
        return [Recorded(event, meta) for event, meta in found if isinstance(event, kind)]

    async def wait_for(self, kind: type[E], count: int) -> list[Recorded[E]]:
        """The events of this kind once there are so many of them."""
        found: list[Recorded[E]] = []
        for _ in range(3000):
            if len(found := await self.all(kind)) >= count:
                return found
            await asyncio.sleep(0.02)
        raise AssertionError(f"{len(found)} of {count} {kind.__name__} after a minute")

    async def move_clock(self, to: date) -> None:
        """To noon of the day, in every part."""
        noon = begin_of(to) + timedelta(hours=12)
        await clock.move(self._nc, self.settings, noon - datetime.now(UTC))

    async def forget_what_policies_did(self) -> None:
        """Take away the checkpoints, so that the policies begin with the first event of the log again."""
        bucket = await self._stores.key_value(BUCKET)
        for key in await bucket.keys():
            await bucket.purge(key)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[NatsServer]:
    with nats_server(tmp_path / "nats") as running:
        yield running


@pytest.fixture
async def bench(server: NatsServer, tmp_path: Path) -> AsyncIterator[Bench]:
    settings = Settings(nats_url=server.url, data=tmp_path / "var", movable_clock=True)
    async with connect(settings, "test") as nc:
        await Log(nc).ensure()
        bench = Bench(settings, nc)
        for community in (HERE, THERE):
            await bench.happens(CommunityOpened(community=community, name=community), community)
        await bench.happens(REGISTERED, HERE)
        yield bench
    CLOCK.set_ahead(timedelta(0))


@contextlib.asynccontextmanager
async def both_running(settings: Settings) -> AsyncIterator[None]:
    async with contextlib.AsyncExitStack() as stack:
        for declared in (assistance.service, evaluation.service):
            service = Service(
                declared.name,
                context=declared.context,
                deciders=declared.deciders,
                policies=declared.policies,
                questions=declared.questions,
                views=declared.views,
                settings=settings,
            )
            await stack.enter_async_context(service.running())
        yield


async def test_two_needs_found_on_a_visit_are_raised_and_feedback_is_asked_once(bench: Bench):
    async with both_running(bench.settings):
        await bench.send(SCHEDULE)
        await bench.send(COMPLETE)
        needs = await bench.wait_for(NeedRaised, 2)
        [asked] = await bench.wait_for(FeedbackAsked, 1)
        [due] = await bench.wait_for(VisitFellDue, 1)
    [visited] = await bench.all(VisitCompleted)
    assert {need.event.domain for need in needs} == {Domain.DAY_CARE, Domain.RIGHTS}
    assert [recorded.meta.cause for recorded in (*needs, asked, due)] == [visited.meta.id] * 4
    assert (due.event.due, asked.event.occasion_id) == (NEXT, VISIT)


async def test_policies_that_start_again_from_the_beginning_double_nothing(bench: Bench):
    async with both_running(bench.settings):
        await bench.send(SCHEDULE)
        await bench.send(COMPLETE)
        await bench.wait_for(NeedRaised, 2)
        await bench.wait_for(FeedbackAsked, 1)
        await bench.wait_for(VisitFellDue, 1)
    await bench.forget_what_policies_did()
    async with both_running(bench.settings):
        # what follows from a later event comes after all that would be doubled
        second = "visit_00000002"
        await bench.send(SCHEDULE.model_copy(update={"visit_id": second}))
        await bench.send(COMPLETE.model_copy(update={"visit_id": second, "needs": FOUND[:1]}))
        await bench.wait_for(VisitFellDue, 2)
        await bench.wait_for(FeedbackAsked, 2)
    counts = [len(await bench.all(kind)) for kind in (NeedRaised, VisitFellDue, FeedbackAsked)]
    assert counts == [3, 2, 2]


@contextlib.asynccontextmanager
async def assistance_process(settings: Settings) -> AsyncIterator[asyncio.subprocess.Process]:
    """Killed when the block ends, as a power cut would."""
    environment = os.environ | {"CANLIAN_NATS_URL": settings.nats_url, "CANLIAN_DATA": str(settings.data)}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "canlian_assistance", env=environment, stdout=asyncio.subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGKILL)
        await process.wait()


async def test_a_service_killed_in_the_middle_of_its_policies_carries_on_and_doubles_nothing(bench: Bench):
    visits = 25
    for number in range(visits):
        event = VisitCompleted(
            visit_id=f"visit_{number:08}",
            person_id=PERSON,
            worker_id=SOCIAL_WORKER.id,
            tie=Tie.FAMILY,
            needs=FOUND,
            next_due=NEXT,
        )
        await bench.happens(event, HERE)
    async with assistance_process(bench.settings):
        await bench.wait_for(NeedRaised, 3)
    assert len(await bench.all(VisitFellDue)) < visits, "it was done before it was killed: nothing is shown"
    async with assistance_process(bench.settings):
        await bench.wait_for(VisitFellDue, visits)
    needs, due = await bench.all(NeedRaised), await bench.all(VisitFellDue)
    assert len(needs) == len({need.event.need_id for need in needs}) == 2 * visits
    assert len(due) == len({visit.event.visit_id for visit in due}) == visits


async def test_an_assessment_raises_what_is_not_asked_for_already_and_is_linked(bench: Bench):
    start = StartAssessment(
        assessment_id="assessment_00000001",
        person_id=PERSON,
        community=HERE,
        instrument="service-needs",
        instrument_version="1",
        need_id=NEED,
    )
    answers = {item.code: 0 for item in SERVICE_NEEDS.items} | {"rights": 2, "day_care": 1}
    async with both_running(bench.settings):
        await bench.send(RAISE)
        await bench.send(start)
        await bench.send(CompleteAssessment(assessment_id=start.assessment_id, answers=answers))
        first, second = await bench.wait_for(NeedRaised, 2)
        [linked] = await bench.wait_for(NeedAssessed, 1)
    assert (first.event.need_id, linked.event.need_id) == (NEED, NEED)
    assert (second.event.domain, second.event.channel) == (Domain.DAY_CARE, Channel.ASSESSMENT)


async def test_open_needs_and_visits_follow_a_person_who_moves(bench: Bench):
    async with both_running(bench.settings):
        await bench.send(RAISE)
        await bench.send(SCHEDULE)
        await bench.happens(PersonMoved(person_id=PERSON, from_community=HERE, to_community=THERE), THERE)
        [need] = await bench.wait_for(NeedTransferred, 1)
        [visit] = await bench.wait_for(VisitTransferred, 1)
    assert (need.meta.community, need.event.from_community) == (THERE, HERE)
    assert (visit.meta.community, visit.event.from_community) == (THERE, HERE)


async def test_a_visit_far_off_falls_due_a_week_before_its_day_where_the_person_lives_by_then(bench: Bench):
    async with both_running(bench.settings):
        await bench.send(SCHEDULE)
        await bench.send(COMPLETE.model_copy(update={"next_due": FAR_OFF}))
        await bench.wait_for(NeedRaised, 2)
        await bench.move_clock(FAR_OFF - timedelta(days=FALLS_DUE_DAYS + 2))
        await bench.happens(PersonMoved(person_id=PERSON, from_community=HERE, to_community=THERE), THERE)
        await bench.wait_for(NeedTransferred, 2)
        assert await bench.all(VisitFellDue) == []
        await bench.move_clock(FAR_OFF - timedelta(days=FALLS_DUE_DAYS))
        [due] = await bench.wait_for(VisitFellDue, 1)
        [moved] = await bench.wait_for(VisitTransferred, 1)
    assert (due.event.due, day_of(due.meta.said_at)) == (FAR_OFF, FAR_OFF - timedelta(days=FALLS_DUE_DAYS))
    assert moved.meta.community == THERE


async def test_visits_are_cancelled_and_refused_once_consent_is_withdrawn(bench: Bench):
    async with both_running(bench.settings):
        await bench.send(SCHEDULE)
        await bench.happens(ConsentWithdrawn(person_id=PERSON, purpose=Purpose.VISITS), HERE)
        [cancelled] = await bench.wait_for(VisitCancelled, 1)
        with pytest.raises(Refused) as refused:
            await bench.send(SCHEDULE.model_copy(update={"visit_id": "visit_00000002"}))
    assert cancelled.event.visit_id == VISIT
    assert refused.value.code == "visit.consent_withdrawn"


async def test_a_need_for_a_community_nobody_opened_is_refused_over_the_wire(bench: Bench):
    async with both_running(bench.settings):
        with pytest.raises(Refused) as refused:
            await bench.send(RAISE.model_copy(update={"community": "429999001099"}))
    assert refused.value.code == "community.unknown"
    assert await bench.all(NeedRaised) == []


async def test_the_rates_can_be_asked_for(bench: Bench):
    question = CommunityRates(community="429999001", start=date(2026, 1, 1), end=TODAY)
    async with both_running(bench.settings):
        # what is asked for after the view has seen a later event is answered with all before it
        await bench.send(SCHEDULE)
        await bench.send(COMPLETE)
        await bench.wait_for(FeedbackAsked, 1)
        rates = await bench.client.ask(question, Rates, token=bench.token)
    assert (rates.participation.numerator, rates.participation.denominator) == (0, 1)
    assert rates.satisfaction.percent is None
