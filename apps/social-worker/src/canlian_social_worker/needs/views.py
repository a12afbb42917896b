"""Needs: the inbox."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import JSON, ColumnElement
from sqlmodel import Field, Session, col, select

from canlian_chassis.projection import projection
from canlian_chassis.views.columns import coded, moment
from canlian_events.assistance.ask_number import ask_number, read_number
from canlian_events.assistance.need import (
    AskerErased,
    AskerIdentified,
    NeedAssessed,
    NeedAssigned,
    NeedClassified,
    NeedClosed,
    NeedEvent,
    NeedMet,
    NeedRaised,
    NeedReferralEnded,
    NeedReferred,
    NeedReopened,
    NeedTransferred,
)
from canlian_events.meta import Meta
from canlian_events.personal import opened
from canlian_events.terms import Channel, Domain, NeedCloseReason, Term, Urgency
from canlian_social_worker.persons.views import ids_of
from canlian_social_worker.shared.columns import SocialWorkerRow, within
from canlian_web.language.formats import local


class NeedStatus(Term):
    OPEN = "open", "办理中"
    REFERRED = "referred", "已转介"
    MET = "met", "已满足"
    CLOSED = "closed", "已关闭"


IN_HAND = (NeedStatus.OPEN, NeedStatus.REFERRED)


class NeedRow(SocialWorkerRow, table=True):
    """`referrals` are those still open; `words` and `contact` are None where sealed or not given."""

    __tablename__ = "need"

    need_id: str = Field(primary_key=True)
    number: str = Field(index=True)
    """What the asker was told to follow it by."""
    person_id: str = Field(index=True)
    community: str = Field(index=True)
    channel: Channel = coded(Channel)
    domain: Domain | None = coded(Domain, nullable=True)
    urgency: Urgency = coded(Urgency)
    words: str | None = None
    contact: str | None = None
    status: NeedStatus = coded(NeedStatus, index=True)
    reason: NeedCloseReason | None = coded(NeedCloseReason, default=None, nullable=True)
    worker_id: str | None = Field(default=None, index=True)
    assessments: list[str] = Field(default_factory=list, sa_type=JSON)
    referrals: list[str] = Field(default_factory=list, sa_type=JSON)
    reopened: bool = False
    raised_at: datetime = moment(index=True)
    over_at: datetime | None = moment(default=None, nullable=True)

    @property
    def identified(self) -> bool:
        """Whether it is known which registered person asks."""
        return self.person_id.startswith("person_")

    @property
    def in_hand(self) -> bool:
        return self.status in IN_HAND

    def age(self, today: date) -> int:
        """Whole days since it was raised, up to its end."""
        end = local(self.over_at).date() if self.over_at else today
        return (end - local(self.raised_at).date()).days


@projection(NeedRow, key=lambda event: event.need_id)
def needs(row: NeedRow | None, event: NeedEvent, meta: Meta) -> NeedRow | None:
    if isinstance(event, NeedRaised):
        return _raised(event, meta)
    if row is None:
        return None
    match event:
        case AskerIdentified():
            return row.with_(person_id=event.person_id)
        case NeedAssigned():
            return row.with_(worker_id=event.worker_id)
        case NeedClassified():
            return row.with_(domain=event.domain, urgency=event.urgency)
        case NeedAssessed():
            return row.with_(assessments=[*row.assessments, event.assessment_id])
        case NeedReferred():
            return row.with_(status=NeedStatus.REFERRED, referrals=[*row.referrals, event.referral_id])
        case NeedReferralEnded():
            left = [referral for referral in row.referrals if referral != event.referral_id]
            return row.with_(referrals=left, status=NeedStatus.REFERRED if left else NeedStatus.OPEN)
        case NeedMet():
            return row.with_(status=NeedStatus.MET, reason=NeedCloseReason.MET, over_at=meta.said_at)
        case NeedClosed():
            return row.with_(status=NeedStatus.CLOSED, reason=event.reason, over_at=meta.said_at)
        case NeedReopened():
            return row.with_(status=NeedStatus.OPEN, reason=None, over_at=None, reopened=True)
        case NeedTransferred():
            return row.with_(community=event.to_community, worker_id=None)
        case AskerErased():
            # what was asked for stays as a count
            return row.with_(words=None, contact=None)


def _raised(event: NeedRaised, meta: Meta) -> NeedRow:
    return NeedRow(
        need_id=event.need_id,
        number=ask_number(event.need_id),
        person_id=event.person_id,
        community=meta.community,
        channel=event.channel,
        domain=event.domain,
        urgency=event.urgency,
        words=opened(event.words),
        contact=opened(event.contact),
        status=NeedStatus.OPEN,
        raised_at=meta.said_at,
    )


@dataclass(frozen=True, slots=True)
class NeedFilter:
    """Which needs: an empty field means any. `status` may also be `in_hand`; `holder` a worker's id or `nobody`."""

    status: str = "in_hand"
    community: str = ""
    domain: str = ""
    urgency: str = ""
    holder: str = ""
    number: str = ""
    """The number the asker was told, however it was typed; where it is given nothing else counts."""
    waiting: bool = False
    """Only those with a referral that waits for an answer."""


def need(db: Session, need_id: str) -> NeedRow | None:
    return db.get(NeedRow, need_id)


def listed_needs(db: Session, scopes: Sequence[str], wanted: NeedFilter) -> Sequence[NeedRow]:
    """Oldest first."""
    query = select(NeedRow).where(within(NeedRow.community, scopes), *_where(wanted))
    return db.exec(query.order_by(col(NeedRow.raised_at), NeedRow.need_id)).all()


def _where(wanted: NeedFilter) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = []
    if wanted.number:
        return [col(NeedRow.number) == (read_number(wanted.number) or "")]
    if wanted.status == "in_hand":
        where.append(col(NeedRow.status).in_(IN_HAND))
    elif wanted.status in list(NeedStatus):
        where.append(col(NeedRow.status) == NeedStatus(wanted.status))
    if wanted.community:
        where.append(col(NeedRow.community) == wanted.community)
    if wanted.domain == "none":
        where.append(col(NeedRow.domain).is_(None))
    elif wanted.domain in list(Domain):
        where.append(col(NeedRow.domain) == Domain(wanted.domain))
    if wanted.urgency in list(Urgency):
        where.append(col(NeedRow.urgency) == Urgency(wanted.urgency))
    if wanted.holder == "nobody":
        where.append(col(NeedRow.worker_id).is_(None))
    elif wanted.holder:
        where.append(col(NeedRow.worker_id) == wanted.holder)
    return where


def needs_of_person(db: Session, person_id: str) -> Sequence[NeedRow]:
    query = select(NeedRow).where(col(NeedRow.person_id).in_(ids_of(db, person_id)))
    return db.exec(query.order_by(col(NeedRow.raised_at).desc())).all()
