"""What a search for people asks for. Its words are somebody's name or number: they stand in no address and no log.

They are kept in a cookie of the browser's session, and the address names that: a page can be opened again, and left and
come back to, by whoever made the search and by nobody else.
"""

from __future__ import annotations

import secrets
import unicodedata
from typing import Literal
from urllib.parse import quote, unquote

from pydantic import BaseModel, Field
from starlette.responses import Response

from canlian_events.numbers import normalise_number
from canlian_events.registry.showing import SEES
from canlian_events.terms import AccessFeature, DisabilityClass, FileField, Grade, Hardship, Sex
from canlian_federation.people.search import NUMBERS, CertificateState, Order, Wanted
from canlian_web.forms import Form
from canlian_web.page import Context
from canlian_web.paging import At

_COOKIE = "people-"
_KEPT = 5
"""So many searches of a browser are kept; of more the oldest go."""
_LONGEST = 60
LEAST = 4
"""Characters of a number from which on it is looked for: fewer would be in everybody's."""


class Filters(BaseModel):
    """What may stand in an address: codes, and the name of the cookie with the words."""

    q: str | None = Field(default=None, pattern="^[0-9a-f]{12}$")
    community: str | None = Field(default=None, pattern="^[0-9]{6,12}$")
    disability: DisabilityClass | None = None
    grade: Grade | Literal["none"] | None = None
    sex: Sex | None = None
    age_from: int | None = Field(default=None, ge=0, le=150)
    age_to: int | None = Field(default=None, ge=0, le=150)
    hardship: Hardship | None = None
    need: AccessFeature | None = None
    certificate: CertificateState | None = None
    low_income: Literal["yes", "no"] | None = None
    sort: Order | None = None
    at: At = 1

    @property
    def address(self) -> dict[str, object]:
        """For links to this list, from its first page on."""
        return self.model_dump(mode="json", exclude_none=True, exclude={"at"})

    @property
    def narrows(self) -> bool:
        return bool(self.model_dump(exclude_none=True, exclude={"q", "at", "sort"}))


def split(words: str) -> tuple[str, list[str]]:
    """What was typed as a name and as parts of numbers: `王芳 19610308` → `王芳`, [`19610308`]."""
    name, numbers = [], []
    for word in unicodedata.normalize("NFKC", words)[:_LONGEST].split():
        number = normalise_number(word)
        if number and all(sign.isdecimal() or sign in "XB" for sign in number) and any(map(str.isdecimal, number)):
            numbers.append(number)
        else:
            name.append(word)
    return "".join(name), numbers


def seen_numbers(page: Context) -> frozenset[str]:
    """The numbers that whoever asks may see, and so may find people by."""
    fields = {field for role in page.actor.roles for field in SEES.get(role, frozenset[FileField]())}
    return frozenset(kind for kind in NUMBERS if kind in fields)


def wanted(page: Context, form: Form[Filters], words: str) -> Wanted:
    """Notes in the form what is wrong with the words."""
    said, (name, numbers), seen = form.value, split(words), seen_numbers(page)
    if words.strip() and not numbers and not any(map(str.isalnum, name)):
        form.errors["words"] = page._("There is no name in this, and no number: type letters, characters or digits")
    elif numbers and not seen:
        form.errors["words"] = page._("Your role does not see people's numbers: search by name")
    elif any(len(number) < LEAST for number in numbers):
        form.errors["words"] = page._("Type at least %(least)s characters of a number", least=LEAST)
    return Wanted(
        name=name,
        numbers=numbers,
        seen=seen,
        disability=said.disability,
        grade=said.grade,
        sex=said.sex,
        age_from=said.age_from,
        age_to=said.age_to,
        need=said.need,
        hardship=said.hardship,
        certificate=said.certificate,
        low_income={"yes": True, "no": False}.get(said.low_income or ""),
        order=said.sort or Order.BEST,
    )


def new_name() -> str:
    """What the words of a search are called in addresses."""
    return secrets.token_hex(6)


def keep(page: Context, response: Response, name: str, words: str) -> None:
    """Keep the words in the browser until it is closed, for the pages of the list alone."""
    path = page.url("/people")
    before = [cookie for cookie in page.request.cookies if cookie.startswith(_COOKIE)]
    for cookie in before[: max(0, len(before) - _KEPT + 1)]:
        response.delete_cookie(cookie, path=path)
    response.set_cookie(f"{_COOKIE}{name}", quote(words[:_LONGEST]), httponly=True, samesite="strict", path=path)


def kept(page: Context, name: str | None) -> str | None:
    """The words of a search, nothing where it has none; None where this browser does not have them."""
    said = page.request.cookies.get(f"{_COOKIE}{name}") if name else ""
    return None if said is None else unquote(said)[:_LONGEST]
