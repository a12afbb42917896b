"""What is under way and was done for one person, and the newest of what happened to their file, by when it happened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, or_, select

from canlian_events.registry.showing import FileShown
from canlian_federation.people.views import PersonEntry
from canlian_federation.shared.rows import OVERVIEW, TRAIL
from canlian_overview.rows import NeedRow, ReferralRow, ServiceRow, VisitRow
from canlian_overview.trail import EventRow

NEWEST = 30
"""How many events a file's page lists; the others are one click away."""


@dataclass(frozen=True, slots=True)
class Work:
    """Each list with the latest first."""

    needs: Sequence[NeedRow]
    visits: Sequence[VisitRow]
    referrals: Sequence[ReferralRow]
    services: dict[str, ServiceRow]
    happened: Sequence[EventRow]


def ids_of(db: Session, person_id: str) -> list[str]:
    """The ids that all mean this person: the file's own, and those of files that were merged into it."""
    merged = select(PersonEntry.person_id).where(PersonEntry.merged_into == person_id)
    return [person_id, *db.exec(merged.order_by(PersonEntry.person_id))]


def work_of(db: Session, person_id: str) -> Work:
    ids = ids_of(db, person_id)
    tables = OVERVIEW.tables
    need, visit, referral, service = tables.need, tables.visit, tables.referral, tables.service
    referrals = db.exec(
        select(referral).where(col(referral.person_id).in_(ids)).order_by(col(referral.referred_on).desc())
    ).all()
    named = {one.service_id for one in referrals}
    return Work(
        db.exec(select(need).where(col(need.person_id).in_(ids)).order_by(col(need.raised_on).desc())).all(),
        db.exec(select(visit).where(col(visit.person_id).in_(ids)).order_by(col(visit.due).desc())).all(),
        referrals,
        {row.service_id: row for row in db.exec(select(service).where(col(service.service_id).in_(named)))},
        _happened(db, ids),
    )


def _happened(db: Session, ids: Sequence[str]) -> Sequence[EventRow]:
    table = TRAIL.table
    about = or_(col(table.aggregate_id).in_(ids), col(table.about).in_(ids))
    query = (
        select(table)
        .where(about, table.type != FileShown.type)
        .order_by(col(table.said_at).desc(), col(table.position).desc())
    )
    return db.exec(query.limit(NEWEST)).all()


def correction_requests(db: Session, scopes: Sequence[str]) -> list[PersonEntry]:
    """Those who asked that something be corrected and wait for an answer, the longest first."""
    asked = col(PersonEntry.correction_asked_at)
    rows = db.exec(select(PersonEntry).where(asked.is_not(None)).order_by(asked)).all()
    return [row for row in rows if row.community.startswith(tuple(scopes))]


def erasure_requests(db: Session, scopes: Sequence[str]) -> list[PersonEntry]:
    """Those who asked to be erased and wait for an answer, the longest first."""
    asked = col(PersonEntry.erasure_asked_at)
    rows = db.exec(select(PersonEntry).where(asked.is_not(None)).order_by(asked)).all()
    return [row for row in rows if row.community.startswith(tuple(scopes))]
