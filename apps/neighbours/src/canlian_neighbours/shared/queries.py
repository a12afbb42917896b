"""What the pages ask the view."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, or_, select

from canlian_chassis.views.merged_ids import meant, same
from canlian_events.terms import WorkerKind
from canlian_neighbours.requests.request_status import Standing, standing
from canlian_neighbours.shared.rows import (
    CommunityRow,
    FeedbackRow,
    NeedRow,
    PersonRow,
    ProviderRow,
    ReferralRow,
    ServiceRow,
    StepRow,
    WorkerRow,
)


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom to call; no worker where none is named yet."""

    community: str
    name: str | None = None
    kind: WorkerKind | None = None
    phone: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """A service, with whom to ask there."""

    name: str
    provider: str
    phone: str | None
    address: str | None
    hours: str | None


@dataclass(frozen=True, slots=True)
class Followed:
    """A need as its page shows it."""

    need: NeedRow
    standing: Standing
    steps: Sequence[StepRow]
    services: dict[str, str]
    service: Place | None
    open_referral: str | None
    contact: Contact


OPEN_STAGES = {"waiting", "accepted", "waitlisted", "offered", "running"}


def open_communities(db: Session) -> list[tuple[str, str]]:
    """Pairs of code and name, by name."""
    rows = db.exec(select(CommunityRow).where(col(CommunityRow.is_open)).order_by(CommunityRow.community)).all()
    return [(row.community, row.name) for row in rows]


def followed(db: Session, number: str) -> Followed | None:
    need = db.exec(select(NeedRow).where(NeedRow.number == number)).first()
    if need is None:
        return None
    referral = db.get(ReferralRow, need.referral_id) if need.referral_id else None
    of_need = select(ReferralRow.referral_id).where(ReferralRow.need_id == need.need_id)
    mine = or_(col(StepRow.need_id) == need.need_id, col(StepRow.referral_id).in_(of_need))
    steps = db.exec(select(StepRow).where(mine).order_by(col(StepRow.position).desc())).all()
    named = {step.service_id for step in steps if step.service_id}
    services = db.exec(select(ServiceRow).where(col(ServiceRow.service_id).in_(named))).all()
    is_open = referral is not None and referral.stage in OPEN_STAGES
    return Followed(
        need,
        standing(need, referral),
        steps,
        {service.service_id: service.name for service in services},
        _place(db, referral.service_id) if referral and is_open else None,
        referral.referral_id if referral and is_open else None,
        _contact(db, need),
    )


def _place(db: Session, service_id: str) -> Place | None:
    service = db.get(ServiceRow, service_id)
    if service is None:
        return None
    provider = db.get(ProviderRow, service.provider_id)
    phone = service.phone or (provider.phone if provider else None)
    return Place(service.name, provider.name if provider else "", phone, service.address, service.hours)


def _contact(db: Session, need: NeedRow) -> Contact:
    """The need's own worker, else the grid worker of its community."""
    community = db.get(CommunityRow, need.community)
    worker_id = need.worker_id or (community.grid_worker_id if community else None)
    worker = db.get(WorkerRow, worker_id) if worker_id else None
    name = community.name if community else need.community
    return Contact(name, worker.name, worker.kind, worker.phone) if worker else Contact(name)


def needs_of(db: Session, person_id: str) -> list[tuple[NeedRow, Standing]]:
    """A resident's own, the latest first; those that are over last."""
    rows = db.exec(
        select(NeedRow).where(col(NeedRow.person_id).in_(ids_of(db, person_id))).order_by(col(NeedRow.raised_at).desc())
    ).all()
    found = [(need, standing(need, db.get(ReferralRow, need.referral_id or ""))) for need in rows]
    return sorted(found, key=lambda pair: pair[0].over is not None)


def person(db: Session, person_id: str) -> PersonRow | None:
    """The file of this id, or the one it was merged into."""
    return meant(db, PersonRow, person_id)


def ids_of(db: Session, person_id: str) -> list[str]:
    """Every id the resident's file goes by."""
    return same(db, PersonRow, person_id)


def community_name(db: Session, community: str) -> str:
    row = db.get(CommunityRow, community)
    return row.name if row else community


@dataclass(frozen=True, slots=True)
class Asked:
    """Something a resident is asked about; `service` names it where it was one."""

    row: FeedbackRow
    service: str | None


def feedback_of(db: Session, person_id: str) -> list[Asked]:
    """What is still to be answered first, then the latest."""
    rows = db.exec(
        select(FeedbackRow)
        .where(col(FeedbackRow.person_id).in_(ids_of(db, person_id)))
        .order_by(col(FeedbackRow.asked_at).desc())
    ).all()
    return sorted((_asked(db, row) for row in rows), key=lambda asked: asked.row.score is not None)


def one_feedback(db: Session, feedback_id: str, person_id: str) -> Asked | None:
    """Only the person's own."""
    row = db.get(FeedbackRow, feedback_id)
    return _asked(db, row) if row and row.person_id in ids_of(db, person_id) else None


def _asked(db: Session, row: FeedbackRow) -> Asked:
    service = db.get(ServiceRow, row.service_id) if row.service_id else None
    return Asked(row, service.name if service else None)


def worker_names(db: Session) -> dict[str, str]:
    """Id → name, of everybody enrolled whose name can be read."""
    return {row.worker_id: row.name for row in db.exec(select(WorkerRow)).all() if row.name}
