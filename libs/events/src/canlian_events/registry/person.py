"""People with disabilities (残疾人): who they are, what is certified, what they need to be reached, what they allow.

Long, because what can be asked of an aggregate and can have happened to it is read top to bottom in one file.
"""

from __future__ import annotations

from datetime import date

from canlian_events.core import Command, Event, Message
from canlian_events.ids import CommunityCode, ImportId, PersonId
from canlian_events.personal import Personal
from canlian_events.registry.duplicates import (
    PERSON,
    DuplicateMerged,
    FoundDistinct,
    MergedInto,
    MergedIntoUndone,
    MergeDuplicate,
    MergeUndone,
    RecordDistinct,
    UndoMerge,
)
from canlian_events.terms import (
    AccessFeature,
    DisabilityClass,
    Employment,
    ErasureGround,
    Grade,
    Purpose,
    Role,
    Schooling,
    Sex,
)

CERTIFICATE_YEARS = 10
"""How long a certificate holds. Source: 残疾人证管理办法 (domain.md, clocks set by law)."""
REMINDER_DAYS = 60
"""How long before its expiry a certificate's bearer is reminded: time to be assessed again. Ours, not a law's."""
REASSESSMENT_WORKING_DAYS = 10
"""So many working days after a person was classified they may ask to be assessed again. Source: 残疾人证管理办法."""
_REGISTRARS = {Role.STAFF, Role.COMMISSIONER, Role.SOCIAL_WORKER, Role.OPERATOR, Role.PROGRAM}


class Certificate(Message):
    """残疾人证: its number holds the citizen ID, the class and the grade."""

    number: Personal[str]
    issued: date | None = None


class SheetRow(Message):
    """Which row of which sheet said so: `row` as the spreadsheet program numbers it."""

    import_id: ImportId
    row: int


class Circumstances(Message):
    """What bears on eligibility; a field left out is not known."""

    low_income: bool | None = None
    """In a minimum-living-guarantee (低保) household."""
    orphan: bool | None = None
    """孤儿: lost both parents, or has nobody who brings them up."""
    employment: Employment | None = None
    schooling: Schooling | None = None
    ethnicity: str | None = None
    carer_name: Personal[str] | None = None
    carer_phone: Personal[str] | None = None
    remark: Personal[str] | None = None


LONGEST_NAME = 60
"""Characters. Names of several parts, the longest on certificates, stay well below."""


class RegisterPerson(Command, to=PERSON, by=_REGISTRARS):
    """A resident with a disability, certified or not yet. Refused where the numbers are impossible or already held."""

    person_id: PersonId
    community: CommunityCode
    name: str
    citizen_id: str
    disability: DisabilityClass
    grade: Grade | None = None
    phone: str | None = None
    address: str | None = None


class RecordRosterEntry(Command, to=PERSON, by={Role.STAFF, Role.OPERATOR}):
    """One row of the roster (花名册): registers the person, corrects what differs, or changes nothing."""

    person_id: PersonId
    community: CommunityCode
    name: str
    citizen_id: str
    disability: DisabilityClass
    grade: Grade
    phone: str | None = None
    address: str | None = None
    certificate: Certificate
    circumstances: Circumstances = Circumstances()
    sheet_row: SheetRow | None = None


class TakeBackRosterEntry(Command, to=PERSON, by={Role.STAFF, Role.OPERATOR}):
    """What an import's row did to this person is undone: withdrawn where it registered them, else as they were before.

    Refused where something else happened to the person since.
    """

    person_id: PersonId
    sheet_row: SheetRow


class CorrectPerson(Command, to=PERSON, by=_REGISTRARS | {Role.RESIDENT}):
    """What is given replaces what was recorded; what is left out stays. A resident asks for another name
    (`RequestCorrection`)."""

    person_id: PersonId
    name: str | None = None
    phone: str | None = None
    address: str | None = None


class IssueCertificate(Command, to=PERSON, by=_REGISTRARS):
    person_id: PersonId
    number: str
    issued: date | None = None


class RenewCertificate(Command, to=PERSON, by=_REGISTRARS):
    """A replaced certificate; its number may bear a suffix B1, B2, …"""

    person_id: PersonId
    number: str
    issued: date


class RemindOfExpiry(Command, to=PERSON, by={Role.POLICY}):
    """The certificate that expires on that day soon does."""

    person_id: PersonId
    expires: date


class ExpireCertificate(Command, to=PERSON, by={Role.POLICY}):
    """The day the certificate was good for has passed. One that was replaced meanwhile is left alone."""

    person_id: PersonId
    expires: date


class ReclassifyDisability(Command, to=PERSON, by=_REGISTRARS):
    person_id: PersonId
    disability: DisabilityClass
    grade: Grade


class RecordCircumstances(Command, to=PERSON, by=_REGISTRARS):
    person_id: PersonId
    circumstances: Circumstances


class RecordAccessNeeds(Command, to=PERSON, by=_REGISTRARS | {Role.RESIDENT, Role.GRID_WORKER}):
    """How the person can be reached and what a place must have; replaces what was recorded before."""

    person_id: PersonId
    features: frozenset[AccessFeature]


