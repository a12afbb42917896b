"""Households: which are in hardship, which have no carer, which were not visited; and each with why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, HTTPException
from starlette.responses import Response

from canlian_events.registry.household import AGED_FROM, VISIT_EVERY_DAYS, HardshipReason
from canlian_events.terms import DisabilityClass, FileField, Grade, Hardship, Kinship, MemberLeftWhy, Role
from canlian_federation.households.views import (
    HOMES,
    RelativeEntry,
    history_of,
    people_by_id,
    proposals,
    relative_names,
    relatives_of,
)
from canlian_federation.people.pages import SEEING
from canlian_federation.people.views import PersonEntry
from canlian_federation.shared.access import places_of, scopes_of
from canlian_federation.shared.names import account_names
from canlian_overview.households import HouseholdRow, Line, Wanted
from canlian_person_file.disclosure import sheet_about
from canlian_person_file.reveal_field import reveal
from canlian_web.forms import Form
from canlian_web.language.event_labels import say_event, say_who
from canlian_web.language.i18n import N_
from canlian_web.language.term_labels import options, say
from canlian_web.page import Context, Page, require
from canlian_web.paging import At, turn_to

router = APIRouter(prefix="/households", dependencies=[require(*SEEING)])
SHOWN = 50
SHOW = {
    "all": N_("All households"),
    "hardship": N_("In special hardship"),
    "late": N_("Not visited in rhythm"),
    "carerless": N_("Somebody without a carer"),
}
CHANGING = (Role.STAFF, Role.COMMISSIONER)
LEAVING = (MemberLeftWhy.MOVED_OUT, MemberLeftWhy.DIED, MemberLeftWhy.MISTAKE)
"""Why a member leaves, as somebody says; the other reasons follow by themselves."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which households, as the address says."""

    community: str
    kind: Hardship | None
    show: str

    @property
    def query(self) -> dict[str, str | None]:
        shown = self.show if self.show != "all" else None
        return {"community": self.community or None, "kind": self.kind and self.kind.value, "show": shown}

    def wanted(self, page: Context) -> Wanted:
        return Wanted(
            scopes_of(page, self.community or None),
            self.kind,
            in_hardship=self.show == "hardship",
            carerless=self.show == "carerless",
            late=self.show == "late",
        )


def asked(community: str, kind: str, show: str) -> Asked:
    return Asked(community, Hardship(kind) if kind in set(Hardship) else None, show if show in SHOW else "all")


@router.get("")
async def households(page: Page, community: str = "", kind: str = "", show: str = "all", at: At = 1) -> Response:
    said = asked(community, kind, show)
    wanted = said.wanted(page)
    found = await turn_to(at, SHOWN, lambda skip: page.read(HOMES.lines, wanted, page.today, limit=SHOWN, skip=skip))
    scopes = scopes_of(page, community or None)
    standing = await page.read(HOMES.standing, scopes, page.today)
    return page.render(
        "households/list.html",
        lines=found.rows,
        number=found.number,
        names=await names_of(page, [line.row for line in found.rows]),
        places=await places_of(page),
        standing=standing,
        proposed=len(await page.read(proposals, scopes)),
        shows=[(name, page._(text)) for name, text in SHOW.items()],
        show=said.show,
        filters=page.blank(**said.query),
        kinds=options(Hardship, page.lang),
        export=page.url("/households/sheet.xlsx", **said.query),
        drawn=[[say(one.kind, page.lang), one.households, one.late, one.carerless] for one in standing.kinds],
        opens=lambda **more: page.url("/households", **{"community": community or None} | more),
        at=found.at,
        pages=found.pages,
        address=lambda **more: page.url("/households", **said.query, **more),
    )


@dataclass(frozen=True, slots=True)
class MemberLine:
    """A person of a household, as a sheet has them: one line each."""

    person_id: str
    community: str
    entry: PersonEntry | None
    line: Line


@router.get("/sheet.xlsx")
async def households_sheet(page: Page, community: str = "", kind: str = "", show: str = "all") -> Response:
    said = asked(community, kind, show)
    lines, _ = await page.read(HOMES.lines, said.wanted(page), page.today)
    people = await page.read(people_by_id, [person for line in lines for person in line.row.persons])
    names = await names_of(page, [line.row for line in lines])
    places = await places_of(page)
    rows = [
        MemberLine(person, line.row.community, people.get(person), line)
        for line in lines
        for person in line.row.persons
    ]

    def cells(one: MemberLine) -> list[Any]:
        row = one.line.row
        return [
            row.household_id,
            names.get(one.person_id),
            places.get(row.community, row.community),
            DisabilityClass(one.entry.disability) if one.entry else None,
            Grade(one.entry.grade) if one.entry and one.entry.grade else None,
            len(row.persons) + len(row.relatives),
            [names.get(carer, carer) for carer in row.carers_of(one.person_id)],
            row.kinds,
            "；".join(said for kind in row.kinds for said in explained(page, row, kind, names)),
            one.line.last,
            one.line.due(),
            one.line.late_days(page.today) or None,
        ]

    columns = [
        N_("Household"), N_("Name"), N_("Community"), N_("Class"), N_("Grade"), N_("Members"), N_("Carers"),
        N_("Special hardship"), N_("Why"), N_("Last visit"), N_("To be visited by"), N_("Days late"),
    ]  # fmt: skip
    return await sheet_about(
        page,
        f"{page._('Households')} {page._(SHOW[said.show])}",
        [page._(text) for text in columns],
        rows,
        cells,
        what={FileField.NAME, FileField.DISABILITY, FileField.CIRCUMSTANCES},
        back=page.url("/households", **said.query),
    )


