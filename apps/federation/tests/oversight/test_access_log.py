"""Who looked at whose file: the federation's ledger."""

from __future__ import annotations

import re

from apps.federation.tests.bench import LEADER, STAFF, Bench

from canlian_events.ids import derive, new_id
from canlian_events.meta import Actor
from canlian_events.registry.showing import ShowFile
from canlian_events.registry.worker import EnrolWorker
from canlian_events.terms import FileField, Role, ShownFor, WorkerKind

HERE, ELSEWHERE = "429999001001", "429999003001"
ONE, TWO, THREE = (derive("person", n) for n in range(3))
NURSE = Actor("worker_00000007", frozenset({Role.SOCIAL_WORKER}), (HERE, ELSEWHERE))


async def looked(bench: Bench, person: str, field: FileField, why: ShownFor, by: Actor, community: str = HERE) -> None:
    look = ShowFile(
        showing_id=new_id("showing"), person_id=person, community=community, what=frozenset({field}), why=why
    )
    await bench.send(look, by)


async def test_the_ledger_lists_who_looked_at_what_and_why_for_ones_own_communities(bench: Bench):
    await bench.send(EnrolWorker(worker_id=NURSE.id, kind=WorkerKind.SOCIAL_WORKER, name="王芳"))
    await looked(bench, ONE, FileField.PHONE, ShownFor.CALL, NURSE)
    await looked(bench, TWO, FileField.ADDRESS, ShownFor.VISIT, STAFF)
    await looked(bench, THREE, FileField.PHONE, ShownFor.CALL, NURSE, ELSEWHERE)
    async with bench.as_(STAFF) as client:
        page = await client.get("/federation/looked")
        assert "王芳" in page.text
        assert page.text.index(TWO) < page.text.index(ONE)
        assert THREE not in page.text
        assert "to call them" in page.text
        assert page.text.index(">Why<") < page.text.index(">Whose file<"), "in sight on a phone"
        mine = await client.get(f"/federation/looked?account={NURSE.id}")
        assert ONE in mine.text
        assert TWO not in mine.text
        theirs = await client.get(f"/federation/looked?person={TWO}")
        assert "address" in theirs.text
        assert "王芳" not in theirs.text


async def test_the_ledger_is_for_those_who_check_the_work(bench: Bench):
    async with bench.as_(LEADER) as client:
        assert (await client.get("/federation/looked")).status_code == 403


def menu_of(page: str) -> set[str]:
    """The addresses of a page's menu, and of the section it is in, within this tool."""
    menu = page[page.index('<nav class="nav"') : page.index("</nav>")]
    return set(re.findall(r'href="/federation([^"]*)"', menu))


async def test_the_menu_shows_only_what_the_role_may_open(bench: Bench):
    there = {item.address for item in bench.tool.menu.items} - {"/accounts"}  # which is the edge's
    for who in (LEADER, STAFF):
        async with bench.as_(who) as client:
            first = menu_of((await client.get("/federation")).text)
            within = [menu_of((await client.get(f"/federation{entry}")).text) for entry in first - {"/accounts"}]
            listed = first.union(*within)
            assert ("/imports" in listed, "/accounts" in listed) == (who is STAFF, who is STAFF)
            assert len(first) < len(listed), "most of it is in sections"
            opened = {address: (await client.get(f"/federation{address}")).status_code for address in there}
            assert listed - {"/accounts"} == {address for address, status in opened.items() if status != 403}
