"""The persons of the communities: what a worker needs to recognise and reach them. No ID or certificate number."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, func, or_
from sqlmodel import Field, Session, col, select

from canlian_chassis.projection import projection
from canlian_chassis.views.columns import coded, moment
from canlian_chassis.views.merged_ids import meanings, meant, same
from canlian_events.meta import Meta
from canlian_events.personal import now_known, opened
from canlian_events.registry.duplicates import MergedInto, MergedIntoUndone
from canlian_events.registry.person import (
    AccessNeedsRecorded,
    CertificateIssued,
    CertificateRenewed,
    CertificateWithdrawn,
    CircumstancesRecorded,
    ConsentGiven,
    ConsentWithdrawn,
    DeathWithdrawn,
    DisabilityReclassified,
    PersonCorrected,
    PersonDied,
    PersonErased,
    PersonMoved,
    PersonRegistered,
    RegistrationWithdrawn,
)
from canlian_events.terms import AccessFeature, DisabilityClass, Grade, Purpose, Sex
from canlian_social_worker.shared.columns import SocialWorkerRow, within

SHOWN = 100
"""How many persons a search shows; more are found by typing more."""

PersonNews = (
    PersonRegistered
    | PersonCorrected
    | PersonMoved
    | DisabilityReclassified
    | CertificateIssued
    | CertificateRenewed
    | CertificateWithdrawn
    | CircumstancesRecorded
    | AccessNeedsRecorded
    | ConsentGiven
    | ConsentWithdrawn
    | PersonDied
    | DeathWithdrawn
    | MergedInto
    | MergedIntoUndone
    | RegistrationWithdrawn
    | PersonErased
)


class PersonRow(SocialWorkerRow, table=True):
    """`name`, `phone` and `address` are None where they are sealed or were never given.

    Once erased, the row is no more than a count: lists and searches leave it out.
    """

    __tablename__ = "person"

    person_id: str = Field(primary_key=True)
    community: str = Field(index=True)
    name: str | None = Field(index=True)
    phone: str | None = None
    address: str | None = None
    birth_year: int
    sex: Sex = coded(Sex)
    disability: DisabilityClass = coded(DisabilityClass)
    grade: Grade | None = coded(Grade, nullable=True)
    certified: bool = False
    certificate_expires: date | None = None
    low_income: bool | None = None
    access: list[str] = Field(default_factory=list, sa_type=JSON)
    consents: list[str] = Field(default_factory=list, sa_type=JSON)
    registered_at: datetime = moment()
    died_on: date | None = None
    merged_into: str | None = Field(default=None, index=True)
    """The file this one is another name of: lists and searches show that one."""
    erased_at: datetime | None = moment(default=None, nullable=True)
    erased_position: int | None = None

    @property
    def access_needs(self) -> list[AccessFeature]:
        return [feature for feature in AccessFeature if feature in self.access]

    @property
    def shares(self) -> bool:
        """Whether the person agreed that a provider is told about them."""
        return Purpose.SHARE_WITH_PROVIDER in self.consents

    def agreed(self, purpose: Purpose) -> bool:
        return purpose in self.consents


@projection(PersonRow, key=lambda event: event.person_id)
def persons(row: PersonRow | None, event: PersonNews, meta: Meta) -> PersonRow | None:
    if isinstance(event, PersonRegistered):
        return _registered(event, meta)
    if row is None:
        return None
    match event:
        case PersonCorrected():
            return _corrected(row, event)
        case PersonMoved():
            return row.with_(community=event.to_community, address=now_known(event.address, row.address))
        case DisabilityReclassified():
            return row.with_(disability=event.disability, grade=event.grade)
        case CertificateIssued() | CertificateRenewed():
            return row.with_(certified=True, certificate_expires=event.expires)
        case CertificateWithdrawn():
            return row.with_(certified=False, certificate_expires=None, grade=event.grade)
        case CircumstancesRecorded():
            return row.with_(low_income=event.circumstances.low_income)
        case AccessNeedsRecorded():
            return row.with_(access=sorted(event.features))
        case ConsentGiven():
            return row.with_(consents=sorted({*row.consents, event.purpose.value}))
        case ConsentWithdrawn():
            return row.with_(consents=[purpose for purpose in row.consents if purpose != event.purpose])
        case PersonDied():
            return row.with_(died_on=event.on, consents=[])
        case DeathWithdrawn():
            return row.with_(died_on=None)
        case MergedInto():
            return row.with_(merged_into=event.into)
        case MergedIntoUndone():
            return row.with_(merged_into=None)
        case RegistrationWithdrawn():
            return None
        case PersonErased():
            nothing: dict[str, Any] = {"name": None, "phone": None, "address": None, "access": [], "consents": []}
            return row.with_(**nothing, erased_at=meta.said_at, erased_position=meta.position)


def _registered(event: PersonRegistered, meta: Meta) -> PersonRow:
    return PersonRow(
        person_id=event.person_id,
        community=event.community,
        name=opened(event.name),
        phone=opened(event.phone),
        address=opened(event.address),
        birth_year=event.birth_year,
        sex=event.sex,
        disability=event.disability,
        grade=event.grade,
        registered_at=meta.said_at,
    )


def _corrected(row: PersonRow, event: PersonCorrected) -> PersonRow:
    return row.with_(
        **{name: now_known(getattr(event, name), getattr(row, name)) for name in ("name", "phone", "address")}
    )


def person(db: Session, person_id: str) -> PersonRow | None:
    """The file of this id, or the one it was merged into."""
    return meant(db, PersonRow, person_id)


def ids_of(db: Session, person_id: str) -> list[str]:
    """Every id under which something was done for the person."""
    return same(db, PersonRow, person_id)


def person_names(db: Session, ids: Iterable[str]) -> dict[str, str]:
    """Id → name, of those that can be read; a merged file's id has the name of the one that is kept."""
    ids = set(ids)
    wanted = sorted(ids)
    found: dict[str, str] = {}
    for start in range(0, len(wanted), 400):
        query = select(PersonRow).where(col(PersonRow.person_id).in_(wanted[start : start + 400]))
        found |= {row.person_id: row.name for row in db.exec(query).all() if row.name and not row.merged_into}
    kept = {id: into for id, into in meanings(db, PersonRow).items() if id in ids}
    names = person_names(db, kept.values()) if kept else {}
    return found | {id: names[into] for id, into in kept.items() if into in names}


