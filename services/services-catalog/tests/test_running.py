"""The whole service on a real server, twice over as in production: places, waiting lists, what follows from what."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from libs.chassis.tests.processes import Process
from nats.aio.client import Client as Nats

from canlian_catalog.app import DECIDERS, POLICIES, QUESTIONS
from canlian_catalog.service.decider import service as offer
from canlian_catalog.views.folds import views
from canlian_chassis import clock
from canlian_chassis.bus import wire
from canlian_chassis.bus.client import Accepted, Client, Refused, connect
from canlian_chassis.keys.store import key_folder
from canlian_chassis.log.following import read_entry
from canlian_chassis.log.jetstream import Log, NewEntry
from canlian_chassis.service import Service
from canlian_chassis.settings import Settings
from canlian_chassis.testing.deciders import NOON
from canlian_chassis.tokens import Signer
from canlian_chassis.views.runner import ViewRunner
from canlian_events import subjects
from canlian_events.catalog.matching import FindMatches, Matches
from canlian_events.catalog.provider import RegisterProvider
from canlian_events.catalog.referral import (
    LAPSES_AFTER_DAYS,
    REFERRAL,
    AcceptReferral,
    CompleteService,
    DeclineReferral,
    FreedPlaceOffered,
    NextMatchProposed,
    ReferPerson,
    ReferralDeclined,
    ReferralLapsed,
    ReferralTransferred,
    WaitlistReferral,
    WithdrawReferral,
)
from canlian_events.catalog.service import SERVICE, ListService, ServiceDetails, SetCapacity, WithdrawService
from canlian_events.core import Command, Event, encode
from canlian_events.meta import Actor
from canlian_events.registry.person import ConsentGiven, PersonMoved, PersonRegistered
from canlian_events.terms import (
    DeclineReason,
    DisabilityClass,
    Domain,
    Grade,
    Layer,
    Outcome,
    ProviderKind,
    Purpose,
    Role,
    Sex,
)

HERE, THERE = "429999001001", "429999001002"
STAFF = Actor("worker_00000004", frozenset({Role.STAFF}), ("429999001",))
PROVIDER = "provider_00000001"
DESK = Actor("account_desk", frozenset({Role.PROVIDER}), provider_id=PROVIDER)
NEED = "need_00000001"


def person(number: int) -> str:
    return f"person_{number:08}"


def referral(number: int) -> str:
    return f"referral_{number:08}"


def service(number: int) -> str:
    return f"service_{number:08}"


class Bench:
    """Two processes' worth of the service, a client of them, and the log."""

    def __init__(self, nc: Nats, settings: Settings) -> None:
        self.nc, self.settings = nc, settings
        self.client, self.log, self.signer = Client(nc), Log(nc), Signer(key_folder(settings))

    async def send(self, command: Command, by: Actor = STAFF) -> Accepted:
        return await self.client.send(command, token=self.signer.sign(by))

    async def code(self, command: Command, by: Actor = DESK) -> str:
        """`accepted`, or the code of the refusal."""
        try:
            await self.send(command, by)
        except Refused as refused:
            return refused.code
        return "accepted"

    async def tell(self, *events: Event, community: str = HERE) -> None:
        """Events of other services, put into the log as they would."""
        entries: list[NewEntry] = []
        for event in events:
            id_ = f"told-{await self.log.last_position()}-{len(entries)}"
            headers = wire.event_headers(
                event, id=id_, said_at=NOON, actor="staff:x", command=id_, digest="x", cause=None
            )
            entries.append(NewEntry(subjects.event(event, community), headers, encode(event)))
        await self.log.append(entries)

    async def happened(self, kind: object = None) -> list[Event]:
        filter_ = subjects.events_of("catalog", getattr(kind, "name", "*"))
        return [read_entry(entry)[0] for entry in await self.log.read(filter_)]

    async def until(self, found: Callable[[list[Event]], bool]) -> list[Event]:
        async with asyncio.timeout(30):
            while not found(events := await self.happened()):  # noqa: ASYNC110 - the log is what is watched
                await asyncio.sleep(0.02)
        return events

    async def register(self, *numbers: int) -> None:
        for number in numbers:
            await self.tell(
                PersonRegistered(
                    person_id=person(number),
                    community=HERE,
                    name="x",
                    citizen_id="x",
                    birth_year=1980,
                    sex=Sex.FEMALE,
                    disability=DisabilityClass.PHYSICAL,
                    grade=Grade.TWO,
                ),
                ConsentGiven(person_id=person(number), purpose=Purpose.SHARE_WITH_PROVIDER),
            )

    async def offer(self, number: int, places: int = 1) -> None:
        details = ServiceDetails(name=f"康复 {number}", domain=Domain.REHABILITATION, layer=Layer.COMMUNITY)
        await self.send(ListService(service_id=service(number), provider_id=PROVIDER, details=details, places=places))

    async def refer(self, number: int, whom: int, to: int = 1) -> Accepted:
        return await self.send(
            ReferPerson(
                referral_id=referral(number),
                person_id=person(whom),
                community=HERE,
                service_id=service(to),
                need_id=NEED,
            )
        )


