"""Why somebody looks at a file, carried from the form that asks to the page that shows: never in an address.

The form is sent to the tool's `/because`, which keeps what it says for a minute in a cookie and leads back; the page
takes it for its own address only. An address therefore neither tells the words to a log nor answers the question.
"""

from __future__ import annotations

import json
from typing import NamedTuple
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from canlian_web.page import Page

router = APIRouter()
COOKIE = "because"
_SECONDS = 60
_LONGEST = 200
_NOT_PART = {"lang", "why", "words"}


class Said(NamedTuple):
    why: str
    words: str


def said_for(request: Request) -> Said | None:
    """What was just said of this very address; it may be wrong or empty."""
    try:
        address, why, words = json.loads(unquote(request.cookies[COOKIE]))
    except (KeyError, ValueError):
        return None
    return Said(str(why), str(words)) if address == address_of(request) else None


def address_of(request: Request) -> str:
    """The page's own, without the language."""
    return _plain(f"{request.url.path}?{request.url.query}")


def _plain(address: str) -> str:
    parts = urlsplit(address)
    query = [(name, value) for name, value in parse_qsl(parts.query) if name not in _NOT_PART]
    return parts.path + (f"?{urlencode(query)}" if query else "")


@router.post("/because", include_in_schema=False)
async def because(page: Page) -> Response:
    """Takes the form, and leads back to the page it is about, which is one of the tool's own."""
    typed = page.typed
    to = _plain(str(typed.get("to", "")))
    if not to.startswith(f"{page.tool.prefix}/") or "\\" in to:
        to = page.tool.prefix
    said = [to, str(typed.get("why", "")), str(typed.get("words", "")).strip()[:_LONGEST]]
    response = RedirectResponse(to, status_code=303)
    kept = quote(json.dumps(said, ensure_ascii=False))
    response.set_cookie(COOKIE, kept, max_age=_SECONDS, httponly=True, samesite="lax", path=page.tool.prefix)
    return response
