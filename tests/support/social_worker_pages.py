"""What the tests of the social worker's pages share: who looks, a need to look at, and what the file says of it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import date

import httpx

from canlian_chassis.log.jetstream import Log
from canlian_events.assistance.need import RaiseNeed
from canlian_events.ids import derive, new_id
from canlian_events.meta import Actor
from canlian_events.numbers import make_citizen_id
from canlian_events.registry.person import RegisterPerson
from canlian_events.terms import (
    Channel,
    DisabilityClass,
    Domain,
    Grade,
    Role,
)
from canlian_web.tool import Tool
from tests.support.town import (
    HERE,
    PERSON,
    SOCIAL_WORKER,
    STAFF,
    THERE,
    Town,
)

AT = "/social-worker"


DIRECTOR = Actor("worker_00000009", frozenset({Role.DIRECTOR}), (HERE,))


ELSEWHERE = Actor("worker_00000008", frozenset({Role.SOCIAL_WORKER}), (THERE,))


async def raised(here: Town, tool: Tool, person_id: str = PERSON, **more: object) -> str:
    """A need; its address."""
    need_id = new_id("need")
    known: dict[str, object] = {"domain": Domain.ASSISTIVE_DEVICES, "words": "助听器坏了", "channel": Channel.WALK_IN}
    command = RaiseNeed(need_id=need_id, person_id=person_id, community=HERE, **(known | more))
    accepted = await here.send(command, by=SOCIAL_WORKER)
    assert tool.runner
    await tool.runner.reached(accepted.position)
    return f"{AT}/needs/{need_id}"


async def looks(tool: Tool, client: httpx.AsyncClient) -> list[str]:
    """Who looked at the person's file, the newest first, as their page lists it."""
    assert tool.nats
    assert tool.runner
    await tool.runner.reached(await Log(tool.nats).last_position())
    page = await client.get(f"{AT}/persons/{PERSON}")
    _, _, table = page.text.partition("谁查阅过这份档案</caption>")
    lines = re.findall(r"<tr.*?</tr>", table.partition("</table>")[0], re.S)[1:]
    return [" ".join(re.sub("<[^>]+>", " ", line).split()) for line in lines]


def where(page: httpx.Response) -> str:
    return page.url.path


async def until(get: Callable[[], Awaitable[httpx.Response]], text: str) -> httpx.Response:
    """The page once it says the text: what policies do comes a moment later."""
    async with asyncio.timeout(20):
        while text not in (page := await get()).text:  # noqa: ASYNC110 - the pages tell nobody
            await asyncio.sleep(0.05)
    return page


async def somebody(here: Town, number: int) -> tuple[str, str]:
    """A person of their own, with an open need."""
    who, need_id = derive("person", "own", number), new_id("need")
    register = RegisterPerson(
        person_id=who,
        community=HERE,
        name="诸葛墨痕",
        citizen_id=make_citizen_id("429999", date(1950, 1, 2), number),
        disability=DisabilityClass.VISUAL,
        grade=Grade.ONE,
        phone="13811112222",
    )
    await here.send(register, by=STAFF)
    raise_need = RaiseNeed(
        need_id=need_id, person_id=who, community=HERE, channel=Channel.WALK_IN, domain=Domain.RIGHTS, words="想咨询"
    )
    await here.send(raise_need, by=SOCIAL_WORKER)
    return who, need_id
