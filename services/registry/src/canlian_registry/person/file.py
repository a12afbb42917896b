"""What the registry remembers of one person, and how each event changes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Literal

from canlian_chassis.decider import Rejected
from canlian_events.personal import Sealed, map_personal
from canlian_events.registry.duplicates import (
    DuplicateMerged,
    FoundDistinct,
    MergedInto,
    MergedIntoUndone,
    MergeUndone,
    TakenOver,
)
from canlian_events.registry.person import (
    AccessNeedsRecorded,
    CertificateExpired,
    CertificateExpiring,
    CertificateIssued,
    CertificateRenewed,
    CertificateWithdrawn,
    Circumstances,
    CircumstancesRecorded,
    ConsentGiven,
    ConsentWithdrawn,
    CorrectionRequested,
    CorrectionSettled,
    DeathWithdrawn,
    DisabilityReclassified,
    ErasureDeclined,
    ErasureRequested,
    ErasureRequestWithdrawn,
    PersonCorrected,
    PersonDied,
    PersonErased,
    PersonEvent,
    PersonMoved,
    PersonRegistered,
    ReassessmentAsked,
    RegistrationWithdrawn,
    RosterEntryTakenBack,
    SheetRow,
)
from canlian_events.terms import AccessFeature, DisabilityClass, Grade, Purpose, Sex

NOTHING_KNOWN = Circumstances()


@dataclass(frozen=True, slots=True)
class Held:
    """A certificate: its number, and when it was issued if that is known."""

    number: str | Sealed
    issued: date | None = None


@dataclass(frozen=True, slots=True)
class Brought:
    """The import whose row did the last that happened, and the file before it: None where the row registered them."""

    import_id: str
    before: File | None


@dataclass(frozen=True, slots=True)
class BeforeMerge:
    """What stood in a file when it took something from one merged into it."""

    name: str | Sealed
    phone: str | Sealed | None
    address: str | Sealed | None
    features: frozenset[AccessFeature]
    taken: frozenset[TakenOver]


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
    refused: frozenset[Purpose] = frozenset()
    """Consent was taken back, and not given again."""
    merged: frozenset[str] = frozenset()
    """The ids of files that are other names of this one."""
    before_merges: Mapping[str, BeforeMerge] = field(default_factory=dict)
    """Of those that this file took something from: what stood here before."""
    into: str | None = None
    """The file this one is another name of."""
    distinct: frozenset[str] = frozenset()
    """Who is not this person, though alike."""
    reassessment_until: date | None = None
    """The last day to dispute the class and grade, where it is known."""
    reassessment_asked: bool = False
    died_on: date | None = None
    correction: str | Sealed | None = None
    """In the person's words, what they asked to have corrected, until it is settled."""
    corrected_since: bool = False
    """Whether anything of the file was changed while that waited."""
    erasure_requested: bool = False
    brought: Brought | None = None
    """None where something else happened since, or a person registered them by hand."""


@dataclass(frozen=True, slots=True)
class Erased:
    """Nothing is known any more, and nothing may happen any more."""

    community: str


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """As if never registered; the id may be registered again."""

    community: str


Person = File | Withdrawn | Erased | None


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


_CORRECTING = (
    PersonCorrected, CertificateIssued, CertificateRenewed, CertificateWithdrawn, DisabilityReclassified,
    CircumstancesRecorded, AccessNeedsRecorded, PersonMoved,
)  # fmt: skip
"""What somebody may have asked to have corrected."""


def evolve(person: Person, event: PersonEvent) -> Person:
    if isinstance(event, PersonRegistered):
        return _begin(event)
    if isinstance(event, PersonErased):
        assert isinstance(person, File | Withdrawn), "nobody is there to be erased"
        return Erased(person.community)
    assert isinstance(person, File), f"{type(event).__name__} cannot have happened to nobody"
    if isinstance(event, RegistrationWithdrawn):
        return Withdrawn(person.community)
    if isinstance(event, RosterEntryTakenBack):
        assert person.brought is not None, "no sheet had said anything"
        assert person.brought.before is not None, "nothing was there before"
        return replace(person.brought.before, running_out=person.running_out)
    changed = _changed(person, event)
    waits = changed.correction is not None
    since = waits and (person.corrected_since or isinstance(event, _CORRECTING))
    return replace(changed, brought=_brought(person, event), corrected_since=since)


