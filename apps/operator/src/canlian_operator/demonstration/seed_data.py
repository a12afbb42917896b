"""The demonstration: what an empty system is filled with, so that a newcomer sees every tool at work.

Everything goes through the services as real commands, with ids that are the same each time: a load that was broken off
goes on where it was.
"""

import asyncio
import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import nats.errors
from nats.aio.client import Client as Nats
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from canlian_chassis.bus.client import Accepted, Client, Refused, Unavailable
from canlian_chassis.keys.store import Keys
from canlian_chassis.tokens import ANONYMOUS
from canlian_events import subjects
from canlian_events.assistance.visit import VISIT, ScheduleVisit
from canlian_events.calendar import SHANGHAI
from canlian_events.core import Command
from canlian_events.ids import derive
from canlian_events.meta import Actor
from canlian_events.registry.community import COMMUNITY, NameDirector, NameGridWorker, OpenCommunity
from canlian_events.registry.person import GiveConsent, RecordAccessNeeds
from canlian_events.terms import AccessFeature, Purpose
from canlian_operator.connection import OPERATOR, Link, with_system
from canlian_operator.console import console, fail, say
from canlian_operator.demonstration.accounts import ensure_accounts
from canlian_operator.demonstration.cast import (
    CODES,
    DIRECTORS,
    GRID_WORKERS,
    SOCIAL_WORKERS,
    STAFF,
    WORKERS,
    front_desk,
    resident,
)
from canlian_operator.demonstration.history import WEEKS, Deed, Neighbour, Offer, Planner, Story
from canlian_operator.demonstration.needs import needs, residents_own
from canlian_operator.demonstration.organisation import organisation
from canlian_operator.demonstration.stage import enrolment
from canlian_operator.demonstration.visits import visits
from canlian_sheets.columns import Recognised
from canlian_sheets.importer import import_resources, import_roster, person_id_of
from canlian_sheets.importer.resources import listing_of
from canlian_sheets.importer.sending import Sender
from canlian_sheets.made_up.people import COMMUNITIES, made_up_people
from canlian_sheets.made_up.subdistrict import make_sample
from canlian_sheets.outcomes import Accepted as Row
from canlian_sheets.outcomes import Outcome
from canlian_sheets.resources import ResourceLine, read_resources
from canlian_sheets.roster import RosterPerson

PEOPLE = 300
SEED = 1
_BEFORE = timedelta(weeks=WEEKS, days=4)
"""How long before today the communities were opened and the roster brought in."""
_AT_ONCE = 24
_SECONDS_TO_SETTLE = 30.0
_LOOK_EVERY = 0.2
_LAST = derive("visit", "demonstration", "last")
_ROSTER = derive("import", "demonstration")
_SERVICES = ("registry", "assistance", "services-catalog", "evaluation")


class LoadFailed(Exception):
    """A command of the demonstration was refused: it does not fit these services."""


@dataclass(frozen=True)
class Plan:
    """All that will be said, and who it is about."""

    today: date
    people: Sequence[Neighbour]
    resources: Outcome[ResourceLine]
    stories: Sequence[Story]
    resident: Neighbour
    provider_id: str

    @property
    def begin(self) -> datetime:
        return datetime.combine(self.today, time(9), SHANGHAI) - _BEFORE


class Earlier(Client):
    """Says everything as if it were then."""

    def __init__(self, nc: Nats, then: datetime) -> None:
        super().__init__(nc)
        self._then = then

    async def send_many(
        self, context: str, commands: Sequence[tuple[str, Command]], **how: Any
    ) -> list[Accepted | Refused]:
        return await super().send_many(context, commands, **{"said_at": self._then, **how})


def load_demo() -> None:
    """载入演示数据 · Fill an empty log with the demonstration; does nothing when the log has other events."""
    try:
        with_system(load)
    except LoadFailed as error:
        fail(f"演示数据没有全部载入：{error}", f"The demonstration is not loaded completely: {error}")


