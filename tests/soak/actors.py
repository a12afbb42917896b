"""Who is at work while programs die: people who go round the loop, an importer, and readers of pages."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any

import httpx

from canlian_accounts import Accounts
from canlian_chassis.settings import Settings
from canlian_events.assistance.instruments import WG_SS
from canlian_events.evaluation.feedback import feedback_on
from canlian_events.meta import Actor
from canlian_events.registry.person import RegisterPerson
from canlian_events.terms import Role
from tests.journeys.loop import short_set, today
from tests.soak.second_processes import SecondProcesses, second
from tests.soak.sending import Sender
from tests.support.people import HERE, THERE, new_id, new_person

SUBDISTRICT = HERE[:9]
STAFF = Actor("worker_00000000soakstaff", frozenset({Role.STAFF}), (SUBDISTRICT,))
SOCIAL_WORKER = Actor("worker_00000000soaksocial", frozenset({Role.SOCIAL_WORKER}), (SUBDISTRICT,))
VISITOR = Actor("worker_00000000soakvisitor", frozenset({Role.VOLUNTEER}), (SUBDISTRICT,))
READ = {
    "staff": ["/federation", "/federation/communities", "/federation/resources"],
    "social": ["/social-worker", "/social-worker/needs", "/social-worker/persons", "/social-worker/visits"],
    "visitor": ["/volunteer", "/neighbours", "/"],
}
READERS = {"staff": STAFF, "social": SOCIAL_WORKER, "visitor": VISITOR}
UNAVAILABLE = {502, 503, 504}
DIRECTLY = 0.3
"""So many of the pages are read from a second process of their tool, past the one address."""
NARROW_PLACES = 2
PASSWORD = "soaked for a while"


@dataclass
class Town:
    """What the actors share. They end their round once `ending` is set."""

    sender: Sender
    random: Random
    ending: asyncio.Event
    second: SecondProcesses | None = None
    provider: str = field(default_factory=lambda: new_id("provider"))
    service: str = field(default_factory=lambda: new_id("service"))
    narrow: str = field(default_factory=lambda: new_id("service"))
    """A service with few places, for which people wait until one is freed and offered to them."""
    waiting: deque[str] = field(default_factory=deque)
    """Referrals on its waiting list, or with a place offered that nobody has answered yet."""

    @property
    def desk(self) -> Actor:
        return Actor("account_soakdesk", frozenset({Role.PROVIDER}), provider_id=self.provider)

    async def settle(self) -> None:
        send = self.sender.send
        for code, name in ((HERE, "新华社区"), (THERE, "清芬社区")):
            assert await send(STAFF, "OpenCommunity", community=code, name=name)
        number = f"S{self.provider[-8:]}"
        names = {"number": number, "name": "暖心服务站", "kind": "social_organisation"}
        assert await send(STAFF, "RegisterProvider", provider_id=self.provider, **names)
        assert await send(STAFF, "VetProvider", provider_id=self.provider)
        details = {"name": "暖心·康复指导", "domain": "rehabilitation", "layer": "community", "community": HERE}
        for service, places in ((self.service, 4000), (self.narrow, NARROW_PLACES)):
            listed = {"service_id": service, "provider_id": self.provider, "details": details, "places": places}
            assert await send(STAFF, "ListService", **listed)

    async def until_accepted(self, actor: Actor, name: str, /, **fields: Any) -> bool:
        """For what waits on a policy of another service: asked anew, under a new id each time, for a while."""
        for _ in range(20):
            if await self.sender.send(actor, name, **fields):
                return True
            await asyncio.sleep(1)
        return False


def day_in(days: int) -> str:
    """So many days from today."""
    return (date.fromisoformat(today()) + timedelta(days=days)).isoformat()


async def go_round(town: Town) -> None:
    """Need, assessment, consent, referral, sessions, an end, feedback: one person after the other."""
    send = town.sender.send
    while not town.ending.is_set():
        community = town.random.choice([HERE, THERE])
        person = new_person(community)
        who = {"person_id": person["person_id"]}
        await send(STAFF, "RegisterPerson", **person)
        need, assessment, referral = new_id("need"), new_id("assessment"), new_id("referral")
        await send(SOCIAL_WORKER, "RaiseNeed", need_id=need, community=community, channel="walk_in",
                   domain="rehabilitation", words="上下楼很吃力", **who)  # fmt: skip
        await send(SOCIAL_WORKER, "StartAssessment", assessment_id=assessment, community=community,
                   instrument=WG_SS.code, instrument_version=WG_SS.version, need_id=need, **who)  # fmt: skip
        await send(SOCIAL_WORKER, "CompleteAssessment", assessment_id=assessment, answers=short_set())
        await send(SOCIAL_WORKER, "GiveConsent", purpose="share_with_provider", **who)
        narrow = town.random.random() < 0.3
        await send(SOCIAL_WORKER, "ReferPerson", referral_id=referral, community=community,
                   service_id=town.narrow if narrow else town.service, need_id=need, **who)  # fmt: skip
        match town.random.random():
            case chance if chance < 0.15:
                await send(town.desk, "DeclineReferral", referral_id=referral, reason="no_staff")
            case chance if chance < 0.3:
                pass  # left unanswered: a timer waits
            case _ if narrow:
                await go_through_few_places(town, referral)
            case _:
                await be_served(town, referral, person["person_id"])


async def be_served(town: Town, referral: str, person: str | None = None) -> None:
    """From the provider's yes to the end of the service; the person, if one is named, says what they think of it."""
    send, day = town.sender.send, today()
    await send(town.desk, "AcceptReferral", referral_id=referral)
    await send(town.desk, "StartService", referral_id=referral, on=day)
    await send(town.desk, "RecordSession", referral_id=referral, on=day, attended=True)
    if await send(town.desk, "CompleteService", referral_id=referral, outcome="met") and person:
        resident = Actor(person, frozenset({Role.RESIDENT}))
        score = town.random.randint(1, 5)
        await town.until_accepted(resident, "GiveFeedback", feedback_id=feedback_on(referral), score=score)


