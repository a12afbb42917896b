"""Logs to measure on: this project's events about made-up people, sealed and with their true headers.

Built by raw batches, since a million commands would take an hour. Built once a run, and copied for each figure, which
may write to its copy.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import shutil
import uuid
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from canlian_chassis.bus import wire
from canlian_chassis.bus.client import connect
from canlian_chassis.keys.store import Keys
from canlian_chassis.log.jetstream import Log
from canlian_chassis.settings import Settings
from canlian_chassis.testing.servers import NatsServer
from canlian_events import subjects
from canlian_events.assistance.need import NeedAssigned, NeedMet, NeedRaised, NeedReferred
from canlian_events.assistance.visit import RaisedNeed, VisitCompleted, VisitScheduled
from canlian_events.catalog.matching import Reason
from canlian_events.catalog.provider import ProviderRegistered, ProviderVetted
from canlian_events.catalog.referral import (
    ReferralAccepted,
    ServiceCompleted,
    ServiceReferred,
    ServiceStarted,
    SessionAttended,
)
from canlian_events.catalog.service import ServiceDetails, ServiceListed
from canlian_events.core import Event, encode
from canlian_events.ids import derive
from canlian_events.registry.community import CommunityOpened
from canlian_events.registry.person import (
    AccessNeedsRecorded,
    CertificateIssued,
    CertificateRenewed,
    Circumstances,
    CircumstancesRecorded,
    ConsentGiven,
    ConsentWithdrawn,
    PersonCorrected,
    PersonRegistered,
)
from canlian_events.terms import (
    AccessFeature,
    Channel,
    DisabilityClass,
    Domain,
    Grade,
    Help,
    Layer,
    Outcome,
    ProviderKind,
    Purpose,
    Sex,
    Tie,
)
from canlian_sheets.made_up.people import COMMUNITIES, made_up_people
from canlian_sheets.roster import RosterPerson

BATCH = 500
SERVICES = 640
"""Providers, each with one service with room for many, that are in every log: ten for each of 64 callers."""
SUBDISTRICT = "429999001000"
_SIDE_BY_SIDE = 97
"""So many people's events are mixed, as they are in life."""
_SPACE = uuid.UUID("00000000-0000-5000-8000-000000000000").int
_BEGIN = datetime(2025, 1, 1, tzinfo=UTC)

Happened = tuple[Event, str]
"""An event and the community it happened in."""


@dataclass(frozen=True)
class RunningLog:
    """A running server with its log and its keys; `people` are registered in it, `person(0)` and up."""

    settings: Settings
    server: NatsServer
    events: int
    people: int


def person(number: int) -> str:
    """The id of the log's person of this number; their file holds ten events."""
    return derive("person", "benchmark", number)


def service(number: int) -> str:
    return derive("service", "benchmark", number)


def provider(number: int) -> str:
    """The one that offers the service of this number."""
    return derive("provider", "benchmark", number)


@asynccontextmanager
async def running(kept: Path, events: int, folder: Path, say: Callable[[str], None]) -> AsyncIterator[RunningLog]:
    """A copy of the log of so many events, which is built first where `kept` has none; gone after the block."""
    built = kept / str(events)
    if not (built / "about.json").exists():
        await _build(built, events, say)
    about = json.loads((built / "about.json").read_text("utf-8"))
    copy = folder / uuid.uuid4().hex
    await asyncio.to_thread(shutil.copytree, built, copy)
    server = NatsServer(copy / "nats")
    await asyncio.to_thread(server.start)
    try:
        yield RunningLog(Settings(nats_url=server.url, data=copy / "var"), server, about["events"], about["people"])
    finally:
        await asyncio.to_thread(server.stop)
        await asyncio.to_thread(shutil.rmtree, copy, ignore_errors=True)


async def _build(folder: Path, events: int, say: Callable[[str], None]) -> None:
    started = asyncio.get_running_loop().time()
    shutil.rmtree(folder, ignore_errors=True)
    server = NatsServer(folder / "nats")
    await asyncio.to_thread(server.start)
    try:
        settings = Settings(nats_url=server.url, data=folder / "var")
        keys = Keys.of(settings)
        async with connect(settings, "benchmark") as nc:
            await Log(nc).ensure()
        writer = await Writer.connect(server)
        written, people = await _fill(writer, keys, events, say)
        await writer.close()
    finally:
        await asyncio.to_thread(server.stop)
    (folder / "about.json").write_text(json.dumps({"events": written, "people": people}), "utf-8")
    say(f"a log of {written:,} events was built in {asyncio.get_running_loop().time() - started:.0f} s")