async def load(link: Link) -> None:
    """Does what is not done yet, on a log that is empty or holds a demonstration."""
    begun = await _begun(link)
    if begun is None and await link.log.last_position():
        say("日志里已有数据，不载入演示数据 · the log has events, so no demonstration is loaded")
        return
    keys = await asyncio.to_thread(Keys.of, link.settings)
    today = (begun + _BEFORE).date() if begun else datetime.now(SHANGHAI).date()
    plan = await asyncio.to_thread(make_plan, keys, today)
    who = {
        "provider": (front_desk(plan.provider_id), plan.resources.accepted[0].value.provider.name),
        "resident": (resident(plan.resident.id), plan.resident.entry.name),
    }
    # first, so that whoever is quicker than the loading can sign in and watch the pages fill
    await asyncio.to_thread(ensure_accounts, link.settings, who)
    if not await link.log.last_of(subjects.history(VISIT, _LAST)):
        say("载入演示数据 · loading the demonstration")
        await _fill(link, keys, plan)


async def _begun(link: Link) -> datetime | None:
    """When the demonstration's first community was opened; None where this log holds no demonstration."""
    first = next(iter(await link.log.read(subjects.history(COMMUNITY, CODES[0]))), None)
    if first is None or not first.headers["ce-actor"].endswith(f":{STAFF.id}"):
        return None
    return datetime.fromisoformat(first.headers["ce-time"]).astimezone(SHANGHAI)


def make_plan(keys: Keys, today: date) -> Plan:
    """The same on the same day, with the same keys."""
    latest = today - _BEFORE
    entries = [_issued_by(entry, latest) for entry in made_up_people(PEOPLE, SEED, list(COMMUNITIES))]
    people = [Neighbour(person_id_of(keys, entry.citizen_id), entry) for entry in entries]
    with tempfile.TemporaryDirectory() as folder:
        make_sample(Path(folder), people=1, seed=SEED)
        sheet = (Path(folder) / "resources.xlsx").read_bytes()
    resources = read_resources(sheet, "resources.xlsx", {name: code for code, name in COMMUNITIES.items()})
    offers = [_offer(row.value) for row in resources.accepted]
    planner = Planner.make(people, offers, today)
    own = next(p for p in people if p.community == CODES[0] and 30 <= today.year - p.entry.birth_date.year <= 60)
    others = [person for person in planner.people if person != own]
    stories = [
        *residents_own(planner, own),
        *needs(planner, others, ANONYMOUS),
        *visits(planner, others[40:220]),
        *organisation(people, today),
    ]
    return Plan(today, people, resources, stories, own, offers[0].provider_id)


def _issued_by(entry: RosterPerson, day: date) -> RosterPerson:
    """A certificate of the samples may be younger than the history."""
    issued = entry.certificate_issued
    return replace(entry, certificate_issued=min(issued, day)) if issued else entry


def _offer(line: ResourceLine) -> Offer:
    listing = listing_of(line, derive("provider", line.provider.number))
    return Offer(listing.service_id, listing.provider_id, listing.details, listing.places)


async def _fill(link: Link, keys: Keys, plan: Plan) -> None:
    earlier = Earlier(link.nc, plan.begin)
    await _people_and_places(link, earlier, keys, plan)
    counts = f"{len(COMMUNITIES)} 个社区，{len(WORKERS)} 名工作人员，{len(plan.people)} 位残疾人"
    say(f"  {counts} · communities, workers, people")
    result = await import_resources(earlier, link.token, plan.resources, batch_id="demonstration")
    _all_taken([row.reason for row in result.rows if row.reason])
    say(f"  {len(result.rows)} 项服务 · services")
    await _tell(link, plan.stories)
    await _settle(link)
    last = ScheduleVisit(
        visit_id=_LAST,
        person_id=plan.resident.id,
        community=plan.resident.community,
        worker_id=GRID_WORKERS[0].id,
        due=plan.today + timedelta(days=14),
    )
    worker = SOCIAL_WORKERS[0].actor
    await _do(link, "demonstration-last", Deed(worker, last, plan.begin + _BEFORE - timedelta(days=1)))
    await _settle(link)


