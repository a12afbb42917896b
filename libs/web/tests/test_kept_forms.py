"""What was typed outlives a session that ended, a mistake, and a change of language; and nobody else can read it."""

import importlib
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import APIRouter
from starlette.responses import Response

from canlian_chassis.service import Service
from canlian_chassis.settings import Settings
from canlian_events.meta import Actor
from canlian_events.terms import Role
from canlian_web.kept_forms import COOKIE, MINUTES
from canlian_web.page import Page, require
from canlian_web.testing import BASE, browser, hidden, running, token
from canlian_web.tool import Tool

WORDS = "想要<轮椅>"
SHOWN = "想要&lt;轮椅&gt;"
PAGE = "/example?sort=name&page=2"
NOT_SENT = "尚未提交"
WORKER = Actor("worker_0000000001", frozenset({Role.SOCIAL_WORKER}), ("429999001003",))
STAFF = Actor("worker_0000000002", frozenset({Role.STAFF}), ("429999001",))
COLLEAGUE = Actor("worker_0000000009", frozenset({Role.SOCIAL_WORKER}), WORKER.communities)

bare = APIRouter(dependencies=[require(Role.SOCIAL_WORKER)])


@bare.get("/bare")
async def without_a_form(page: Page) -> Response:
    return page.render("canlian/error.html", title="Bare", text="")


@pytest.fixture
async def tool(settings: Settings, service: Service) -> AsyncIterator[Tool]:
    made: Any = importlib.import_module("canlian_example.tool")
    tool = Tool(
        "example",
        prefix="/example",
        package="canlian_example",
        title="Needs",
        routers=[made.router, bare],
        views=made.views,
        settings=settings,
    )
    async with running(tool) as started:
        yield started


async def needs_shown(client: httpx.AsyncClient) -> int:
    return (await client.get("/example")).text.count('<th scope="row"')


async def type_in(client: httpx.AsyncClient, page: str = PAGE, **typed: str) -> httpx.Response:
    """As a browser does: it says which page the form stood on."""
    form = hidden(await client.get(page)) | typed
    return await client.post("/example/needs", data=form, headers={"Referer": f"{BASE}{page}"})


async def after_the_session_ended(tool: Tool, client: httpx.AsyncClient, page: str = PAGE, **typed: str) -> str:
    """Type into a form, send it when the session is over, and be told where to go on after signing in."""
    form = hidden(await client.get(PAGE)) | typed
    del client.headers["Authorization"]
    client.follow_redirects = False
    answer = await client.post("/example/needs", data=form, headers={"Referer": f"{BASE}{page}"})
    client.follow_redirects = True
    assert answer.status_code == 303
    where = httpx.URL(answer.headers["location"])
    assert where.path == "/sign-in"
    return where.params["next"]


def sign_in(tool: Tool, client: httpx.AsyncClient, actor: Actor) -> None:
    client.headers["Authorization"] = f"Bearer {token(tool.settings, actor)}"


async def test_what_was_typed_when_the_session_ended_is_there_after_signing_in(tool: Tool) -> None:
    client = browser(tool, WORKER)
    before = await needs_shown(client)
    back = await after_the_session_ended(tool, client, domain="rights", urgency="urgent", words=WORDS)
    assert back.startswith(f"{PAGE}&kept=")
    sign_in(tool, client, WORKER)
    page = await client.get(back)
    assert page.status_code == 200
    assert SHOWN in page.text
    assert NOT_SENT in page.text
    assert await needs_shown(client) == before
    sent = await client.post("/example/needs", data=hidden(page) | {"domain": "rights", "urgency": "urgent"})
    assert "需求已登记。" in sent.text
    assert await needs_shown(client) == before + 1


async def test_choices_are_chosen_again(tool: Tool) -> None:
    client = browser(tool, WORKER)
    back = await after_the_session_ended(tool, client, domain="rights", urgency="urgent")
    sign_in(tool, client, WORKER)
    chosen = [line for line in (await client.get(back)).text.split("<input") if " checked" in line.split(">")[0]]
    assert [line.split('value="')[1].split('"')[0] for line in chosen] == ["rights", "urgent"]


async def test_a_page_that_draws_no_such_form_offers_to_send_what_was_typed(tool: Tool) -> None:
    client = browser(tool, WORKER)
    before = await needs_shown(client)
    back = await after_the_session_ended(tool, client, "/example/bare", domain="rights", urgency="normal", words=WORDS)
    sign_in(tool, client, WORKER)
    page = await client.get(back)
    assert "提交已填写的内容" in page.text
    assert hidden(page)["words"] == WORDS
    assert await needs_shown(client) == before
    await client.post("/example/needs", data=hidden(page))
    assert await needs_shown(client) == before + 1


@pytest.mark.parametrize("other", [COLLEAGUE, STAFF])
async def test_who_signs_in_next_at_the_same_computer_does_not_see_it(tool: Tool, other: Actor) -> None:
    client = browser(tool, WORKER)
    back = await after_the_session_ended(tool, client, domain="rights", words=WORDS)
    sign_in(tool, client, other)
    page = await client.get(back)
    assert SHOWN not in page.text
    assert NOT_SENT not in page.text


async def test_a_form_with_mistakes_leaves_no_page_that_back_would_send_again(tool: Tool) -> None:
    client = browser(tool, WORKER)
    page = await type_in(client, urgency="soon", words=WORDS)
    assert [one.status_code for one in page.history] == [303]
    assert page.request.method == "GET"
    assert str(page.url).startswith(f"{BASE}{PAGE}&kept=")
    assert page.status_code == 422
    assert "请选择其中一项" in page.text
    assert SHOWN in page.text
    assert (await client.get(page.url)).text == page.text


