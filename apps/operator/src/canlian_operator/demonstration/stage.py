"""Where the demonstrated loop plays: a community, those who work there, a made-up person, services to choose from."""

import asyncio
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeVar

from canlian_chassis.bus.client import Accepted, Refused
from canlian_events import subjects
from canlian_events.catalog.matching import FindMatches, Matches
from canlian_events.catalog.provider import RegisterProvider
from canlian_events.catalog.service import ListService, ServiceDetails
from canlian_events.core import Command, Message, Query, decode
from canlian_events.ids import derive, new_id
from canlian_events.meta import Actor
from canlian_events.numbers import make_citizen_id
from canlian_events.registry.community import CommunityClosed, CommunityOpened, CommunityRenamed, OpenCommunity
from canlian_events.registry.person import IssueCertificate, RegisterPerson
from canlian_events.registry.worker import AssignWorker, EnrolWorker, GrantRole
from canlian_events.terms import DisabilityClass, Domain, Grade, Layer, ProviderKind
from canlian_operator.connection import OPERATOR, Link
from canlian_operator.console import by_language
from canlian_operator.demonstration.cast import CODES, SOCIAL_WORKERS, STAFF, VOLUNTEERS, Worker
from canlian_operator.demonstration.narration import Narrator
from canlian_sheets.made_up.people import COMMUNITIES, REGION

M = TypeVar("M", bound=Message)

_LOOKS = 50
_CODE = 12
"""Digits of a community's code; a shorter scope is a prefix."""
_NAMES = ("安晓明", "和思远", "田春华", "江雨桐", "方立新", "石小满")
_TAKEN = "person.citizen_id_taken"


@dataclass(frozen=True)
class Stage:
    """`provider_id` is whoever accepted the person, once somebody has."""

    link: Link
    community: str
    staff: Actor
    social_worker: Actor
    volunteer: Actor
    person_id: str = ""
    provider_id: str = ""

    async def send(self, by: Actor, command: Command) -> Accepted:
        return await self.link.client.send(command, token=self.link.token(by))

    async def ask_when_known(self, query: Query, answer: type[M], by: Actor) -> M:
        """Asked again while the service has not yet heard of the person, who was registered a moment ago."""
        for _ in range(_LOOKS):
            try:
                return await self.link.client.ask(query, answer, token=self.link.token(by))
            except Refused as refused:
                if refused.code != "referral.person_unknown":
                    raise
                await asyncio.sleep(0.1)
        return await self.link.client.ask(query, answer, token=self.link.token(by))


async def open_communities(link: Link) -> dict[str, str]:
    """Name → code of every community that is open, from the log."""
    names: dict[str, str] = {}
    for entry in await link.log.read(subjects.events_of("registry", "community")):
        match decode(entry.headers["ce-type"], int(entry.headers["ce-dataversion"]), entry.body):
            case CommunityOpened(community=code, name=name) | CommunityRenamed(community=code, name=name):
                names[code] = name
            case CommunityClosed(community=code):
                names.pop(code, None)
    return {name: code for code, name in names.items()}


async def set_stage(link: Link) -> Stage:
    """A community and its workers: those that are there, else new ones."""
    community, known = await _communities(link)
    staff, social_worker, volunteer = (placed(w, community, known) for w in (STAFF, SOCIAL_WORKERS[0], VOLUNTEERS[0]))
    stage = Stage(link, community, staff.actor, social_worker.actor, volunteer.actor)
    for worker in (staff, social_worker, volunteer):
        for command in enrolment(worker):
            await stage.send(OPERATOR, command)
    return stage


async def bring_on(stage: Stage, narrator: Narrator, domain: Domain) -> Stage:
    """A person who is new each time, and where they are missing services that fit."""
    narrator.chapter("〇、准备", "0. The stage is set")
    stage = await _register(stage, narrator)
    await _offer_services(stage, narrator, domain)
    return stage


