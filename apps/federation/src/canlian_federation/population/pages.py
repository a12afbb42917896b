"""The population in figures: by class, grade, sex, age and community, each figure opening the list of its people."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from fastapi import APIRouter, HTTPException
from starlette.responses import Response

from canlian_events.registry.household import AGED_FROM
from canlian_events.terms import DisabilityClass, Grade, Sex
from canlian_federation.overview.boundaries import boundaries_of
from canlian_federation.people.pages import SEEING
from canlian_federation.population.views import AGE_BANDS, Part, counted, population
from canlian_federation.shared.access import for_looking, places_of, scopes_of
from canlian_web.export.sheet import sheet
from canlian_web.language.term_labels import say
from canlian_web.page import Context, Page

router = APIRouter(prefix="/population", dependencies=[for_looking])

DRAWN = ("class", "grade", "age", "community")
"""Tables short enough to be drawn."""
GROWN = 18
"""Years of age at which a band begins, as one does at `AGED_FROM`."""
Codes = dict[str, object]
"""What narrows the list of people to those whom a figure counts."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One line or column of a table: what it is called, which part of the population it is, how a list is narrowed."""

    name: str
    key: Hashable
    codes: Codes


@dataclass(frozen=True, slots=True)
class Axis:
    """What lines or columns tell apart: `of` says for a part of the population to which kind it belongs."""

    head: str
    of: Callable[[Part], Hashable]
    kinds: Sequence[Kind]


@dataclass(frozen=True, slots=True)
class Table:
    """Figures by two kinds, with the address of the list behind each; the last column is the whole line."""

    code: str
    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
    opens: Sequence[Sequence[str | None]]


@dataclass(frozen=True, slots=True)
class Map:
    """What is drawn on the communities' outlines, and which communities have none."""

    rows: Sequence[Codes]
    missing: Sequence[str]


@router.get("")
async def show(page: Page, community: str = "") -> Response:
    parts, places = await _read(page, community)
    opens = _opening(page, community)
    first = [first for first, _ in AGE_BANDS]
    return page.render(
        "population/figures.html",
        tables=_tables(page, parts, places, opens),
        drawn=DRAWN,
        map=None if community else _map(page, parts, places, opens),
        places=places,
        filters=page.blank(community=community),
        total=(sum(part.number for part in parts), opens({})),
        young=(sum(part.number for part in parts if first[part.band] < GROWN), opens({"age_to": GROWN - 1})),
        aged=(sum(part.number for part in parts if first[part.band] >= AGED_FROM), opens({"age_from": AGED_FROM})),
        export=lambda code: page.url(f"/population/{code}.xlsx", community=community or None),
        here=places.get(community, ""),
    )


@router.get("/boundaries.geojson")
async def outlines(page: Page) -> Response:
    found = boundaries_of(page.tool.settings)
    if found is None:
        raise HTTPException(404)
    return Response(found.model_dump_json(exclude_none=True), media_type="application/geo+json")


@router.get("/{code}.xlsx")
async def download(page: Page, code: str, community: str = "") -> Response:
    parts, places = await _read(page, community)
    found = {table.code: table for table in _tables(page, parts, places, _opening(page, community))}
    if code not in found:
        raise HTTPException(404)
    table = found[code]
    name = f"{table.title} {places.get(community, '')} {page.today.isoformat()}"
    return sheet(" ".join(name.split()), table.columns, table.rows, page.lang)


async def _read(page: Context, community: str) -> tuple[list[Part], dict[str, str]]:
    parts = await page.read(population, scopes_of(page, community or None), page.today)
    return parts, await places_of(page)


def _opening(page: Context, community: str) -> Callable[[Codes], str | None]:
    """The address of the list of those whom a figure counts; none for who may not see who they are."""
    if not page.actor.holds(*SEEING):
        return lambda _: None
    return lambda codes: page.url("/people", **{"community": community or None} | codes)


def _map(
    page: Context, parts: Sequence[Part], places: dict[str, str], opens: Callable[[Codes], str | None]
) -> Map | None:
    outlined = boundaries_of(page.tool.settings)
    if outlined is None:
        return None
    numbers = counted(parts, lambda part: part.community)
    codes = {feature.properties.code for feature in outlined.features if feature.properties}
    rows: list[Codes] = [
        {"code": code, "name": name, "number": numbers.get(code, 0), "href": opens({"community": code})}
        for code, name in places.items()
        if code in codes
    ]
    return Map(rows, [name for code, name in places.items() if code not in codes])


def _tables(
    page: Context, parts: Sequence[Part], places: dict[str, str], opens: Callable[[Codes], str | None]
) -> list[Table]:
    _ = page._
    lang = page.lang
    sexes = [Kind(_capital(say(sex, lang)), sex, {"sex": sex.value}) for sex in Sex]
    classes = [Kind(_capital(say(one, lang)), one, {"disability": one.value}) for one in DisabilityClass]
    grades = [Kind(_capital(say(grade, lang)), grade, {"grade": grade.value}) for grade in Grade]
    grades.append(Kind(_("Not graded"), None, {"grade": "none"}))
    ages = [Kind(_years(page, *band), number, _ages(*band)) for number, band in enumerate(AGE_BANDS)]
    codes = sorted({part.community for part in parts})
    by_sex = Axis(_("Sex"), attrgetter("sex"), sexes)
    by_class = Axis(_("Class"), attrgetter("disability"), classes)
    by_grade = Axis(_("Grade"), attrgetter("grade"), grades)
    by_age = Axis(_("Age"), attrgetter("band"), ages)
    places_as_kinds = [Kind(places.get(code, code), code, {"community": code}) for code in codes]
    by_community = Axis(_("Community"), attrgetter("community"), places_as_kinds)
    wanted = [
        ("class", _("By class"), by_class, by_sex),
        ("grade", _("By grade"), by_grade, by_sex),
        ("age", _("By age"), by_age, by_sex),
        ("community", _("By community"), by_community, by_sex),
        ("class-grade", _("By class and grade"), by_class, by_grade),
        ("community-class", _("By community and class"), by_community, by_class),
    ]
    return [_table(code, title, lines, columns, parts, opens, _("All")) for code, title, lines, columns in wanted]


def _table(
    code: str,
    title: str,
    lines: Axis,
    columns: Axis,
    parts: Sequence[Part],
    opens: Callable[[Codes], str | None],
    whole: str,
) -> Table:
    numbers = counted(parts, lambda part: (lines.of(part), columns.of(part)))
    totals = counted(parts, lines.of)
    rows, links = [], []
    for line in lines.kinds:
        cells = [numbers.get((line.key, column.key), 0) for column in columns.kinds]
        rows.append([line.name, *cells, totals.get(line.key, 0)])
        links.append([None, *(opens(line.codes | column.codes) for column in columns.kinds), opens(line.codes)])
    return Table(code, title, [lines.head, *(column.name for column in columns.kinds), whole], rows, links)


def _years(page: Context, first: int, last: int | None) -> str:
    if last is None:
        return page._("%(first)s and over", first=first)
    return page._("%(first)s to %(last)s", first=first, last=last)


def _ages(first: int, last: int | None) -> Codes:
    return {"age_from": first, "age_to": last}


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
