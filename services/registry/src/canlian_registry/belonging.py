"""Where a person belongs to or sits: which associations and which seats, for when they die."""

from __future__ import annotations

from sqlmodel import Field, Session, select

from canlian_chassis.projection import projection
from canlian_events.meta import Meta
from canlian_events.registry.association import MemberAdmitted, MemberDismissed, MemberErased
from canlian_events.registry.body import MemberNominated, NominationWithdrawn, SeatHolderErased, SeatVacated
from canlian_registry.rows import RegistryRow


class SeatRow(RegistryRow, table=True):
    """Of a term of a body, whether only nominated or confirmed, until it falls vacant."""

    __tablename__ = "seat"

    body_id: str = Field(primary_key=True)
    seat_id: str = Field(primary_key=True)
    member_id: str = Field(index=True)


class MembershipRow(RegistryRow, table=True):
    __tablename__ = "membership"

    association_id: str = Field(primary_key=True)
    member_id: str = Field(primary_key=True, index=True)


@projection(SeatRow, key=lambda event: (event.body_id, event.seat_id))
def seats(
    row: SeatRow | None, event: MemberNominated | NominationWithdrawn | SeatVacated | SeatHolderErased, _: Meta
) -> SeatRow | None:
    match event:
        case MemberNominated():
            return SeatRow(body_id=event.body_id, seat_id=event.seat_id, member_id=event.member_id)
        case NominationWithdrawn() | SeatVacated():
            return None
        case SeatHolderErased():
            return row


@projection(MembershipRow, key=lambda event: (event.association_id, event.member_id))
def memberships(
    _row: MembershipRow | None, event: MemberAdmitted | MemberDismissed | MemberErased, _: Meta
) -> MembershipRow | None:
    if isinstance(event, MemberAdmitted):
        return MembershipRow(association_id=event.association_id, member_id=event.member_id)
    return None


def seats_of(session: Session, member_id: str) -> list[tuple[str, str]]:
    """Bodies and seats."""
    rows = session.exec(select(SeatRow).where(SeatRow.member_id == member_id)).all()
    return sorted((row.body_id, row.seat_id) for row in rows)


def associations_of(session: Session, member_id: str) -> list[str]:
    return sorted(session.exec(select(MembershipRow.association_id).where(MembershipRow.member_id == member_id)))
