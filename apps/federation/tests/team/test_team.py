"""The team: enrolled, assigned, given roles, released with a successor; and every gap with the page that closes it."""

from __future__ import annotations

import io
from typing import Any

import httpx
import pytest
from apps.federation.tests.bench import LEADER, STAFF, Bench
from openpyxl import load_workbook

from canlian_events.ids import derive
from canlian_events.registry.community import NameDirector, NameGridWorker
from canlian_events.registry.worker import AssignWorker, EnrolWorker, GrantRole
from canlian_events.terms import Role, WorkerKind
from canlian_sheets.made_up.people import COMMUNITIES
from canlian_web.testing import fill_in

pytestmark = pytest.mark.asyncio(loop_scope="module")
HERE, THERE, *MORE = COMMUNITIES
NAME = COMMUNITIES[HERE]


def worker(name: str) -> str:
    return derive("worker", name)


async def enrolled(bench: Bench, name: str, kind: WorkerKind, *communities: str, phone: str | None = None) -> str:
    await bench.send(EnrolWorker(worker_id=worker(name), kind=kind, name=name, phone=phone))
    for community in communities:
        await bench.send(AssignWorker(worker_id=worker(name), community=community))
    return worker(name)


async def grid_worker(bench: Bench, name: str, community: str, phone: str | None = None) -> str:
    """Enrolled, assigned, and named."""
    who = await enrolled(bench, name, WorkerKind.GRID_WORKER, community, phone=phone)
    await bench.send(NameGridWorker(community=community, worker_id=who))
    return who


def rows_of(answer: httpx.Response) -> list[tuple[Any, ...]]:
    return list(load_workbook(io.BytesIO(answer.content)).worksheets[0].iter_rows(min_row=2, values_only=True))


async def test_somebody_is_enrolled_assigned_and_given_a_role_by_hand(standing: Bench):
    async with standing.as_(STAFF) as client:
        new = "/federation/team/new"
        made = await fill_in(client, new, new, name="陈新", kind="social_worker")
        address = made.url.path
        assert "陈新" in made.text
        assigned = await fill_in(client, address, f"{address}/assign", community=HERE)
        assert "assigned to the community" in assigned.text
        granted = await fill_in(client, address, f"{address}/grant", role="social_worker", scope=HERE)
        assert f"social worker · {NAME}" in granted.text
        outside = await fill_in(client, address, f"{address}/grant", role="staff", scope=HERE)
        assert outside.status_code == 409
        assert "may not hold the role" in outside.text
        revoked = await fill_in(client, address, f"{address}/revoke", role="social_worker", scope=HERE)
        assert "No role" in revoked.text
        assert "Role revoked" in revoked.text
        nameless = await fill_in(client, new, new, name="", kind="volunteer")
        assert nameless.status_code == 422


async def test_the_only_grid_worker_is_released_with_a_successor(standing: Bench):
    who, next_ = await grid_worker(standing, "王安", HERE), await enrolled(standing, "赵接", WorkerKind.GRID_WORKER)
    address = f"/federation/team/{who}/release/{HERE}"
    async with standing.as_(STAFF) as client:
        page = await client.get(address)
        assert "so a successor must be chosen" in page.text
        unchosen = await fill_in(client, address, address)
        assert unchosen.status_code == 422
        assert "Choose one of the options" in unchosen.text
        refused = await fill_in(client, address, address, successor="nobody")
        assert refused.status_code == 409
        assert f"the one grid worker of {COMMUNITIES[HERE]}" in refused.text
        assert "Name a successor" in refused.text
        released = await fill_in(client, address, address, successor=next_)
        assert "Assigned to no community" in released.text
        assert "赵接 takes over: see that they hold the role" in released.text
        assert "赵接" in (await client.get("/federation/communities")).text
        assert NAME in (await client.get(f"/federation/team/{next_}")).text
        assert "王安" not in (await client.get("/federation/team")).text
        assert "王安" in (await client.get("/federation/team?state=left")).text


async def test_a_director_who_leaves_leaves_a_gap(standing: Bench):
    here = MORE[0]
    name = COMMUNITIES[here]
    who = await enrolled(standing, "李和", WorkerKind.DIRECTOR, here)
    await standing.send(NameDirector(community=here, worker_id=who))
    address = f"/federation/team/{who}/release/{here}"
    async with standing.as_(STAFF) as client:
        gaps = rows_of(await client.get("/federation/gaps/sheet.xlsx"))
        assert (name, here, "director") not in gaps
        assert (name, here, "responsible member") in gaps
        page = await client.get(address)
        assert "selected" not in page.text, "nothing is chosen for whoever decides"
        assert "Nobody takes over" in page.text
        await fill_in(client, address, address, successor="nobody")
        gaps = rows_of(await client.get("/federation/gaps/sheet.xlsx"))
        assert (name, here, "director") in gaps
        page = await client.get("/federation/gaps")
        assert f'href="/federation/communities/{here}/change#director"' in page.text


