"""A person's file is shown once it is recorded, and not before: on a real log, with the registry's own rules."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import datetime
from typing import Any

import httpx
import pytest
from fastapi import APIRouter
from jinja2 import ChoiceLoader, DictLoader, Environment
from sqlalchemy import MetaData
from starlette.responses import Response

from canlian_chassis.log.jetstream import Log
from canlian_chassis.row import Row
from canlian_chassis.service import Service
from canlian_chassis.settings import Settings
from canlian_chassis.testing.deciders import NOON
from canlian_chassis.views.runner import Views
from canlian_events import subjects
from canlian_events.meta import Actor, Meta
from canlian_events.personal import Sealed
from canlian_events.registry import showing as language
from canlian_events.registry.showing import FileShown
from canlian_events.terms import FileField, Role, ShownFor
from canlian_person_file import disclosure as helper
from canlian_person_file.access_log import in_words, looked_at
from canlian_person_file.disclosure import File, Look, ask_why, record, shown, stated
from canlian_person_file.library import PERSON_FILE
from canlian_registry.person.decider import person
from canlian_registry.showing.decider import showing
from canlian_web.page import Page
from canlian_web.testing import browser, running
from canlian_web.tool import Tool

HERE, PERSON = "429999001003", "person_0000000001"
WORKER = Actor("worker_0000000001", frozenset({Role.SOCIAL_WORKER}), (HERE,))
DIRECTOR = Actor("worker_0000000002", frozenset({Role.DIRECTOR}), (HERE,))
PHONE = "13800000001"
TEMPLATES = {
    "file.html": '{% extends "canlian/layout.html" %}{% block content %}<p>{{ file.phone }}</p>{% endblock %}',
    "looked.html": '{% extends "canlian/layout.html" %}{% block content %}{{ ui.looked(seen, 1) }}{% endblock %}',
}


class DeskRow(Row):
    metadata = MetaData()


LOOKED = looked_at(DeskRow)
router = APIRouter()


@router.get("/phone")
async def phone(page: Page) -> Response:
    reason = stated(page)
    if reason is None:
        return ask_why(page, "Phone", [ShownFor.CALL, ShownFor.OVERSIGHT, ShownFor.OTHER], page.url())
    file = await shown(page, PERSON, HERE, reason, phone=PHONE, notes=None)
    return page.render("file.html", file=file)


@router.get("/many")
async def many(page: Page) -> Response:
    looks = [Look(f"person_{n:010}", HERE, frozenset({FileField.NAME})) for n in range(3)]
    return Response(await record(page, looks, ShownFor.REPORT) or "recorded")


@router.get("/who")
async def who(page: Page) -> Response:
    rows, _ = await page.read(LOOKED.of, PERSON)
    return page.render("looked.html", seen=in_words(page, rows, {WORKER.id: "王芳"}.get))


@pytest.fixture
async def tool(settings: Settings) -> AsyncIterator[Tool]:
    views = Views("desk", version=1, rows=DeskRow, projections=[LOOKED.projection], opens=True)
    made = Tool("desk", prefix="/desk", package="canlian_example", title="Needs", routers=[router], views=views,
                libraries=[PERSON_FILE],
                settings=settings)  # fmt: skip
    assert made.templates.loader
    made.templates.loader = ChoiceLoader([DictLoader(TEMPLATES), made.templates.loader])
    async with running(made) as started:
        yield started


@pytest.fixture
async def registry(settings: Settings) -> AsyncIterator[AsyncExitStack]:
    """The registry at work; closing the stack takes it down."""
    async with AsyncExitStack() as stack:
        service = Service("registry", context="registry", deciders=[showing, person], settings=settings)
        await stack.enter_async_context(service.running())
        yield stack


@pytest.fixture(autouse=True)
def fresh(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests share a log: each looks at somebody of its own. A registry that is down is not waited for long."""
    monkeypatch.setitem(globals(), "PERSON", f"person_{abs(hash(settings.data)) % 10**12:012}")
    monkeypatch.setattr(helper, "PATIENCE", 0.3)


async def showings(tool: Tool) -> int:
    assert tool.nats
    found = await Log(tool.nats).read(subjects.events_of("registry", "showing"))
    return sum(PERSON.encode() in entry.body for entry in found)


async def ask(tool: Tool, address: str, by: Actor = WORKER, lang: str = "zh") -> httpx.Response:
    return await browser(tool, by, lang).get(f"/desk/{address}")


async def test_a_value_is_shown_and_recorded(tool: Tool, registry: AsyncExitStack) -> None:
    assert PHONE in (await ask(tool, "phone?why=call")).text
    assert await showings(tool) == 1


