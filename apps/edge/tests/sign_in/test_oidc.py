"""Signing in through a real OIDC provider, a process of its own: there and back, and all that can go wrong."""

import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from pydantic import ValidationError
from sqlalchemy import update
from sqlmodel import Session

from canlian_accounts import Accounts
from canlian_accounts.tables import Begun
from canlian_chassis.testing.servers import free_port
from canlian_edge.app import edge
from canlian_edge.settings import EdgeSettings
from canlian_events.terms import Role
from canlian_web.testing import BASE

STAFF: dict[str, Any] = {
    "actor_id": "worker_0000000001",
    "roles": [Role.SOCIAL_WORKER],
    "communities": ["429999001003"],
}
USERS = (
    '{"sub": "u-1", "email": "Li@example.org", "email_verified": true, "name": "李明"}',
    '{"sub": "u-2", "email": "li@example.org"}',
)


def started(*options: str) -> tuple[subprocess.Popen[bytes], str]:
    port = free_port()
    users = [word for user in USERS for word in ("--user-claims", user)]
    process = subprocess.Popen(
        [sys.executable, "-m", "oidc_provider_mock", "--port", str(port), *users, *options],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    for _ in range(300):
        try:
            httpx.get(f"{address}/jwks", trust_env=False)
            return process, address
        except httpx.HTTPError:
            time.sleep(0.05)
    process.kill()
    raise AssertionError("the provider did not start")


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    process, address = started()
    yield address
    process.terminate()
    process.wait(timeout=10)


class Here:
    """The edge, asked as by a browser, and what the person does at the provider."""

    def __init__(self, settings: EdgeSettings) -> None:
        self.tool = edge(settings)
        self.accounts: Accounts = self.tool.app.state.accounts
        transport = httpx.ASGITransport(self.tool.app, raise_app_exceptions=False)
        self.browser = httpx.AsyncClient(transport=transport, base_url=BASE, cookies={"lang": "zh"})

    async def begin(self, then: str = "") -> str:
        answer = await self.browser.get("/sign-in/through", params={"next": then})
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]

    async def at_provider(self, address: str, sub: str = "u-1", action: str = "") -> str:
        """The address the provider sends the browser back to."""
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.post(address, data={"sub": sub} | ({"action": action} if action else {}))
        assert answer.status_code == 302, answer.text
        return answer.headers["location"]

    async def through(self, sub: str = "u-1", then: str = "") -> httpx.Response:
        return await self.browser.get(await self.at_provider(await self.begin(then), sub))


def settings(provider: str, folder: Path, **more: Any) -> EdgeSettings:
    said = {"oidc_issuer": provider, "oidc_client_secret": "secret", "nats_url": "nats://127.0.0.1:1", "data": folder}
    return EdgeSettings.model_validate(said | more)


@pytest.fixture
async def here(provider: str, tmp_path: Path) -> AsyncIterator[Here]:
    made = Here(settings(provider, tmp_path))
    made.accounts.upsert_account("li", **STAFF, subject="u-1")
    yield made
    await made.browser.aclose()


async def test_who_the_provider_knows_is_signed_in_and_comes_where_they_wanted(here: Here) -> None:
    assert "/sign-in/through" in (await here.browser.get("/sign-in")).text
    address = await here.begin("/social-worker/needs?late=1")
    asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    assert asked["code_challenge_method"] == "S256"
    assert asked["redirect_uri"] == f"{BASE}/sign-in/back"
    assert len(asked["state"]) >= 32
    assert len(asked["nonce"]) >= 32
    answer = await here.browser.get(await here.at_provider(address))
    assert answer.status_code == 303, answer.text
    assert answer.headers["location"] == "/social-worker/needs?late=1"
    account = here.accounts.signed_in(here.browser.cookies["session"])
    assert account is not None
    assert account.login == "li"


async def test_signing_out_offers_to_sign_out_there_too(here: Here, provider: str) -> None:
    await here.through()
    answer = await here.browser.post("/sign-out")
    assert answer.headers["location"] == "/sign-out/through"
    page = (await here.browser.get("/sign-out/through")).text
    assert f"{provider}/oauth2/end_session" in page
    assert "post_logout_redirect_uri" in page


async def test_whom_the_provider_knows_and_we_do_not_is_not_let_in(here: Here) -> None:
    answer = await here.through("u-9")
    assert answer.status_code == 409
    assert "这里没有您的账号" in answer.text
    assert [account.login for account in here.accounts.every()] == ["li"]


async def test_a_disabled_account_stays_closed(here: Here) -> None:
    here.accounts.disable("li")
    assert "这里没有您的账号" in (await here.through()).text


async def test_an_email_address_counts_only_where_it_is_verified(provider: str, tmp_path: Path) -> None:
    here = Here(settings(provider, tmp_path, oidc_match="email"))
    here.accounts.upsert_account("li", **STAFF, email="li@Example.org")
    assert (await here.through("u-2")).status_code == 409
    assert (await here.through("u-1")).status_code == 303