async def test_the_responsible_member_is_named_from_the_gap(standing: Bench):
    here = MORE[1]
    who = await enrolled(standing, "吴包", WorkerKind.SOCIAL_WORKER, here)
    address = f"/federation/communities/{here}"
    async with standing.as_(STAFF) as client:
        named = await fill_in(client, f"{address}/change", f"{address}/responsible-member", worker_id=who)
        assert "The responsible member is named." in named.text
        assert (COMMUNITIES[here], here, "responsible member") not in rows_of(
            await client.get("/federation/gaps/sheet.xlsx")
        )


async def test_the_subdistrict_keeps_at_least_one_fixed_worker(standing: Bench):
    who = await enrolled(standing, "周敏", WorkerKind.STAFF)
    async with standing.as_(STAFF) as client:
        assert "names at least 1 fixed worker" in (await client.get("/federation/gaps")).text
        await standing.send(GrantRole(worker_id=who, role=Role.STAFF, scope=HERE[:9]))
        assert "names at least 1 fixed worker" not in (await client.get("/federation/gaps")).text
        address = f"/federation/team/{who}"
        kept = await fill_in(client, address, f"{address}/revoke", role="staff", scope=HERE[:9])
        assert kept.status_code == 409
        assert "this is the last one" in kept.text


async def test_a_phone_is_hidden_until_somebody_says_why(standing: Bench):
    who = await enrolled(standing, "冯电", WorkerKind.GRID_WORKER, THERE, phone="13800001234")
    address = f"/federation/team/{who}"
    async with standing.as_(STAFF) as client:
        page = await client.get(address)
        assert "13800001234" not in page.text
        assert "13800001234" not in (await client.get(f"{address}/phone")).text
        assert "13800001234" in (await client.get(f"{address}/phone?why=call")).text
        await enrolled(standing, "后来", WorkerKind.VOLUNTEER)  # whose events come after the showing's
        assert who in (await client.get("/federation/looked")).text
    async with standing.as_(LEADER) as client:
        assert "13800001234" not in (await client.get(f"{address}/phone?why=oversight")).text


async def test_data_is_corrected_and_once_they_are_gone_erased(standing: Bench):
    who = await enrolled(standing, "钱多", WorkerKind.VOLUNTEER, phone="13911112222")
    address = f"/federation/team/{who}"
    async with standing.as_(STAFF) as client:
        both = {"name": "钱朵", "phone": "13900003333", "no_phone": "yes"}
        unclear = await fill_in(client, f"{address}/correct", f"{address}/correct", **both)
        assert (unclear.status_code, "not both" in unclear.text) == (422, True)
        many = {"name": "名" * 61, "phone": "12345"}
        wrong = await fill_in(client, f"{address}/correct", f"{address}/correct", **many)
        assert "at most 60 characters" in wrong.text
        assert "no telephone number" in wrong.text
        corrected = await fill_in(client, f"{address}/correct", f"{address}/correct", name="钱朵", phone="")
        assert "钱朵" in corrected.text
        assert "139••••2222" in corrected.text
        unsure = await fill_in(client, f"{address}/erase", f"{address}/erase")
        assert unsure.status_code == 422
        erased = await fill_in(client, f"{address}/erase", f"{address}/erase", sure="yes")
        assert "钱朵" not in erased.text
        assert (await client.get(address)).status_code == 404


async def test_the_team_is_taken_away_as_it_is_shown_and_without_phones(standing: Bench):
    await enrolled(standing, "曹列", WorkerKind.GRID_WORKER, MORE[2], phone="13800004321")
    async with standing.as_(LEADER) as client:
        rows = rows_of(await client.get("/federation/team/sheet.xlsx?community=" + MORE[2]))
        assert [(row[0], row[2], row[5]) for row in rows] == [("曹列", COMMUNITIES[MORE[2]], 0)]
        assert "13800004321" not in str(rows)
        page = await client.get("/federation/team")
        assert "Enrol somebody" not in page.text
        assert (await client.post("/federation/team/new", data={"name": "x", "kind": "volunteer"})).status_code == 403
