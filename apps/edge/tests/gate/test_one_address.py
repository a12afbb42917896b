"""Through a real Caddy: who a request is from, what reaches the tools, what does not."""

import time
from typing import Any
from urllib.parse import unquote

import httpx
import pytest
from apps.edge.tests.system import PASSWORD, System

from canlian_events.meta import Actor
from canlian_events.terms import Role


def actor(system: System, answer: httpx.Response) -> Actor:
    """Whom the tool behind the address would take the request to be from."""
    return system.verifier.actor(headers(answer)["authorization"].removeprefix("Bearer "))


def headers(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["headers"]
    return found


def test_a_tool_learns_who_is_signed_in(system: System) -> None:
    answer = system.signed_in("social.worker").get("/social-worker/visits?day=1")
    assert answer.json()["path"] == "/social-worker/visits?day=1"
    assert actor(system, answer) == Actor("worker_0000000001", frozenset({Role.SOCIAL_WORKER}), ("429999001003",))
    assert unquote(headers(answer)["x-canlian-name"]) == "王芳"


def test_without_a_session_the_tool_is_told_nobody_is(system: System) -> None:
    answer = system.browser().get("/neighbours")
    assert actor(system, answer).roles == {Role.ANONYMOUS}
    assert "x-canlian-name" not in headers(answer)


def test_what_a_browser_says_about_itself_is_thrown_away(system: System) -> None:
    answer = system.browser(Authorization="Bearer forged", **{"X-Canlian-Name": "boss"}).get("/volunteer/a")
    assert actor(system, answer).roles == {Role.ANONYMOUS}
    assert "x-canlian-name" not in headers(answer)


def test_a_program_brings_its_own_token_to_the_api(system: System) -> None:
    answer = system.browser(Authorization="Bearer of-a-program", **{"X-Canlian-Name": "boss"}).get("/api/v1/events")
    assert headers(answer)["authorization"] == "Bearer of-a-program"
    assert "x-canlian-name" not in headers(answer)


def test_the_api_takes_a_session_where_no_token_is_brought(system: System) -> None:
    answer = system.signed_in("social.worker").get("/api/v1/communities")
    assert actor(system, answer).id == "worker_0000000001"


@pytest.mark.parametrize(
    "sent_by",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example", "X-Forwarded-Host": "evil.example", "Sec-Fetch-Site": "cross-site"},
    ],
)
@pytest.mark.parametrize("address", ["/volunteer/visits", "/api/v1/commands/RaiseNeed", "/sign-out", "/sign-in"])
def test_a_form_from_another_site_reaches_nobody(system: System, address: str, sent_by: dict[str, str]) -> None:
    answer = system.signed_in("social.worker").post(address, data={"a": "b"}, headers=sent_by)
    assert answer.status_code == 403
    assert "来自别的网站" in answer.text


def test_a_form_from_our_own_page_passes(system: System) -> None:
    own = {"Origin": system.address, "Sec-Fetch-Site": "same-origin"}
    assert system.signed_in("social.worker").post("/volunteer/visits", headers=own).status_code == 200


@pytest.mark.parametrize("address", ["/auth", "/auth/", "/auth?x=1", "//auth", "/%61uth"])
def test_the_question_who_it_is_cannot_be_asked_from_outside(system: System, address: str) -> None:
    answer = system.signed_in("social.worker").get(system.address + address)
    assert answer.status_code == 404
    assert "authorization" not in answer.headers


def test_a_tool_that_is_down_gives_a_page_in_both_languages(system: System) -> None:
    answer = system.browser().get("/provider")
    assert answer.status_code == 503
    assert "再试一次" in answer.text
    assert "Try again" in answer.text


def test_an_event_stream_arrives_as_it_is_sent(system: System) -> None:
    began = time.monotonic()
    with system.browser(Authorization="Bearer x").stream("GET", "/api/stream") as answer:
        assert next(answer.iter_text()) == "data: 1\n\n"
        assert time.monotonic() - began < 0.9


def test_more_than_may_be_sent_is_refused(system: System) -> None:
    answer = system.browser().post("/federation/roster", content=b"x" * (111 << 20))
    assert answer.status_code == 413
    assert "110 MB" in answer.text


def test_signing_in_leads_to_the_tool_of_the_role(system: System) -> None:
    answer = system.browser().post("/sign-in", data={"login": "social.worker", "password": PASSWORD})
    assert answer.headers["location"] == "/social-worker"
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie


def test_signing_in_leads_back_to_the_page_one_came_from(system: System) -> None:
    sent = {"login": "social.worker", "password": PASSWORD, "next": "/social-worker/needs?late=1"}
    assert system.browser().post("/sign-in", data=sent).headers["location"] == "/social-worker/needs?late=1"


@pytest.mark.parametrize("elsewhere", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:x"])
def test_signing_in_never_leads_to_another_site(system: System, elsewhere: str) -> None:
    sent = {"login": "social.worker", "password": PASSWORD, "next": elsewhere}
    assert system.browser().post("/sign-in", data=sent).headers["location"] == "/social-worker"


def test_signing_out_ends_the_session_even_for_who_kept_the_cookie(system: System) -> None:
    client = system.signed_in("social.worker")
    kept = dict(client.cookies)
    left = client.post("/sign-out")
    assert left.status_code == 303
    assert any(one.startswith('kept_forms="";') for one in left.headers.get_list("set-cookie")), "nor what was typed"
    client.cookies.update(kept)
    assert actor(system, client.get("/volunteer")).roles == {Role.ANONYMOUS}


def test_a_wrong_password_keeps_the_name_and_says_what_to_do(system: System) -> None:
    answer = system.browser().post("/sign-in", data={"login": "nobody", "password": "wrong"})
    assert answer.status_code == 409
    assert "账号或密码不对" in answer.text
    assert 'value="nobody"' in answer.text
    assert "wrong" not in answer.text


def test_a_name_of_the_demonstration_signs_in_by_its_button(system: System) -> None:
    client = system.browser()
    assert "周奶奶" in client.get("/sign-in").text
    assert client.post("/sign-in/as", data={"login": "jumin"}).headers["location"] == "/neighbours"
    assert actor(system, client.get("/neighbours")).id == "person_0000000001"


def test_no_button_signs_in_to_an_account_with_a_password_of_its_own(system: System) -> None:
    assert system.browser().post("/sign-in/as", data={"login": "social.worker"}).status_code == 409


def test_the_start_page_leads_to_the_tools_that_run(system: System) -> None:
    page = system.browser().get("/").text
    assert 'href="/neighbours"' in page
    assert 'href="/federation"' not in page


def test_health_names_every_part_that_is_meant_to_run(system: System) -> None:
    answer = system.browser().get("/health")
    assert answer.status_code == 200
    assert {name: part["status"] for name, part in answer.json()["parts"].items()} == {
        "edge": "ready",
        "neighbours": "ready",
        "volunteer": "ready",
    }
