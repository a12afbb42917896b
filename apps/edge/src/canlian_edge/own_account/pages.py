"""One's own account: where one is signed in, the password, the second factor."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import segno
from fastapi import APIRouter
from markupsafe import Markup
from pydantic import BaseModel
from starlette.responses import RedirectResponse, Response

from canlian_accounts import SHORTEST_PASSWORD, Account, PasswordRefused, SignInRefused, SignInSession, Wants
from canlian_accounts.second_factor import address_of
from canlian_edge.accounts.communities import names_of
from canlian_edge.gate.forward_auth import COOKIE, where
from canlian_edge.sign_in.pages import Code, accounts_of, go_on, keep_cookie, safe
from canlian_web.forms import Form
from canlian_web.language.refusals import say_refusal
from canlian_web.page import Context, Page, SignInFirst

router = APIRouter(prefix="/account")


class NewPassword(BaseModel):
    old: str
    new: str
    again: str


async def mine(page: Context, *also: Wants) -> tuple[Account, SignInSession, str]:
    """Account, session and cookie of who is signed in, or has come as far as `also`. Raises SignInFirst."""
    cookie = page.request.cookies.get(COOKIE, "")
    found = await asyncio.to_thread(accounts_of(page.request).who, cookie)
    if found is None or found[1].wants not in (Wants.NOTHING, *also):
        raise SignInFirst
    return *found, cookie


@router.get("")
async def show(page: Page) -> Response:
    account, session, _ = await mine(page)
    accounts = accounts_of(page.request)
    return page.render(
        "accounts/detail.html",
        account=account,
        places=list((await names_of(page, account.communities)).values()),
        here=session.id,
        sessions=await asyncio.to_thread(accounts.sessions.listed, account.login),
        codes_left=await asyncio.to_thread(accounts.factors.codes_left, account.login) if account.second_factor else 0,
        needed=accounts.lacks_second_factor(account, page.actor.roles),
        moment=lambda seconds: datetime.fromtimestamp(seconds, UTC),
    )


@router.post("/sessions/end")
async def end_session(page: Page) -> Response:
    """One by its id, or all but this."""
    account, session, cookie = await mine(page)
    sessions = accounts_of(page.request).sessions
    which = str(page.typed.get("session", ""))
    if which == "others":
        await asyncio.to_thread(sessions.end_all, account.login, cookie)
    else:
        await asyncio.to_thread(sessions.end_one, account.login, which)
    return page.redirect("/sign-in" if which == session.id else "/account", notice=page._("Signed out there."))


@router.get("/password")
async def password_page(page: Page) -> Response:
    _, session, _ = await mine(page, Wants.PASSWORD)
    return _password(page, page.blank(next=page.request.query_params.get("next")), session)


@router.post("/password")
async def change_password(page: Page) -> Response:
    _, session, cookie = await mine(page, Wants.PASSWORD)
    form = page.form(NewPassword)
    if form.ok and form.value.new != form.value.again:
        form.errors["again"] = say_refusal("password.not_repeated", {}, page.lang)
    if not form.ok:
        return _password(page, form, session)
    change = accounts_of(page.request).change_password
    try:
        new = await asyncio.to_thread(change, cookie, form.value.old, form.value.new, where(page.request))
    except PasswordRefused as refused:
        form.errors["new"] = say_refusal(refused.code, refused.facts, page.lang)
    except SignInRefused as refused:
        form.errors["old"] = say_refusal(refused.code, refused.facts, page.lang)
    else:
        return await _done(page, new, session, page._("The password is changed. Other devices are signed out."))
    return _password(page, form, session)


def _password(page: Context, form: Form[Any], session: SignInSession) -> Response:
    first = session.wants == Wants.PASSWORD
    return page.render("own_account/password.html", form=form, first=first, least=SHORTEST_PASSWORD)


async def _done(page: Context, cookie: str, session: SignInSession, notice: str) -> Response:
    """Back to the account; on the way in, onward."""
    if session.wants != Wants.NOTHING:
        return await go_on(page, cookie, str(page.typed.get("next", "")))
    return keep_cookie(page, page.redirect("/account", notice=notice), cookie)


@router.get("/second-factor")
async def second_factor_page(page: Page) -> Response:
    account, session, _ = await mine(page, Wants.SECOND_FACTOR)
    if account.second_factor:
        return RedirectResponse("/account", status_code=303)
    return await _second_factor(page, page.blank(next=page.request.query_params.get("next")), account, session)


@router.post("/second-factor")
async def take_second_factor(page: Page) -> Response:
    """The recovery codes are shown once, in this answer, and kept nowhere."""
    account, session, cookie = await mine(page, Wants.SECOND_FACTOR)
    form = page.form(Code)
    if account.second_factor:
        return RedirectResponse("/account", status_code=303)
    if not form.ok:
        return await _second_factor(page, form, account, session)
    take = accounts_of(page.request).take_second_factor
    try:
        new, codes = await asyncio.to_thread(take, cookie, form.value.code, where(page.request))
    except SignInRefused as refused:
        # there are no recovery codes yet
        code = "sign_in.wrong_first_code" if refused.code == "sign_in.wrong_code" else refused.code
        form.errors["code"] = say_refusal(code, refused.facts, page.lang)
        return await _second_factor(page, form, account, session)
    on = safe(form.text("next")) or ("/" if session.wants else "/account")
    return keep_cookie(page, page.render("own_account/recovery.html", codes=codes, on=on), new)


async def _second_factor(page: Context, form: Form[Any], account: Account, session: SignInSession) -> Response:
    secret = await asyncio.to_thread(accounts_of(page.request).factors.propose, account.login)
    picture = segno.make(address_of(secret, account.login), error="m")
    drawn = picture.svg_inline(scale=5, border=3, light="#fff", svgclass="qr")
    spaced = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
    needed = session.wants == Wants.SECOND_FACTOR
    return page.render("own_account/second_factor.html", form=form, picture=Markup(drawn), secret=spaced, needed=needed)


@router.post("/second-factor/off")
async def drop_second_factor(page: Page) -> Response:
    _, session, cookie = await mine(page)
    form = page.form(Code)
    if form.ok:
        drop = accounts_of(page.request).drop_second_factor
        try:
            new = await asyncio.to_thread(drop, cookie, form.value.code, where(page.request))
        except SignInRefused as refused:
            form.errors["code"] = say_refusal(refused.code, refused.facts, page.lang)
        else:
            return await _done(page, new, session, page._("Signing in takes no code any more."))
    return page.render("own_account/second_factor_off.html", form=form)


@router.get("/second-factor/off")
async def drop_page(page: Page) -> Response:
    await mine(page)
    return page.render("own_account/second_factor_off.html", form=page.blank())
