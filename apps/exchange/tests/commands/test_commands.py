"""Commands over HTTP: every status, and the same key again."""

from __future__ import annotations

import asyncio

import pytest
from apps.exchange.tests.running import (
    GRID_WORKER_HERE,
    HERE,
    PROGRAM,
    STAFF,
    THERE,
    Api,
    actor,
    open_communities,
    person,
    registry,
    serving,
)
from nats.js.api import StreamConfig

from canlian_chassis.bus.client import connect
from canlian_chassis.log.jetstream import STREAM
from canlian_chassis.settings import Settings
from canlian_chassis.testing.servers import NatsServer
from canlian_chassis.tokens import ANONYMOUS
from canlian_events import subjects
from canlian_events.terms import Role
from canlian_exchange.commands.dispatch import MAX_BODY

REGISTER = "/api/v1/commands/RegisterPerson"


async def test_a_command_is_answered_with_its_events_and_their_place_in_the_log(api: Api):
    done = await api.send("RegisterPerson", person(), key="import-1")
    assert done.status_code == 200, done.text
    body = done.json()
    assert [event["name"] for event in body["events"]] == ["PersonRegistered"]
    assert body["events"][0]["type"] == "registry.person.registered"
    assert body["position"] == body["events"][0]["position"]
    assert done.headers["Idempotency-Key"] == "import-1"


async def test_the_key_of_the_answer_asks_again_where_none_was_given(api: Api):
    first = await api.send("RegisterPerson", person())
    again = await api.send("RegisterPerson", person(), key=first.headers["Idempotency-Key"])
    assert again.json() == first.json()


async def test_the_same_key_again_gives_the_same_answer_and_nothing_new(api: Api):
    first = await api.send("RegisterPerson", person(), key="k")
    between = await api.send("RegisterPerson", person(2), key="k2")
    assert (await api.send("RegisterPerson", person(), key="k")).json() == first.json()
    assert len(await api.events(type="PersonRegistered")) == 2
    assert between.json() != first.json()