async def _people_and_places(link: Link, earlier: Client, keys: Keys, plan: Plan) -> None:
    """In the order in which each can be known to the next."""

    async def all_of(by: Actor, commands: Sequence[Command]) -> None:
        sender = Sender(earlier, "registry", link.token(by), "demonstration", dry_run=False)
        answers = await sender.ask(commands)
        _all_taken([f"{a.code} {a.facts}" for a in answers if isinstance(a, Refused)])

    enrolling = [command for worker in WORKERS for command in enrolment(worker)]
    by_worker = [c for c in enrolling if type(c).__name__ == "EnrolWorker"]
    await all_of(STAFF.actor, [OpenCommunity(community=code, name=name) for code, name in COMMUNITIES.items()])
    await all_of(OPERATOR, by_worker)
    await all_of(OPERATOR, [c for c in enrolling if c not in by_worker])
    await all_of(STAFF.actor, [NameGridWorker(community=w.scopes[0], worker_id=w.id) for w in GRID_WORKERS])
    await all_of(STAFF.actor, [NameDirector(community=w.scopes[0], worker_id=w.id) for w in DIRECTORS])
    rows = tuple(Row(number, person.entry) for number, person in enumerate(plan.people, 1))
    roster = Outcome("花名册", 1, (), Recognised({}, (), {}), rows)
    result = await import_roster(earlier, lambda: link.token(STAFF.actor), keys, roster, batch_id=_ROSTER)
    _all_taken([row.reason for row in result.rows if row.reason])
    await all_of(STAFF.actor, [c for person in plan.people for c in _agreements(person)])


def _agreements(person: Neighbour) -> list[Command]:
    """Everybody agreed to visits and to be referred; some said what they need to get about or to follow."""
    features = {
        1: {AccessFeature.LARGE_PRINT, AccessFeature.AUDIO_GUIDANCE},
        2: {AccessFeature.SIGN_LANGUAGE, AccessFeature.CAPTIONS},
        4: {AccessFeature.RAMP, AccessFeature.ACCESSIBLE_TOILET},
    }.get(person.entry.disability)
    agreed: list[Command] = [
        GiveConsent(person_id=person.id, purpose=purpose) for purpose in (Purpose.SHARE_WITH_PROVIDER, Purpose.VISITS)
    ]
    if features and person.entry.grade <= 2 and person.entry.birth_date.day % 3 == 0:
        agreed.append(RecordAccessNeeds(person_id=person.id, features=frozenset(features)))
    return agreed


def _all_taken(refusals: Sequence[str]) -> None:
    if refusals:
        raise LoadFailed(refusals[0])


async def _tell(link: Link, stories: Sequence[Story]) -> None:
    """The stories side by side, some at a time; each in its order."""
    limit = asyncio.Semaphore(_AT_ONCE)
    columns = (TextColumn("  {task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress:
        bar = progress.add_task("需求、访视与组织 · needs, visits, organisation", total=len(stories))

        async def tell(story: Story) -> None:
            async with limit:
                for id_, deed in story.commands():
                    await _do(link, id_, deed)
                progress.advance(bar)

        async with asyncio.TaskGroup() as group:
            for story in stories:
                group.create_task(tell(story))
    deeds = sum(len(story.deeds) for story in stories)
    say(f"  {len(stories)} 件事，{deeds} 步 · needs, visits and organisation, in steps")


async def _do(link: Link, id_: str, deed: Deed) -> None:
    token, until = link.token(deed.by), asyncio.get_running_loop().time() + _SECONDS_TO_SETTLE
    while True:
        try:
            await link.client.send(deed.command, token=token, command_id=id_, said_at=deed.at)
            return
        except Refused as refused:
            waits = refused.code == deed.not_yet or isinstance(refused, Unavailable)
            if not waits or asyncio.get_running_loop().time() > until:
                name = type(deed.command).__name__
                raise LoadFailed(f"{name} {deed.command.aggregate_id}: {refused.code} {refused.facts}") from None
        await asyncio.sleep(0.1)


async def _settle(link: Link) -> None:
    """Until the policies have answered all that was said, so that the first page shows the whole of it."""
    before = -1
    for _ in range(round(_SECONDS_TO_SETTLE / _LOOK_EVERY)):
        # a service that is level may just not have heard of the newest events: then the log still moves
        position = await link.log.last_position()
        if all([await _level(link, name) for name in _SERVICES]) and position == before:
            return
        before = position
        await asyncio.sleep(_LOOK_EVERY)


async def _level(link: Link, service: str) -> bool:
    try:
        answer = await link.nc.request(f"health.{service}", timeout=1)
    except nats.errors.Error:
        return False
    return bool(json.loads(answer.data)["parts"].get("policies", {"level": True})["level"])
