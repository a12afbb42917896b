"""The overview of each community over HTTP: every rate with its numerator and denominator."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field
from sqlmodel import Session

from canlian_exchange.access.callers import BEARER, Reader
from canlian_exchange.access.permissions import may_see
from canlian_exchange.documentation.openapi import PROBLEMS
from canlian_exchange.figures.as_of import Asked
from canlian_exchange.problems import Problem
from canlian_exchange.views import OVERVIEW
from canlian_overview import FIGURES, Figure, Period, Rate

router = APIRouter(tags=["communities"], dependencies=BEARER)


class RateBody(BaseModel):
    """`percent` is null where there is nothing to divide by, or too few to say (`too_few`)."""

    numerator: int
    denominator: int
    percent: float | None
    too_few: bool


class FigureBody(BaseModel):
    """A count has `value`, a rate has `rate`."""

    zh: str
    en: str
    value: int | None = None
    rate: RateBody | None = None


class ServiceBody(BaseModel):
    service_id: str
    name: str
    participation: RateBody
    satisfaction: RateBody


class PeriodBody(BaseModel):
    """`position`: the log's position the figures stand at. `from` and `to` are both included, in Shanghai's days."""

    position: int
    from_: date = Field(serialization_alias="from")
    to: date


class CommunityBody(BaseModel):
    code: str
    name: str | None
    figures: dict[str, FigureBody]


class Communities(PeriodBody):
    communities: list[CommunityBody]


class OneCommunity(PeriodBody, CommunityBody):
    services: list[ServiceBody]


@router.get("/communities", summary="All communities", responses=PROBLEMS(401, 403, 422, 503))
async def communities(caller: Reader, asked: Asked) -> Communities:
    """Every open community the caller may see, with its figures for the period."""
    found = await asked.read(OVERVIEW.communities, "", asked.period)
    bodies = [
        CommunityBody(code=row.community, name=row.name, figures=_figures(one.figures.values()))
        for one in found
        if may_see(caller.actor, (row := one.community).community)
    ]
    return Communities(position=asked.position, from_=asked.period.start, to=asked.period.end, communities=bodies)


@router.get("/communities/{code}", summary="One community", responses=PROBLEMS(401, 403, 404, 422, 503))
async def community(
    code: Annotated[str, Path(pattern=r"^[0-9]{12}$", description="12 digits; a subdistrict's end in 000")],
    caller: Reader,
    asked: Asked,
) -> OneCommunity:
    """A community's figures and its services' rates; with a subdistrict's code, of all its communities together."""
    if not may_see(caller.actor, code):
        raise Problem(403, "wrong_community", facts={"community": code})
    found = await asked.read(_one, code, asked.period, asked.position)
    if found is None:
        raise Problem(404, "no_such_community", facts={"community": code})
    return found


def _one(session: Session, code: str, period: Period, position: int) -> OneCommunity | None:
    row = session.get(OVERVIEW.tables.community, code)
    if row is None and not code.endswith("000"):
        return None
    services = [
        ServiceBody(
            service_id=service.service_id,
            name=service.name,
            participation=_rate(service.participation),
            satisfaction=_rate(service.satisfaction),
        )
        for service in OVERVIEW.services(session, code, period)
    ]
    return OneCommunity(
        position=position,
        from_=period.start,
        to=period.end,
        code=code,
        name=row.name if row else None,
        figures=_figures(OVERVIEW.figures(session, code, period)),
        services=services,
    )


def _figures(figures: Iterable[Figure]) -> dict[str, FigureBody]:
    return {figure.code: _figure(figure) for figure in figures}


def _figure(figure: Figure) -> FigureBody:
    words = FIGURES[figure.code]
    if isinstance(figure.value, Rate):
        return FigureBody(zh=words.zh, en=words.en, rate=_rate(figure.value))
    return FigureBody(zh=words.zh, en=words.en, value=figure.value)


def _rate(rate: Rate) -> RateBody:
    percent = None if rate.too_few else rate.percent
    return RateBody(numerator=rate.numerator, denominator=rate.denominator, percent=percent, too_few=rate.too_few)
