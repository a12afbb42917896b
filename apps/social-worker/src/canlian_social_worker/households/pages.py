"""Households in special hardship: who was visited when, and who was not in the rhythm of their kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from canlian_events.registry.household import VISIT_EVERY_DAYS
from canlian_events.terms import FileField, Hardship, ShownFor
from canlian_overview.households import Line, Wanted
from canlian_person_file.disclosure import sheet_about
from canlian_social_worker.households.views import HOMES
from canlian_social_worker.shared.access import for_workers
from canlian_social_worker.shared.choices import community_choices
from canlian_social_worker.shared.names import Names, read_names
from canlian_web.language.i18n import N_
from canlian_web.language.term_labels import options, say
from canlian_web.page import Context, Page

router = APIRouter(prefix="/households", dependencies=[for_workers])
LISTS = {"late": N_("Not visited in rhythm"), "all": N_("All in special hardship")}
SHOWN = 200


@dataclass(frozen=True, slots=True)
class HouseholdFilter:
    """Which list, of which kind, in which community."""

    which: str
    kind: Hardship | None
    community: str

    def wanted(self, page: Context) -> Wanted:
        scopes = list(page.actor.communities)
        if self.community and page.actor.covers(self.community):
            scopes = [self.community]
        return Wanted(scopes, self.kind, in_hardship=True, late=self.which == "late")

    @property
    def query(self) -> dict[str, str | None]:
        return {"list": self.which, "kind": self.kind and self.kind.value, "community": self.community or None}


def _asked(page: Context) -> HouseholdFilter:
    said = page.request.query_params
    which, kind = said.get("list", ""), said.get("kind", "")
    known = Hardship(kind) if kind in set(Hardship) else None
    return HouseholdFilter(which if which in LISTS else "late", known, said.get("community", ""))


@router.get("")
async def households(page: Page) -> Response:
    asked = _asked(page)
    lines, number = await page.read(HOMES.lines, asked.wanted(page), page.today, limit=SHOWN)
    return page.render(
        "households/list.html",
        which=asked.which,
        title=page._(LISTS[asked.which]),
        lists=[(which, page._(text)) for which, text in LISTS.items()],
        lines=lines,
        number=number,
        names=await _names(page, lines),
        why=lambda line, names: explained(page, line, names),
        filters=page.blank(**asked.query),
        communities=await community_choices(page),
        kinds=options(Hardship, page.lang),
        rhythm=[
            page._("%(kind)s every %(days)s days", kind=say(kind, page.lang), days=days)
            for kind, days in VISIT_EVERY_DAYS.items()
        ],
        export=page.url("/households/sheet", **asked.query),
    )


@dataclass(frozen=True, slots=True)
class HouseholdMember:
    """A person of a household, as a sheet has them: one line each."""

    person_id: str
    community: str
    line: Line


@router.get("/sheet")
async def sheet(page: Page) -> Response:
    asked = _asked(page)
    lines, _number = await page.read(HOMES.lines, asked.wanted(page), page.today)
    names = await _names(page, lines)
    rows = [HouseholdMember(person, line.row.community, line) for line in lines for person in line.row.persons]

    def cells(one: HouseholdMember) -> list[Any]:
        line = one.line
        return [
            line.row.household_id,
            names.person(one.person_id),
            names.community(one.community),
            line.row.kinds,
            "；".join(explained(page, line, names)),
            line.last,
            line.due(),
            line.late_days(page.today) or None,
            line.owed.due if line.owed else None,
        ]

    _ = page._
    columns = [
        _("Household"), _("Person"), _("Community"), _("Special hardship"), _("Why"), _("Last visit"),
        _("To be visited by"), _("Days late"), _("Visit to come"),
    ]  # fmt: skip
    what = {FileField.NAME, FileField.CIRCUMSTANCES}
    back = page.url("/households", **asked.query)
    title = _("Households in special hardship")
    return await sheet_about(page, title, columns, rows, cells, what=what, back=back, why=ShownFor.VISIT)


def explained(page: Context, line: Line, names: Names) -> list[str]:
    """Of each kind that holds, why: which member, which fact."""
    return [
        page._(
            "%(name)s: %(fact)s",
            name=names.person(reason.member_id) or page._("sealed"),
            fact=say(reason.fact, page.lang),
        )
        for kind in line.row.kinds
        for reason in line.row.reasons(kind)
    ]


async def _names(page: Context, lines: list[Line]) -> Names:
    return await page.read(read_names, page.actor.communities, [one for line in lines for one in line.row.persons])