@pytest.fixture
async def bench(settings: Settings, tmp_path: Path) -> AsyncIterator[Bench]:
    beside = settings.model_copy(update={"views_url": f"sqlite:///{tmp_path}/second.sqlite"})
    async with AsyncExitStack() as stack:
        for each in (settings, beside):
            running = Service(
                "services-catalog",
                context="catalog",
                deciders=DECIDERS,
                # policies keep one checkpoint for the service, so one process of it runs them
                policies=POLICIES if each is settings else (),
                questions=QUESTIONS,
                views=views,
                settings=each,
            )
            await stack.enter_async_context(running.running())
        nc = await stack.enter_async_context(connect(settings, "test"))
        made = Bench(nc, settings)
        await made.send(RegisterProvider(provider_id=PROVIDER, number="1", name="阳光", kind=ProviderKind.MEDICAL))
        yield made


async def together(*sent: Awaitable[str]) -> list[str]:
    return sorted(await asyncio.gather(*sent))


async def test_of_two_who_take_the_last_place_at_once_one_gets_it(bench: Bench):
    await bench.register(1, 2)
    for round_ in range(1, 6):
        await bench.offer(round_)
        pair = (2 * round_, 2 * round_ + 1)
        for whom, number in enumerate(pair, start=1):
            await bench.refer(number, whom, to=round_)
        answers = await together(*(bench.code(AcceptReferral(referral_id=referral(number))) for number in pair))
        assert answers == ["accepted", "referral.no_place"]
    assert [type(event).__name__ for event in await bench.happened(SERVICE)].count("ServicePlaceTaken") == 5
    assert [type(event).__name__ for event in await bench.happened(REFERRAL)].count("ReferralAccepted") == 5


async def test_the_place_is_in_the_log_just_before_the_acceptance_it_belongs_to(bench: Bench):
    await bench.register(1)
    await bench.offer(1)
    await bench.refer(1, 1)
    accepted = await bench.send(AcceptReferral(referral_id=referral(1)), by=DESK)
    assert [note.name for note in accepted.events] == ["ReferralAccepted"]
    *_, taken, last = await bench.log.read(subjects.events_of("catalog"))
    assert (taken.headers["ce-type"], taken.position + 1) == ("catalog.service.place-taken", last.position)
    assert taken.headers["ce-command"] == last.headers["ce-command"]


async def test_nobody_is_referred_to_a_service_that_is_withdrawn_in_another_process_meanwhile(bench: Bench):
    """Referring reads the service and writes nothing to it."""
    await bench.register(1)
    await bench.offer(1)
    runner = ViewRunner(views, bench.settings.model_copy(update={"data": bench.settings.data / "third"}))
    await runner.start(bench.nc)
    here = Process(bench.nc, bench.settings, DECIDERS, runner, by=STAFF)
    here.before_storing(lambda: bench.send(WithdrawService(service_id=service(1), why="停办")))
    refer = ReferPerson(referral_id=referral(1), person_id=person(1), community=HERE, service_id=service(1))
    answer = await here.do(refer)
    assert (answer.status, answer.code) == ("refused", "referral.service_withdrawn")
    await runner.stop()


async def test_a_place_given_back_is_offered_to_who_waits(bench: Bench):
    await bench.register(1, 2)
    await bench.offer(1)
    await bench.refer(1, 1)
    await bench.send(AcceptReferral(referral_id=referral(1)), by=DESK)
    await bench.refer(2, 2)
    assert await bench.code(AcceptReferral(referral_id=referral(2))) == "referral.no_place"
    await bench.send(WaitlistReferral(referral_id=referral(2)), by=DESK)
    await bench.send(CompleteService(referral_id=referral(1), outcome=Outcome.NOT_MET), by=DESK)
    events = await bench.until(lambda events: any(isinstance(event, FreedPlaceOffered) for event in events))
    assert events[-1] == FreedPlaceOffered(referral_id=referral(2), service_id=service(1))
    assert await bench.code(AcceptReferral(referral_id=referral(2))) == "accepted"


async def test_two_workers_sending_the_same_person_at_once_make_one_referral(bench: Bench):
    await bench.register(1)
    await bench.offer(1, places=9)

    async def send(number: int) -> str:
        command = ReferPerson(referral_id=referral(number), person_id=person(1), community=HERE, service_id=service(1))
        return await bench.code(command, by=STAFF)

    assert await together(send(1), send(2), send(3)) == ["accepted", "referral.already_open", "referral.already_open"]


async def test_a_person_may_be_sent_again_after_the_first_referral_ended(bench: Bench):
    await bench.register(1)
    await bench.offer(1)
    await bench.refer(1, 1)
    await bench.send(WithdrawReferral(referral_id=referral(1), why="x"))
    await bench.refer(2, 1)
    await bench.send(DeclineReferral(referral_id=referral(2), reason=DeclineReason.NO_STAFF), by=DESK)
    assert (await bench.refer(3, 1)).events[0].name == "ServiceReferred"