async def _fill(wire_: Writer, keys: Keys, events: int, say: Callable[[str], None]) -> tuple[int, int]:
    """Write so many events; returns how many there are, and of how many people."""
    people: list[str] = []
    written = 0
    for some in _blocks(itertools.islice(town(people), events)):
        keys.ensure(subject for event, _ in some if (subject := event.data_subject))
        messages = [_message(keys, event, community, written + n) for n, (event, community) in enumerate(some)]
        await wire_.append(messages)
        if written // 100_000 < (written + len(some)) // 100_000:
            say(f"{written + len(some):,} of {events:,} events")
        written += len(some)
    await wire_.answered()
    return written, len(people)


def _blocks(happened: Iterator[Happened]) -> Iterator[list[Happened]]:
    while block := list(itertools.islice(happened, BATCH)):
        yield block


def _message(keys: Keys, event: Event, community: str, number: int) -> tuple[str, wire.Headers, bytes]:
    command = str(uuid.UUID(int=_SPACE + number * 2))
    id_ = str(uuid.UUID(int=_SPACE + number * 2 + 1))
    body = encode(keys.seal(event, id_))
    headers = wire.event_headers(
        event,
        id=id_,
        said_at=_BEGIN + timedelta(seconds=number),
        actor="social_worker:worker_00000002",
        command=command,
        digest=command[-16:],
        cause=None,
    )
    return subjects.event(event, community), headers, body


