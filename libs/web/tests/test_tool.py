"""A whole small tool on a real log: what its pages do on good and bad days."""

import importlib
from collections.abc import AsyncIterator
from html import unescape
from typing import Any

import httpx
import pytest

from canlian_chassis.service import Service
from canlian_chassis.settings import Settings
from canlian_chassis.testing.servers import NatsServer
from canlian_events.meta import Actor
from canlian_events.terms import Role
from canlian_web.testing import browser, fill_in, hidden, running
from canlian_web.tool import Tool

COMMUNITY = "429999001003"
WORKER = Actor("worker_0000000001", frozenset({Role.SOCIAL_WORKER}), (COMMUNITY,))
STAFF = Actor("worker_0000000002", frozenset({Role.STAFF}), ("429999001",))


def example(settings: Settings) -> Tool:
    """The tool of the README, on this test's settings."""
    module: Any = importlib.import_module("canlian_example.tool")
    return Tool(
        "example",
        prefix="/example",
        package="canlian_example",
        title="Needs",
        routers=[module.router],
        views=module.views,
        nav=[("", "All needs")],
        settings=settings,
    )


@pytest.fixture
async def tool(settings: Settings, service: Service) -> AsyncIterator[Tool]:
    async with running(example(settings)) as started:
        yield started


async def needs_shown(client: httpx.AsyncClient) -> int:
    return (await client.get("/example")).text.count('<th scope="row"')


async def test_what_a_form_changed_stands_on_the_page_after_it(tool: Tool) -> None:
    client = browser(tool, WORKER)
    before = await needs_shown(client)
    page = await fill_in(client, "/example", "/example/needs", domain="day_care", urgency="urgent")
    assert page.status_code == 200
    assert "需求已登记。" in page.text
    assert await needs_shown(client) == before + 1


async def test_a_notice_is_shown_once(tool: Tool) -> None:
    client = browser(tool, WORKER)
    await fill_in(client, "/example", "/example/needs", domain="day_care", urgency="urgent")
    assert "需求已登记。" not in (await client.get("/example")).text


async def test_a_form_sent_twice_counts_once(tool: Tool) -> None:
    client = browser(tool, WORKER)
    before = await needs_shown(client)
    form = hidden(await client.get("/example")) | {"domain": "rights", "urgency": "normal"}
    first, second = [await client.post("/example/needs", data=form) for _ in range(2)]
    assert first.status_code == second.status_code == 200
    assert await needs_shown(client) == before + 1


async def test_a_form_with_errors_says_what_to_do_and_keeps_what_was_typed(tool: Tool) -> None:
    page = await fill_in(browser(tool, WORKER), "/example", "/example/needs", urgency="soon", words="想要<轮椅>")
    assert page.status_code == 422
    assert "请选择其中一项" in page.text
    assert 'href="#urgency"' in page.text
    assert "想要&lt;轮椅&gt;" in page.text


async def test_a_refusal_is_worded_on_the_form(tool: Tool) -> None:
    page = await fill_in(browser(tool, WORKER), "/example", "/example/needs", domain="employment", urgency="normal")
    assert page.status_code == 409
    assert "现在不能这样做" in page.text


async def test_who_is_not_signed_in_is_asked_to_and_comes_back(tool: Tool) -> None:
    client = browser(tool)
    client.follow_redirects = False
    answer = await client.get("/example?page=2")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=/example%3Fpage%3D2")


async def test_who_has_another_role_is_told_which_is_needed(tool: Tool) -> None:
    page = await browser(tool, STAFF, lang="en").get("/example")
    assert page.status_code == 403
    assert "This page is for: social worker. You are signed in as: federation staff." in page.text


async def test_an_altered_token_is_no_one(tool: Tool) -> None:
    client = browser(tool, WORKER)
    client.headers["Authorization"] += "x"
    page = await client.get("/example")
    assert page.status_code == 401
    assert "登录已失效" in page.text


async def test_the_language_follows_the_reader_and_is_remembered(tool: Tool) -> None:
    client = browser(tool, WORKER)
    client.cookies.clear()
    assert '<html lang="zh-CN"' in (await client.get("/example")).text
    page = await client.get("/example?lang=en")
    assert '<html lang="en-GB"' in page.text
    assert 'href="?lang=zh"' in page.text
    assert "All needs" in (await client.get("/example")).text


async def test_no_page_is_kept_by_the_browser_or_shown_in_a_frame(tool: Tool) -> None:
    headers = (await browser(tool, WORKER).get("/example")).headers
    assert headers["cache-control"] == "no-store"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "unsafe-inline" not in headers["content-security-policy"]


async def test_static_files_are_kept_since_their_address_bears_the_version(tool: Tool) -> None:
    client = browser(tool, WORKER)
    address = (await client.get("/example")).text.split('rel="stylesheet" href="')[1].split('"')[0]
    answer = await client.get(address)
    assert answer.status_code == 200
    assert "immutable" in answer.headers["cache-control"]


async def test_an_unknown_address_says_where_to_go_on(tool: Tool) -> None:
    page = await browser(tool, WORKER).get("/example/nowhere")
    assert page.status_code == 404
    assert "找不到页面" in page.text


async def test_a_tool_whose_service_is_away_offers_the_form_again(settings: Settings) -> None:
    async with running(example(settings)) as alone:
        alone.client._patience = 0.3
        client = browser(alone, WORKER)
        filled = hidden(await client.get("/example")) | {"domain": "rights", "urgency": "normal"}
        page = await client.post("/example/needs", data=filled)
    assert page.status_code == 503
    assert hidden(page) == filled


async def test_health_says_which_part_is_not_ready(tool: Tool, server: NatsServer) -> None:
    client = browser(tool)
    answer = await client.get("/health")
    assert answer.status_code == 200
    assert answer.json()["status"] == "ready"
    assert answer.json()["parts"]["views"]["level"] is True


async def test_pages_answer_before_the_log_is_there(settings: Settings) -> None:
    nowhere = settings.model_copy(update={"nats_url": "nats://127.0.0.1:1"})
    async with running(example(nowhere), level=False) as waiting:
        client = browser(waiting, WORKER)
        assert (await client.get("/health")).status_code == 503
        page = await client.get("/example")
    assert page.status_code == 503
    assert "暂时无法办理" in unescape(page.text)
