"""Two files beside each other, line by line, with what differs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from canlian_events.terms import AccessFeature, DisabilityClass, Grade, Purpose, Sex
from canlian_federation.duplicates.views import Sides
from canlian_federation.people.views import PersonEntry
from canlian_person_file.disclosure import File
from canlian_web.language.formats import say_date
from canlian_web.language.i18n import N_
from canlian_web.language.term_labels import say
from canlian_web.page import Context

OVERTAKEN = {
    "name": N_("Full name"),
    "phone": N_("Phone"),
    "address": N_("Address"),
    "features": N_("Access needs, those of both together"),
}
"""What the kept file can take from the other."""


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that both files say, or one of them does not."""

    what: str
    one: str
    other: str

    @property
    def differs(self) -> bool:
        return self.one != self.other


def personal(row: PersonEntry) -> dict[str, Any]:
    """What a showing of the file is recorded for, by the codes of `FileField`."""
    return {
        "name": row.name,
        "citizen_id": row.citizen_id,
        "certificate": row.certificate_number,
        "phone": row.phone,
        "address": row.address,
        "disability": row.disability,
        "circumstances": "yes" if row.low_income else None,
        "access_needs": row.features,
    }


def lines(page: Context, both: Sides, one: File, other: File, places: Mapping[str, str]) -> list[Line]:
    """Personal values only as the recorded files give them."""
    _ = page._
    pairs = (_said(page, both.one, one, places), _said(page, both.other, other, places))
    titles = (
        _("Full name"), _("Citizen ID number"), _("Date of birth"), _("Sex"), _("Certificate number"),
        _("Certificate issued"), _("Certificate expires"), _("Disability class and grade"), _("Community"),
        _("Address"), _("Phone"), _("Low-income household"), _("Access needs"), _("Consents"), _("Registered on"),
        _("Died on"),
    )  # fmt: skip
    return [Line(title, this, that) for title, this, that in zip(titles, *pairs, strict=True)]


def _said(page: Context, row: PersonEntry, file: File, places: Mapping[str, str]) -> list[str]:
    hidden = file.hidden is not None
    grade = Grade(row.grade) if row.grade else None
    values: list[Any] = [
        file.name,
        file.citizen_id,
        None if hidden else row.birth_date or row.birth_year,
        Sex(row.sex),
        file.certificate,
        row.certificate_issued,
        row.certificate_expires,
        None if hidden else [DisabilityClass(row.disability), *([grade] if grade else [])],
        places.get(row.community, row.community),
        file.address,
        file.phone,
        None if hidden else row.low_income,
        [AccessFeature(code) for code in file.access_needs],
        [Purpose(code) for code in row.consents],
        row.registered_on,
        row.died_on,
    ]
    return [_worded(page, value) for value in values]


def _worded(page: Context, value: Any) -> str:
    if value in (None, "", []):
        return "—"
    if isinstance(value, date):
        return say_date(value, page.lang)
    return str(value) if type(value) is int else str(say(value, page.lang))