@router.get("/{household_id}")
async def one(page: Page, household_id: str) -> Response:
    return await show_household(page, await own(page, household_id))


async def own(page: Context, household_id: str) -> Line:
    """The household, where it is one of the actor's communities."""
    line = await page.read(HOMES.one, household_id, page.today)
    if line is None:
        raise HTTPException(404)
    scopes_of(page, line.row.community)
    return line


async def show_household(page: Context, line: Line, **forms: Form[Any]) -> Response:
    """`forms` are what was filled in and refused, by what they do."""
    row = line.row
    names = await names_of(page, [row])
    accounts = await page.read(account_names)
    blank = {what: forms.get(what, page.blank()) for what in ("carer", "leave", "relative", "find")}
    wrong = next(iter(forms.values()), None)
    members = [(id_, names.get(id_, id_)) for id_ in (*row.persons, *row.relatives)]
    return page.render(
        "households/detail.html",
        line=line,
        row=row,
        title=title_of(page, row, names),
        names=names,
        people=await page.read(people_by_id, row.persons),
        relatives=await page.read(relatives_of, row.household_id),
        place=(await places_of(page)).get(row.community, row.community),
        hardship=[(kind, row.recognised_on(kind), explained(page, row, kind, names)) for kind in row.kinds],
        every=VISIT_EVERY_DAYS,
        aged_from=AGED_FROM,
        kinship=Kinship,
        disability=DisabilityClass,
        grade=Grade,
        steps=[
            {
                "at": event.said_at,
                "what": say_event(event.type, page.lang),
                "who": say_who(event.actor, page.lang, accounts),
            }
            for event in await page.read(history_of, row.household_id)
        ],
        forms=blank,
        form=wrong or page.blank(),
        members=members,
        persons=[(id_, names.get(id_, id_)) for id_ in row.persons],
        pairs=[(cared_for, carer) for cared_for, carer in row.carers],
        kinships=options(Kinship, page.lang),
        reasons=[choice for choice in options(MemberLeftWhy, page.lang) if choice[0] in set(LEAVING)],
        changing=page.actor.holds(*CHANGING) and row.dissolved_on is None,
    )


@router.get("/{household_id}/relatives/{relative_id}/details")
async def details(page: Page, household_id: str, relative_id: str) -> Response:
    """A relative's birth date and telephone: part of the circumstances of the person they live with."""
    line = await own(page, household_id)
    known = {one.relative_id: one for one in await page.read(relatives_of, household_id)}.get(relative_id)
    if known is None or not line.row.persons:
        raise HTTPException(404)
    return await reveal(
        page,
        line.row.persons[0],
        line.row.community,
        f"/households/{household_id}",
        FileField.CIRCUMSTANCES.value,
        told(page, known),
        title=page._("Details of %(name)s", name=known.name or page._("sealed")),
    )


def told(page: Context, relative: RelativeEntry) -> str:
    born = relative.birth_date.isoformat() if relative.birth_date else page._("birth date not known")
    return f"{born} · {relative.phone or page._('no telephone')}"


async def names_of(page: Context, rows: Sequence[HouseholdRow]) -> dict[str, str]:
    """Of all who live in these households; who cannot be read is left out."""
    people = await page.read(people_by_id, [person for row in rows for person in row.persons])
    relatives = await page.read(relative_names, [relative for row in rows for relative in row.relatives])
    return {id_: entry.name for id_, entry in people.items() if entry.name} | relatives


def title_of(page: Context, row: HouseholdRow, names: Mapping[str, str]) -> str:
    persons = "、".join(names.get(person, page._("sealed")) for person in row.persons)
    return page._("Household of %(names)s", names=persons) if persons else page._("Household without persons")


def explained(page: Context, row: HouseholdRow, kind: Hardship, names: Mapping[str, str]) -> list[str]:
    """Why a kind of hardship holds: of which member, which fact."""
    return [_reason(page, reason, names) for reason in row.reasons(kind)]


def _reason(page: Context, reason: HardshipReason, names: Mapping[str, str]) -> str:
    name = names.get(reason.member_id, page._("sealed"))
    fact = say(reason.fact, page.lang)
    if reason.carer_id is None:
        return page._("%(name)s: %(fact)s", name=name, fact=fact)
    carer = names.get(reason.carer_id, page._("sealed"))
    return page._("%(name)s: %(fact)s (%(carer)s)", name=name, fact=fact, carer=carer)
