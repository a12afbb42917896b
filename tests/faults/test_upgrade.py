"""An upgrade in the order of docs/operator.md: services, tools, the edge, each beside the old ones, still at work."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx

from canlian_chassis.bus.client import connect
from canlian_chassis.log.jetstream import Log
from canlian_chassis.settings import Settings
from canlian_events import subjects
from tests.soak.actors import READ, sign_in
from tests.soak.comparing import compare
from tests.soak.second_processes import STEPS
from tests.soak.sending import Ledger
from tests.soak.soak import people_at_work, second_processes, until_level
from tests.support.system import running_system

GOES_ON = 60
"""So many commands are answered after each step."""


async def test_services_tools_and_edge_are_upgraded_while_the_old_ones_work(tmp_path: Path):
    said: list[str] = []
    with running_system(tmp_path / "data") as system:
        async with second_processes(system, said.append) as newer:
            async with people_at_work(system, seed=1, callers=2) as people:
                ledger = people.town.sender.ledger
                for _, parts in STEPS:
                    await newer.upgrade(parts)
                    await _go_on(ledger)
                await _read_pages(newer.url)
            await until_level(system, newer)
            nats_url = system.nats_url
            written = await _versions_written(nats_url)
            await asyncio.to_thread(system.stop)
            await newer.go_on_alone(nats_url.removeprefix("nats://"))
            findings = await compare(ledger, nats_url, system.data, newer=True)
    assert {"assistance.visit.completed 2", "catalog.referral.contact-named 1"} <= written, "nothing new was said"
    assert set(ledger.pages) == {"read"}, ledger.pages
    assert not findings.wrong, findings.lines()


async def _go_on(ledger: Ledger) -> None:
    before = len(ledger.acknowledged)
    for _ in range(600):
        if len(ledger.acknowledged) >= before + GOES_ON:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"{len(ledger.acknowledged) - before} commands were answered in a minute")


async def _read_pages(url: str) -> None:
    """Through the newer edge, whose own address is the last thing that changes."""
    async with httpx.AsyncClient(base_url=url, timeout=30, trust_env=False) as browser:
        await sign_in(browser, "social")
        for page in READ["social"]:
            assert (await browser.get(page)).status_code == httpx.codes.OK, page


async def _versions_written(nats_url: str) -> set[str]:
    async with connect(Settings(nats_url=nats_url), "test") as nc:
        entries = await Log(nc).read(subjects.EVENTS)
    return {f"{entry.headers['ce-type']} {entry.headers['ce-dataversion']}" for entry in entries}
