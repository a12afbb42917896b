"""Staff look through files that are alike, merge them, and undo it."""

from __future__ import annotations

from datetime import date
from io import BytesIO

from apps.federation.tests.bench import LEADER, STAFF, Bench
from openpyxl import load_workbook

from canlian_events.numbers import make_citizen_id
from canlian_events.registry.person import RegisterPerson
from canlian_events.terms import DisabilityClass
from canlian_federation.people.views import person_entry

ONE, OTHER, ELSEWHERE = "person_0wang001", "person_0wang002", "person_0wang003"
BORN = date(1961, 3, 14)
HERE, THERE = "429999001001", "429999001002"
PAIR = f"one={ONE}&other={OTHER}"


def somebody(person_id: str, name: str, sequence: int, community: str = HERE, phone: str | None = None):
    return RegisterPerson(
        person_id=person_id,
        community=community,
        name=name,
        citizen_id=make_citizen_id("429999", BORN, sequence),
        disability=DisabilityClass.PHYSICAL,
        phone=phone,
        address="幸福路12号",
    )


async def test_the_queue_two_files_side_by_side_a_merge_and_its_undoing(bench: Bench):
    await bench.open_communities()
    await bench.send(somebody(ONE, "王秀兰", 122))
    await bench.send(somebody(OTHER, "王秀蓝", 958, phone="13800001111"))
    await bench.send(somebody(ELSEWHERE, "王秀兰", 344, THERE))
    async with bench.as_(LEADER) as client:
        assert (await client.get("/federation/duplicates")).status_code == 403
    async with bench.as_(STAFF) as client:
        queue = (await client.get("/federation/duplicates")).text
        assert "3 pairs to look at" in queue
        assert "the names sound the same" in queue
        assert "13800001111" not in queue
        sheet = await client.get("/federation/duplicates/sheet?why=report")
        rows = list(load_workbook(BytesIO(sheet.content)).active.values)  # type: ignore[union-attr]
        assert len(rows) == 4
        assert rows[1][0] == 85

        page = (await client.get(f"/federation/duplicates/pair?{PAIR}")).text
        assert "13800001111" in page
        assert "≠ differs" in page
        looked = (await client.get("/federation/looked")).text
        assert ONE in looked
        assert OTHER in looked

        wrong = await client.post(f"/federation/duplicates/merge?{PAIR}", data={"keep": ONE})
        assert wrong.status_code == 422
        assert "Why there are two: Fill this in" in wrong.text
        decided = {"keep": ONE, "ground": "mistyped", "take": ["phone"]}
        file = (await client.get(f"/federation/people/{ONE}")).text
        assert "May be the same person as:" in file
        done = await client.post(f"/federation/duplicates/merge?{PAIR}", data=decided)
        assert done.url.path == f"/federation/duplicates/merged/{OTHER}"
        assert "merged into another" in done.text
        kept = await bench.tool.read(person_entry, ONE)
        assert kept is not None
        assert kept.phone == "13800001111"
        assert "1 pair to look at" in (await client.get("/federation/duplicates")).text
        assert OTHER in (await client.get("/federation/duplicates/merged")).text
        assert "1 file is merged into this one" in (await client.get(f"/federation/people/{ONE}")).text
        assert (await client.get(f"/federation/people/{OTHER}")).url.path == f"/federation/duplicates/merged/{OTHER}"

        again = await client.post(f"/federation/duplicates/merge?{PAIR}", data=decided | {"keep": OTHER})
        assert again.status_code == 409
        assert "merged into another" in again.text
        undone = await client.post(f"/federation/duplicates/merged/{OTHER}/undo")
        assert undone.url.path == "/federation/duplicates/pair"
        kept = await bench.tool.read(person_entry, ONE)
        assert kept is not None
        assert kept.phone is None, "what was taken over is given back"

        apart = await client.post(f"/federation/duplicates/distinct?{PAIR}")
        assert "not proposed again" in apart.text
        assert "2 pairs to look at" in (await client.get("/federation/duplicates")).text

        other_place = f"/federation/duplicates/pair?one={ONE}&other={ELSEWHERE}"
        assert "They are of two communities" in (await client.get(other_place)).text
        moving = {"person_id": ELSEWHERE, "to": HERE}
        moved = await client.post(other_place.replace("pair", "move"), data=moving)
        assert "It is one person" in moved.text
        assert (await client.get(f"/federation/duplicates/pair?one={ONE}&other=person_0nobody0")).status_code == 404

        typed = {
            "name": "汪秀兰",
            "citizen_id": make_citizen_id("429999", BORN, 510),
            "community": HERE,
            "disability": "4",
        }
        shown = await client.post("/federation/people/new", data=typed)
        assert shown.url.path == "/federation/people/new"
        assert "These files are like what you typed" in shown.text
        assert f"/federation/people/{ONE}" in shown.text
        seen = " ".join((ONE, OTHER, ELSEWHERE))
        saved = await client.post("/federation/people/new", data=typed | {"seen_alike": seen})
        assert "The person is registered." in saved.text
