"""What the communities are called, for the pages of accounts."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sqlmodel import Field, Session, col, select

from canlian_chassis.projection import projection
from canlian_edge.accounts.rows import EdgeRow
from canlian_events.meta import Meta
from canlian_events.registry.community import CommunityOpened, CommunityRenamed
from canlian_web.page import Context

_WHOLE = 9
"""Digits that name all of a subdistrict."""


class PlaceRow(EdgeRow, table=True):
    __tablename__ = "place"

    community: str = Field(primary_key=True)
    name: str


@projection(PlaceRow, key=lambda event: event.community)
def places(_row: PlaceRow | None, event: CommunityOpened | CommunityRenamed, _: Meta) -> PlaceRow:
    return PlaceRow(community=event.community, name=event.name)


def named(db: Session, codes: Collection[str]) -> dict[str, str]:
    rows = db.exec(select(PlaceRow).where(col(PlaceRow.community).in_(codes)))
    return {row.community: row.name for row in rows}


async def names_of(page: Context, codes: Iterable[str]) -> dict[str, str]:
    """Code → what it is called; of one that nobody knows, itself."""
    wanted = set(codes)
    known = await page.read(named, wanted)
    return {code: known.get(code) or _unnamed(page, code) for code in wanted}


async def choices(page: Context, kept: Collection[str]) -> list[tuple[str, str]]:
    """What whoever looks may give, by code and name: all they keep themselves, each community in it, and what an
    account has already."""
    known = await page.read(_every)
    own = {code: _unnamed(page, code) for code in (*page.actor.communities, *kept)}
    return sorted((own | {code: name for code, name in known.items() if page.actor.covers(code)}).items())


def _every(db: Session) -> dict[str, str]:
    return {row.community: row.name for row in db.exec(select(PlaceRow))}


def _unnamed(page: Context, code: str) -> str:
    return page._("the whole subdistrict %(code)s", code=code) if len(code) == _WHOLE else code