def erased_among(db: Session, ids: Iterable[str]) -> frozenset[str]:
    """Those of them who were erased."""
    wanted, found = sorted(set(ids)), set[str]()
    for start in range(0, len(wanted), 400):
        some = col(PersonRow.person_id).in_(wanted[start : start + 400])
        found |= set(db.exec(select(PersonRow.person_id).where(some, col(PersonRow.erased_at).is_not(None))).all())
    return frozenset(found)


def search_persons(
    db: Session, scopes: Sequence[str], words: str, community: str = ""
) -> tuple[Sequence[PersonRow], int]:
    """Those whose name, phone or address holds the words, and how many they are in all; no words, everybody."""
    here = within(PersonRow.community, scopes)
    where = [here, col(PersonRow.erased_at).is_(None), col(PersonRow.merged_into).is_(None)]
    if community:
        where.append(col(PersonRow.community) == community)
    for word in words.split():
        fields = (PersonRow.name, PersonRow.phone, PersonRow.address)
        where.append(or_(*(col(field).contains(word, autoescape=True) for field in fields)))
    number = db.exec(select(func.count()).select_from(PersonRow).where(*where)).one()
    query = select(PersonRow).where(*where).order_by(PersonRow.community, col(PersonRow.name)).limit(SHOWN)
    return db.exec(query).all(), number
