"""Signing in through the OIDC provider, where one is configured: there, back, and out."""

from __future__ import annotations

import asyncio
import secrets

import structlog
from fastapi import APIRouter, HTTPException
from starlette.responses import RedirectResponse, Response

from canlian_accounts import Account, SignInRefused
from canlian_accounts.oidc import Rule, account_of
from canlian_accounts.oidc_state import Trip
from canlian_edge.gate.forward_auth import where
from canlian_edge.settings import EdgeSettings
from canlian_edge.sign_in.oidc_provider import Provider
from canlian_edge.sign_in.pages import accounts_of, go_on, safe, show
from canlian_events.terms import Role
from canlian_web.language.refusals import say_refusal
from canlian_web.page import Context, Page

router = APIRouter()
log = structlog.get_logger()
STATE = "sign_in_state"
"""Cookie: a browser takes back only the trip that it began."""


@router.get("/sign-in/through")
async def there(page: Page, next: str = "") -> Response:
    try:
        trip = await asyncio.to_thread(accounts_of(page.request).trips.begin, safe(next) or "")
        response = RedirectResponse(
            await _provider(page).address_for(trip, _here(page, "/sign-in/back")), status_code=303
        )
    except SignInRefused as refused:
        return await _refused(page, refused)
    response.set_cookie(STATE, trip.state, 600, path="/sign-in", secure=_is_secure(page), httponly=True, samesite="lax")
    return response


@router.get("/sign-in/back")
async def back(page: Page, state: str = "", code: str = "", error: str = "") -> Response:
    try:
        account, trip = await _who(page, state, code, error)
        cookie = await asyncio.to_thread(accounts_of(page.request).sign_in_through, account, where(page.request))
    except SignInRefused as refused:
        return await _refused(page, refused)
    response = await go_on(page, cookie, trip.next)
    response.delete_cookie(STATE, path="/sign-in")
    return response


async def _who(page: Context, state: str, code: str, error: str) -> tuple[Account, Trip]:
    if error:
        # some say it without the state they were given
        raise SignInRefused("sign_in.provider_refused")
    if not secrets.compare_digest(page.request.cookies.get(STATE, "").encode(), state.encode()) or not state:
        raise SignInRefused("sign_in.provider_expired")
    trip = await asyncio.to_thread(accounts_of(page.request).trips.end, state)
    if not code:
        raise SignInRefused("sign_in.provider_refused")
    known = await _provider(page).who(code, trip, _here(page, "/sign-in/back"))
    return await asyncio.to_thread(account_of, accounts_of(page.request), known, _rule(page)), trip


@router.get("/sign-out/through")
async def out(page: Page) -> Response:
    """One is signed out here; a link leads to where one signs out there."""
    return page.render("sign_in/sign_out_there.html", address=await _provider(page).sign_out_address(_here(page, "/")))


def _rule(page: Context) -> Rule:
    settings: EdgeSettings = page.request.app.state.settings
    role, _, scope = (settings.oidc_create or "").partition(":")
    return Rule(settings.oidc_match, (Role(role), scope) if scope else None)


def _provider(page: Context) -> Provider:
    provider: Provider | None = page.request.app.state.provider
    if provider is None:
        raise HTTPException(404)
    return provider


async def _refused(page: Context, refused: SignInRefused) -> Response:
    log.warning("sign_in.through_refused", code=refused.code, why=repr(refused.__cause__) if refused.__cause__ else "")
    form = page.blank()
    form.refusal = say_refusal(refused.code, refused.facts, page.lang)
    return await show(page, form)


def _here(page: Context, path: str) -> str:
    """Our own address as the browser knows it. The provider sends nobody to one it was not told of before."""
    headers = page.request.headers
    return f"{headers.get('x-forwarded-proto', 'http')}://{headers.get('x-forwarded-host') or headers['host']}{path}"


def _is_secure(page: Context) -> bool:
    return page.request.headers.get("x-forwarded-proto") == "https"
