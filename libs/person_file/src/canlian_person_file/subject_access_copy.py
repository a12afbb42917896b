"""A copy of all that is kept about a person (个人信息保护法 art. 45): a PDF to read, JSON for another system."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import Enum
from io import BytesIO
from typing import Any, Protocol
from urllib.parse import quote

from starlette.responses import Response

from canlian_events.terms import AccessFeature, DisabilityClass, Employment, Grade, Purpose, Schooling, Sex
from canlian_person_file.access_log import Seen
from canlian_person_file.service_record import RecordShape
from canlian_web.language.event_labels import say_event
from canlian_web.language.formats import local, say_date, say_time
from canlian_web.language.i18n import Lang
from canlian_web.language.term_labels import say
from canlian_web.page import Context

_MARGIN, _LABEL, _LINE = 18.0, 46.0, 7.0
"""Millimetres on an A4 page."""


class PersonFile(Protocol):
    """A tool's row of a person, with `FileFacts`."""

    person_id: str
    name: str | None
    citizen_id: str | None
    phone: str | None
    address: str | None
    birth_year: int
    sex: Any
    disability: Any
    grade: Any
    registered_on: date
    certificate_number: str | None
    certificate_issued: date | None
    certificate_expires: date | None
    low_income: bool | None
    orphan: bool | None
    employment: str | None
    schooling: str | None
    ethnicity: str | None
    carer_name: str | None
    carer_phone: str | None
    remark: str | None
    features: list[str]
    consents: list[str]
    died_on: date | None


@dataclass(frozen=True, slots=True)
class Item:
    """A line of the copy: what it is called by programs and by readers."""

    code: str
    label: str
    value: Any


@dataclass(frozen=True, slots=True)
class Happening:
    at: datetime
    kind: str
    texts: Sequence[str]


@dataclass(frozen=True, slots=True)
class OwnCopy:
    person_id: str
    made_at: datetime
    community: str
    facts: Sequence[Item]
    happened: Sequence[Happening]
    seen: Sequence[Seen]


def copy_of(
    page: Context,
    row: PersonFile,
    community: str,
    record: Iterable[RecordShape],
    seen: Sequence[Seen],
    now: datetime,
) -> OwnCopy:
    happened = [Happening(line.at, line.kind, line.texts) for line in record]
    return OwnCopy(row.person_id, now, community, list(_facts(row, page._)), happened, seen)


def _facts(row: PersonFile, _: Callable[..., str]) -> Iterable[Item]:
    yield Item("name", _("Full name"), row.name)
    yield Item("citizen_id", _("Citizen ID number"), row.citizen_id)
    yield Item("sex", _("Sex"), Sex(row.sex))
    yield Item("birth_year", _("Year of birth"), row.birth_year)
    yield Item("phone", _("Phone"), row.phone)
    yield Item("address", _("Address"), row.address)
    yield Item("disability", _("Disability class"), DisabilityClass(int(row.disability)))
    yield Item("grade", _("Grade"), Grade(int(row.grade)) if row.grade else None)
    yield Item("certificate_number", _("Certificate number"), row.certificate_number)
    yield Item("certificate_issued", _("Certificate issued on"), row.certificate_issued)
    yield Item("certificate_expires", _("Certificate good until"), row.certificate_expires)
    yield Item("low_income", _("In a low-income household"), row.low_income)
    yield Item("orphan", _("Orphan"), row.orphan)
    yield Item("employment", _("Work"), Employment(row.employment) if row.employment else None)
    yield Item("schooling", _("Schooling"), Schooling(row.schooling) if row.schooling else None)
    yield Item("ethnicity", _("Ethnicity"), row.ethnicity)
    yield Item("carer_name", _("Carer's name"), row.carer_name)
    yield Item("carer_phone", _("Carer's phone"), row.carer_phone)
    yield Item("remark", _("Remark"), row.remark)
    yield Item("access_needs", _("Access needs"), [AccessFeature(code) for code in row.features])
    yield Item("consents", _("Consents"), [Purpose(code) for code in row.consents])
    yield Item("registered_on", _("Registered on"), row.registered_on)
    if row.died_on:
        yield Item("died_on", _("Died on"), row.died_on)


def as_json(copy: OwnCopy) -> Response:
    content = {
        "person_id": copy.person_id,
        "made_at": copy.made_at.isoformat(),
        "community": copy.community,
        "file": {item.code: item.value for item in copy.facts},
        "happened": [{"at": one.at, "type": one.kind, "texts": list(one.texts)} for one in copy.happened],
        "looked": [
            {"at": one.at, "who": one.who, "role": one.role, "what": one.what, "why": one.why, "words": one.words}
            for one in copy.seen
        ],
    }
    text = json.dumps(content, ensure_ascii=False, indent=2, default=_plain)
    return _download(text.encode(), "application/json", copy, "json")


