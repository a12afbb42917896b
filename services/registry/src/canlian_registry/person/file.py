"""What the registry remembers of one person, and how each event changes it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal, assert_never

from canlian_chassis.decider import Rejected
from canlian_events.personal import Sealed, map_personal
from canlian_events.registry.duplicates import (
    DuplicateMerged,
    FoundDistinct,
    MergedInto,
    MergedIntoUndone,
    MergeUndone,
)
from canlian_events.registry.person import (
    AccessNeedsRecorded,
    CertificateExpired,
    CertificateExpiring,
    CertificateIssued,
    CertificateRenewed,
    Circumstances,
    CircumstancesRecorded,
    ConsentGiven,
    ConsentWithdrawn,
    DisabilityReclassified,
    PersonCorrected,
    PersonErased,
    PersonEvent,
    PersonMoved,
    PersonRegistered,
)
from canlian_events.terms import AccessFeature, DisabilityClass, Grade, Purpose, Sex

NOTHING_KNOWN = Circumstances()


@dataclass(frozen=True, slots=True)
class Held:
    """A certificate: its number, and when it was issued if that is known."""

    number: str | Sealed
    issued: date | None = None


@dataclass(frozen=True, slots=True)
class File:
    """One person's file. Personal values are plain, or sealed where the service has no key."""

    community: str
    name: str | Sealed
    citizen_id: str | Sealed
    phone: str | Sealed | None
    address: str | Sealed | None
    birth_year: int
    sex: Sex
    disability: DisabilityClass
    grade: Grade | None
    certificate: Held | None = None
    running_out: Literal["expiring", "expired"] | None = None
    """What was said of the certificate's expiry so far."""
    circumstances: Circumstances = NOTHING_KNOWN
    features: frozenset[AccessFeature] = frozenset()
    consents: frozenset[Purpose] = frozenset()
    merged: frozenset[str] = frozenset()
    """The ids of files that are other names of this one."""
    into: str | None = None
    """The file this one is another name of."""
    distinct: frozenset[str] = frozenset()
    """Who is not this person, though alike."""


@dataclass(frozen=True, slots=True)
class Erased:
    """Nothing is known any more, and nothing may happen any more."""

    community: str


Person = File | Erased | None


def must_be_readable(person: File) -> None:
    """Raises `person.unreadable`: what is sealed can be neither compared nor corrected."""
    values: list[Any] = [person.name, person.citizen_id, person.phone, person.address]
    values += [person.certificate.number] if person.certificate else []

    def collect(_path: str, value: Any) -> Any:
        values.append(value)
        return value

    map_personal(person.circumstances, collect)
    if any(isinstance(value, Sealed) for value in values):
        raise Rejected("person.unreadable")


def evolve(person: Person, event: PersonEvent) -> Person:
    if isinstance(event, PersonRegistered):
        return _begin(event)
    assert isinstance(person, File), f"{type(event).__name__} cannot have happened to nobody"
    match event:
        case PersonCorrected():
            changed = {
                name: value for name in ("name", "phone", "address") if (value := getattr(event, name)) is not None
            }
            return replace(person, **changed)
        case CertificateIssued() | CertificateRenewed():
            return replace(person, certificate=Held(event.number, event.issued), running_out=None)
        case CertificateExpiring():
            return replace(person, running_out="expiring")
        case CertificateExpired():
            return replace(person, running_out="expired")
        case DisabilityReclassified():
            return replace(person, disability=event.disability, grade=event.grade)
        case CircumstancesRecorded():
            return replace(person, circumstances=event.circumstances)
        case AccessNeedsRecorded():
            return replace(person, features=event.features)
        case ConsentGiven():
            return replace(person, consents=person.consents | {event.purpose})
        case ConsentWithdrawn():
            return replace(person, consents=person.consents - {event.purpose})
        case PersonMoved():
            address = person.address if event.address is None else event.address
            return replace(person, community=event.to_community, address=address)
        case PersonErased():
            return Erased(person.community)
        case DuplicateMerged():
            return replace(person, merged=person.merged | {event.duplicate})
        case MergeUndone():
            return replace(person, merged=person.merged - {event.duplicate})
        case MergedInto():
            return replace(person, into=event.into)
        case MergedIntoUndone():
            return replace(person, into=None)
        case FoundDistinct():
            return replace(person, distinct=person.distinct | {event.other})
        case _:
            assert_never(event)


def _begin(event: PersonRegistered) -> File:
    return File(
        event.community,
        event.name,
        event.citizen_id,
        event.phone,
        event.address,
        event.birth_year,
        event.sex,
        event.disability,
        event.grade,
    )
