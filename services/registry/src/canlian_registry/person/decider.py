"""The rules of a person's file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, get_args

from canlian_chassis.decider import Claim, Decider, Given, Rejected
from canlian_events.core import Event
from canlian_events.registry.duplicates import PERSON, MergeDuplicate, RecordDistinct, UndoMerge
from canlian_events.registry.person import (
    AccessNeedsRecorded,
    AskReassessment,
    CertificateIssued,
    CertificateRenewed,
    CertificateWithdrawn,
    ConsentGiven,
    ConsentWithdrawn,
    CorrectPerson,
    DeclineErasure,
    ErasePerson,
    ExpireCertificate,
    GiveConsent,
    IssueCertificate,
    MovePerson,
    PersonCommand,
    PersonErased,
    PersonEvent,
    PersonRegistered,
    ReclassifyDisability,
    RecordAccessNeeds,
    RecordCircumstances,
    RecordDeath,
    RecordRosterEntry,
    RegisterPerson,
    RegistrationWithdrawn,
    RemindOfExpiry,
    RenewCertificate,
    RequestCorrection,
    RequestErasure,
    SettleCorrection,
    TakeBackRosterEntry,
    WithdrawConsent,
    WithdrawDeath,
    WithdrawErasureRequest,
)
from canlian_events.terms import Role, Sex
from canlian_registry.calling import must_be_a_name, phone_of
from canlian_registry.imported import acted_on
from canlian_registry.person import certificates, classifying, correcting, endings, merging
from canlian_registry.person.file import Erased, File, Person, Withdrawn, evolve, must_be_readable
from canlian_registry.person.roster import correct, moved, must_be_open, record_circumstances, record_entry
from canlian_registry.person.taking_back import Since, take_back
from canlian_registry.views import Place, place

if TYPE_CHECKING:
    from sqlmodel import Session


def decide(command: PersonCommand, person: Person, given: Given) -> Sequence[PersonEvent]:
    if Role.RESIDENT in type(command).by:
        _only_their_own(command, person, given)
    if isinstance(person, File):
        endings.must_live(command, person)
    match command, person:
        case ErasePerson(), Erased():
            return []
        case _, Erased():
            raise Rejected("person.erased")
        case RemindOfExpiry() | ExpireCertificate(), File():
            # time goes on for a merged file too, so that it is right once the merge is undone
            return certificates.run_out(command, person)
        case _, File(into=str(into)):
            raise Rejected("person.merged", merged=command.person_id, into=into)
        case RegisterPerson(), _:
            return _register(command, _there(person), given)
        case RecordRosterEntry(), _:
            return record_entry(command, _there(person), given)
        case TakeBackRosterEntry(), _:
            return take_back(command, person, given)
        case ErasePerson(), Withdrawn():
            return [PersonErased.from_(command)]
        case _, None | Withdrawn():
            raise Rejected("person.unknown")
        case ErasePerson(), File():
            # also where nothing can be read: what cannot be opened can still be destroyed
            return merging.erase(command, person, given)
        case MergeDuplicate(), File():
            return merging.merge(command, person, given)
        case UndoMerge(), File():
            return merging.undo(command, person, given)
        case RecordDistinct(), File():
            return merging.found_distinct(command, person, given)
        case GiveConsent(), File(consents=consents):
            return [] if command.purpose in consents else [ConsentGiven.from_(command)]
        case WithdrawConsent(), File(consents=consents):
            if command.purpose not in consents:
                raise Rejected("person.no_consent", purpose=command.purpose)
            return [ConsentWithdrawn.from_(command)]
        case RecordAccessNeeds(), File(features=features):
            return [] if command.features == features else [AccessNeedsRecorded.from_(command)]
        case ReclassifyDisability(), File():
            return classifying.reclassify(command, person, given)
        case AskReassessment(), File():
            return classifying.ask_reassessment(command, person, given)
        case RecordDeath(), File():
            return endings.die(command, person, given)
        case WithdrawDeath(), File():
            return endings.live_on(command, person)
        case RequestCorrection() | SettleCorrection(), File():
            return correcting.ask_correction(command, person)
        case RequestErasure() | WithdrawErasureRequest() | DeclineErasure(), File():
            return endings.ask_erasure(command, person)
        case _, File():
            must_be_readable(person)
            return _change(command, person, given)
        case _:
            raise AssertionError(f"{type(command).__name__} is not decided")


def _there(person: File | Withdrawn | None) -> File | None:
    """Who was withdrawn may be registered anew."""
    return person if isinstance(person, File) else None


def _change(command: PersonCommand, person: File, given: Given) -> Sequence[PersonEvent]:
    """What looks at personal values."""
    match command:
        case CorrectPerson():
            correcting.must_not_rename_themselves(command, person, given)
            if command.name is not None:
                must_be_a_name("person.", command.name)
            phone = phone_of("person.", command.phone)
            return list(correct(command.person_id, person, command.name, phone, command.address))
        case IssueCertificate():
            return certificates.issue(command, person, given)
        case RenewCertificate():
            return certificates.renew(command, person, given)
        case RecordCircumstances():
            return list(record_circumstances(command.person_id, person.circumstances, command.circumstances))
        case MovePerson():
            return _move(command, person, given)
        case _:
            raise AssertionError(f"{type(command).__name__} is decided above")


def _only_their_own(command: PersonCommand, person: Person, given: Given) -> None:
    """A resident acts on their own file; whoever acts for others does so by another role, where they hold it."""
    others = replace(given.by, roles=given.by.roles - {Role.RESIDENT})
    where = person.community if person else given.community
    own = {command.person_id, *(person.merged if isinstance(person, File) else ())}
    if given.by.id not in own and not others.may_act_in(type(command), where):
        raise Rejected("person.not_yours")


def _register(command: RegisterPerson, person: File | None, given: Given) -> Sequence[PersonEvent]:
    citizen_id = certificates.read_citizen_id(command.citizen_id, given.at)
    must_be_a_name("person.", command.name)
    registered = PersonRegistered.from_(
        command,
        citizen_id=citizen_id.number,
        phone=phone_of("person.", command.phone) or None,
        address=command.address or None,
        birth_year=citizen_id.birth_date.year,
        sex=Sex(citizen_id.sex),
    )
    if person is None:
        must_be_open(command.community, given.facts)
        return [registered]
    must_be_readable(person)
    if any(getattr(registered, field) != (getattr(person, field) or None) for field in _REGISTERED):
        raise Rejected("person.already_registered")
    return []


_REGISTERED = ("community", "name", "citizen_id", "phone", "address", "disability", "grade")


def _move(command: MovePerson, person: File, given: Given) -> Sequence[PersonEvent]:
    """To where they live already, with another address: the address is corrected."""
    if command.to == person.community:
        return list(correct(command.person_id, person, None, None, command.address or None))
    must_be_open(command.to, given.facts)
    return [moved(command.person_id, person, command.to, command.address)]


def community_of(command: PersonCommand) -> str | None:
    """A move happens where the person moves to."""
    match command:
        case MovePerson():
            return command.to
        case RegisterPerson() | RecordRosterEntry():
            return command.community
        case _:
            return None


def claims(event: Event) -> Iterable[Claim]:
    """A citizen ID and a certificate number are one person's; a replaced one, or one of an erased person, nobody's."""
    match event:
        case PersonRegistered(citizen_id=str(citizen_id)):
            yield Claim("citizen-id", citizen_id, taken="person.citizen_id_taken")
        case CertificateWithdrawn(number=str(number)):
            yield Claim("certificate", number, taken="person.certificate_taken", release=True)
        case CertificateIssued(number=str(number)) | CertificateRenewed(number=str(number)):
            if isinstance(event.replaces, str):
                yield Claim("certificate", event.replaces, taken="person.certificate_taken", release=True)
            yield Claim("certificate", number, taken="person.certificate_taken")
        case PersonErased() | RegistrationWithdrawn():
            if isinstance(event.citizen_id, str):
                yield Claim("citizen-id", event.citizen_id, taken="person.citizen_id_taken", release=True)
            if isinstance(event.certificate, str):
                yield Claim("certificate", event.certificate, taken="person.certificate_taken", release=True)


def find_facts(session: Session, command: PersonCommand, person: Person) -> Place | Since:
    """Where the command would register or move somebody to; what happened since what it would undo."""
    if isinstance(command, TakeBackRosterEntry):
        before = person.brought.before if isinstance(person, File) and person.brought else None
        home = place(session, before.community) if before else Place()
        return Since(home, acted_on(session, command.person_id))
    community = community_of(command)
    return place(session, community) if community else Place()


person: Decider[PersonCommand, Person, PersonEvent] = Decider(
    PERSON,
    get_args(PersonCommand),
    decide,
    evolve,
    initial=None,
    community=community_of,
    claims=claims,
    facts=find_facts,
    beside=merging.beside,
)
