"""Start page and sign-in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.responses import RedirectResponse, Response

from canlian_edge.auth import COOKIE, cross_site, is_cross_site
from canlian_edge.settings import EdgeSettings
from canlian_events.terms import Role
from canlian_web.accounts import DEMO_PASSWORD, SESSION_SECONDS, Account, Accounts, SignInRefused
from canlian_web.forms import Form
from canlian_web.i18n import N_
from canlian_web.page import Page
from canlian_web.refusals import say_refusal

router = APIRouter()


@dataclass(frozen=True)
class Entry:
    """A tool as the start page shows it; whoever holds one of `roles` finds it first."""

    name: str
    address: str
    title: str
    who: str
    what: str
    roles: frozenset[Role] = frozenset()


ENTRIES = (
    Entry(
        "neighbours",
        "/neighbours",
        N_("Neighbours"),
        N_("For disabled people and their families"),
        N_("Ask for help, see how far it is, say how it went. No account is needed to ask."),
        frozenset({Role.RESIDENT}),
    ),
    Entry(
        "volunteer",
        "/volunteer",
        N_("Volunteer visits"),
        N_("For volunteers"),
        N_("Today's visits, what to look for, what you found."),
        frozenset({Role.VOLUNTEER}),
    ),
    Entry(
        "social-worker",
        "/social-worker",
        N_("Social work"),
        N_("For social workers, grid workers and community directors"),
        N_("New needs, assessment, matching with services, referral, and what is late."),
        frozenset({Role.SOCIAL_WORKER, Role.GRID_WORKER, Role.DIRECTOR}),
    ),
    Entry(
        "provider",
        "/provider",
        N_("Service providers"),
        N_("For the front desk of a service organisation"),
        N_("Answer referrals, record sessions, complete services."),
        frozenset({Role.PROVIDER}),
    ),
    Entry(
        "federation",
        "/federation",
        N_("Federation"),
        N_("For the subdistrict's staff, commissioners and the leading group"),
        N_("Every community at a glance, the roster, and the list behind every figure."),
        frozenset({Role.STAFF, Role.COMMISSIONER, Role.LEADER}),
    ),
    Entry(
        "exchange",
        "/api/docs",
        N_("Data exchange"),
        N_("For other systems and those who build them"),
        N_("The same commands and views for programs, and the events as they happen."),
    ),
)
_FIRST = {role: entry.address for entry in ENTRIES for role in entry.roles}
_CARDS_ROLES = tuple(role for entry in ENTRIES for role in sorted(entry.roles))


class SignIn(BaseModel):
    login: str
    password: str


@router.get("/")
async def start(page: Page) -> Response:
    settings: EdgeSettings = page.request.app.state.settings
    running = settings.tools or {entry.name: "" for entry in ENTRIES}
    entries = [entry for entry in ENTRIES if entry.name in running]
    mine = [entry for entry in entries if page.actor.holds(*entry.roles)]
    others = [entry for entry in entries if entry not in mine]
    return page.render("start.html", mine=mine, others=others, demo=settings.demo)


@router.get("/sign-in")
async def sign_in_page(page: Page) -> Response:
    return await show(page, page.blank(next=page.request.query_params.get("next")))


@router.post("/sign-in")
async def sign_in(page: Page) -> Response:
    if is_cross_site(page.request.headers):
        return cross_site(page.request)
    form = page.form(SignIn)
    if not form.ok:
        return await show(page, form)
    return await begin(page, form, lambda accounts: accounts.sign_in(form.value.login, form.value.password))


@router.post("/sign-in/as")
async def sign_in_as(page: Page) -> Response:
    """By the button of an account of the demonstration."""
    if is_cross_site(page.request.headers):
        return cross_site(page.request)
    form = Form[SignIn](page.typed)
    return await begin(page, form, lambda accounts: accounts.sign_in_as(form.text("login")))


@router.get("/sign-out")
async def sign_out_page(page: Page) -> Response:
    return page.render("sign_out.html")


@router.post("/sign-out")
async def sign_out(page: Page) -> Response:
    if is_cross_site(page.request.headers):
        return cross_site(page.request)
    cookie = page.request.cookies.get(COOKIE)
    if cookie:
        await asyncio.to_thread(accounts_of(page.request).sign_out, cookie)
    response = page.redirect("/", notice=page._("You are signed out."))
    response.delete_cookie(COOKIE, path="/")
    return response


async def begin(page: Page, form: Form[SignIn], sign_in: Callable[[Accounts], str]) -> Response:
    accounts = accounts_of(page.request)
    try:
        cookie = await asyncio.to_thread(sign_in, accounts)
    except SignInRefused as refused:
        form.refusal = say_refusal(refused.code, refused.facts, page.lang)
        return await show(page, form)
    account = await asyncio.to_thread(accounts.signed_in, cookie)
    response = RedirectResponse(safe(form.text("next")) or home_of(account), status_code=303)
    secure = page.request.headers.get("x-forwarded-proto") == "https"
    response.set_cookie(COOKIE, cookie, SESSION_SECONDS, path="/", secure=secure, httponly=True, samesite="lax")
    return response


async def show(page: Page, form: Form[SignIn]) -> Response:
    demo = await asyncio.to_thread(accounts_of(page.request).demo_accounts)
    return page.render("sign_in.html", form=form, demo=in_order(demo), password=DEMO_PASSWORD)


def in_order(accounts: Sequence[Account]) -> list[Account]:
    """As the start page has the tools."""
    place = {role.value: number for number, role in enumerate(_CARDS_ROLES)}
    return sorted(accounts, key=lambda account: (min(place.get(role, 99) for role in account.roles), account.login))


def home_of(account: Account | None) -> str:
    roles = account.actor.roles if account else frozenset()
    return next((_FIRST[role] for role in _CARDS_ROLES if role in roles), "/")


def safe(address: str) -> str | None:
    """An address to go on to, if it is one of ours: a path, never another site."""
    parts = urlsplit(address)
    ours = address.startswith("/") and not address.startswith(("//", "/\\", "/sign-")) and not parts.netloc
    return address if ours and "\\" not in address and address.isprintable() else None


def accounts_of(request: Request) -> Accounts:
    accounts: Accounts = request.app.state.accounts
    return accounts