async def _communities(link: Link) -> tuple[str, set[str]]:
    """Where it plays, and all that are open: the demonstration's own, else the first; where none is, it is opened."""
    known = set((await open_communities(link)).values())
    if not known:
        command = OpenCommunity(community=CODES[0], name=COMMUNITIES[CODES[0]])
        await link.client.send(command, token=link.token())
        known = {CODES[0]}
    return CODES[0] if CODES[0] in known else min(known), known


def placed(worker: Worker, community: str, known: set[str]) -> Worker:
    """The worker where all their communities are open and this is one of them; else somebody for this one alone."""
    covered = any(community.startswith(scope) for scope in worker.scopes)
    all_open = {scope for scope in worker.scopes if len(scope) == _CODE} <= known
    if covered and all_open:
        return worker
    return replace(worker, key=f"{worker.key}-{community}", scopes=(community,))


def enrolment(worker: Worker) -> Iterator[Command]:
    """What makes somebody a worker with a role in their communities; said again it changes nothing."""
    yield EnrolWorker(worker_id=worker.id, kind=worker.kind, name=worker.name)
    for scope in worker.scopes:
        if len(scope) == _CODE:
            yield AssignWorker(worker_id=worker.id, community=scope)
        yield GrantRole(worker_id=worker.id, role=worker.role, scope=scope)


async def _register(stage: Stage, narrator: Narrator) -> Stage:
    """Somebody new, whose numbers are valid and can belong to nobody: the region is not assigned."""
    chance = random.Random()
    for _ in range(_LOOKS):
        person_id, born = (
            new_id("person"),
            date(chance.randint(1968, 1992), chance.randint(1, 12), chance.randint(1, 28)),
        )
        citizen_id = make_citizen_id(REGION, born, chance.randint(0, 999))
        register = RegisterPerson(
            person_id=person_id,
            community=stage.community,
            name=chance.choice(_NAMES),
            citizen_id=citizen_id,
            disability=DisabilityClass.PHYSICAL,
            phone=f"19900{chance.randrange(10**6):06d}",
            address="光明巷12号3栋302室",
        )
        try:
            accepted = await stage.send(stage.staff, register)
            break
        except Refused as refused:
            if refused.code != _TAKEN:
                raise
    told(narrator, "登记一位（虚构的）残疾人", "a made-up person is registered", stage.staff, accepted)
    certificate = IssueCertificate(person_id=person_id, number=f"{citizen_id}{DisabilityClass.PHYSICAL:d}{Grade.TWO:d}")
    accepted = await stage.send(stage.staff, certificate)
    told(narrator, "录入残疾人证", "the disability certificate is recorded", stage.staff, accepted)
    return replace(stage, person_id=person_id)


async def _offer_services(stage: Stage, narrator: Narrator, domain: Domain) -> None:
    """Two services that fit are needed, since one will decline."""
    query = FindMatches(person_id=stage.person_id, domain=domain)
    found = await stage.ask_when_known(query, Matches, stage.social_worker)
    if sum(match.fits for match in found.matches) >= 2:
        return
    for number, name in enumerate(("晨光康复站", "同行康复站"), 1):
        provider_id = derive("provider", "demonstration-loop", number)
        await stage.send(
            OPERATOR,
            RegisterProvider(
                provider_id=provider_id, number=f"DEMO-{number}", name=name, kind=ProviderKind.SOCIAL_ORGANISATION
            ),
        )
        details = ServiceDetails(name=f"{name}·{domain.zh}", domain=domain, layer=Layer.COMMUNITY)
        listed = ListService(
            service_id=derive("service", "demonstration-loop", number),
            provider_id=provider_id,
            details=details,
            places=20,
        )
        accepted = await stage.send(OPERATOR, listed)
        told(narrator, f"登记服务：{details.name}", f"a service is listed: {details.name}", OPERATOR, accepted)


def told(narrator: Narrator, chinese: str, english: str, by: Actor, accepted: Accepted) -> None:
    events = tuple(event.name for event in accepted.events)
    narrator.step(by_language(chinese, english), by=by, position=accepted.position, events=events)
