"""What went wrong, as a page that says what to do: in the user's language, with the status that programs read."""

from __future__ import annotations

import secrets
from contextlib import suppress
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, RedirectResponse, Response

from canlian_chassis.bus.client import Invalid, NotAllowed, Refused, Unavailable
from canlian_chassis.tokens import BadToken
from canlian_web import kept_forms
from canlian_web.forms import word_fields
from canlian_web.language.refusals import say_refusal
from canlian_web.language.term_labels import say_several
from canlian_web.page import Context, NeedsRole, SignInFirst, context_of

log = structlog.get_logger()


def register(app: FastAPI) -> None:
    handlers: dict[Any, Any] = {
        SignInFirst: sign_in_first,
        NeedsRole: needs_role,
        BadToken: bad_token,
        Refused: refused,
        RequestValidationError: bad_request,
        HTTPException: http_error,
        Exception: failed,
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)


def page_of(request: Request) -> Context:
    return context_of(request, trusting=False)


def show(request: Request, status: int, title: str, text: str, **more: object) -> Response:
    """The error page; a line of JSON for a program, and for an htmx request a piece of page."""
    page = page_of(request)
    if "application/json" in request.headers.get("accept", ""):
        return JSONResponse({"message": text}, status_code=status)
    return page.render("canlian/error.html", status=status, title=title, text=text, **more)


async def sign_in_first(request: Request, _error: SignInFirst) -> Response:
    tool = request.app.state.tool
    if request.method == "POST":
        with suppress(HTTPException, RuntimeError):
            kept = kept_forms.begin(request, await request.form(), tool.prefix, tool.app.routes)
            there = RedirectResponse(f"/sign-in?next={quote(kept.address)}", status_code=303) if kept else None
            if kept and there and kept_forms.keep(kept, request, there, tool.settings):
                return there
    where = request.url.path
    if request.method == "GET" and request.url.query:
        where += f"?{request.url.query}"
    return RedirectResponse(f"/sign-in?next={quote(where)}", status_code=303)


async def needs_role(request: Request, error: NeedsRole) -> Response:
    page = page_of(request)
    _ = page._
    text = _(
        "This page is for: %(roles)s. You are signed in as: %(mine)s.",
        roles=say_several(error.roles, page.lang),
        mine=say_several(page.actor.roles, page.lang),
    )
    return show(request, 403, _("This page is for others"), text, offers_sign_in=True)


async def bad_token(request: Request, _error: BadToken) -> Response:
    page = page_of(request)
    title = page._("Your sign-in could not be checked")
    return show(request, 401, title, say_refusal("bad_token", {}, page.lang), offers_sign_in=True)


async def refused(request: Request, error: Refused) -> Response:
    page = page_of(request)
    _ = page._
    text = await page.say(error)
    match error:
        case Unavailable():
            return show(request, 503, _("Not available just now"), text, **await _sent_again(request))
        case NotAllowed():
            return show(request, 403, _("Not allowed"), text, offers_sign_in=True)
        case Invalid():
            wrong = word_fields(error.facts.get("fields", {}), page.texts)
            return show(request, 422, _("Something was not filled in right"), text, details=list(wrong.items()))
        case _:
            return show(request, 409, _("This could not be done"), text)


async def _sent_again(request: Request) -> dict[str, object]:
    """What it takes to offer a posted form once more, with its id, so that nothing typed is lost."""
    if request.method != "POST":
        return {"try_again": True}
    try:
        data = await request.form()
    except (HTTPException, RuntimeError):
        return {}
    if any(not isinstance(value, str) for value in data.values()):
        return {}
    return {"again": list(data.multi_items())}


async def bad_request(request: Request, error: RequestValidationError) -> Response:
    page = page_of(request)
    _ = page._
    if any(item["loc"][0] in {"path", "query"} for item in error.errors()):
        return await http_error(request, HTTPException(404))
    names = [str(item["loc"][-1]) for item in error.errors()]
    text = say_refusal("invalid", {}, page.lang)
    return show(request, 422, _("Something was not filled in right"), text, details=[(name, "") for name in names])


async def http_error(request: Request, error: HTTPException) -> Response:
    page = page_of(request)
    _ = page._
    match error.status_code:
        case 404:
            text = _("The address may be mistyped, or what was here is gone. Go back, or begin at the start page.")
            return show(request, 404, _("Page not found"), text)
        case 405:
            text = _("This address only takes forms that are sent to it. Go back to the page you came from.")
            return show(request, 405, _("Page not found"), text)
        case 410:
            text = _("The personal data here was erased, and nobody can read it any more.")
            return show(request, 410, _("Personal data erased"), text)
        case 413:
            text = _("What was sent is too large. Send a smaller file.")
            return show(request, 413, _("Too large"), text)
        case status:
            text = _("The request could not be answered. Go back and try again.")
            return show(request, status, str(HTTPStatus(status).phrase), text)


async def failed(request: Request, error: Exception) -> Response:
    """A fault of ours. The number on the page is the one in the log."""
    number = secrets.token_hex(4)
    log.error("http.failed", number=number, path=request.url.path, exc_info=error)
    page = page_of(request)
    text = page._(
        "A fault of the system, not of yours. Try again; if it happens again, tell the operator the number %(number)s.",
        number=number,
    )
    return show(request, 500, page._("Something went wrong"), text, try_again=request.method == "GET")
