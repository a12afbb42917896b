"""What a page tells after a redirect: kept in a short cookie, shown once."""

from __future__ import annotations

import json
from typing import Literal
from urllib.parse import quote, unquote

from starlette.requests import Request
from starlette.responses import Response

Kind = Literal["done", "note"]
COOKIE = "notice"
_LONGEST = 500


def leave(response: Response, text: str, kind: Kind = "done") -> None:
    """Have the next page show the text. It is shown as text, never as markup, so a forged cookie can do no harm."""
    said = quote(json.dumps([kind, text[:_LONGEST]], ensure_ascii=False))
    response.set_cookie(COOKIE, said, max_age=60, httponly=True, samesite="lax", path="/")


def left(request: Request) -> tuple[Kind, str] | None:
    try:
        kind, text = json.loads(unquote(request.cookies[COOKIE]))
    except (KeyError, ValueError):
        return None
    return ("note" if kind == "note" else "done"), str(text)[:_LONGEST]


def forget(response: Response) -> None:
    response.delete_cookie(COOKIE, path="/")