async def test_the_same_key_ten_times_at_once_is_done_once(api: Api):
    answers = await asyncio.gather(*(api.send("RegisterPerson", person(), key="k") for _ in range(10)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    assert len(await api.events(type="PersonRegistered")) == 1


async def test_the_same_key_gives_the_same_answer_after_everything_was_started_again(settings: Settings):
    async with registry(settings), serving(settings) as api:
        await open_communities(settings)
        first = await api.send("RegisterPerson", person(), key="k")
        assert first.status_code == 200, first.text
    async with registry(settings), serving(settings) as api:
        assert (await api.send("RegisterPerson", person(), key="k")).json() == first.json()
        other = await api.send("RegisterPerson", person(2), key="k")
        assert (other.status_code, other.json()["code"]) == (422, "key_reused")


async def test_the_same_key_with_another_body_is_refused_also_for_another_aggregate(api: Api):
    first = await api.send("RegisterPerson", person(person_id="person_00000001"), key="k")
    assert first.status_code == 200
    assert await api.tool.runner.reached(first.json()["position"])  # type: ignore[union-attr]
    others = [
        await api.send("RegisterPerson", person(person_id="person_00000001", phone="13900000000"), key="k"),
        await api.send("RegisterPerson", person(2, person_id="person_00000002"), key="k"),
        await api.send("OpenCommunity", {"community": "429999001009", "name": "新社区"}, key="k"),
    ]
    assert [(other.status_code, other.json()["code"]) for other in others] == [(422, "key_reused")] * 3
    assert len(await api.events(after=first.json()["position"])) == 0


async def test_the_same_key_is_known_when_the_log_itself_has_forgotten_it(settings: Settings):
    async with connect(settings, "test") as nc:
        config = StreamConfig(name=STREAM, subjects=[subjects.EVENTS, subjects.CLAIMS], duplicate_window=0.1)
        await nc.jetstream().add_stream(config, allow_atomic=True, allow_direct=True)
    async with registry(settings), serving(settings) as api:
        await open_communities(settings)
        first = await api.send("RegisterPerson", person(), key="k")
        assert first.status_code == 200, first.text
        assert await api.tool.runner.reached(first.json()["position"])  # type: ignore[union-attr]
        await asyncio.sleep(0.3)
        other = await api.send("OpenCommunity", {"community": "429999001009", "name": "新社区"}, key="k")
        assert (other.status_code, other.json()["code"]) == (422, "key_reused")
        assert (await api.send("RegisterPerson", person(), key="k")).json() == first.json()


async def test_two_programs_may_use_the_same_key(api: Api):
    one, two = PROGRAM, actor(Role.PROGRAM, "429999001", id="program-2")
    first = await api.send("RegisterPerson", person(1), one, key="k")
    second = await api.send("RegisterPerson", person(2), two, key="k")
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json()["events"] != second.json()["events"]


async def test_a_refusal_is_decided_anew_under_the_same_key(api: Api):
    body = {"person_id": "person_00000001", "purpose": "visits"}
    refused = await api.send("GiveConsent", body, key="k")
    assert (refused.status_code, refused.json()["code"]) == (409, "person.unknown")
    await api.send("RegisterPerson", person(person_id="person_00000001"))
    assert (await api.send("GiveConsent", body, key="k")).status_code == 200


@pytest.mark.asyncio(loop_scope="module")
async def test_a_refusal_says_why_in_the_callers_language(standing: Api):
    body = {"person_id": "person_00000001", "purpose": "visits"}
    messages = {}
    for lang in ("zh-CN,zh;q=0.9", "en", "fr", "en;q=0.2, zh", "de, en;q=0.5"):
        async with standing.as_(STAFF, lang=lang) as client:
            refused = await client.post("/api/v1/commands/GiveConsent", json=body)
        assert refused.status_code == 409
        messages[lang] = refused.json()["message"]
        assert refused.headers["Content-Language"] in {"zh", "en"}
    assert messages["fr"] == messages["zh-CN,zh;q=0.9"] == messages["en;q=0.2, zh"]
    assert messages["en"] == messages["de, en;q=0.5"] != messages["fr"]


async def test_a_refusal_brings_its_facts(api: Api):
    await api.send("RegisterPerson", person(person_id="person_00000001"))
    taken = await api.send("RegisterPerson", person(person_id="person_00000002"))
    assert taken.status_code == 409
    assert taken.json()["facts"]["holder"] == "person_00000001"
    assert taken.json()["message"]


@pytest.mark.asyncio(loop_scope="module")
async def test_a_body_that_does_not_fit_names_every_field(standing: Api):
    invalid = await standing.send("RegisterPerson", {"comunity": HERE, "disability": 9, "name": "张"})
    assert invalid.status_code == 422
    body = invalid.json()
    assert body["code"] == "invalid"
    assert set(body["fields"]) == {"comunity", "community", "disability", "citizen_id"}
    assert "no such field" in body["fields"]["comunity"]


@pytest.mark.asyncio(loop_scope="module")
async def test_an_id_that_nothing_could_begin_with_must_be_given(standing: Api):
    invalid = await standing.send("GiveConsent", {"purpose": "visits"})
    assert (invalid.status_code, list(invalid.json()["fields"])) == (422, ["person_id"])


@pytest.mark.asyncio(loop_scope="module")
async def test_a_sealed_value_is_not_taken_for_a_plain_one(standing: Api):
    sealed = {"about": "person_00000001", "sealed": "Zm9v"}
    body = {"person_id": "person_00000001", "circumstances": {"remark": sealed}}
    invalid = await standing.send("RecordCircumstances", body)
    assert (invalid.status_code, list(invalid.json()["fields"])) == (422, ["circumstances.remark"])


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b'{"name": NaN}', b"name=1"])
async def test_what_is_not_json_is_400(standing: Api, body: bytes):
    async with standing.as_(STAFF) as client:
        answer = await client.post(REGISTER, content=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "not_json")


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("body", [b"[]", b"null", b"3", b'"x"'])
async def test_json_that_is_no_object_is_invalid(standing: Api, body: bytes):
    async with standing.as_(STAFF) as client:
        answer = await client.post(REGISTER, content=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("announced", [True, False])
async def test_a_body_that_is_too_large_is_413(standing: Api, announced: bool):
    big = b'{"name": "' + b"x" * MAX_BODY + b'"}'

    async def chunks():
        for start in range(0, len(big), 65536):
            yield big[start : start + 65536]

    async with standing.as_(STAFF) as client:
        answer = await client.post(REGISTER, content=big if announced else chunks())
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert answer.json()["facts"] == {"limit": MAX_BODY}


@pytest.mark.asyncio(loop_scope="module")
async def test_an_unknown_command_names_those_near_it(standing: Api):
    answer = await standing.send("RegisterPersn", person())
    assert answer.status_code == 404
    assert "RegisterPerson" in answer.json()["facts"]["near"]
    assert "RegisterPerson" in answer.json()["message"]


@pytest.mark.asyncio(loop_scope="module")
async def test_without_a_token_or_with_a_bad_one_it_is_401(standing: Api):
    late, whole, nobodys = standing.token(STAFF, seconds=-1), standing.token(STAFF), standing.token(ANONYMOUS)
    tokens = ["", "Basic abc", "Bearer", "Bearer x", f"Bearer {late}", whole, f"Bearer {nobodys}"]
    async with standing.as_(None) as client:
        for token in tokens:
            answer = await client.post(REGISTER, json=person(), headers={"Authorization": token} if token else {})
            assert answer.status_code == 401, token
            assert answer.json().keys() == {"code", "message"}
            assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.asyncio(loop_scope="module")
async def test_the_wrong_role_or_community_is_403(standing: Api):
    role = await standing.send("RegisterPerson", person(), GRID_WORKER_HERE)
    assert (role.status_code, role.json()["code"]) == (403, "wrong_role")
    assert "staff" in role.json()["facts"]["needed"]
    outside = actor(Role.STAFF, THERE)
    community = await standing.send("RegisterPerson", person(), outside)
    assert (community.status_code, community.json()["code"]) == (403, "wrong_community")


@pytest.mark.asyncio(loop_scope="module")
async def test_a_dry_run_says_what_would_happen_and_stores_nothing(standing: Api):
    before = (await standing.events())[-1]["position"]
    would = await standing.send("RegisterPerson", person(9), dry_run="1")
    assert [event["name"] for event in would.json()["events"]] == ["PersonRegistered"]
    assert await standing.events(after=before) == []
    assert (await standing.send("RegisterPerson", person(9), dry_run="maybe")).status_code == 422


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("key", ["x" * 201, "two words", "键".encode().decode("latin-1")])
async def test_a_key_that_is_too_long_or_not_visible_ascii_is_refused(standing: Api, key: str):
    async with standing.as_(STAFF) as client:
        headers = {b"Idempotency-Key": key.encode("latin-1")}
        answer = await client.post(REGISTER, json=person(), headers=headers)
    assert (answer.status_code, list(answer.json()["fields"])) == (422, ["Idempotency-Key"])


async def test_a_key_of_200_visible_characters_is_taken(api: Api):
    key = "".join(chr(0x21 + n % 94) for n in range(200))
    assert (await api.send("RegisterPerson", person(), key=key)).headers["Idempotency-Key"] == key


async def test_nobody_answering_is_503_with_when_to_try_again(settings: Settings):
    async with serving(settings) as api:
        api.tool.client._patience = 0.3
        answer = await api.send("RegisterPerson", person())
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        assert int(answer.headers["Retry-After"]) > 0


async def test_a_command_sent_while_the_log_is_killed_is_done_once_when_sent_again(api: Api, nats: NatsServer):
    await asyncio.to_thread(nats.kill)
    sending = asyncio.create_task(api.send("RegisterPerson", person(), key="k"))
    await asyncio.sleep(0.5)
    await asyncio.to_thread(nats.start)
    first = await sending
    assert first.status_code in {200, 503}
    for _ in range(20):
        again = await api.send("RegisterPerson", person(), key="k")
        if again.status_code == 200:
            break
        await asyncio.sleep(0.5)
    assert again.status_code == 200, again.text
    assert len(await api.events(type="PersonRegistered")) == 1
