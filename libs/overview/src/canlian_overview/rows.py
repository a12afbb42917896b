"""The overview's rows: nothing personal, each with the event that brought it to where it is.

These are shapes, not tables: `tables(base)` makes a tool's own tables of them, since no tool reads another's.
Days are days in Shanghai, taken from when the person acted, not from when the log heard of it.
"""

from __future__ import annotations

import types
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import TypeVar, cast

from sqlalchemy import JSON
from sqlmodel import Field

from canlian_chassis.row import Row

R = TypeVar("R", bound=Row)


class Shape(Row):
    """What every row of the overview has: where it counts, and the last event that changed where it stands."""

    community: str = Field(index=True)
    event_id: str
    position: int


class OfPerson(Shape):
    """A row about a person, known only by the id."""

    person_id: str = Field(index=True)


class CommunityRow(Shape):
    community: str = Field(primary_key=True)
    name: str
    open: bool = True
    director_id: str | None = None
    grid_worker_id: str | None = None
    responsible_member_id: str | None = None


class PersonRow(OfPerson):
    """`since` is when the person came to the community; `earlier` are the stays before, oldest first."""

    person_id: str = Field(primary_key=True)
    registered_on: date
    since: date
    earlier: list[dict[str, str]] = Field(default_factory=list, sa_type=JSON)
    disability: int = Field(index=True)
    grade: int | None = None
    sex: str
    birth_year: int
    certified: bool = False
    certificate_expires: date | None = Field(default=None, index=True)
    low_income: bool | None = None
    consents: list[str] = Field(default_factory=list, sa_type=JSON)
    """The purposes consented to."""
    died_on: date | None = None
    """Counted up to that day."""
    merged_into: str | None = Field(default=None, index=True)
    """The file this one is another name of: it does not count, and what was done under it counts for that one."""
    erased_on: date | None = None
    """When the person's data was erased: they are counted still, and no more is known or done."""


class NeedRow(OfPerson):
    """`status` is open, referred (a referral is open), met or closed."""

    need_id: str = Field(primary_key=True)
    channel: str
    domain: str | None = Field(default=None, index=True)
    urgency: str
    status: str = Field(default="open", index=True)
    worker_id: str | None = None
    assessed: bool = False
    referrals: list[str] = Field(default_factory=list, sa_type=JSON)
    """Those still open."""
    raised_on: date = Field(index=True)
    raised_event_id: str
    raised_position: int
    raised_community: str = Field(index=True)
    referred_on: date | None = None
    ended_on: date | None = Field(default=None, index=True)
    close_reason: str | None = None
    times_reopened: int = 0


class VisitRow(OfPerson):
    """`status` is due, scheduled, completed, missed or cancelled."""

    visit_id: str = Field(primary_key=True)
    status: str = Field(index=True)
    due: date = Field(index=True)
    worker_id: str | None = None
    done_on: date | None = Field(default=None, index=True)


class ReferralRow(OfPerson):
    """`status` is referred, accepted, waitlisted, offered, started, completed, declined, lapsed or withdrawn."""

    referral_id: str = Field(primary_key=True)
    service_id: str = Field(index=True)
    provider_id: str = Field(index=True)
    domain: str
    need_id: str | None = Field(default=None, index=True)
    status: str = Field(default="referred", index=True)
    referred_on: date
    answered_on: date | None = None
    started_on: date | None = None
    ended_on: date | None = Field(default=None, index=True)
    sessions: int = 0
    missed: int = 0
    outcome: str | None = None
    decline_reason: str | None = None


class ParticipationRow(OfPerson):
    """A person took part: `kind` says in what, `occasion_id` in which, and `community` where it happened."""

    kind: str = Field(primary_key=True)
    occasion_id: str = Field(primary_key=True)
    person_id: str = Field(primary_key=True)
    service_id: str | None = Field(default=None, index=True)
    on: date = Field(index=True)


class ActivityRow(Shape):
    """An association's activity: each of `attendees` took part in it. `community` is where the association is."""

    activity_id: str = Field(primary_key=True)
    association_id: str = Field(index=True)
    on: date = Field(index=True)
    attendees: list[str] = Field(default_factory=list, sa_type=JSON)


class FeedbackRow(OfPerson):
    """`score` is None until it is given."""

    feedback_id: str = Field(primary_key=True)
    occasion: str
    occasion_id: str
    service_id: str | None = Field(default=None, index=True)
    need_id: str | None = None
    asked_on: date
    given_on: date | None = Field(default=None, index=True)
    score: int | None = None
    rater: str | None = None
    replied_on: date | None = None


class ServiceRow(Row):
    service_id: str = Field(primary_key=True)
    provider_id: str = Field(index=True)
    name: str
    domain: str = Field(index=True)
    layer: str
    places: int
    used: int = 0
    listed: bool = True


class ProviderRow(Row):
    provider_id: str = Field(primary_key=True)
    name: str
    kind: str
    suspended: bool = False


@dataclass(frozen=True, slots=True)
class Tables:
    """One tool's tables of the overview."""

    community: type[CommunityRow]
    person: type[PersonRow]
    need: type[NeedRow]
    visit: type[VisitRow]
    referral: type[ReferralRow]
    participation: type[ParticipationRow]
    activity: type[ActivityRow]
    feedback: type[FeedbackRow]
    service: type[ServiceRow]
    provider: type[ProviderRow]


@cache
def tables(base: type[Row]) -> Tables:
    """The overview's tables among those of `base`, a tool's own base of rows."""
    return Tables(
        _table(CommunityRow, base),
        _table(PersonRow, base),
        _table(NeedRow, base),
        _table(VisitRow, base),
        _table(ReferralRow, base),
        _table(ParticipationRow, base),
        _table(ActivityRow, base),
        _table(FeedbackRow, base),
        _table(ServiceRow, base),
        _table(ProviderRow, base),
    )


def _table(shape: type[R], base: type[Row]) -> type[R]:
    """What `class …(shape, base, table=True)` would be, which cannot be written where `base` is a variable."""
    name = base.__name__.removesuffix("Row") + shape.__name__
    names = {
        "__tablename__": f"overview_{shape.__name__.removesuffix('Row').lower()}",
        "__module__": base.__module__,
        "__doc__": shape.__doc__,
    }
    return cast("type[R]", types.new_class(name, (shape, base), {"table": True}, lambda space: space.update(names)))