class Writer:
    """Appends atomic batches by the protocol itself: nats-py would take longer than the server does."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._batches = itertools.count(1)
        self._waits = False

    @classmethod
    async def connect(cls, server: NatsServer) -> Writer:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b'CONNECT {"verbose":false,"headers":true,"no_responders":true}\r\nSUB answers 1\r\n')
        return cls(reader, writer)

    async def append(self, messages: Sequence[tuple[str, wire.Headers, bytes]]) -> None:
        """Send a batch, once the one before is stored: the next is made while this one goes to disk."""
        batch = f"benchmark-{next(self._batches)}"
        lines: list[bytes] = []
        for number, (subject, headers, body) in enumerate(messages, 1):
            last = number == len(messages)
            batched = headers | {"Nats-Batch-Id": batch, "Nats-Batch-Sequence": str(number)}
            batched |= {"Nats-Batch-Commit": "1"} if last else {}
            head = ("NATS/1.0\r\n" + "".join(f"{k}: {v}\r\n" for k, v in batched.items()) + "\r\n").encode()
            reply = " answers" if last else ""
            lines += [f"HPUB {subject}{reply} {len(head)} {len(head) + len(body)}\r\n".encode(), head, body, b"\r\n"]
        await self.answered()
        self._writer.write(b"".join(lines))
        await self._writer.drain()
        self._waits = True

    async def answered(self) -> None:
        """Wait until the last batch is stored. Raises RuntimeError where it was not."""
        while self._waits:
            line = await self._reader.readline()
            if line.startswith(b"PING"):
                self._writer.write(b"PONG\r\n")
            elif line.startswith(b"MSG"):
                said = await self._reader.readexactly(int(line.split()[-1]) + 2)
                if problem := json.loads(said).get("error"):
                    raise RuntimeError(problem)
                self._waits = False
            elif not line or line.startswith(b"-ERR"):
                raise RuntimeError(line)

    async def close(self) -> None:
        self._writer.close()
        await self._writer.wait_closed()


def town(people: list[str]) -> Iterator[Happened]:
    """A subdistrict's events without end: its communities, its services, then people's lives. Notes whom it registers.

    The same every time, so that figures of two runs are of the same log.
    """
    for code, name in COMMUNITIES.items():
        yield CommunityOpened(community=code, name=name), code
    yield from _services()
    everybody = enumerate(made_up_people(10**9, 1, list(COMMUNITIES)))
    while True:
        lives = [_life(number, someone) for number, someone in itertools.islice(everybody, _SIDE_BY_SIDE)]
        for side_by_side in itertools.zip_longest(*lives):
            for happened in filter(None, side_by_side):
                if isinstance(happened[0], PersonRegistered):
                    people.append(happened[0].person_id)
                yield happened


def _services() -> Iterator[Happened]:
    details = ServiceDetails(name="居家服务", domain=Domain.DAY_CARE, layer=Layer.COMMUNITY)
    for n in range(SERVICES):
        name, number = f"春晖服务中心{n}", f"R{n:04d}"
        kind = ProviderKind.SOCIAL_ORGANISATION
        yield ProviderRegistered(provider_id=provider(n), number=number, name=name, kind=kind), SUBDISTRICT
        yield ProviderVetted(provider_id=provider(n)), SUBDISTRICT
        yield (
            ServiceListed(service_id=service(n), provider_id=provider(n), details=details, places=10_000),
            SUBDISTRICT,
        )


def _life(number: int, who: RosterPerson) -> Iterator[Happened]:
    """What happens to one person: ten events of their file, one need met by a service, two visits."""
    chance = random.Random(number)
    where = who.community
    own = [
        *_registered(person(number), who),
        *_asked(person(number), number, chance),
        *_visited(person(number), number, chance),
    ]
    return ((event, where) for event in own)


def _registered(person_id: str, who: RosterPerson) -> Iterator[Event]:
    issued = who.certificate_issued or date(2020, 1, 1)
    known = Circumstances(low_income=who.low_income, ethnicity=who.ethnicity, carer_name=who.guardian_name)
    yield PersonRegistered(
        person_id=person_id,
        community=who.community,
        name=who.name,
        citizen_id=who.citizen_id,
        phone=who.phone,
        address=who.address,
        birth_year=who.birth_date.year,
        sex=Sex(who.sex),
        disability=DisabilityClass(who.disability),
        grade=Grade(who.grade),
    )
    yield CertificateIssued(
        person_id=person_id, number=who.certificate_number, issued=issued, expires=issued + timedelta(days=3652)
    )
    yield CircumstancesRecorded(person_id=person_id, circumstances=known)
    yield AccessNeedsRecorded(person_id=person_id, features=frozenset({AccessFeature.LARGE_PRINT}))
    yield ConsentGiven(person_id=person_id, purpose=Purpose.SHARE_WITH_PROVIDER)
    yield PersonCorrected(person_id=person_id, phone=who.phone)
    yield CircumstancesRecorded(
        person_id=person_id, circumstances=known.model_copy(update={"remark": "独居，子女在外地"})
    )
    yield CertificateRenewed(
        person_id=person_id,
        number=f"{who.certificate_number[:20]}B2",
        issued=date(2025, 3, 1),
        expires=date(2035, 3, 1),
        replaces=who.certificate_number,
    )
    yield ConsentWithdrawn(person_id=person_id, purpose=Purpose.SHARE_WITH_PROVIDER)
    yield ConsentGiven(person_id=person_id, purpose=Purpose.SHARE_WITH_PROVIDER)


def _asked(person_id: str, number: int, chance: random.Random) -> Iterator[Event]:
    need, referral = derive("need", "benchmark", number), derive("referral", "benchmark", number)
    offered = chance.randrange(SERVICES)
    yield NeedRaised(
        need_id=need,
        person_id=person_id,
        channel=Channel.VISIT,
        domain=Domain.DAY_CARE,
        words="老伴住院了，这几天没有人做饭，想请人上门帮忙。",
    )
    yield NeedAssigned(need_id=need, worker_id="worker_00000002")
    yield ServiceReferred(
        referral_id=referral,
        person_id=person_id,
        service_id=service(offered),
        provider_id=provider(offered),
        domain=Domain.DAY_CARE,
        need_id=need,
        reasons=(Reason(code="eligible", counts="for"), Reason(code="near", counts="for", facts={"metres": 400})),
        note="听力不好，请敲门时重一些。",
    )
    yield NeedReferred(need_id=need, referral_id=referral)
    yield ReferralAccepted(referral_id=referral)
    yield ServiceStarted(referral_id=referral, on=date(2025, 4, 1))
    for day in (1, 8):
        yield SessionAttended(referral_id=referral, person_id=person_id, on=date(2025, 4, day), note="一切正常")
    yield ServiceCompleted(
        referral_id=referral,
        person_id=person_id,
        service_id=service(offered),
        outcome=Outcome.MET,
        sessions=2,
        need_id=need,
    )
    yield NeedMet(need_id=need)


def _visited(person_id: str, number: int, chance: random.Random) -> Iterator[Event]:
    for turn in range(2):
        visit = derive("visit", "benchmark", number, turn)
        yield VisitScheduled(
            visit_id=visit, person_id=person_id, worker_id="worker_00000004", due=date(2025, 5 + turn, 1)
        )
        yield VisitCompleted(
            visit_id=visit,
            person_id=person_id,
            worker_id="worker_00000004",
            tie=chance.choice(list(Tie)),
            helps=frozenset({chance.choice(list(Help))}),
            findings="精神不错，屋里收拾得干净；说药快吃完了。",
            needs=(RaisedNeed(domain=Domain.DAY_CARE, words="想要有人陪着去医院"),) if turn else (),
        )
