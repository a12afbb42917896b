"""Pages of the federation's tool with 100,000 people in its views, answered whole: from request to last byte."""

from __future__ import annotations

import asyncio
import copy
import logging
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from uuid import uuid4

import httpx
import structlog

from canlian_chassis.settings import Settings
from canlian_chassis.testing.servers import nats_server
from canlian_events.meta import Actor
from canlian_events.terms import Role
from canlian_federation.people import name_matching
from canlian_federation.tool import federation
from canlian_registry.app import service as registry
from canlian_sheets.made_up.people import COMMUNITIES, made_up_people
from canlian_sheets.roster import RosterPerson
from canlian_web.testing import browser, running
from tests.benchmarks.measure import Bench, Figure
from tests.benchmarks.town_views import fill

PEOPLE = 100_000
TIMES = 20
"""A round, of each page."""
STAFF = Actor("worker_00000001", frozenset({Role.STAFF}), ("429999001",))
BOUND = "A search is two requests, as a browser makes them: the form, and the page that it leads to."
SHOWINGS = "Before a page that was found by a number is sent, each of its people's showings is an event in the log."

Ask = Callable[[httpx.AsyncClient, RosterPerson], Awaitable[httpx.Response]]


def search(words: Callable[[RosterPerson], str], **codes: str) -> Ask:
    async def ask(client: httpx.AsyncClient, person: RosterPerson) -> httpx.Response:
        return await client.post("/federation/people", data={"words": words(person)} | codes)

    return ask


def at(path: str) -> Ask:
    async def ask(client: httpx.AsyncClient, _: RosterPerson) -> httpx.Response:
        return await client.get(f"/federation{path}")

    return ask


SEARCHES: dict[str, Ask] = {
    "by name": search(lambda person: person.name),
    "by pinyin": search(lambda person: name_matching.pinyin(person.name).replace(" ", "")),
    "by initials": search(lambda person: name_matching.initials(name_matching.pinyin(person.name))),
    "by name and codes": search(lambda person: person.name[:2], disability="4", age_from="60", certificate="expiring"),
    "by part of a number": search(lambda person: person.citizen_id[6:14]),
}
PAGES: dict[str, Ask] = {
    "the list of people": at("/people"),
    "population": at("/population"),
    "households": at("/households"),
    "possible duplicates": at("/duplicates"),
    "the people behind a figure": at("/behind/persons"),
    "overview": at(""),
}


async def figures(bench: Bench) -> list[Figure]:
    people = list(made_up_people(bench.scaled(PEOPLE, least=3_000), 21, list(COMMUNITIES)))
    folder = bench.folder / f"pages-{uuid4().hex[:8]}"
    with nats_server(folder / "nats") as server:
        settings = Settings(nats_url=server.url, data=folder / "data")
        # a line for each request would hide the progress, and costs time
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
        bench.say("folding the federation's views")
        await asyncio.to_thread(fill, settings, people)
        here = copy.copy(registry)
        here.settings = settings
        async with here.running(), running(federation(settings)) as tool, browser(tool, STAFF) as client:
            client.timeout = httpx.Timeout(60)
            return [
                Figure(
                    f"searching {kind} among {PEOPLE:,}, the page (p95)",
                    "ms",
                    await _late(bench, client, ask, people, kind),
                    target=200,
                    at_least=False,
                    bound=SHOWINGS if "number" in kind else BOUND,
                )
                for kind, ask in SEARCHES.items()
            ] + [
                Figure(
                    f"{kind}, {PEOPLE:,} registered, the page (p95)",
                    "ms",
                    await _late(bench, client, ask, people, kind),
                )
                for kind, ask in PAGES.items()
            ]


async def _late(
    bench: Bench, client: httpx.AsyncClient, ask: Ask, people: Sequence[RosterPerson], kind: str
) -> list[float]:
    """Each round's 95th percentile, in ms. The first answer of all does not count: it reads what is kept afterwards."""
    chance = random.Random(7)
    (await ask(client, chance.choice(people))).raise_for_status()
    late: list[float] = []
    for _ in range(bench.rounds):
        times: list[float] = []
        for _ in range(TIMES):
            began = time.perf_counter()
            answer = await ask(client, chance.choice(people))
            times.append((time.perf_counter() - began) * 1000)
            answer.raise_for_status()
        late.append(sorted(times)[round(0.95 * (len(times) - 1))])
    bench.say(f"{kind}: " + " ".join(f"{one:.0f}" for one in late) + " ms")
    return late
