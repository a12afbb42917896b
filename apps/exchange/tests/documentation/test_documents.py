"""What describes the exchange: OpenAPI, schemas, the page in words. None of it needs a log or a token."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from canlian_chassis.settings import Settings
from canlian_events.language import EVENTS
from canlian_events.numbers import CertificateNumber, CitizenId
from canlian_exchange.app import exchange
from canlian_exchange.commands.dispatch import BEGINNINGS
from canlian_exchange.commands.examples import VALUES, example_of
from canlian_exchange.documentation import language
from canlian_web.language.i18n import untranslated, unused
from canlian_web.language.refusals import wordings


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[httpx.AsyncClient]:
    tool = exchange(Settings(nats_url="nats://127.0.0.1:1", data=tmp_path_factory.mktemp("var")))
    transport = httpx.ASGITransport(tool.app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://canlian.test") as asking:
        yield asking


@pytest.mark.asyncio(loop_scope="module")
async def test_every_command_has_its_own_path_its_schema_and_an_example(client: httpx.AsyncClient):
    document = (await client.get("/api/openapi.json")).json()
    paths, schemas = document["paths"], document["components"]["schemas"]
    for kind in language.commands():
        path = f"/api/v1/commands/{kind.__name__}"
        if kind.by == {"policy"}:
            assert path not in paths
            continue
        body = paths[path]["post"]["requestBody"]["content"]["application/json"]
        assert body["schema"] == {"$ref": f"#/components/schemas/{kind.__name__}"}
        assert body["example"]
        assert schemas[kind.__name__]["properties"].keys() == kind.model_fields.keys()
    for path in (
        "/events",
        "/events/stream",
        "/communities",
        "/communities/{code}",
        "/log/heads",
        "/log/heads/{day}",
        "/schemas",
        "/commands",
    ):
        assert f"/api/v1{path}" in paths
    assert "/api/health" in paths


@pytest.mark.asyncio(loop_scope="module")
async def test_the_openapi_document_refers_to_nothing_that_is_not_in_it(client: httpx.AsyncClient):
    document = (await client.get("/api/openapi.json")).text
    known = set(json.loads(document)["components"]["schemas"])
    references = set(re.findall(r'"\$ref":\s*"([^"]+)"', document))
    assert {reference.removeprefix("#/components/schemas/") for reference in references} <= known


def test_every_example_fits_its_command():
    for kind in language.commands():
        body = example_of(kind)
        if kind.__name__ in BEGINNINGS:
            prefix = kind.aggregate.id_field.removesuffix("_id")
            body = {kind.aggregate.id_field: f"{prefix}_0199c1f0a4b2"} | body
        kind.model_validate_json(json.dumps(body))


def test_the_numbers_of_the_examples_are_possible():
    assert CitizenId.read(VALUES["citizen_id"]).birth_date == date(1958, 3, 8)
    certificate = CertificateNumber.read(VALUES["number"])
    assert (certificate.disability, certificate.grade) == (VALUES["disability"], VALUES["grade"])


def test_each_aggregate_of_which_there_are_many_has_a_command_that_begins_it():
    begun = {kind.aggregate.full_name for kind in language.commands() if kind.__name__ in BEGINNINGS}
    assert begun == {kind.aggregate.full_name for kind in language.commands()} - {"registry.community"}


@pytest.mark.asyncio(loop_scope="module")
async def test_commands_are_listed_with_who_may_send_them(client: httpx.AsyncClient):
    listed = {note["name"]: note for note in (await client.get("/api/v1/commands")).json()}
    assert "social_worker" in listed["RegisterPerson"]["roles"]
    assert len(listed) == len(language.commands())


@pytest.mark.asyncio(loop_scope="module")
async def test_a_command_is_described_by_its_schema_its_roles_and_what_it_is_refused_for(client: httpx.AsyncClient):
    described = (await client.get("/api/v1/commands/RegisterPerson", headers={"Accept-Language": "en"})).json()
    assert described["schema"]["properties"]["community"]["pattern"] == r"^\d{12}$"
    assert described["id_may_be_left_out"] is True
    assert described["refusals"]
    assert all(refusal["code"].startswith("person.") for refusal in described["refusals"])


@pytest.mark.asyncio(loop_scope="module")
async def test_every_event_has_its_schema_by_type_or_name_and_version(client: httpx.AsyncClient):
    listed = (await client.get("/api/v1/schemas")).json()
    assert {note["type"] for note in listed} == {kind.type for kind in language.events()}
    for note in listed:
        schema = await client.get(note["href"])
        assert schema.status_code == 200
        assert schema.headers["content-type"] == "application/schema+json"
        assert schema.json()["title"] == EVENTS[note["type"]].__name__
    by_name = await client.get("/api/v1/schemas/VisitCompleted?version=1")
    assert by_name.json()["x-type"] == "assistance.visit.completed"


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/api/v1/schemas/VisitComplete", "unknown_event"),
        ("/api/v1/schemas/VisitCompleted?version=99", "no_such_version"),
        ("/api/v1/commands/CompletVisit", "no_such_command"),
        ("/api/v1/nothing", "no_such_address"),
    ],
)
@pytest.mark.asyncio(loop_scope="module")
async def test_what_is_not_there_is_404_and_says_where_to_look(client: httpx.AsyncClient, path: str, code: str):
    answer = await client.get(path, headers={"Accept-Language": "en"})
    assert (answer.status_code, answer.json()["code"]) == (404, code)
    assert answer.json()["message"] in _filled(code, answer.json()["facts"])


def _filled(code: str, facts: dict[str, Any]) -> list[str]:
    from canlian_web.language.refusals import say_refusal

    return [say_refusal(code, facts, "en")]


@pytest.mark.asyncio(loop_scope="module")
async def test_a_method_that_an_address_does_not_take_is_405(client: httpx.AsyncClient):
    answer = await client.post("/api/v1/events")
    assert (answer.status_code, answer.json()["code"]) == (405, "wrong_method")


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.asyncio(loop_scope="module")
async def test_the_page_in_words_shows_every_command_and_event_and_asks_nothing_of_others(
    client: httpx.AsyncClient, lang: str
):
    page = await client.get("/api/docs", params={"lang": lang})
    assert page.status_code == 200
    assert all(kind.__name__ in page.text for kind in language.commands())
    assert all(kind.type in page.text for kind in language.events())
    loaded = re.findall(r'(?:src|href)="(https?:[^"]+)"', page.text)
    assert loaded == []
    assert (await client.get("/api")).headers["location"] == "/api/docs"


@pytest.mark.asyncio(loop_scope="module")
async def test_health_names_each_part_and_says_when_it_is_not_ready(client: httpx.AsyncClient):
    for path in ("/api/health", "/health"):
        answer = await client.get(path)
        assert answer.status_code == 503
        assert answer.json()["parts"].keys() == {"nats", "views"}


@pytest.mark.asyncio(loop_scope="module")
async def test_a_request_before_the_log_was_reached_is_503(client: httpx.AsyncClient):
    # without a token nothing is looked up at all
    assert (await client.get("/api/v1/communities")).status_code == 401


def test_every_text_has_its_chinese():
    assert untranslated("canlian_exchange") == []
    assert unused("canlian_exchange") == []


def test_every_code_the_exchange_answers_is_worded():
    source = Path(__file__).parents[2] / "src" / "canlian_exchange"
    text = "".join(path.read_text(encoding="utf-8") for path in source.rglob("*.py"))
    codes = set(re.findall(r'(?:Problem\(\d+, |say_refusal\(|_not_signed_in\()"([a-z_]+)"', text))
    assert len(codes) > 10
    assert codes <= wordings().keys()