class GiveConsent(Command, to=PERSON, by=_REGISTRARS | {Role.RESIDENT, Role.GRID_WORKER}):
    person_id: PersonId
    purpose: Purpose


class WithdrawConsent(Command, to=PERSON, by=_REGISTRARS | {Role.RESIDENT, Role.GRID_WORKER}):
    person_id: PersonId
    purpose: Purpose


class MovePerson(Command, to=PERSON, by=_REGISTRARS):
    person_id: PersonId
    to: CommunityCode
    address: str | None = None


class AskReassessment(Command, to=PERSON, by=_REGISTRARS | {Role.RESIDENT}):
    """The person disputes how they were classified (重新评定). Refused once `REASSESSMENT_WORKING_DAYS` have passed."""

    person_id: PersonId


class RecordDeath(Command, to=PERSON, by=_REGISTRARS | {Role.GRID_WORKER}):
    """Said again with another day, the day is corrected."""

    person_id: PersonId
    on: date


class WithdrawDeath(Command, to=PERSON, by=_REGISTRARS):
    """The death was recorded in error: the person lives, and their file is worked on again."""

    person_id: PersonId
    why: str


class RequestCorrection(Command, to=PERSON, by=_REGISTRARS | {Role.RESIDENT}):
    """The person says what in their file is wrong that they cannot correct themselves, such as their name, or somebody
    writes down that they said so. Staff look at the papers and settle it."""

    person_id: PersonId
    words: str


class SettleCorrection(Command, to=PERSON, by={Role.STAFF}):
    """What was asked is corrected, or is not, with the reason, which the person reads."""

    person_id: PersonId
    corrected: bool
    why: str | None = None


class RequestErasure(Command, to=PERSON, by=_REGISTRARS | {Role.RESIDENT}):
    """The person asks that their data be erased, or somebody writes down that they asked. Staff carry it out or say why
    not."""

    person_id: PersonId
    words: str | None = None


class WithdrawErasureRequest(Command, to=PERSON, by=_REGISTRARS | {Role.RESIDENT}):
    person_id: PersonId


class DeclineErasure(Command, to=PERSON, by={Role.STAFF}):
    """With the reason, which the person reads."""

    person_id: PersonId
    why: str


class ErasePerson(Command, to=PERSON, by={Role.STAFF, Role.OPERATOR}):
    """The person's data is destroyed for ever: their key is, and with it all that was sealed. Counts stay."""

    person_id: PersonId
    ground: ErasureGround


class PersonRegistered(Event, type="registry.person.registered", about="person_id"):
    person_id: PersonId
    community: CommunityCode
    name: Personal[str]
    citizen_id: Personal[str]
    phone: Personal[str] | None = None
    address: Personal[str] | None = None
    birth_year: int
    sex: Sex
    disability: DisabilityClass
    grade: Grade | None = None
    sheet_row: SheetRow | None = None


class PersonCorrected(Event, type="registry.person.corrected", about="person_id"):
    """The fields that changed, with their new values."""

    person_id: PersonId
    name: Personal[str] | None = None
    phone: Personal[str] | None = None
    address: Personal[str] | None = None
    sheet_row: SheetRow | None = None


class CertificateIssued(Event, type="registry.person.certificate-issued", about="person_id"):
    """`expires` is ten years after `issued`; both are absent where the paper did not say.

    `replaces` is the number held before, where it was another: nobody holds that one any more.
    """

    person_id: PersonId
    number: Personal[str]
    issued: date | None = None
    expires: date | None = None
    replaces: Personal[str] | None = None
    reassessment_until: date | None = None
    """The last day to dispute the class and grade on it, where that is still to come."""
    sheet_row: SheetRow | None = None


class CertificateRenewed(Event, type="registry.person.certificate-renewed", about="person_id"):
    """`replaces` is the number held before, where it was another: nobody holds that one any more."""

    person_id: PersonId
    number: Personal[str]
    issued: date
    expires: date
    replaces: Personal[str] | None = None
    sheet_row: SheetRow | None = None


class CertificateExpiring(Event, type="registry.person.certificate-expiring"):
    """A reminder: the person should be assessed again before the day it expires."""

    person_id: PersonId
    expires: date


class CertificateExpired(Event, type="registry.person.certificate-expired"):
    """The day after the last it was good for has begun."""

    person_id: PersonId
    expires: date


class DisabilityReclassified(Event, type="registry.person.disability-reclassified"):
    """Also what came of a re-assessment, where it changed nothing."""

    person_id: PersonId
    disability: DisabilityClass
    grade: Grade
    reassessment_until: date | None = None
    """The last day to dispute it."""
    sheet_row: SheetRow | None = None


class ReassessmentAsked(Event, type="registry.person.reassessment-asked"):
    person_id: PersonId


class CircumstancesRecorded(Event, type="registry.person.circumstances-recorded", about="person_id"):
    """The whole of what is known now."""

    person_id: PersonId
    circumstances: Circumstances
    sheet_row: SheetRow | None = None


