"""Every tool's main pages, for whom they are made: nothing that axe finds, nothing wider than a narrow screen."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, Response

from tests.browser.keyboard import problems, too_wide
from tests.browser.signing_in import sign_in

NARROW = {"width": 320, "height": 640}

ON_THE_PHONE = {
    "anyone": (None, ["/", "/sign-in", "/neighbours", "/neighbours/ask", "/neighbours/follow?number=1"]),
    "resident": (
        "resident",
        [
            "/neighbours",
            "/neighbours/needs/*",
            "/neighbours/ask",
            "/neighbours/feedback",
            "/neighbours/me",
            "/neighbours/me/reach",
            "/neighbours/me/file",
            "/neighbours/me/correction",
        ],
    ),
    "volunteer": (
        "volunteer",
        ["/volunteer", "/volunteer/visits/*", "{here}/complete", "{here}/missed"],
    ),
}
AT_THE_DESK = {
    "social worker": (
        "social",
        [
            *("/social-worker", "/social-worker/needs", "/social-worker/needs/need_*", "{here}/matches"),
            *("/social-worker/referrals", "/social-worker/referrals/*", "/social-worker/persons"),
            *(
                "/social-worker/persons/person_*",
                "{here}/phone",
                "call",
                "/social-worker/visits",
                "/social-worker/visits/visit_*",
                "/social-worker/households",
            ),
            *("/social-worker/feedback", "/social-worker/needs/new"),
        ],
    ),
    "provider": (
        "provider",
        ["/provider", "/provider/referrals", "/provider/referrals/*", "/provider/services", "/provider/feedback"],
    ),
    "staff": (
        "staff",
        [
            *("/federation", "/federation/behind*", "/federation/why/*", "/federation/communities"),
            *("/federation/resources", "/federation/imports", "/federation/looked", "/federation/duplicates"),
            *("/federation/households", "/federation/households/household_*", "/federation/households/proposals"),
            *("/federation/bodies", "/federation/bodies/body_*", "/federation/associations"),
            *("/federation/associations/association_*", "{here}/activities/new"),
            *("/federation/gaps", "/federation/training", "/federation/training/lacking", "/federation/training/new"),
            *("/federation/team/new", "/federation/team", "/federation/team/worker_*"),
            *("/federation/people", "/federation/population", "/federation/corrections", "/federation/accounts"),
            "/federation/erasures/new",
        ],
    ),
    "grid worker": ("grid", ["/social-worker", "/social-worker/visits"]),
    "community director": ("director", ["/social-worker", "/social-worker/needs"]),
}


@pytest.mark.parametrize("who", ON_THE_PHONE)
def test_the_pages_of_a_phone_are_accessible(demo: str, phone: Page, who: str) -> None:
    assert walk(phone, demo, *ON_THE_PHONE[who]) == {}


@pytest.mark.parametrize("who", AT_THE_DESK)
def test_the_pages_of_a_desk_are_accessible_and_fit_a_narrow_screen(demo: str, desk: Page, who: str) -> None:
    assert walk(desk, demo, *AT_THE_DESK[who]) == {}


@pytest.mark.parametrize("who", ["anyone", "social worker"])
def test_the_pages_are_accessible_in_english(demo: str, desk: Page, who: str) -> None:
    login, paths = (ON_THE_PHONE | AT_THE_DESK)[who]
    if login:
        sign_in(desk, demo, login)
    desk.goto(f"{demo}{paths[0]}?lang=en")
    assert desk.locator("html").get_attribute("lang") == "en-GB"
    assert problems(desk) == []


def walk(page: Page, url: str, login: str | None, paths: list[str]) -> dict[str, list[str]]:
    """What is wrong, by page. A path with a star is the first such link on the page before, `{here}` is that page;
    `call` is said in the form of the page before.
    """
    if login:
        sign_in(page, url, login)
    wrong: dict[str, list[str]] = {}
    here = ""
    size = page.viewport_size
    for path in paths:
        at = path.format(here=here)
        if at.endswith("*"):
            at = first_link(page, at[:-1])
        answer = say_why(page, at) if at == "call" else page.goto(url + at)
        assert answer is not None
        assert answer.status in {200, 422}, f"{at}: {answer.status}"
        found = problems(page)
        page.set_viewport_size(NARROW)  # type: ignore[arg-type]
        found += too_wide(page)
        page.set_viewport_size(size)  # type: ignore[arg-type]
        if found:
            wrong[at] = found
        here = at.removesuffix("/complete")
    return wrong


def say_why(page: Page, why: str) -> Response:
    """In the form that asks why a file is looked at."""
    page.locator(f"input[name=why][value={why}]").check()
    with page.expect_navigation() as navigation:
        page.locator("main form button").click()
    answer: Response = navigation.value
    return answer


def first_link(page: Page, beginning: str) -> str:
    """To one thing of a list, not to making a new one or to the list as a sheet."""
    links = page.locator(f'main a[href^="{beginning}"]').evaluate_all("all => all.map(a => a.pathname + a.search)")
    found = [str(link) for link in links if "/new" not in link and "/sheet" not in link]
    assert found, f"{page.url} has no link to {beginning}"
    return found[0]
