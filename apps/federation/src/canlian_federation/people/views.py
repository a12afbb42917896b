"""The people of the communities, one row each, with what they are found by."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Index, false, or_
from sqlmodel import Field, Session, col

from canlian_chassis.projection import projection
from canlian_events.calendar import day_of
from canlian_events.meta import Meta
from canlian_events.numbers import BadNumber, CitizenId
from canlian_events.personal import Sealed, now_known, opened
from canlian_events.registry.duplicates import MergedInto, MergedIntoUndone
from canlian_events.registry.household import MemberJoined, MemberLeft
from canlian_events.registry.person import (
    AccessNeedsRecorded,
    CertificateWithdrawn,
    ConsentGiven,
    ConsentWithdrawn,
    DisabilityReclassified,
    PersonCorrected,
    PersonDied,
    PersonErased,
    PersonMoved,
    PersonRegistered,
    RegistrationWithdrawn,
)
from canlian_federation.people import name_matching
from canlian_federation.shared.coded_columns import codes
from canlian_federation.shared.rows import FederationRow
from canlian_person_file.file_columns import NO_FACTS, FactsNews, FileFacts, facts_told

PersonNews = (
    PersonRegistered
    | PersonCorrected
    | PersonMoved
    | AccessNeedsRecorded
    | ConsentGiven
    | ConsentWithdrawn
    | FactsNews
    | MergedInto
    | MergedIntoUndone
    | RegistrationWithdrawn
    | PersonErased
    | MemberJoined
    | MemberLeft
)


class PersonEntry(FileFacts, FederationRow, table=True):
    """What is personal is None where it is sealed, was never given, or was erased.

    Once erased, the row is no more than a count: lists and searches leave it out, the population counts it still.
    """

    __tablename__ = "person_entry"
    # each holds all that one kind of question reads, so that the rows themselves are not. None on what is nothing in
    # most rows, such as `merged_into`: SQLite would take it for the way to those
    __table_args__ = (
        Index("person_entry_names", "name"),
        Index("person_entry_sounds", "sound"),
        Index("person_entry_initials", "initials"),
        Index("person_entry_numbers", "certificate_number", "citizen_id", "phone", "person_id"),
        Index(
            "person_entry_counted",
            *("community", "disability", "grade", "sex", "birth_date", "birth_year", "certified"),
            *("certificate_expires", "low_income", "features", "household_id", "erased_on", "died_on", "merged_into"),
            *("sound", "name", "person_id"),
        ),
    )

    person_id: str = Field(primary_key=True)
    community: str = Field(index=True)
    name: str | None = None
    pinyin: str = ""
    """With spaces: `zhang xiao ming`."""
    initials: str = ""
    sound: str = ""
    """What `names.sound` makes of the pinyin."""
    birth_date: date | None = None
    birth_year: int
    sex: str
    disability: int
    grade: int | None = None
    citizen_id: str | None = None
    phone: str | None = None
    address: str | None = None
    features: list[str] = codes()
    """What the person needs to be reached: codes of `AccessFeature`."""
    consents: list[str] = codes()
    registered_on: date
    merged_into: str | None = None
    """The file this one is another name of."""
    household_id: str | None = Field(default=None, index=True)
    """Where `hardships_of` says in which kinds of hardship they are."""
    erased_on: date | None = None


def _whose(event: Any) -> str:
    """A member of a household may be a relative, who has no row."""
    whose: str = event.member_id if isinstance(event, MemberJoined | MemberLeft) else event.person_id
    return whose


@projection(PersonEntry, key=_whose)
def people(row: PersonEntry | None, event: PersonNews, meta: Meta) -> PersonEntry | None:
    if isinstance(event, PersonRegistered):
        return _registered(event, meta)
    if row is None:
        return None
    told = facts_told(event, meta) if isinstance(event, FactsNews) else {}
    match event:
        case PersonCorrected():
            return _corrected(row, event)
        case PersonMoved():
            return row.with_(community=event.to_community, address=now_known(event.address, row.address))
        case DisabilityReclassified():
            return row.with_(disability=int(event.disability), grade=int(event.grade), **told)
        case CertificateWithdrawn():
            return row.with_(grade=event.grade and int(event.grade), **told)
        case AccessNeedsRecorded():
            return row.with_(features=sorted(event.features))
        case ConsentGiven():
            return row.with_(consents=sorted({*row.consents, event.purpose.value}))
        case ConsentWithdrawn():
            return row.with_(consents=[purpose for purpose in row.consents if purpose != event.purpose])
        case PersonDied():
            return row.with_(consents=[], **told)
        case MergedInto():
            return row.with_(merged_into=event.into)
        case MergedIntoUndone():
            return row.with_(merged_into=None)
        case RegistrationWithdrawn():
            return None
        case MemberJoined():
            return row.with_(household_id=event.household_id)
        case MemberLeft():
            return row.with_(household_id=None) if row.household_id == event.household_id else row
        case PersonErased():
            return row.with_(**_NOTHING, features=[], consents=[], erased_on=day_of(meta.said_at))
        case _:
            return row.with_(**told)


def _registered(event: PersonRegistered, meta: Meta) -> PersonEntry:
    citizen_id = opened(event.citizen_id)
    return PersonEntry(
        person_id=event.person_id,
        community=event.community,
        **_named(event.name),
        birth_date=_born(citizen_id),
        birth_year=event.birth_year,
        sex=event.sex.value,
        disability=int(event.disability),
        grade=int(event.grade) if event.grade else None,
        citizen_id=citizen_id,
        phone=opened(event.phone),
        address=opened(event.address),
        registered_on=day_of(meta.said_at),
    )


def _corrected(row: PersonEntry, event: PersonCorrected) -> PersonEntry:
    reached = {field: now_known(getattr(event, field), getattr(row, field)) for field in ("phone", "address")}
    return row.with_(**reached, **(_named(event.name) if opened(event.name) else {}))


def _named(name: str | Sealed | None) -> dict[str, Any]:
    plain = opened(name)
    said = name_matching.pinyin(plain or "")
    return {"name": plain, "pinyin": said, "initials": name_matching.initials(said), "sound": name_matching.sound(said)}


def _born(citizen_id: str | None) -> date | None:
    try:
        return CitizenId.read(citizen_id).birth_date if citizen_id else None
    except BadNumber:
        return None


_NOTHING: dict[str, Any] = {
    **_named(None),
    **NO_FACTS,
    **dict.fromkeys(("birth_date", "citizen_id", "phone", "address")),
}


def person_entry(db: Session, person_id: str) -> PersonEntry | None:
    return db.get(PersonEntry, person_id)


def within(scopes: Sequence[str]) -> ColumnElement[bool]:
    """A scope is a community's code or the beginning of several."""
    return or_(false(), *(col(PersonEntry.community).startswith(scope, autoescape=True) for scope in scopes))


def living() -> list[ColumnElement[bool]]:
    """Those who are there: whose death is not recorded, and no second file of somebody."""
    return [col(PersonEntry.died_on).is_(None), col(PersonEntry.merged_into).is_(None)]


def known() -> ColumnElement[bool]:
    """Those whom lists show. The others, whose data was erased, are only counted."""
    return col(PersonEntry.erased_on).is_(None)
