"""What went wrong, as JSON: `{"code", "message", "facts"?, "fields"?}`, the message in the caller's language."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field, ValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from canlian_chassis.bus.client import Invalid, NotAllowed, Refused, Unavailable
from canlian_web.forms import say_error
from canlian_web.language.i18n import DEFAULT, Lang, Texts
from canlian_web.language.refusals import say_refusal

log = structlog.get_logger()
RETRY_AFTER = 2
_HTTP_CODES = {404: "no_such_address", 405: "wrong_method"}


class ProblemBody(BaseModel):
    """Every answer that is not a success. `code` is for programs and stays; `message` is for people."""

    code: str
    message: str
    facts: dict[str, Any] | None = Field(None, description="What the refusal is about: dates, states, numbers.")
    fields: dict[str, str] | None = Field(None, description="Field → what is wrong with it, where the code is invalid.")


class Problem(Exception):
    """An answer of the exchange's own that is not a success."""

    def __init__(
        self,
        status: int,
        code: str,
        *,
        facts: Mapping[str, Any] | None = None,
        fields: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(code)
        self.status, self.code, self.headers = status, code, dict(headers or {})
        self.facts, self.fields = dict(facts or {}), dict(fields or {})


def language_of(request: Request) -> Lang:
    """The language that `Accept-Language` prefers of those there are; Chinese where it does not say."""
    wanted = sorted(_preferences(request.headers.get("accept-language", "")), reverse=True)
    return wanted[0][2] if wanted else DEFAULT


def _preferences(header: str) -> list[tuple[float, int, Lang]]:
    """Weight, earliness and language of each known language named; one with the weight 0 is not wanted."""
    found: list[tuple[float, int, Lang]] = []
    for number, part in enumerate(header.split(",")):
        name, _, weight = part.partition(";")
        try:
            quality = float(weight.strip().removeprefix("q=")) if weight.strip() else 1.0
        except ValueError:
            continue
        tag = name.strip().lower().split("-")[0]
        lang: Lang | None = "zh" if tag in {"zh", "*"} else "en" if tag == "en" else None
        if lang and quality > 0:
            found.append((quality, -number, lang))
    return found


def field_problems(error: ValidationError | RequestValidationError, lang: Lang, skip: int = 0) -> dict[str, str]:
    """Dotted path of each field → what is wrong with it; `skip` path elements at the start say where it came from."""
    texts = Texts(lang)
    found: dict[str, str] = {}
    for item in error.errors():
        path = ".".join(str(part) for part in item["loc"][skip:]) or "command"
        if item["type"] == "extra_forbidden":
            said = say_refusal("unknown_field", {}, lang)
        else:
            said = say_error(item["type"], item.get("ctx", {}), texts)
        found.setdefault(path, said)
    return found


def answer(request: Request, problem: Problem) -> Response:
    lang = language_of(request)
    body: dict[str, Any] = {
        "code": problem.code,
        "message": say_refusal(problem.code, problem.facts, lang),
    }
    if problem.facts:
        body["facts"] = problem.facts
    if problem.fields:
        body["fields"] = problem.fields
    headers = problem.headers | {"Content-Language": lang, "Vary": "Accept-Language"}
    return JSONResponse(body, status_code=problem.status, headers=headers)


def as_problem(refused: Refused, lang: Lang) -> Problem:
    """A service's refusal as an answer over HTTP: this is the only place that knows both."""
    match refused:
        case Unavailable():
            return Problem(503, refused.code, headers={"Retry-After": str(RETRY_AFTER)})
        case NotAllowed(code="bad_token"):
            return Problem(401, "bad_token", headers={"WWW-Authenticate": "Bearer"})
        case NotAllowed():
            return Problem(403, refused.code, facts=refused.facts)
        case Invalid(code="unknown_command"):
            return Problem(404, refused.code, facts=refused.facts)
        case Invalid():
            facts = {name: value for name, value in refused.facts.items() if name != "fields"}
            wrong = say_error("", {}, Texts(lang))
            return Problem(422, refused.code, facts=facts, fields=dict.fromkeys(refused.facts.get("fields", {}), wrong))
        case _:
            return Problem(409, refused.code, facts=refused.facts)


def register(app: FastAPI) -> None:
    """Everything that is not a page answers in JSON, whatever the caller says it accepts."""

    async def problem(request: Request, error: Problem) -> Response:
        return answer(request, error)

    async def refused(request: Request, error: Refused) -> Response:
        return answer(request, as_problem(error, language_of(request)))

    async def bad_query(request: Request, error: RequestValidationError) -> Response:
        fields = field_problems(error, language_of(request), skip=1)
        return answer(request, Problem(422, "invalid", fields=fields))

    async def http_error(request: Request, error: HTTPException) -> Response:
        code = _HTTP_CODES.get(error.status_code, "failed")
        facts = {"path": request.url.path}
        return answer(request, Problem(error.status_code, code, facts=facts, headers=error.headers))

    async def failed(request: Request, error: Exception) -> Response:
        number = secrets.token_hex(4)
        log.error("http.failed", number=number, path=request.url.path, exc_info=error)
        return answer(request, Problem(500, "failed", facts={"number": number}))

    handlers: dict[Any, Any] = {
        Problem: problem,
        Refused: refused,
        RequestValidationError: bad_query,
        HTTPException: http_error,
        Exception: failed,
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)
