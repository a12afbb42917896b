"""A person's death, and their wish that their data be erased: what ends a file, or is asked to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from canlian_chassis.decider import Given, Rejected
from canlian_events.calendar import day_of
from canlian_events.numbers import BadNumber, CitizenId
from canlian_events.registry.person import (
    AskReassessment,
    DeathWithdrawn,
    DeclineErasure,
    ErasureDeclined,
    ErasureRequested,
    ErasureRequestWithdrawn,
    GiveConsent,
    IssueCertificate,
    MovePerson,
    PersonCommand,
    PersonDied,
    PersonEvent,
    ReclassifyDisability,
    RecordAccessNeeds,
    RecordCircumstances,
    RecordDeath,
    RecordRosterEntry,
    RenewCertificate,
    RequestErasure,
    WithdrawConsent,
    WithdrawDeath,
    WithdrawErasureRequest,
)
from canlian_registry.person.file import File

FOR_THE_LIVING = (
    RecordRosterEntry,
    IssueCertificate,
    RenewCertificate,
    ReclassifyDisability,
    AskReassessment,
    RecordCircumstances,
    RecordAccessNeeds,
    GiveConsent,
    WithdrawConsent,
    MovePerson,
)
"""What makes no sense for somebody who died. Their record may still be corrected, and erased."""


def must_live(command: PersonCommand, person: File) -> None:
    """Raises `person.dead`."""
    if person.died_on is not None and isinstance(command, FOR_THE_LIVING):
        raise Rejected("person.dead", died_on=person.died_on)


def die(command: RecordDeath, person: File, given: Given) -> Sequence[PersonEvent]:
    """Needs no personal value that can be read: where the number is sealed, the birth year has to do."""
    if command.on > day_of(given.at):
        raise Rejected("person.death_in_future", died_on=command.on)
    if command.on < _born(person):
        raise Rejected("person.death_before_birth", died_on=command.on)
    return [] if command.on == person.died_on else [PersonDied.from_(command)]


def _born(person: File) -> date:
    try:
        return CitizenId.read(person.citizen_id).birth_date if isinstance(person.citizen_id, str) else _new_year(person)
    except BadNumber:
        return _new_year(person)


def _new_year(person: File) -> date:
    return date(person.birth_year, 1, 1)


def live_on(command: WithdrawDeath, person: File) -> Sequence[PersonEvent]:
    if person.died_on is None:
        raise Rejected("person.not_dead")
    if not command.why:
        raise Rejected("person.no_reason")
    return [DeathWithdrawn.from_(command)]


def ask_erasure(
    command: RequestErasure | WithdrawErasureRequest | DeclineErasure, person: File
) -> Sequence[PersonEvent]:
    match command:
        case RequestErasure():
            asked = ErasureRequested.from_(command, words=command.words or None)
            return [] if person.erasure_requested else [asked]
        case WithdrawErasureRequest():
            return [ErasureRequestWithdrawn.from_(command)] if person.erasure_requested else []
        case DeclineErasure():
            if not person.erasure_requested:
                raise Rejected("person.erasure_not_requested")
            if not command.why:
                raise Rejected("person.no_reason")
            return [ErasureDeclined.from_(command)]
