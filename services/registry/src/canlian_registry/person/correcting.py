"""What a person may not correct alone (their name, their numbers): they ask, staff correct it or say why not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from canlian_chassis.decider import Given, Rejected
from canlian_events.registry.person import (
    CorrectionRequested,
    CorrectionSettled,
    CorrectPerson,
    PersonEvent,
    RequestCorrection,
    SettleCorrection,
)
from canlian_events.terms import Role
from canlian_registry.person.file import File


def must_not_rename_themselves(command: CorrectPerson, person: File, given: Given) -> None:
    """A name stands on the certificate and the citizen ID: whoever keeps the register looks at those first."""
    others = replace(given.by, roles=given.by.roles - {Role.RESIDENT})
    if command.name is not None and not others.may_act_in(type(command), person.community):
        raise Rejected("person.name_on_request")


def ask_correction(command: RequestCorrection | SettleCorrection, person: File) -> Sequence[PersonEvent]:
    """Asked again in other words, those hold. Settled with a reason, it was not corrected; without one, it was."""
    match command:
        case RequestCorrection():
            if not command.words:
                raise Rejected("person.no_words")
            return [] if command.words == person.correction else [CorrectionRequested.from_(command)]
        case SettleCorrection():
            if person.correction is None:
                raise Rejected("person.correction_not_requested")
            if not command.corrected and not command.why:
                raise Rejected("person.no_reason")
            if command.corrected and not person.corrected_since:
                raise Rejected("person.nothing_corrected")
            return [CorrectionSettled.from_(command, why=command.why or None)]
