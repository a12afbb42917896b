"""Caddy asks /auth before every page: who is it, and may this request come from where it comes?"""

from __future__ import annotations

import asyncio
from urllib.parse import quote, urlsplit

from fastapi import APIRouter, Request
from starlette.datastructures import Headers
from starlette.responses import Response

from canlian_accounts import Account, Accounts, Where
from canlian_chassis.bus.client import Unavailable
from canlian_chassis.tokens import ANONYMOUS, Signer
from canlian_edge.gate import roles_now
from canlian_web.errors import page_of, show
from canlian_web.page import NAME_HEADER

COOKIE = "session"
TOKEN_SECONDS = 300
_READING = {"GET", "HEAD", "OPTIONS"}

router = APIRouter()


@router.get("/auth")
async def auth(request: Request) -> Response:
    """200 with the headers for the tool: a five-minute token, the name; 403 for a form that another site sent."""
    method = request.headers.get("x-forwarded-method", "GET")
    if method not in _READING and is_cross_site(request.headers):
        return cross_site(request)
    signer: Signer = request.app.state.signer
    account = await who(request)
    try:
        actor = await roles_now.now(request.app.state.tool, account.actor) if account else ANONYMOUS
    except Unavailable:
        return not_known_yet(request)
    token = signer.sign(actor, TOKEN_SECONDS)
    name = quote(account.display_name) if account else ""
    return Response(headers={"Authorization": f"Bearer {token}", NAME_HEADER: name})


async def who(request: Request) -> Account | None:
    """Whose session the request bears."""
    accounts: Accounts = request.app.state.accounts
    cookie = request.cookies.get(COOKIE)
    return await asyncio.to_thread(accounts.signed_in, cookie) if cookie else None


def where(request: Request) -> Where:
    """From where the request comes, as Caddy says; whoever asks the edge itself is where their connection is from."""
    address = request.headers.get("x-canlian-address") or (request.client.host if request.client else "")
    return Where(address, request.headers.get("user-agent", "")[:400])


def is_cross_site(headers: Headers) -> bool:
    """Whether a browser says that another site made it send this. A program that says nothing has no cookie either."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site not in {"same-origin", "none"}
    origin = headers.get("origin")
    here = headers.get("x-forwarded-host") or headers.get("host")
    return origin is not None and urlsplit(origin).netloc != here


def cross_site(request: Request) -> Response:
    page = page_of(request)
    text = page._("This form was sent from another site, so nothing was done. Open the page here and send it again.")
    return show(request, 403, page._("Sent from elsewhere"), text)


def not_known_yet(request: Request) -> Response:
    page = page_of(request)
    text = page._("Your roles cannot be looked up at the moment. Try again shortly.")
    return show(request, 503, page._("Not available at the moment"), text, try_again=True)
