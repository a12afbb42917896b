"""Signing in, step by step, and out: a password, then a code where the account has a second factor."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from urllib.parse import urlencode, urlsplit

from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.responses import RedirectResponse, Response

from canlian_accounts import DEMO_PASSWORD, Account, Accounts, SignInRefused, Wants
from canlian_chassis.bus.client import Unavailable
from canlian_chassis.tokens import ANONYMOUS
from canlian_edge.gate import roles_now
from canlian_edge.gate.forward_auth import COOKIE, cross_site, is_cross_site, where
from canlian_edge.settings import EdgeSettings
from canlian_edge.start.pages import CARDS_ROLES, FIRST
from canlian_events.meta import Actor
from canlian_web import kept_forms
from canlian_web.forms import Form
from canlian_web.language.refusals import say_refusal
from canlian_web.page import Context, Page

router = APIRouter()
_STEPS = {
    Wants.CODE: "/sign-in/code",
    Wants.PASSWORD: "/account/password",
    Wants.SECOND_FACTOR: "/account/second-factor",
}


class SignIn(BaseModel):
    login: str
    password: str


class Code(BaseModel):
    code: str


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
    said, here = form.value, where(page.request)
    return await begin(page, form, lambda accounts: accounts.sign_in(said.login, said.password, here))


@router.post("/sign-in/as")
async def sign_in_as(page: Page) -> Response:
    """By the button of an account of the demonstration."""
    if is_cross_site(page.request.headers):
        return cross_site(page.request)
    form, here = Form[SignIn](page.typed), where(page.request)
    return await begin(page, form, lambda accounts: accounts.sign_in_as(form.text("login"), here))


@router.get("/sign-in/code")
async def code_page(page: Page) -> Response:
    return page.render("sign_in/code.html", form=page.blank(next=page.request.query_params.get("next")))


@router.post("/sign-in/code")
async def code(page: Page) -> Response:
    form = page.form(Code)
    if not form.ok:
        return page.render("sign_in/code.html", form=form)
    cookie = page.request.cookies.get(COOKIE, "")
    try:
        new = await asyncio.to_thread(accounts_of(page.request).confirm, cookie, form.value.code, where(page.request))
    except SignInRefused as refused:
        form.refusal = say_refusal(refused.code, refused.facts, page.lang)
        return page.render("sign_in/code.html", form=form)
    return await go_on(page, new, form.text("next"))


@router.get("/sign-out")
async def sign_out_page(page: Page) -> Response:
    return page.render("sign_in/sign_out.html")


@router.post("/sign-out")
async def sign_out(page: Page) -> Response:
    if is_cross_site(page.request.headers):
        return cross_site(page.request)
    accounts, cookie = accounts_of(page.request), page.request.cookies.get(COOKIE, "")
    found = await asyncio.to_thread(accounts.who, cookie)
    await asyncio.to_thread(accounts.sign_out, cookie)
    there_too = found is not None and found[1].by_provider and page.request.app.state.provider is not None
    response = page.redirect("/sign-out/through" if there_too else "/", notice=page._("You are signed out."))
    response.delete_cookie(COOKIE, path="/")
    response.delete_cookie(kept_forms.COOKIE, path="/")
    return response


async def begin(page: Context, form: Form[SignIn], sign_in: Callable[[Accounts], str]) -> Response:
    try:
        cookie = await asyncio.to_thread(sign_in, accounts_of(page.request))
    except SignInRefused as refused:
        form.refusal = say_refusal(refused.code, refused.facts, page.lang)
        return await show(page, form)
    return await go_on(page, cookie, form.text("next"))


async def go_on(page: Context, cookie: str, then: str) -> Response:
    """To the next step of signing in, or where one wanted to go."""
    accounts = accounts_of(page.request)
    found = await asyncio.to_thread(accounts.who, cookie)
    account, wants = (found[0], Wants(found[1].wants)) if found else (None, Wants.NOTHING)
    actor = await _acting(page, account) if account and wants == Wants.NOTHING else ANONYMOUS
    if account and wants == Wants.NOTHING and accounts.lacks_second_factor(account, actor.roles):
        # a role that the log gives, and the account does not
        wants = Wants.SECOND_FACTOR
        await asyncio.to_thread(accounts.sessions.want, cookie, wants)
    onward = safe(then)
    step = _STEPS.get(wants)
    to = step + (f"?{urlencode({'next': onward})}" if onward else "") if step else onward or home_of(actor)
    return keep_cookie(page, RedirectResponse(to, status_code=303), cookie)


async def _acting(page: Context, account: Account) -> Actor:
    try:
        return await roles_now.now(page.tool, account.actor)
    except Unavailable:
        return account.actor


def keep_cookie(page: Context, response: Response, cookie: str) -> Response:
    seconds = page.tool.settings.session_hours * 3600
    secure = page.request.headers.get("x-forwarded-proto") == "https"
    response.set_cookie(COOKIE, cookie, seconds, path="/", secure=secure, httponly=True, samesite="lax")
    return response


async def show(page: Context, form: Form[SignIn]) -> Response:
    demo = await asyncio.to_thread(accounts_of(page.request).demo_accounts)
    settings: EdgeSettings = page.request.app.state.settings
    provider = (settings.oidc_name or page._("the sign-in service")) if settings.oidc_issuer else ""
    return page.render(
        "sign_in/password.html", form=form, demo=in_order(demo), password=DEMO_PASSWORD, provider=provider
    )


def in_order(accounts: Sequence[Account]) -> list[Account]:
    """As the start page has the tools."""
    place = {role.value: number for number, role in enumerate(CARDS_ROLES)}
    return sorted(accounts, key=lambda account: (min(place.get(role, 99) for role in account.roles), account.login))


def home_of(actor: Actor) -> str:
    return next((FIRST[role] for role in CARDS_ROLES if role in actor.roles), "/")


def safe(address: str) -> str | None:
    """An address to go on to, if it is one of ours: a path, never another site."""
    parts = urlsplit(address)
    ours = address.startswith("/") and not address.startswith(("//", "/\\", "/sign-")) and not parts.netloc
    return address if ours and "\\" not in address and address.isprintable() else None


def accounts_of(request: Request) -> Accounts:
    accounts: Accounts = request.app.state.accounts
    return accounts