async def go_through_few_places(town: Town, referral: str) -> None:
    """Onto the waiting list; now and then somebody of it is served, and the freed place offered to the next."""
    await town.sender.send(town.desk, "WaitlistReferral", referral_id=referral)
    town.waiting.append(referral)
    if len(town.waiting) > NARROW_PLACES and town.random.random() < 0.7:
        await be_served(town, town.waiting.popleft())


async def visit(town: Town) -> None:
    """Visits planned, made, missed and cancelled; what is found becomes a need by a policy, what is promised waits."""
    send = town.sender.send
    person = new_person(HERE)
    await send(STAFF, "RegisterPerson", **person)
    while not town.ending.is_set():
        id_ = {"visit_id": new_id("visit")}
        planned = {"person_id": person["person_id"], "community": HERE, "worker_id": VISITOR.id, "due": today()}
        await send(SOCIAL_WORKER, "ScheduleVisit", **id_, **planned, look_for="看看扶手")
        match town.random.randrange(4):
            case 0:
                await send(VISITOR, "MissVisit", **id_, why="家中无人")
            case 1:
                await send(SOCIAL_WORKER, "CancelVisit", **id_, why="改期")
            case _:
                found = [{"domain": "rights", "words": "想办证"}, {"domain": "day_care", "words": "夜里无人"}]
                made: dict[str, Any] = {"tie": "family", "findings": "一切如常", "needs": found}
                if town.random.random() < 0.5:
                    made["next_due"] = day_in(town.random.randint(20, 90))
                await send(VISITOR, "CompleteVisit", **id_, **made)


async def certify(town: Town) -> None:
    """Certificates issued and renewed, each with a timer that takes the place of the one before."""
    send = town.sender.send
    while not town.ending.is_set():
        person = new_person(THERE)
        await send(STAFF, "RegisterPerson", **person)
        number = f"{person['citizen_id']}{person['disability']}{person['grade']}"
        id_ = {"person_id": person["person_id"]}
        await send(STAFF, "IssueCertificate", **id_, number=number, issued=day_in(-800))
        await send(STAFF, "RenewCertificate", **id_, number=f"{number}B1", issued=day_in(-30))
        await asyncio.sleep(0.5)


async def bring_in(town: Town) -> None:
    """Rosters of sixty people, as an import sends them: many events to a batch."""
    while not town.ending.is_set():
        people = [RegisterPerson.model_validate(new_person(THERE)) for _ in range(60)]
        await town.sender.send_many(STAFF, "registry", people)
        await asyncio.sleep(1)


async def read_pages(town: Town, url: str) -> None:
    """Pages of every tool as somebody who is signed in; while a part is down, 502 or 503 is the right answer."""
    pages = town.sender.ledger.pages
    async with AsyncExitStack() as stack:
        browsers = {
            login: await stack.enter_async_context(httpx.AsyncClient(base_url=url, timeout=30, trust_env=False))
            for login in READ
        }
        for login, browser in browsers.items():
            await sign_in(browser, login)
        directly = await stack.enter_async_context(httpx.AsyncClient(timeout=30, trust_env=False))
        while not town.ending.is_set():
            login = town.random.choice(list(READ))
            page = town.random.choice(READ[login])
            tool = page.split("/")[1]
            past = town.second if tool and town.random.random() < DIRECTLY else None
            try:
                if past:
                    who = {"Authorization": f"Bearer {town.sender.token(READERS[login])}"}
                    status = (await directly.get(f"http://{past.address(tool)}{page}", headers=who)).status_code
                else:
                    status = (await browsers[login].get(page)).status_code
            except httpx.HTTPError:
                status = httpx.codes.SERVICE_UNAVAILABLE
            place = f"{page} of {second(tool)}" if past else page
            pages[
                "read" if status == httpx.codes.OK else "unavailable" if status in UNAVAILABLE else f"{status} {place}"
            ] += 1
            await asyncio.sleep(0.1)


async def sign_in(browser: httpx.AsyncClient, login: str) -> None:
    """However often it takes while the edge is being killed."""
    while True:
        with suppress(httpx.HTTPError):
            entered = await browser.post("/sign-in", data={"login": login, "password": PASSWORD})
            if entered.status_code not in UNAVAILABLE:
                assert entered.status_code == httpx.codes.SEE_OTHER, entered.text
                return
        await asyncio.sleep(0.5)


def open_accounts(settings: Settings) -> None:
    """For those who read pages."""
    accounts = Accounts(settings)
    for login, actor in READERS.items():
        accounts.upsert_account(
            login, actor_id=actor.id, roles=actor.roles, password=PASSWORD, communities=actor.communities
        )