async def test_a_decline_is_followed_by_the_next_best_and_then_by_none(bench: Bench):
    await bench.register(1)
    for number in (1, 2):
        await bench.offer(number)
    await bench.refer(1, 1, to=1)
    await bench.send(DeclineReferral(referral_id=referral(1), reason=DeclineReason.NO_STAFF, words="满"), by=DESK)
    events = await bench.until(lambda events: any(isinstance(event, NextMatchProposed) for event in events))
    proposed = events[-1]
    assert isinstance(proposed, NextMatchProposed)
    assert proposed.service_id == service(2)
    await bench.refer(2, 1, to=2)
    await bench.send(WithdrawService(service_id=service(2), why="不再提供"))
    events = await bench.until(lambda events: sum(isinstance(event, NextMatchProposed) for event in events) == 2)
    proposed = events[-1]
    assert isinstance(proposed, NextMatchProposed)
    assert (proposed.referral_id, proposed.service_id) == (referral(2), None)


async def test_what_a_provider_says_of_a_person_is_sealed_in_the_log(bench: Bench):
    await bench.register(1)
    await bench.offer(1)
    await bench.refer(1, 1)
    await bench.send(DeclineReferral(referral_id=referral(1), reason="other", words="家住六楼"), by=DESK)
    [entry] = [e for e in await bench.log.read(subjects.EVENTS) if e.headers["ce-type"] == ReferralDeclined.type]
    assert "家住六楼" not in entry.body.decode()


async def test_a_referral_moves_with_the_person(bench: Bench):
    await bench.register(1)
    await bench.offer(1)
    await bench.refer(1, 1)
    moved = PersonMoved(person_id=person(1), from_community=HERE, to_community=THERE)
    await bench.tell(moved, community=THERE)
    events = await bench.until(lambda events: any(isinstance(event, ReferralTransferred) for event in events))
    transferred = events[-1]
    assert isinstance(transferred, ReferralTransferred)
    assert (transferred.from_community, transferred.to_community) == (HERE, THERE)
    [last] = (await bench.log.read(subjects.history(REFERRAL, referral(1))))[-1:]
    assert subjects.community_of(last.subject) == THERE


async def test_matches_are_answered_over_the_bus(bench: Bench):
    await bench.register(1)
    await bench.offer(1)
    await bench.refer(1, 1)
    asked = FindMatches(person_id=person(1), domain=Domain.REHABILITATION)
    found = await bench.client.ask(asked, Matches, token=bench.signer.sign(STAFF))
    assert [match.service_name for match in found.matches] == ["康复 1"]


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_never_more_people_than_places_whatever_happens_at_once(bench: Bench, seed: int):
    chance = random.Random(seed)
    people, places = range(1, 9), 2
    await bench.register(*people)
    await bench.offer(1, places)
    await asyncio.gather(*(bench.refer(number, number) for number in people))

    def step() -> Awaitable[str]:
        id_ = referral(chance.choice(people))
        kinds: list[tuple[Command, Actor]] = [
            (AcceptReferral(referral_id=id_), DESK),
            (AcceptReferral(referral_id=id_), STAFF),
            (WaitlistReferral(referral_id=id_), DESK),
            (CompleteService(referral_id=id_, outcome=Outcome.NOT_MET), DESK),
            (WithdrawReferral(referral_id=id_, why="x"), STAFF),
            (SetCapacity(service_id=service(1), places=chance.randint(1, 3)), DESK),
        ]
        command, by = chance.choices(kinds, weights=[6, 6, 2, 1, 1, 1])[0]
        return bench.code(command, by)

    for _ in range(6):
        await asyncio.gather(*(step() for _ in range(8)))
    state, places_taken = offer.initial, 0
    for event in await bench.happened(SERVICE):
        state = offer.fold([event], state)  # type: ignore[list-item]
        assert state is not None
        assert len(state.taken) <= state.places, event
        places_taken = max(places_taken, len(state.taken))
    assert places_taken > 1, "nothing was tried"


async def test_a_referral_nobody_answered_lapses_in_its_time_and_the_next_is_proposed(bench: Bench):
    await bench.register(1)
    await bench.offer(1)
    await bench.offer(2)
    await bench.refer(1, whom=1)
    await asyncio.sleep(0.2)
    await clock.move(bench.nc, bench.settings, timedelta(days=LAPSES_AFTER_DAYS - 1))
    await asyncio.sleep(0.5)
    assert not any(isinstance(event, ReferralLapsed) for event in await bench.happened())
    await clock.move(bench.nc, bench.settings, timedelta(days=LAPSES_AFTER_DAYS))
    events = await bench.until(lambda events: any(isinstance(event, NextMatchProposed) for event in events))
    assert [event.referral_id for event in events if isinstance(event, ReferralLapsed)] == [referral(1)]
    [proposed] = [event for event in events if isinstance(event, NextMatchProposed)]
    assert proposed.service_id == service(2)
