"""What the pages of this tool share: who may see them, whose communities, which period, figures in words."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from canlian_chassis.bus.client import NotAllowed
from canlian_events.terms import Role
from canlian_federation.overview.views import distinct, open_communities
from canlian_overview import FIGURES, Period, Rate
from canlian_web.language.i18n import N_
from canlian_web.page import Context, require

LOOKING = (Role.STAFF, Role.COMMISSIONER, Role.LEADER)
for_looking = require(*LOOKING)
for_staff = require(Role.STAFF)

_EARLIEST = date(2000, 1, 1)
_PARTS = {"participants": N_("Persons who took part"), "satisfied": N_("Feedback scoring 4 or 5")}
"""What rates count, which is no figure by itself."""
_KINDS = {
    "person": N_("person"),
    "need": N_("need"),
    "visit": N_("visit"),
    "referral": N_("referral"),
    "feedback": N_("feedback"),
    "community": N_("community"),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """The period of a page, as it was asked for. `errors` say what is wrong with it; `period` then is the usual one."""

    period: Period
    typed: dict[str, str]
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def query(self) -> dict[str, str]:
        """For links to pages about the same period."""
        return {"from": self.period.start.isoformat(), "to": self.period.end.isoformat()}


def asked_period(page: Context) -> Asked:
    """From the address: `from` and `to`; the calendar year up to today where nothing is said."""
    usual = Period.year_to_date(page.today)
    asked = {name: page.request.query_params.get(name, "").strip() for name in ("from", "to")}
    errors: dict[str, str] = {}
    days = {"from": usual.start, "to": usual.end}
    for name, text in asked.items():
        if text:
            try:
                days[name] = date.fromisoformat(text)
            except ValueError:
                errors[name] = page._("Enter a real date, such as 2026-03-08")
    if not errors and days["from"] < _EARLIEST:
        errors["from"] = page._("Enter a date from 2000 on")
    if not errors and days["to"] < days["from"]:
        errors["to"] = page._("The period ends before it begins: choose a later end")
    typed = {name: text or days[name].isoformat() for name, text in asked.items()}
    return Asked(usual if errors else Period(days["from"], days["to"]), typed, errors)


def scopes_of(page: Context, community: str | None = None) -> list[str]:
    """Whose figures: those of a community, or of all the actor's. Raises NotAllowed for a community of others."""
    if not community:
        return distinct(page.actor.communities)
    if not page.actor.covers(community) and community not in page.actor.communities:
        raise NotAllowed("wrong_community", {"community": community})
    return distinct([community])


async def places_of(page: Context) -> dict[str, str]:
    """Code → name, of the communities of whoever asks."""
    return {row.community: row.name for row in await page.read(open_communities, scopes_of(page))}


def figure_words(code: str, page: Context) -> str:
    """A figure, or what a rate counts, as it is called."""
    if code in _PARTS:
        return page._(_PARTS[code])
    return FIGURES[code].zh if page.lang == "zh" else FIGURES[code].en


def kind_words(kind: str, page: Context) -> str:
    return page._(_KINDS[kind])


def share(rate: Rate) -> float | None:
    """For drawings and sheets: a share between 0 and 1, nothing where there is too little to say."""
    return None if rate.too_few else rate.numerator / rate.denominator