def _plain(value: Any) -> Any:
    if isinstance(value, datetime) and value.tzinfo is None:
        value = value.replace(tzinfo=UTC)  # as rows keep them
    return value.value if isinstance(value, Enum) else value.isoformat()


def as_pdf(copy: OwnCopy, page: Context) -> Response:
    """Takes about a second: to be made in a thread."""
    return _download(_drawn(copy, page._, page.lang), "application/pdf", copy, "pdf")


def _download(content: bytes, media: str, copy: OwnCopy, ending: str) -> Response:
    name = quote(f"{copy.person_id}-{local(copy.made_at):%Y-%m-%d}.{ending}")
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(content, media_type=media, headers=headers)


def _drawn(copy: OwnCopy, _: Callable[..., str], lang: Lang) -> bytes:
    from fpdf import FPDF  # noqa: PLC0415 - takes a while to load, and few ask for a copy
    from pylopdf_fonts_zh_cn import sans_path  # noqa: PLC0415

    class Paper(FPDF):
        def footer(self) -> None:
            self.set_y(-14)
            self.set_font("sans", size=9)
            self.cell(0, 6, _("Page %(at)s of %(pages)s", at=self.page_no(), pages="{nb}"), align="C")

    paper = Paper(format="A4")
    paper.add_font("sans", "", str(sans_path()))
    paper.set_margin(_MARGIN)
    paper.set_auto_page_break(True, margin=20)
    title = _("What is kept about you")
    paper.set_title(title)
    paper.set_lang("zh-CN" if lang == "zh" else "en")
    paper.add_page()
    _text(paper, title, size=20)
    told = _("%(community)s · made on %(when)s", community=copy.community, when=say_time(copy.made_at, lang))
    _text(paper, told, size=10, grey=True)

    _heading(paper, _("The file"))
    for item in copy.facts:
        _pair(paper, item.label, _worded(item.value, lang))
    _heading(paper, _("What was done"))
    for one in copy.happened:
        _pair(paper, say_time(one.at, lang), "\n".join([say_event(one.kind, lang), *one.texts]))
    if not copy.happened:
        _text(paper, _("Nothing yet."))
    _heading(paper, _("Who looked at the file"))
    for look in copy.seen:
        why = " · ".join(filter(None, (say(look.why, lang), look.words)))
        _pair(paper, say_time(look.at, lang), f"{look.who} · {look.role}\n{say(look.what, lang)}\n{why}")
    if not copy.seen:
        _text(paper, _("Nobody has looked at this file yet."))
    _heading(paper, _("Your rights"))
    rights = _(
        "You may correct it, take back what you agreed to, and ask for erasure: on your page or at your community."
    )
    _text(paper, rights)
    out = BytesIO()
    paper.output(out)
    return out.getvalue()


def _worded(value: Any, lang: Lang) -> str:
    if isinstance(value, bool):
        return {"zh": ("否", "是"), "en": ("no", "yes")}[lang][value]
    return say_date(value, lang) if isinstance(value, date) else say(value, lang)


def _heading(paper: Any, text: str) -> None:
    """Never alone at the foot of a page."""
    paper.ln(4)
    if paper.will_page_break(6 * _LINE):
        paper.add_page()
    _text(paper, text, size=14)
    paper.set_draw_color(30, 80, 75)
    paper.line(paper.l_margin, paper.get_y(), paper.w - paper.r_margin, paper.get_y())
    paper.ln(2)


def _text(paper: Any, text: str, size: int = 11, grey: bool = False) -> None:
    paper.set_font("sans", size=size)
    paper.set_text_color(90 if grey else 20)
    paper.multi_cell(0, size * 0.6, text, new_x="LMARGIN", new_y="NEXT")
    paper.set_text_color(20)


def _pair(paper: Any, label: str, text: str) -> None:
    """A label, and beside it the text, however long; never a label alone at the foot of a page."""
    paper.set_font("sans", size=11)
    wide = paper.epw - _LABEL
    lines = paper.multi_cell(wide, _LINE, text, dry_run=True, output="LINES")
    if paper.will_page_break(_LINE * min(len(lines), 4)):
        paper.add_page()
    top = paper.get_y()
    paper.set_text_color(90)
    paper.multi_cell(_LABEL - 2, _LINE, label, new_x="LMARGIN", new_y="NEXT", align="L")
    below, here = paper.get_y(), paper.page
    paper.set_text_color(20)
    paper.set_xy(paper.l_margin + _LABEL, top)
    paper.multi_cell(wide, _LINE, text, new_x="LMARGIN", new_y="NEXT", align="L")
    if paper.page == here:
        paper.set_y(max(below, paper.get_y()))
