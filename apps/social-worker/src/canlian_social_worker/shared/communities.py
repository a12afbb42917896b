"""The communities by name."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmodel import Field, Session, col, select

from canlian_chassis.projection import projection
from canlian_events.meta import Meta
from canlian_events.registry.community import CommunityClosed, CommunityOpened, CommunityRenamed
from canlian_social_worker.shared.columns import SocialWorkerRow, within


class CommunityRow(SocialWorkerRow, table=True):
    __tablename__ = "community"

    community: str = Field(primary_key=True)
    name: str
    is_open: bool = True


@projection(CommunityRow, key=lambda event: event.community)
def communities(
    row: CommunityRow | None, event: CommunityOpened | CommunityRenamed | CommunityClosed, _: Meta
) -> CommunityRow | None:
    match event, row:
        case CommunityOpened(), _:
            return CommunityRow(community=event.community, name=event.name)
        case CommunityRenamed(), CommunityRow():
            return row.with_(name=event.name)
        case CommunityClosed(), CommunityRow():
            return row.with_(is_open=False)
        case _:
            return row


def communities_of(db: Session, scopes: Sequence[str]) -> Sequence[CommunityRow]:
    """Those that are open, among the scopes, by code."""
    query = select(CommunityRow).where(within(CommunityRow.community, scopes), col(CommunityRow.is_open))
    return db.exec(query.order_by(CommunityRow.community)).all()