async def test_an_account_is_made_only_where_that_is_configured(provider: str, tmp_path: Path) -> None:
    here = Here(settings(provider, tmp_path, oidc_create="volunteer:429999001003"))
    assert (await here.through("u-1")).headers["location"] == "/volunteer"
    assert (await here.through("u-1")).status_code == 303
    (account,) = here.accounts.every()
    assert (account.roles, account.communities, account.subject, account.display_name) == (
        ["volunteer"],
        ["429999001003"],
        "u-1",
        "李明",
    )
    assert here.accounts.acts()[-1].by == "provider"


async def test_the_way_back_is_gone_once(here: Here) -> None:
    back = await here.at_provider(await here.begin())
    kept = here.browser.cookies["sign_in_state"]
    assert (await here.browser.get(back)).status_code == 303
    here.browser.cookies.set("sign_in_state", kept)
    again = await here.browser.get(back)
    assert again.status_code == 409
    assert "已过期或已用过" in again.text


async def test_another_browser_cannot_take_the_way_back(here: Here) -> None:
    back = await here.at_provider(await here.begin())
    here.browser.cookies.clear()
    assert "已过期或已用过" in (await here.browser.get(back)).text
    assert (await here.browser.get("/sign-in/back")).status_code == 409


async def test_who_takes_too_long_begins_again(here: Here) -> None:
    back = await here.at_provider(await here.begin())
    with Session(here.accounts._engine) as db:
        db.connection().execute(update(Begun).values(expires=int(time.time()) - 1))
        db.commit()
    assert "已过期或已用过" in (await here.browser.get(back)).text


async def test_who_declines_there_is_not_signed_in(here: Here) -> None:
    back = await here.at_provider(await here.begin(), action="deny")
    assert "没有确认您的身份" in (await here.browser.get(back)).text


async def test_a_code_that_the_provider_did_not_give_is_refused(here: Here) -> None:
    state = parse_qs(urlsplit(await here.begin()).query)["state"][0]
    answer = await here.browser.get("/sign-in/back", params={"state": state, "code": "made up"})
    assert "没有确认您的身份" in answer.text


async def test_an_answer_meant_for_another_trip_is_not_trusted(here: Here) -> None:
    back = await here.at_provider(await here.begin())
    with Session(here.accounts._engine) as db:
        db.connection().execute(update(Begun).values(nonce="of another"))
        db.commit()
    assert "不可信" in (await here.browser.get(back)).text


async def test_a_provider_that_calls_itself_otherwise_is_not_trusted(provider: str, tmp_path: Path) -> None:
    here = Here(settings(provider.replace("127.0.0.1", "localhost"), tmp_path))
    assert (await here.browser.get("/sign-in/through")).status_code == 303  # it calls itself by the name it is asked by
    other = Here(settings(f"{provider}/jwks/..", tmp_path))
    answer = await other.browser.get("/sign-in/through")
    assert answer.status_code == 409
    assert "不可信" in answer.text


async def test_a_token_out_of_date_is_not_trusted(tmp_path: Path) -> None:
    process, address = started("--token-max-age", "-3600")
    try:
        here = Here(settings(address, tmp_path))
        here.accounts.upsert_account("li", **STAFF, subject="u-1")
        assert "不可信" in (await here.through()).text
    finally:
        process.terminate()
        process.wait(timeout=10)


async def test_where_the_provider_is_down_names_and_passwords_still_work(tmp_path: Path) -> None:
    here = Here(settings("http://127.0.0.1:1", tmp_path))
    answer = await here.browser.get("/sign-in/through")
    assert answer.status_code == 409
    assert "没有回应" in answer.text
    here.accounts.upsert_account("li", **STAFF, password="long enough")
    assert (await here.browser.post("/sign-in", data={"login": "li", "password": "long enough"})).status_code == 303


async def test_without_a_provider_there_is_no_such_way(tmp_path: Path) -> None:
    here = Here(EdgeSettings(nats_url="nats://127.0.0.1:1", data=tmp_path))
    assert (await here.browser.get("/sign-in/through")).status_code == 404
    assert "/sign-in/through" not in (await here.browser.get("/sign-in")).text


def test_settings_left_empty_are_as_if_not_given() -> None:
    empty = EdgeSettings.model_validate({"oidc_issuer": "", "oidc_create": "", "oidc_client_secret": ""})
    assert (empty.oidc_issuer, empty.oidc_create) == (None, None)


@pytest.mark.parametrize(
    "wrong", [{"oidc_issuer": "http://id.example.org"}, {"oidc_create": "volunteer"}, {"oidc_create": "king:429999"}]
)
def test_a_setting_that_is_unsafe_or_says_nothing_is_not_taken(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        EdgeSettings.model_validate(wrong)
