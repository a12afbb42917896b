"""Staff erase a person, and get a certificate that a third party can check."""

from __future__ import annotations

import json
from datetime import date

from apps.federation.tests.bench import LEADER, STAFF, Bench

from canlian_chassis.erasure.certificate import KEY, ErasureProof
from canlian_chassis.keys.signing import public_key
from canlian_events.numbers import make_citizen_id
from canlian_events.registry.person import RegisterPerson
from canlian_events.terms import DisabilityClass

WHO = "person_0erased0"


async def registered(bench: Bench) -> None:
    await bench.open_communities()
    born = date(1961, 3, 4)
    await bench.send(
        RegisterPerson(
            person_id=WHO,
            community="429999001001",
            name="欧阳墨痕",
            citizen_id=make_citizen_id("429999", born, 77),
            disability=DisabilityClass.PHYSICAL,
        )
    )


async def test_staff_erase_a_person_and_certify_it(bench: Bench):
    await registered(bench)
    async with bench.as_(STAFF) as client:
        whom = await client.get("/federation/erasures/new")
        assert 'name="sure"' not in whom.text, "first it is said whom"
        assert "looks like" in (await client.post("/federation/erasures/new/who", data={"person_id": "42"})).text
        nobody = await client.post("/federation/erasures/new/who", data={"person_id": "person_00000000"})
        assert "Nobody of your communities has this number" in nobody.text
        shown = await client.post("/federation/erasures/new/who", data={"person_id": WHO})
        assert ("欧阳墨痕" in shown.text, "梧桐社区" in shown.text) == (True, True)
        strange = {"person_id": "person_00000000", "ground": "request", "sure": "yes"}
        assert (await client.post("/federation/erasures/new", data=strange)).status_code != 303
        unsure = await client.post("/federation/erasures/new", data={"person_id": WHO, "ground": "request"})
        assert unsure.status_code == 422
        sure = {"person_id": WHO, "ground": "request", "sure": "yes"}
        done = await client.post("/federation/erasures/new", data=sure)
        assert done.url.path == f"/federation/erasures/{WHO}"
        listed = (await client.get("/federation/erasures")).text
        assert (WHO in listed, "梧桐社区" in listed, "429999001001" in listed) == (True, True, False)
        assert "not made yet" in (await client.get(f"/federation/erasures/{WHO}")).text
        await client.post(f"/federation/erasures/{WHO}/certificate")
        page = (await client.get(f"/federation/erasures/{WHO}")).text
        downloaded = await client.get(f"/federation/erasures/{WHO}/certificate.json")
    certificate = ErasureProof.model_validate_json(downloaded.content)
    assert certificate.is_signed_by(public_key(bench.tool.settings.key_folder / f"{KEY}.pub.pem"))
    assert json.loads(downloaded.content)["said"]["ground"] == "request"
    assert certificate.signature in page
    assert "the person asked for it" in page


async def test_an_unknown_person_is_not_erased(bench: Bench):
    sure = {"person_id": "person_0nobody0", "ground": "request", "sure": "yes"}
    async with bench.as_(STAFF) as client:
        refused = await client.post("/federation/erasures/new", data=sure)
        assert refused.status_code == 409
        assert "not registered" in refused.text
        assert (await client.get("/federation/erasures/person_0nobody0")).status_code == 404


async def test_a_number_that_is_none_is_said_once_and_with_an_example(bench: Bench):
    sure = {"person_id": "Zhang", "ground": "request", "sure": "yes"}
    async with bench.as_(STAFF) as client:
        wrong = await client.post("/federation/erasures/new", data=sure)
    assert wrong.status_code == 422
    assert wrong.text.count('role="alert"') == 1
    assert "person_01a2b3c4" in wrong.text


async def test_only_staff_erase(bench: Bench):
    async with bench.as_(LEADER) as client:
        assert (await client.get("/federation/erasures")).status_code == 403