async def test_back_and_send_after_a_mended_mistake_makes_no_second_command(tool: Tool) -> None:
    client = browser(tool, WORKER)
    before = await needs_shown(client)
    page = await type_in(client, urgency="soon", words=WORDS)
    where = str(page.url)
    for _ in range(2):
        again = hidden(await client.get(where)) | {"domain": "rights", "urgency": "normal"}
        sent = await client.post("/example/needs", data=again, headers={"Referer": where})
        assert sent.status_code == 200
        assert await needs_shown(client) == before + 1


async def test_a_refused_form_is_kept_as_well(tool: Tool) -> None:
    page = await type_in(browser(tool, WORKER), domain="employment", urgency="normal", words=WORDS)
    assert page.request.method == "GET"
    assert page.status_code == 409
    assert "现在不能这样做" in page.text


async def test_the_language_can_be_changed_over_a_form_with_mistakes(tool: Tool) -> None:
    client = browser(tool, WORKER)
    page = await type_in(client, urgency="soon", domain="rights", words=WORDS)
    english = next(part for part in page.text.split('href="') if part.split('"')[0].endswith("lang=en")).split('"')[0]
    there = await client.get(page.url.join(english.replace("&amp;", "&")))
    assert '<html lang="en-GB"' in there.text
    assert SHOWN in there.text
    assert "Nothing was sent yet" in there.text
    assert hidden(there)["command_id"] == hidden(page)["command_id"]
    mistaken = hidden(there) | {"urgency": "soon"}
    again = await client.post("/example/needs", data=mistaken, headers={"Referer": str(there.url)})
    assert "Choose one of the options" in again.text
    assert str(again.url).count("kept=") == 1


async def test_two_tabs_keep_two_forms(tool: Tool) -> None:
    client = browser(tool, WORKER)
    one = await type_in(client, urgency="soon", words="one")
    two = await type_in(client, urgency="soon", words="two")
    assert "one</textarea>" in (await client.get(one.url)).text
    assert "two</textarea>" in (await client.get(two.url)).text


async def test_what_is_kept_cannot_be_read_without_the_browsers_key(tool: Tool) -> None:
    client = browser(tool, WORKER)
    page = await type_in(client, urgency="soon", words="a-wheelchair")
    [file] = (tool.settings.data / "kept-forms").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert b"wheelchair" not in file.read_bytes()
    assert "wheelchair" not in str(page.url)
    cookie = page.history[0].headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert f"Max-Age={MINUTES * 60}" in cookie
    for key in ("", "x", "A" * 44):
        client.cookies.delete(COOKIE)
        client.cookies.set(COOKIE, key)
        assert "wheelchair" not in (await client.get(page.url)).text


async def test_whoever_has_other_rights_by_now_does_not_get_the_page_made_before(tool: Tool) -> None:
    client = browser(tool, WORKER)
    page = await type_in(client, urgency="soon", words=WORDS)
    sign_in(tool, client, Actor(WORKER.id, frozenset({Role.STAFF}), WORKER.communities))
    assert (await client.get(page.url)).status_code == 403


async def test_it_is_thrown_away_when_its_time_is_over(tool: Tool) -> None:
    client = browser(tool, WORKER)
    page = await type_in(client, urgency="soon", words=WORDS)
    [file] = (tool.settings.data / "kept-forms").iterdir()
    _make_old(file)
    later = await client.get(page.url)
    assert later.status_code == 200
    assert SHOWN not in later.text
    assert not file.exists()


async def test_what_nobody_came_back_for_is_thrown_away_by_the_next(tool: Tool) -> None:
    client = browser(tool, WORKER)
    await type_in(client, urgency="soon")
    [file] = (tool.settings.data / "kept-forms").iterdir()
    _make_old(file)
    await type_in(client, urgency="soon")
    assert not file.exists()


async def test_a_file_is_not_kept_and_the_page_says_so(tool: Tool) -> None:
    client = browser(tool, WORKER)
    form = hidden(await client.get(PAGE)) | {"urgency": "soon"}
    sheet = {"sheet": ("list.csv", b"something-private")}
    page = await client.post("/example/needs", data=form, files=sheet, headers={"Referer": f"{BASE}{PAGE}"})
    assert "文件不会保留" in page.text


@pytest.mark.parametrize("referer", ["", "http://elsewhere.test/example", f"{BASE}/example/needs"])
async def test_where_no_page_is_known_to_go_back_to_the_form_is_answered_at_once(tool: Tool, referer: str) -> None:
    client = browser(tool, WORKER)
    form = hidden(await client.get("/example")) | {"urgency": "soon"}
    page = await client.post("/example/needs", data=form, headers={"Referer": referer})
    assert (page.status_code, page.history) == (422, [])


async def test_a_form_too_large_to_keep_is_answered_at_once(tool: Tool) -> None:
    page = await type_in(browser(tool, WORKER), urgency="soon", words=os.urandom(400_000).hex())
    assert (page.status_code, page.history) == (422, [])


async def test_a_form_with_a_password_is_not_kept(tool: Tool) -> None:
    page = await type_in(browser(tool, WORKER), urgency="soon", password="secret")
    assert (page.status_code, page.history) == (422, [])


def _make_old(file: Path) -> None:
    then = time.time() - MINUTES * 60 - 1
    os.utime(file, (then, then))
