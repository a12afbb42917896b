"""Quotas in words: what each is called, what it asks for, how it stands and what is missing."""

from __future__ import annotations

from dataclasses import dataclass

from canlian_events.registry.quotas import Standing
from canlian_web.language.i18n import N_
from canlian_web.language.refusals import say_refusal
from canlian_web.page import Context

NAMES = {
    "disabled_or_relatives": N_("Disabled persons and relatives"),
    "models_and_grass_roots": N_("Role models and grass-roots front line"),
    "blind": N_("For the blind"),
    "deaf": N_("For the deaf"),
    "physical": N_("For the physically disabled"),
    "intellectual": N_("For the intellectually disabled and relatives"),
    "psychiatric": N_("For the psychiatrically disabled and relatives"),
    "relatives": N_("Relatives"),
    "social_organisations": N_("Social organisations"),
    "volunteers": N_("Volunteers"),
    "board_director": N_("Director of the board is the head of the department"),
    "party_secretary": N_("Secretary of the party work committee as a head"),
    "office_director": N_("Director of the subdistrict office as a head"),
    "deputy": N_("Deputies"),
    "departments": N_("Departments"),
    "community_secretaries": N_("Community secretaries"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """A quota as the panel shows it."""

    standing: Standing
    name: str
    required: str
    missing: str

    @property
    def share(self) -> float:
        """Between 0 and 1."""
        return self.standing.count / self.standing.total if self.standing.total else 0.0


def in_words(page: Context, standings: list[Standing]) -> list[Line]:
    return [Line(one, name_of(page, one.code), _required(page, one), _missing(page, one)) for one in standings]


def name_of(page: Context, code: str) -> str:
    return page._(NAMES[code]) if code in NAMES else code


def _required(page: Context, one: Standing) -> str:
    if one.percent is None:
        return page._("at least %(number)s", number=one.least)
    return page._("at least %(percent)s %%", percent=one.percent)


def _missing(page: Context, one: Standing) -> str:
    if one.holds or not one.total:
        return ""
    said = one.facts
    text = say_refusal(said["code"], said["facts"], page.lang)
    return text[:1].upper() + text[1:]
