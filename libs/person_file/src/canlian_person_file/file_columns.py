"""What a person's file holds beyond who they are and how to reach them: columns for a tool's own row of persons.

class PersonRow(FileFacts, NeighboursRow, table=True): …

case CircumstancesRecorded() | … if isinstance(event, get_args(FactsNews)):
    return row.with_(**facts_told(event, meta))
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import DateTime
from sqlmodel import Field

from canlian_chassis.row import Row
from canlian_events.meta import Meta
from canlian_events.personal import opened
from canlian_events.registry.person import (
    CertificateExpired,
    CertificateExpiring,
    CertificateIssued,
    CertificateRenewed,
    CertificateWithdrawn,
    CircumstancesRecorded,
    CorrectionRequested,
    CorrectionSettled,
    DeathWithdrawn,
    DisabilityReclassified,
    ErasureDeclined,
    ErasureRequested,
    ErasureRequestWithdrawn,
    PersonDied,
    ReassessmentAsked,
)

FactsNews = (
    CertificateIssued
    | CertificateRenewed
    | CertificateWithdrawn
    | CertificateExpiring
    | CertificateExpired
    | CircumstancesRecorded
    | DisabilityReclassified
    | ReassessmentAsked
    | PersonDied
    | DeathWithdrawn
    | CorrectionRequested
    | CorrectionSettled
    | ErasureRequested
    | ErasureRequestWithdrawn
    | ErasureDeclined
)


class FileFacts(Row):
    """A shape. Personal values are None where they are sealed, or were never said."""

    low_income: bool | None = None
    orphan: bool | None = None
    employment: str | None = None
    schooling: str | None = None
    ethnicity: str | None = None
    carer_name: str | None = None
    carer_phone: str | None = None
    remark: str | None = None
    certified: bool = False
    certificate_number: str | None = None
    certificate_issued: date | None = None
    certificate_expires: date | None = None
    running_out: str | None = None
    """What was said of the certificate's expiry: `expiring`, then `expired`."""
    reassessment_until: date | None = None
    reassessment_asked: bool = False
    died_on: date | None = None
    correction_asked_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True), index=True)
    """Asked for, and not settled yet."""
    correction_words: str | None = None
    corrected: bool | None = None
    """Whether the last request led to a correction; None where none was settled."""
    correction_answer: str | None = None
    erasure_asked_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True), index=True)
    """Asked for, and neither done, declined nor taken back yet."""
    erasure_words: str | None = None
    erasure_declined: str | None = None
    """Why the last request was declined."""


_OF_A_CERTIFICATE = ("certificate_number", "certificate_issued", "certificate_expires", "running_out")


def facts_told(event: FactsNews, meta: Meta) -> dict[str, Any]:
    """The columns that the event changes. All personal ones among them go when the person is erased: `NO_FACTS`."""
    match event:
        case CertificateIssued() | CertificateRenewed():
            told: dict[str, Any] = {
                "certified": True,
                "certificate_number": opened(event.number),
                "certificate_issued": event.issued,
                "certificate_expires": event.expires,
                "running_out": None,
            }
            until = event.reassessment_until if isinstance(event, CertificateIssued) else None
            return told | ({"reassessment_until": until} if until else {})
        case CertificateWithdrawn():
            return dict.fromkeys(_OF_A_CERTIFICATE) | {"certified": False}
        case CertificateExpiring():
            return {"running_out": "expiring"}
        case CertificateExpired():
            return {"running_out": "expired"}
        case CircumstancesRecorded():
            known = event.circumstances
            return {
                "low_income": known.low_income,
                "orphan": known.orphan,
                "employment": known.employment.value if known.employment else None,
                "schooling": known.schooling.value if known.schooling else None,
                "ethnicity": known.ethnicity,
                "carer_name": opened(known.carer_name),
                "carer_phone": opened(known.carer_phone),
                "remark": opened(known.remark),
            }
        case DisabilityReclassified():
            return {"reassessment_until": event.reassessment_until, "reassessment_asked": False}
        case ReassessmentAsked():
            return {"reassessment_asked": True}
        case PersonDied():
            return {"died_on": event.on}
        case DeathWithdrawn():
            return {"died_on": None}
        case CorrectionRequested():
            asked = {"correction_asked_at": meta.said_at, "correction_words": opened(event.words)}
            return asked | {"corrected": None, "correction_answer": None}
        case CorrectionSettled():
            settled = {"corrected": event.corrected, "correction_answer": opened(event.why)}
            return settled | {"correction_asked_at": None, "correction_words": None}
        case ErasureRequested():
            return {"erasure_asked_at": meta.said_at, "erasure_words": opened(event.words), "erasure_declined": None}
        case ErasureRequestWithdrawn():
            return {"erasure_asked_at": None, "erasure_words": None}
        case ErasureDeclined():
            return {"erasure_asked_at": None, "erasure_words": None, "erasure_declined": opened(event.why)}


NO_FACTS: dict[str, Any] = {
    **dict.fromkeys(("orphan", "employment", "schooling", "ethnicity", "carer_name", "carer_phone", "remark")),
    **dict.fromkeys(("correction_asked_at", "correction_words", "corrected", "correction_answer")),
    **dict.fromkeys(("certificate_number", "erasure_asked_at", "erasure_words", "erasure_declined")),
}
"""What is left of them once the person is erased."""
