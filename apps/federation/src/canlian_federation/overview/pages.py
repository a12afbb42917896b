"""The figures of the communities, one community's page, and the list behind each figure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from fastapi import APIRouter, HTTPException
from starlette.responses import Response

from canlian_federation.oversight.access_log_pages import LOOKING_ON
from canlian_federation.overview.views import BEHIND, BY_SERVICE, Counted, behind, community_named, counted, page_behind
from canlian_federation.resources.views import service_called
from canlian_federation.shared.access import (
    Asked,
    asked_period,
    figure_words,
    for_looking,
    kind_words,
    places_of,
    scopes_of,
    share,
)
from canlian_federation.team.views import worker_names
from canlian_overview import FIGURES, CommunityFigures, Evidence, Figure, Rate
from canlian_web.export.sheet import sheet
from canlian_web.page import Context, Page
from canlian_web.paging import At, turn_to

router = APIRouter(dependencies=[for_looking])

SHOWN = 100
"""Lines of a list on one page; the sheet has them all."""
IN_THE_TABLE = (
    "persons", "participation", "satisfaction", "needs_open", "needs_urgent", "visits_overdue", "referrals_waiting",
    "services_completed", "certificates_expired",
)  # fmt: skip
"""The columns of the table of communities; a community's own page and the sheet have all."""
OF_COMMUNITIES = frozenset(["communities_without_grid_worker", "communities_without_director"])


@router.get("")
async def home(page: Page) -> Response:
    asked = asked_period(page)
    return page.render("overview/figures.html", **await _figures(page, asked), columns=IN_THE_TABLE)


@router.get("/overview.xlsx")
async def home_sheet(page: Page) -> Response:
    asked = asked_period(page)
    found = await page.read(counted, scopes_of(page), asked.period)
    codes = [code for code in FIGURES if code not in OF_COMMUNITIES]
    columns = [page._("Community"), page._("Code"), *_headings(codes, page)]
    rows = ([line.community.name, line.community.community, *_cells(line, codes)] for line in found.communities)
    return sheet(f"{page._('Overview')} {_said(asked)}", columns, rows, page.lang)


@router.get("/services.xlsx")
async def services_sheet(page: Page, community: str = "") -> Response:
    asked = asked_period(page)
    found = await page.read(counted, scopes_of(page, community), asked.period)
    columns = [page._("Service"), *_headings(("participation", "satisfaction"), page)]
    rows = ([one.name, *_parts(one.participation), *_parts(one.satisfaction)] for one in found.services)
    return sheet(f"{page._('Rates by service')} {_said(asked)}", columns, rows, page.lang)


@router.get("/overview/{community}")
async def one_community(page: Page, community: str) -> Response:
    row = await page.read(community_named, community)
    if row is None:
        raise HTTPException(404)
    asked = asked_period(page)
    names = await page.read(worker_names)
    return page.render("communities/detail.html", row=row, names=names, **await _figures(page, asked, community))


@router.get("/behind/{figure}")
async def behind_figure(page: Page, figure: str, community: str = "", service: str = "", at: At = 1) -> Response:
    code = _counted_by(figure, service)
    asked = asked_period(page)
    scopes = scopes_of(page, community)
    found = await turn_to(
        at,
        SHOWN,
        lambda skip: page.read(page_behind, code, scopes, asked.period, service or None, limit=SHOWN, skip=skip),
    )
    places = await places_of(page)
    query = {"community": community or None, "service": service or None, **asked.query}
    return page.render(
        "overview/behind_a_figure.html",
        title=figure_words(code, page),
        lines=found.rows,
        total=found.number,
        at=found.at,
        pages=found.pages,
        address=lambda **more: page.url(f"/behind/{code}", **query | more),
        export=page.url(f"/behind/{code}/sheet.xlsx", **query),
        back=page.url(f"/overview/{community}" if community in places else "", **asked.query),
        place=places.get(community, community) or page._("All communities"),
        service=await page.read(service_called, service) if service else None,
        places=places,
        asked=asked,
        kind=lambda kind: kind_words(kind, page),
        looking_on=page.actor.holds(*LOOKING_ON),
        whole=_whole(code, page, community, service, asked),
    )


@router.get("/behind/{figure}/sheet.xlsx")
async def behind_sheet(page: Page, figure: str, community: str = "", service: str = "") -> Response:
    code = _counted_by(figure, service)
    asked = asked_period(page)
    lines = await page.read(behind, code, scopes_of(page, community), asked.period, service or None)
    _ = page._
    places = await places_of(page)
    columns = [_("What"), _("Number"), _("Community"), _("Date"), _("Event"), _("Position in the log")]
    name = f"{figure_words(code, page)} {_said(asked)}"
    return sheet(name, columns, (_evidence_cells(line, page, places) for line in lines), page.lang)


async def _figures(page: Context, asked: Asked, community: str = "") -> dict[str, Any]:
    """What a template needs to show figures, each with the address of the list behind it."""
    found = await page.read(counted, scopes_of(page, community), asked.period)
    return {
        "asked": asked,
        "found": found,
        "rates": _drawn(found),
        "word": lambda code: figure_words(code, page),
        "opens": _opening(page, asked, community),
        "here": community,
    }


def _opening(page: Context, asked: Asked, here: str) -> Any:
    def opens(code: str, community: str = here, service: str = "") -> str:
        query = {"community": community or None, "service": service or None}
        return page.url(f"/behind/{code}", **query, **asked.query)

    return opens


def _drawn(found: Counted) -> list[list[str | float | None]]:
    """The rates of each community, for a drawing; one that is nothing yet has no bar."""
    return [
        [line.community.name, _share(line.figures["participation"]), _share(line.figures["satisfaction"])]
        for line in found.communities
    ]


def _share(figure: Figure) -> float | None:
    return share(figure.value) if isinstance(figure.value, Rate) else None


def _counted_by(figure: str, service: str) -> str:
    """What a figure counts, where the address names a rate its numerator. Raises 404 for one nobody defined."""
    code = FIGURES[figure].behind if figure in FIGURES else figure
    if code not in BEHIND or (service and code not in BY_SERVICE):
        raise HTTPException(404)
    return code


def _whole(code: str, page: Context, community: str, service: str, asked: Asked) -> tuple[str, str] | None:
    """What a numerator is divided by: its name and the address of its list."""
    of = next((figure.of for figure in FIGURES.values() if figure.of and figure.behind == code), None)
    return (figure_words(of, page), _opening(page, asked, community)(of, service=service)) if of else None


def _headings(codes: Iterable[str], page: Context) -> list[str]:
    """A rate takes three columns: its numerator, its denominator and the share."""
    found = []
    for code in codes:
        definition = FIGURES[code]
        if definition.of:
            found += [figure_words(definition.behind, page), figure_words(definition.of, page)]
        found.append(figure_words(code, page))
    return found


def _cells(line: CommunityFigures, codes: Iterable[str]) -> list[Any]:
    found: list[Any] = []
    for code in codes:
        value = line.figures[code].value
        found += _parts(value) if isinstance(value, Rate) else [value]
    return found


def _parts(rate: Rate) -> list[Any]:
    rounded = share(rate)
    return [rate.numerator, rate.denominator, None if rounded is None else round(rounded, 3)]


def _evidence_cells(line: Evidence, page: Context, places: Mapping[str, str]) -> list[Any]:
    place = places.get(line.community, line.community)
    return [kind_words(line.kind, page), line.id, place, line.on, line.event_id, line.position]


def _said(asked: Asked) -> str:
    return f"{asked.period.start.isoformat()}–{asked.period.end.isoformat()}"
