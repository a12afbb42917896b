"""Associations as the federation's staff meet them: gaps, founding, members, and activities that count."""

from __future__ import annotations

import io
import re
from datetime import date

from apps.federation.tests.bench import LEADER, STAFF, Bench
from openpyxl import load_workbook

from canlian_events.ids import derive
from canlian_events.numbers import make_citizen_id
from canlian_events.registry.community import NameDirector, OpenCommunity
from canlian_events.registry.person import RecordDeath, RegisterPerson
from canlian_events.registry.worker import AssignWorker, EnrolWorker
from canlian_events.terms import DisabilityClass, WorkerKind
from canlian_federation.associations.views import associations_lacking

HERE, THERE = "429999001001", "429999001002"
ANNA, BO = derive("person", 1), derive("person", 2)
CHEN = derive("worker", "陈主任")


async def told(bench: Bench) -> None:
    for code, name in ((HERE, "此社区"), (THERE, "彼社区")):
        await bench.send(OpenCommunity(community=code, name=name))
    for n, (id_, name) in enumerate(((ANNA, "安阿姨"), (BO, "柏叔叔"))):
        await bench.send(
            RegisterPerson(
                person_id=id_,
                community=HERE,
                name=name,
                citizen_id=make_citizen_id("429999", date(1960, 1, 1), n),
                disability=DisabilityClass.VISUAL,
            )
        )
    await bench.send(EnrolWorker(worker_id=CHEN, kind=WorkerKind.DIRECTOR, name="陈主任"))
    await bench.send(AssignWorker(worker_id=CHEN, community=HERE))
    await bench.send(NameDirector(community=HERE, worker_id=CHEN))


async def lacking(bench: Bench) -> list[tuple[str, str | None]]:
    return [(line.name, line.lacks) for line in await bench.tool.read(associations_lacking)]


async def test_an_association_is_founded_chaired_and_its_activities_count(bench: Bench):
    await told(bench)
    assert len(await lacking(bench)) == 2 + 5
    async with bench.as_(STAFF) as client:
        page = await client.get("/federation/associations?lacking=association")
        assert "此社区" in page.text
        here = (await client.post("/federation/associations", data={"community": HERE})).url.path
        again = await client.post("/federation/associations", data={"community": HERE})
        assert again.status_code == 409
        assert "has one association" in again.text
        page = await client.get(here)
        if "Name the director as chair" in page.text:  # the policy may have been quicker
            await client.post(f"{here}/chair", data={"chair_id": CHEN})
        assert "陈主任" in (await client.get("/federation/associations")).text
        assert ("此社区", None) not in await lacking(bench)
        wrong = await client.post(f"{here}/chair", data={"chair_id": ANNA})
        assert wrong.status_code == 409
        assert "chaired by the community director" in wrong.text

        found = await client.post(f"{here}/members", data={"who": "person", "find": "anayi"})
        assert f'value="{ANNA}"' in found.text
        admit = {"who": "person", "find": "安", "admit": "yes", "member_id": ANNA}
        assert "安阿姨" in (await client.post(f"{here}/members", data=admit)).text
        assert (await client.post(f"{here}/members", data=admit)).status_code == 409
        aunt = {"who": "other", "find": "王姨", "name": "王姨", "admit": "yes"}
        page = await client.post(f"{here}/members", data=aunt)
        assert "王姨" in page.text
        [member] = re.findall(r'value="(member_\w+)"', page.text)

        await check_activity(bench, here)
        page = await client.post(f"{here}/dismiss", data={"member_id": member})
        assert "王姨" not in page.text
        sheet = await client.get("/federation/associations/sheet.xlsx")
        rows = list(load_workbook(io.BytesIO(sheet.content)).worksheets[0].iter_rows(min_row=2, values_only=True))
        assert rows[0][:5] == ("此社区", HERE, "陈主任", 1, 1)
        assert len(rows) == 7


async def check_activity(bench: Bench, here: str) -> None:
    """A member ticked on the list and somebody added by name both took part, and count for the participation rate."""
    async with bench.as_(STAFF) as client:
        new = f"{here}/activities/new"
        typed = {"title": "读书会", "on": "2026-01-05", "attendees": [ANNA], "find": "柏"}
        page = await client.post(new, data=typed | {"add": "yes"})
        assert f'value="{BO}"' in page.text
        assert re.search(rf'value="{ANNA}" checked', page.text)
        nobody = await client.post(new, data={"title": "读书会", "on": "2026-01-05", "record": "yes"})
        assert nobody.status_code == 422
        page = await client.post(new, data=typed | {"attendees": [ANNA, BO], "others": "3", "record": "yes"})
        assert "counts for the participation rate" in page.text
        behind = await client.get("/federation/behind/participants?from=2026-01-01&to=2026-12-31")
        assert "2 in all" in behind.text
        [activity] = re.findall(rf'href="({here}/activities/activity_\w+)"', page.text)
        assert "柏叔叔" in (await client.get(activity)).text
        assert "why" in (await client.get(f"{activity}/sheet.xlsx")).text
        assert (await client.get(f"{activity}/sheet.xlsx?why=report")).status_code == 200
    async with bench.as_(LEADER) as leader:
        page = await leader.get(here)
        assert "读书会" in page.text
        assert "安阿姨" not in page.text
        assert (await leader.get(activity)).status_code == 403


async def test_a_special_association_is_chaired_by_a_registered_person(bench: Bench):
    await told(bench)
    async with bench.as_(STAFF) as client:
        page = await client.post("/federation/associations", data={"special": "blind"})
        assert "Special association: blind" in page.text
        here = page.url.path
        choose = await client.post(f"{here}/chair", data={"find": "安"})
        assert f'value="{ANNA}"' in choose.text
        named = await client.post(f"{here}/chair", data={"find": "安", "chair_id": ANNA})
        assert "安阿姨" in named.text
        assert ("盲人", None) not in await lacking(bench)
        assert (await client.get("/federation/associations/association_00000000")).status_code == 404
        await bench.send(RecordDeath(person_id=ANNA, on=date(2026, 1, 6)))
        assert ("盲人", "chair") in await lacking(bench)