def _changed(person: File, event: PersonEvent) -> File:
    match event:
        case PersonCorrected():
            changed = {
                name: value for name in ("name", "phone", "address") if (value := getattr(event, name)) is not None
            }
            return replace(person, **changed)
        case CertificateIssued() | CertificateRenewed():
            until = event.reassessment_until if isinstance(event, CertificateIssued) else None
            held = Held(event.number, event.issued)
            return replace(
                person, certificate=held, running_out=None, reassessment_until=until or person.reassessment_until
            )
        case CertificateWithdrawn():
            return replace(person, certificate=None, running_out=None, grade=event.grade)
        case CertificateExpiring():
            return replace(person, running_out="expiring")
        case CertificateExpired():
            return replace(person, running_out="expired")
        case DisabilityReclassified():
            return replace(
                person,
                disability=event.disability,
                grade=event.grade,
                reassessment_until=event.reassessment_until,
                reassessment_asked=False,
            )
        case ReassessmentAsked():
            return replace(person, reassessment_asked=True)
        case CircumstancesRecorded():
            return replace(person, circumstances=event.circumstances)
        case AccessNeedsRecorded():
            return replace(person, features=event.features)
        case ConsentGiven():
            purpose = {event.purpose}
            return replace(person, consents=person.consents | purpose, refused=person.refused - purpose)
        case ConsentWithdrawn():
            purpose = {event.purpose}
            return replace(person, consents=person.consents - purpose, refused=person.refused | purpose)
        case PersonMoved():
            address = person.address if event.address is None else event.address
            return replace(person, community=event.to_community, address=address)
        case PersonDied():
            return replace(person, died_on=event.on, consents=frozenset())
        case DeathWithdrawn():
            return replace(person, died_on=None)
        case CorrectionRequested():
            return replace(person, correction=event.words)
        case CorrectionSettled():
            return replace(person, correction=None)
        case ErasureRequested():
            return replace(person, erasure_requested=True)
        case ErasureRequestWithdrawn() | ErasureDeclined():
            return replace(person, erasure_requested=False)
        case DuplicateMerged():
            return _merged(person, event)
        case MergeUndone():
            kept = {duplicate: what for duplicate, what in person.before_merges.items() if duplicate != event.duplicate}
            return replace(person, merged=person.merged - {event.duplicate}, before_merges=kept)
        case MergedInto():
            return replace(person, into=event.into)
        case MergedIntoUndone():
            return replace(person, into=None)
        case FoundDistinct():
            return replace(person, distinct=person.distinct | {event.other})
        case _:
            raise AssertionError(f"{type(event).__name__} is folded above")


def _merged(person: File, event: DuplicateMerged) -> File:
    """What is taken over comes after this event, so that all still stands here as it was."""
    both = replace(person, merged=person.merged | {event.duplicate})
    if not event.taken:
        return both
    stood = BeforeMerge(person.name, person.phone, person.address, person.features, event.taken)
    return replace(both, before_merges={**person.before_merges, event.duplicate: stood})


def _brought(person: File, event: PersonEvent) -> Brought | None:
    """A certificate that runs out by itself is no act of anybody's; whatever else no sheet said, is."""
    if isinstance(event, CertificateExpiring | CertificateExpired):
        return person.brought
    row: SheetRow | None = getattr(event, "sheet_row", None)
    if row is None:
        return None
    if person.brought and person.brought.import_id == row.import_id:
        return person.brought
    return Brought(row.import_id, person)


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
        brought=Brought(event.sheet_row.import_id, None) if event.sheet_row else None,
    )