async def test_the_same_look_again_is_one_showing_and_another_purpose_is_another(
    tool: Tool, registry: AsyncExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    # the quarter of an hour may end between two looks
    def id_(actor: str, person: str, where: str, what: Any, why: ShownFor, words: str, _at: datetime) -> str:
        return language.showing_id_of(actor, person, where, what, why, words, NOON)

    monkeypatch.setattr(helper, "showing_id_of", id_)
    for _ in range(3):
        assert PHONE in (await ask(tool, "phone?why=call")).text
    assert await showings(tool) == 1
    await ask(tool, "phone?why=other&words=家属来电")
    assert await showings(tool) == 2


@pytest.mark.parametrize(("lang", "said"), [("zh", "暂不显示"), ("en", "Hidden for now")])
async def test_what_cannot_be_recorded_is_masked_and_the_page_says_so(
    tool: Tool, registry: AsyncExitStack, lang: str, said: str
) -> None:
    await registry.aclose()
    page = await ask(tool, "phone?why=call", lang=lang)
    assert page.status_code == 200
    assert PHONE not in page.text
    assert "<p>••••</p>" in page.text
    assert said in page.text


async def test_a_role_that_may_not_look_is_shown_nothing_and_told_why(tool: Tool, registry: AsyncExitStack) -> None:
    page = await ask(tool, "phone?why=call", by=DIRECTOR)
    assert PHONE not in page.text
    assert "没有“电话联系”这个查阅理由" in page.text
    assert await showings(tool) == 0


def test_a_template_cannot_print_what_was_not_handed_over() -> None:
    template = Environment().from_string("{{ file.address }}")
    with pytest.raises(KeyError):
        template.render(file=File({"phone": PHONE}))


async def test_where_no_reason_is_given_the_page_asks_for_one_that_the_role_has(
    tool: Tool, registry: AsyncExitStack
) -> None:
    page = await ask(tool, "phone?n=1")
    assert "为什么查阅这份档案？" in page.text
    assert PHONE not in page.text
    assert 'name="to" value="/desk/phone?n=1"' in page.text
    assert 'value="call"' in page.text
    assert 'value="oversight"' not in page.text
    assert (await ask(tool, "phone?why=")).status_code == 422
    assert "请用几个字写明" in (await ask(tool, "phone?why=other")).text
    assert await showings(tool) == 0


async def test_many_files_are_recorded_at_once(tool: Tool, registry: AsyncExitStack) -> None:
    assert (await ask(tool, "many")).text == "recorded"
    assert "查阅理由" not in (await ask(tool, "many", by=DIRECTOR)).text
    await registry.aclose()
    assert "暂不显示" in (await ask(tool, "many")).text


async def test_who_looked_is_listed_with_what_and_why(tool: Tool, registry: AsyncExitStack) -> None:
    await ask(tool, "phone?why=other&words=家属来电")
    assert tool.nats
    assert tool.runner
    assert await tool.runner.reached(await Log(tool.nats).last_position())
    page = (await ask(tool, "who")).text
    for said in ("王芳 · 社工", "电话", "其他 · 家属来电"):
        assert said in page


def test_a_showing_outlives_the_person_without_its_words() -> None:
    shown_ = FileShown(
        showing_id="showing_0000000001",
        person_id=PERSON,
        what=frozenset({FileField.PHONE}),
        why=ShownFor.OTHER,
        words=Sealed(about=PERSON, sealed="…"),
    )
    meta = Meta("id", 7, NOON, NOON, WORKER.stamp, HERE, "command")
    row = LOOKED.projection.fold(None, shown_, meta)
    assert isinstance(row, LOOKED.row)
    assert (row.person_id, row.actor, row.what, row.why, row.words) == (PERSON, WORKER.stamp, ["phone"], "other", None)


async def test_the_reason_is_in_no_address_and_an_address_gives_none(tool: Tool, registry: AsyncExitStack) -> None:
    plain = browser(tool, WORKER)
    asked = await httpx.AsyncClient.get(plain, "/desk/phone?why=call")
    assert PHONE not in asked.text
    assert 'method="post" action="/desk/because"' in asked.text
    nothing = await plain.post("/desk/because", data={"to": "/desk/phone"})
    assert (nothing.status_code, nothing.url.query) == (422, b"")
    assert "请选择" in nothing.text
    other = await plain.post("/desk/because", data={"to": "/desk/phone", "why": "other"})
    assert other.status_code == 422
    shown = await plain.post("/desk/because", data={"to": "/desk/phone?lang=zh", "why": "other", "words": "家属来电"})
    assert PHONE in shown.text
    assert "words" not in str(shown.url)
    assert "why" not in str(shown.url)


async def test_a_reason_given_for_one_page_opens_no_other(tool: Tool, registry: AsyncExitStack) -> None:
    plain = browser(tool, WORKER)
    await plain.post("/desk/because", data={"to": "/desk/phone?of=somebody", "why": "call"})
    assert PHONE not in (await plain.get("/desk/phone")).text
    elsewhere = await plain.post(
        "/desk/because", data={"to": "https://evil.example/", "why": "call"}, follow_redirects=False
    )
    assert elsewhere.headers["location"] == "/desk"
