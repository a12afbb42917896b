"""An account's roles, beside what the log says of its worker."""

from __future__ import annotations

import copy
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from apps.edge.tests.system import PASSWORD

from canlian_accounts import Accounts
from canlian_accounts.current_roles import acting
from canlian_chassis.testing.servers import NatsServer
from canlian_chassis.tokens import Signer
from canlian_edge.app import edge
from canlian_edge.settings import EdgeSettings
from canlian_events.core import Command
from canlian_events.meta import Actor
from canlian_events.registry.community import OpenCommunity
from canlian_events.registry.worker import AssignWorker, EnrolWorker, GrantRole, ReleaseWorker, RevokeRole
from canlian_events.terms import Role, WorkerKind
from canlian_registry.app import service as registry
from canlian_web.testing import browser, running
from canlian_web.tool import Tool

WHO, HERE, THERE, WHOLE = "worker_0000000009", "429999001003", "429999001004", "429999001"
ACCOUNT = Actor(WHO, frozenset({Role.SOCIAL_WORKER}), (WHOLE,))
OPERATOR = Actor("worker_0000000008", frozenset({Role.OPERATOR}))


@pytest.fixture
async def tool(server: NatsServer, tmp_path: Path) -> AsyncIterator[Tool]:
    settings = EdgeSettings(nats_url=server.url, data=tmp_path)
    here = copy.copy(registry)
    here.settings = settings
    Accounts(settings).upsert_account(
        "li", actor_id=WHO, roles=ACCOUNT.roles, communities=[WHOLE], password=PASSWORD, display_name="李"
    )
    async with here.running(), running(edge(settings)) as tool:
        yield tool


async def say(tool: Tool, *commands: Command) -> None:
    token = Signer(tool.settings.key_folder).sign(OPERATOR)
    for command in commands:
        sent = await tool.client.send(command, token=token)
        assert tool.runner
        assert await tool.runner.reached(sent.position)


async def is_now(tool: Tool, client: httpx.AsyncClient) -> Actor:
    answer = await client.get("/auth")
    return tool.verifier.actor(answer.headers["Authorization"].removeprefix("Bearer "))


def test_an_account_counts_until_the_log_says_something_of_its_worker() -> None:
    assert acting(ACCOUNT, None) == ACCOUNT
    assert acting(ACCOUNT, frozenset()) == Actor(WHO, frozenset())


def test_each_role_counts_only_where_it_was_given() -> None:
    given = frozenset({(Role.VOLUNTEER, HERE), (Role.SOCIAL_WORKER, THERE)})
    actor = acting(ACCOUNT, given)
    assert actor.roles_in(HERE) == {Role.VOLUNTEER}
    assert actor.roles_in(THERE) == {Role.SOCIAL_WORKER}


async def test_a_role_taken_back_ends_with_the_next_page(tool: Tool) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(tool.app), base_url="http://canlian") as client:
        await client.post("/sign-in", data={"login": "li", "password": PASSWORD})
        assert await is_now(tool, client) == ACCOUNT
        await say(
            tool,
            OpenCommunity(community=HERE, name="幸福社区"),
            EnrolWorker(worker_id=WHO, kind=WorkerKind.SOCIAL_WORKER, name="李"),
            AssignWorker(worker_id=WHO, community=HERE),
        )
        assert await is_now(tool, client) == ACCOUNT
        await say(
            tool, *(GrantRole(worker_id=WHO, role=role, scope=HERE) for role in (Role.SOCIAL_WORKER, Role.VOLUNTEER))
        )
        assert await is_now(tool, client) == Actor(WHO, frozenset({Role.SOCIAL_WORKER, Role.VOLUNTEER}), (HERE,))
        await say(tool, RevokeRole(worker_id=WHO, role=Role.VOLUNTEER, scope=HERE))
        assert await is_now(tool, client) == Actor(WHO, frozenset({Role.SOCIAL_WORKER}), (HERE,))
        await say(tool, ReleaseWorker(worker_id=WHO, community=HERE))
        assert await is_now(tool, client) == Actor(WHO, frozenset())


async def test_accounts_are_listed_with_the_names_of_communities_and_of_who_acted(tool: Tool) -> None:
    await say(tool, OpenCommunity(community=THERE, name="梧桐社区"))
    keeper = Actor("worker_0000000007", frozenset({Role.STAFF}), (WHOLE,))
    for login, actor_id, scope in (("keeper", keeper.id, WHOLE), ("kept", "worker_0000000006", THERE)):
        Accounts(tool.settings).upsert_account(
            login, actor_id=actor_id, roles=[Role.STAFF], communities=[scope], password=PASSWORD, by=keeper.id
        )
    async with browser(tool, keeper, "zh") as client:
        page = (await client.get("/federation/accounts")).text
    assert "梧桐社区" in page
    assert f"整个街道 {WHOLE}" in page
    assert THERE not in page
    assert keeper.id not in page, "who acted is called by the account's name"


async def test_the_communities_of_an_account_are_chosen_by_name_among_ones_own(tool: Tool) -> None:
    await say(tool, OpenCommunity(community=THERE, name="梧桐社区"))
    await say(tool, OpenCommunity(community="310000001001", name="外地社区"))
    keeper = Actor("worker_0000000007", frozenset({Role.STAFF}), (WHOLE,))
    async with browser(tool, keeper, "zh") as client:
        page = (await client.get("/federation/accounts/new")).text
    offered = dict(
        re.findall(r'name="communities" type="checkbox" value="(\d+)".*?>\s*([^<]+?)\s*</label>', page, re.S)
    )
    assert (offered[WHOLE], offered[THERE]) == (f"整个街道 {WHOLE}", "梧桐社区")
    assert set(offered) <= {WHOLE, HERE, THERE}
    assert 'value="' + THERE + '" checked' not in page
