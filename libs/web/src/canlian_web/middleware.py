"""What holds for every answer of a tool: its language, its security headers, one line in the log."""

from __future__ import annotations

import time
from http.cookies import SimpleCookie
from urllib.parse import parse_qs

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from canlian_web.kept_forms import QUERY, rights_of
from canlian_web.language.i18n import COOKIE, LANGUAGES, language
from canlian_web.page import context_of

log = structlog.get_logger()

POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; style-src 'self'; script-src 'self'; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
SECURITY = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), payment=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_YEAR = 365 * 24 * 3600


class EveryAnswer:
    """Decides the language before the routes run, and completes the headers after them."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        asked = parse_qs(scope["query_string"].decode("latin-1")).get("lang", [""])[0]
        kept = SimpleCookie(Headers(scope=scope).get("cookie", "")).get(COOKIE)
        scope["canlian.lang"] = language(asked if asked in LANGUAGES else kept.value if kept else None)
        began = time.perf_counter()

        async def complete(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", _caching(scope["path"], message["status"]))
                if asked in LANGUAGES:
                    headers.append("Set-Cookie", f"{COOKIE}={asked}; Path=/; Max-Age={_YEAR}; SameSite=Lax")
                _say(scope, message["status"], began)
            await send(message)

        answer: ASGIApp = _answered_before(Request(scope)) or self.app
        await answer(scope, receive, complete)


def _answered_before(request: Request) -> Response | None:
    """The page that answered a form with mistakes, for whom and in the language it was made."""
    if QUERY not in request.query_params:
        return None
    page = context_of(request, trusting=False)
    kept = page.kept
    if kept and kept.body and kept.lang == page.lang and kept.rights == rights_of(page.actor):
        return HTMLResponse(kept.body, status_code=kept.status)
    return None


def _caching(path: str, status: int) -> str:
    """Pages may hold personal data, so no browser keeps them; static files bear their version in the address."""
    is_static = "/static/" in path and status < 400
    return f"public, max-age={_YEAR}, immutable" if is_static else "no-store"


def _say(scope: Scope, status: int, began: float) -> None:
    if "/static/" not in scope["path"] and scope["path"] != "/health":
        took = round((time.perf_counter() - began) * 1000)
        log.info("http", method=scope["method"], path=scope["path"], status=status, ms=took)
