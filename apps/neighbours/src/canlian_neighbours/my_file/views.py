"""A resident's own page, and what they are asked about."""

from __future__ import annotations

from canlian_chassis.projection import projection
from canlian_events.calendar import day_of
from canlian_events.evaluation.feedback import FeedbackAsked, FeedbackGiven, FeedbackReplied
from canlian_events.meta import Meta
from canlian_events.personal import now_known, opened
from canlian_events.registry.duplicates import MergedInto, MergedIntoUndone
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
from canlian_neighbours.shared.rows import FeedbackRow, PersonRow
from canlian_person_file.file_columns import FactsNews, facts_told

Of = (
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
)


@projection(PersonRow, key=lambda event: event.person_id)
def persons(row: PersonRow | None, event: Of, meta: Meta) -> PersonRow | None:
    if isinstance(event, PersonRegistered):
        return PersonRow(
            person_id=event.person_id,
            community=event.community,
            name=opened(event.name),
            citizen_id=opened(event.citizen_id),
            birth_year=event.birth_year,
            sex=event.sex.value,
            disability=int(event.disability),
            grade=int(event.grade) if event.grade else None,
            registered_on=day_of(meta.said_at),
            phone=opened(event.phone),
            address=opened(event.address),
        )
    if row is None:
        return None
    told = facts_told(event, meta) if isinstance(event, FactsNews) else {}
    match event:
        case RegistrationWithdrawn() | PersonErased():
            return None
        case MergedInto():
            return row.with_(merged_into=event.into)
        case MergedIntoUndone():
            return row.with_(merged_into=None)
        case PersonCorrected():
            return row.with_(
                name=now_known(event.name, row.name),
                phone=now_known(event.phone, row.phone),
                address=now_known(event.address, row.address),
            )
        case DisabilityReclassified():
            return row.with_(disability=int(event.disability), grade=int(event.grade), **told)
        case CertificateWithdrawn():
            return row.with_(grade=int(event.grade) if event.grade else None, **told)
        case PersonDied():
            return row.with_(consents=[], **told)
        case PersonMoved():
            return row.with_(community=event.to_community, address=now_known(event.address, row.address))
        case AccessNeedsRecorded():
            return row.with_(features=sorted(event.features))
        case ConsentGiven():
            return row.with_(consents=sorted({*row.consents, event.purpose.value}))
        case ConsentWithdrawn():
            return row.with_(consents=[purpose for purpose in row.consents if purpose != event.purpose])
        case _:
            return row.with_(**told)


@projection(FeedbackRow, key=lambda event: event.feedback_id)
def feedback(
    row: FeedbackRow | None, event: FeedbackAsked | FeedbackGiven | FeedbackReplied, meta: Meta
) -> FeedbackRow | None:
    match event, row:
        case FeedbackAsked(), _:
            return FeedbackRow(
                feedback_id=event.feedback_id,
                person_id=event.person_id,
                occasion=event.occasion,
                asked_at=meta.said_at,
                service_id=event.service_id,
            )
        case FeedbackGiven(), FeedbackRow():
            return row.with_(score=event.score, words=opened(event.words), given_at=meta.said_at)
        case FeedbackReplied(), FeedbackRow():
            return row.with_(reply=opened(event.words), replied_at=meta.said_at)
        case _:
            return row