class AccessNeedsRecorded(Event, type="registry.person.access-needs-recorded"):
    person_id: PersonId
    features: frozenset[AccessFeature]


class ConsentGiven(Event, type="registry.person.consent-given"):
    person_id: PersonId
    purpose: Purpose


class ConsentWithdrawn(Event, type="registry.person.consent-withdrawn"):
    person_id: PersonId
    purpose: Purpose


class PersonMoved(Event, type="registry.person.moved", about="person_id"):
    """Happens in the new community; says enough for that community's reader to begin from."""

    person_id: PersonId
    from_community: CommunityCode
    to_community: CommunityCode
    name: Personal[str] | None = None
    phone: Personal[str] | None = None
    address: Personal[str] | None = None
    """The new address; the old one where no other is known."""
    birth_year: int | None = None
    sex: Sex | None = None
    disability: DisabilityClass | None = None
    grade: Grade | None = None
    sheet_row: SheetRow | None = None
    back: bool | None = None
    """The move before it is taken back: as if it had never been."""


class CertificateWithdrawn(Event, type="registry.person.certificate-withdrawn", about="person_id"):
    """The person holds no certificate any more; its number is free. `grade` is what is known without it."""

    person_id: PersonId
    number: Personal[str]
    grade: Grade | None = None
    sheet_row: SheetRow | None = None


class RegistrationWithdrawn(Event, type="registry.person.registration-withdrawn", about="person_id"):
    """As if the person had never been registered: they count nowhere, their numbers are free, and their id may be
    registered again. Nothing else had happened to them."""

    person_id: PersonId
    citizen_id: Personal[str] | None = None
    certificate: Personal[str] | None = None
    sheet_row: SheetRow | None = None


class RosterEntryTakenBack(Event, type="registry.person.roster-entry-taken-back"):
    """The last of the events that undo what a row changed: the person is as they were before it."""

    person_id: PersonId
    sheet_row: SheetRow


class PersonDied(Event, type="registry.person.died"):
    """Where it happens again, the day was corrected. Consents end with the person."""

    person_id: PersonId
    on: date


class DeathWithdrawn(Event, type="registry.person.death-withdrawn", about="person_id"):
    """It had been recorded in error. What was closed because of it stays closed until somebody opens it again."""

    person_id: PersonId
    why: Personal[str]


class CorrectionRequested(Event, type="registry.person.correction-requested", about="person_id"):
    """Where one waits already, these words replace its."""

    person_id: PersonId
    words: Personal[str]


class CorrectionSettled(Event, type="registry.person.correction-settled", about="person_id"):
    """`why` is there where it was not corrected, and may be where it was."""

    person_id: PersonId
    corrected: bool
    why: Personal[str] | None = None


class ErasureRequested(Event, type="registry.person.erasure-requested", about="person_id"):
    person_id: PersonId
    words: Personal[str] | None = None


class ErasureRequestWithdrawn(Event, type="registry.person.erasure-request-withdrawn"):
    person_id: PersonId


class ErasureDeclined(Event, type="registry.person.erasure-declined", about="person_id"):
    person_id: PersonId
    why: Personal[str]


class PersonErased(Event, type="registry.person.erased", about="person_id", erases=True):
    """Nothing may happen to the person after it. The numbers held until then are free again.

    They are sealed like everything else, by the key that is destroyed because of this event.
    """

    person_id: PersonId
    ground: ErasureGround
    citizen_id: Personal[str] | None = None
    certificate: Personal[str] | None = None


PersonCommand = (
    RegisterPerson
    | RecordRosterEntry
    | TakeBackRosterEntry
    | CorrectPerson
    | IssueCertificate
    | RenewCertificate
    | RemindOfExpiry
    | ExpireCertificate
    | ReclassifyDisability
    | RecordCircumstances
    | RecordAccessNeeds
    | GiveConsent
    | WithdrawConsent
    | MovePerson
    | AskReassessment
    | RecordDeath
    | WithdrawDeath
    | RequestCorrection
    | SettleCorrection
    | RequestErasure
    | WithdrawErasureRequest
    | DeclineErasure
    | ErasePerson
    | MergeDuplicate
    | UndoMerge
    | RecordDistinct
)
PersonEvent = (
    PersonRegistered
    | PersonCorrected
    | CertificateIssued
    | CertificateRenewed
    | CertificateExpiring
    | CertificateExpired
    | DisabilityReclassified
    | CircumstancesRecorded
    | AccessNeedsRecorded
    | ConsentGiven
    | ConsentWithdrawn
    | PersonMoved
    | ReassessmentAsked
    | PersonDied
    | DeathWithdrawn
    | CorrectionRequested
    | CorrectionSettled
    | ErasureRequested
    | ErasureRequestWithdrawn
    | ErasureDeclined
    | CertificateWithdrawn
    | RegistrationWithdrawn
    | RosterEntryTakenBack
    | PersonErased
    | DuplicateMerged
    | MergedInto
    | MergeUndone
    | MergedIntoUndone
    | FoundDistinct
)
