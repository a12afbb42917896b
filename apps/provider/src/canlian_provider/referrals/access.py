"""What of a referral its desk may see: its own referrals only, and of whom only while one is open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import HTTPException
from sqlmodel import Session

from canlian_provider.referrals.persons import PersonRow, people
from canlian_provider.referrals.views import ReferralRow, referral
from canlian_provider.services.views import ServiceRow, services_of
from canlian_provider.shared.desk import Desk, desk_or_404
from canlian_web.page import Context


@dataclass(frozen=True, slots=True)
class ListedReferral:
    """A referral in a list. `person` is None once the referral has ended."""

    row: ReferralRow
    person: PersonRow | None
    service: ServiceRow


async def own_referral(page: Context, referral_id: str) -> tuple[Desk, ReferralRow]:
    """A referral of this desk. Raises 404 for any other, as if it did not exist."""
    row = await page.read(referral, referral_id)
    if row is None:
        raise HTTPException(404)
    desk = await desk_or_404(page, row.provider_id)
    if row.provider_id != desk.provider_id or not row.community.startswith(desk.scopes):
        raise HTTPException(404)
    return desk, row


def list_with_persons(db: Session, provider_id: str, rows: Sequence[ReferralRow]) -> list[ListedReferral]:
    known = people(db, rows)
    services = {row.service_id: row for row in services_of(db, provider_id)}
    return [
        ListedReferral(row, known.get(row.referral_id), services[row.service_id])
        for row in rows
        if row.service_id in services
    ]
