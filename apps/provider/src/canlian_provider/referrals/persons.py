"""Who was referred: a name to greet, a number to call, what they need to take part. Nothing else of a file.

A person is registered before being referred anywhere, so everybody who was not erased has a row; `people` reads only
those of open referrals, and is the one way to them.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import JSON
from sqlmodel import Field, Session, col, select

from canlian_chassis.projection import projection
from canlian_events.meta import Meta
from canlian_events.personal import now_known, opened
from canlian_events.registry.duplicates import MergedInto, MergedIntoUndone
from canlian_events.registry.person import (
    AccessNeedsRecorded,
    PersonCorrected,
    PersonErased,
    PersonRegistered,
    RegistrationWithdrawn,
)
from canlian_events.terms import AccessFeature
from canlian_provider.referrals.views import ReferralRow
from canlian_provider.shared.columns import DeskRow


class PersonRow(DeskRow, table=True):
    """`name` None: sealed."""

    __tablename__ = "person"

    person_id: str = Field(primary_key=True)
    name: str | None = None
    phone: str | None = None
    needs: list[str] = Field(default_factory=list, sa_type=JSON)
    merged_into: str | None = Field(default=None, index=True)
    """The file this one is another name of."""

    @property
    def features(self) -> list[AccessFeature]:
        return [AccessFeature(code) for code in self.needs]


@projection(PersonRow, key=lambda event: event.person_id)
def persons(
    row: PersonRow | None,
    event: PersonRegistered
    | PersonCorrected
    | AccessNeedsRecorded
    | MergedInto
    | MergedIntoUndone
    | RegistrationWithdrawn
    | PersonErased,
    _: Meta,
) -> PersonRow | None:
    if isinstance(event, PersonRegistered):
        return PersonRow(person_id=event.person_id, name=opened(event.name), phone=opened(event.phone))
    if row is None:
        return None
    match event:
        case RegistrationWithdrawn() | PersonErased():
            return None
        case MergedInto():
            return row.with_(merged_into=event.into)
        case MergedIntoUndone():
            return row.with_(merged_into=None)
        case PersonCorrected():
            return row.with_(name=now_known(event.name, row.name), phone=now_known(event.phone, row.phone))
        case AccessNeedsRecorded():
            return row.with_(needs=sorted(feature.value for feature in event.features))


def people(db: Session, referrals: Iterable[ReferralRow]) -> dict[str, PersonRow]:
    """Referral id → who it is about, for those referrals that are still open."""
    by_person = {row.referral_id: row.person_id for row in referrals if row.is_open}
    known = _known(db, by_person.values())
    kept = _known(db, [row.merged_into for row in known.values() if row.merged_into])
    known |= {id: kept[row.merged_into] for id, row in known.items() if row.merged_into in kept}
    return {referral: known[person] for referral, person in by_person.items() if person in known}


def _known(db: Session, ids: Iterable[str]) -> dict[str, PersonRow]:
    rows = db.exec(select(PersonRow).where(col(PersonRow.person_id).in_(set(ids)))).all()
    return {row.person_id: row for row in rows}
