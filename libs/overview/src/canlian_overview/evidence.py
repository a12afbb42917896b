"""What stands behind each figure: one line per thing counted, with the event that made it count.

A count is the number of its lines, so a figure and the list it opens cannot disagree. Where only the number is wanted,
the database counts what the same conditions find: of a hundred thousand persons no line is made.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, func, literal, null, or_, select
from sqlmodel import Session, col

from canlian_chassis.views.merged_ids import meaning, meanings
from canlian_overview.rates import SATISFIED_FROM, Period
from canlian_overview.rows import CommunityRow, FeedbackRow, NeedRow, OfPerson, PersonRow, ReferralRow, Tables, VisitRow

_OPEN_NEED = ("open", "referred")
_OPEN_VISIT = ("due", "scheduled")
_AT_ONCE = 400


class Evidence(NamedTuple):
    """One thing counted: a person, need, visit, referral, feedback or community. `event_id` is what made it count."""

    community: str
    kind: str
    id: str
    person_id: str | None
    on: date | None
    event_id: str
    position: int


def find(session: Session, tables: Tables, code: str, prefix: str, period: Period) -> list[Evidence]:
    """The lines behind a figure, in the order of the log. Raises KeyError for a figure nobody defined.

    They name the person by the file that is kept, whichever id a thing was done under.
    """
    if code == "persons":
        return list(_residents(session, tables, prefix, period).values())
    if code == "participants":
        return _participants(session, tables, prefix, period)
    community, query = COUNTED[code](tables, period)
    found = session.execute(query.where(community.startswith(prefix, autoescape=True)))
    kept = meanings(session, tables.person)
    lines = (Evidence(*line) for line in found)
    named = (line._replace(person_id=kept.get(line.person_id or "", line.person_id)) for line in lines)
    return sorted(named, key=lambda line: (line.position, line.id))


def page(
    session: Session, tables: Tables, code: str, prefix: str, period: Period, limit: int, skip: int
) -> list[Evidence]:
    """So many lines of `find` after so many, taken by the database where it can tell which they are."""
    if code == "participants" or (code == "persons" and _any_moved(session, tables, period)):
        return find(session, tables, code, prefix, period)[skip : skip + limit]
    if code == "persons":
        person = tables.person
        own = (person.person_id, person.person_id, person.since, person.event_id, person.position)
        query = _query("person", person.community, *own)[1].where(*_stayed(person, prefix, period))
    else:
        community, query = COUNTED[code](tables, period)
        query = query.where(community.startswith(prefix, autoescape=True))
    columns = list(query.selected_columns)
    found = session.execute(query.order_by(columns[-1], columns[2]).offset(skip).limit(limit))
    kept = meanings(session, tables.person)
    lines = (Evidence(*line) for line in found)
    return [line._replace(person_id=kept.get(line.person_id or "", line.person_id)) for line in lines]


def _any_moved(session: Session, tables: Tables, period: Period) -> bool:
    moved = select(literal(1)).where(*_moved_since(tables.person, period)).limit(1)
    return session.execute(moved).first() is not None


def counts(session: Session, tables: Tables, code: str, prefix: str, period: Period) -> Counter[str]:
    """How many lines `find` has of each community."""
    if code == "persons":
        return _residents_counted(session, tables, prefix, period)
    if code == "participants":
        return Counter(line.community for line in _participants(session, tables, prefix, period))
    community, query = COUNTED[code](tables, period)
    each: Any = query.with_only_columns(community, func.count()).group_by(community)
    return _counter(session, each.where(community.startswith(prefix, autoescape=True)))


def _counter(session: Session, query: Any) -> Counter[str]:
    return Counter({community: int(number) for community, number in session.execute(query)})


def persons_by_service(session: Session, tables: Tables, prefix: str, period: Period) -> dict[str, set[str]]:
    """Service → the persons of the community who completed it in the period."""
    parts = _participations(session, tables, period)
    residents = _residents(session, tables, prefix, period, {line.id for line, _ in parts})
    found: dict[str, set[str]] = {}
    for line, service_id in parts:
        if service_id and line.id in residents:
            found.setdefault(service_id, set()).add(line.id)
    return found


def _residents(
    session: Session, tables: Tables, prefix: str, period: Period, among: set[str] | None = None
) -> dict[str, Evidence]:
    """Those registered here at the period's end, whether or not they moved on since; not who had died by then.

    `among` are the only ones who matter, where they are known.
    """
    person = tables.person
    own = (col(person.community), col(person.person_id), col(person.since), col(person.event_id), col(person.position))
    found = {}
    for some in [()] if among is None else _in_parts(sorted(among)):
        these = [col(person.person_id).in_(some)] if among is not None else []
        for community, person_id, *rest in session.execute(
            select(*own).where(*_stayed(person, prefix, period), *these)
        ):
            found[person_id] = Evidence(community, "person", person_id, person_id, *rest)
        moved = select(*own, col(person.earlier)).where(*_moved_since(person, period), *these)
        for community, person_id, since, event_id, position, earlier in session.execute(moved):
            here = Evidence(community, "person", person_id, person_id, since, event_id, position)
            line = _stay_at(here, earlier, period.end)
            if line.community.startswith(prefix):
                found[person_id] = line
    return dict(sorted(found.items(), key=lambda item: item[1].position))


def _residents_counted(session: Session, tables: Tables, prefix: str, period: Period) -> Counter[str]:
    person = tables.person
    query = select(col(person.community), func.count()).where(*_stayed(person, prefix, period))
    found = _counter(session, query.group_by(col(person.community)))
    moved = select(col(person.earlier)).where(*_moved_since(person, period))
    for (earlier,) in session.execute(moved):
        community = _last_stay(earlier, period.end)["community"]
        if community.startswith(prefix):
            found[community] += 1
    return found


def _stayed(person: type[PersonRow], prefix: str, period: Period) -> list[ColumnElement[bool]]:
    """Who is where they were at the period's end."""
    here = col(person.community).startswith(prefix, autoescape=True)
    return [*_registered_by(person, period), here, col(person.since) <= period.end]


def _moved_since(person: type[PersonRow], period: Period) -> list[ColumnElement[bool]]:
    return [*_registered_by(person, period), col(person.since) > period.end]


def _registered_by(person: type[PersonRow], period: Period) -> list[ColumnElement[bool]]:
    # as an expression, so that no database begins with the index of the few that are merged
    counts = func.coalesce(col(person.merged_into), "") == ""
    return [counts, col(person.registered_on) <= period.end, _alive(person, period.end)]


def _in_parts(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), _AT_ONCE):
        yield ids[start : start + _AT_ONCE]


def _alive(person: type[PersonRow], day: date) -> ColumnElement[bool]:
    return or_(col(person.died_on).is_(None), col(person.died_on) > day)


def _stay_at(here: Evidence, earlier: list[dict[str, str]], day: date) -> Evidence:
    """Where somebody who has moved since was on that day."""
    stay = _last_stay(earlier, day)
    return here._replace(
        community=stay["community"],
        on=date.fromisoformat(stay["since"]),
        event_id=stay["event_id"],
        position=int(stay["position"]),
    )


def _last_stay(earlier: list[dict[str, str]], day: date) -> dict[str, str]:
    return next(stay for stay in reversed(earlier) if date.fromisoformat(stay["since"]) <= day)


def _participants(session: Session, tables: Tables, prefix: str, period: Period) -> list[Evidence]:
    """The community's persons who took part in anything, each once, with the first event that shows it.

    They count for the community they are registered in, so that they are among those they are divided by; the services
    may have happened elsewhere.
    """
    parts = _participations(session, tables, period)
    residents = _residents(session, tables, prefix, period, {line.id for line, _ in parts})
    found: dict[str, Evidence] = {}
    for line, _ in parts:
        if line.id in residents:
            found.setdefault(line.id, line._replace(community=residents[line.id].community))
    return list(found.values())


def _participations(session: Session, tables: Tables, period: Period) -> list[tuple[Evidence, str | None]]:
    part = tables.participation
    person_id = meaning(tables.person, part.person_id)
    query = (
        select(
            col(part.community),
            literal("person"),
            person_id,
            person_id,
            col(part.on),
            col(part.event_id),
            col(part.position),
            col(part.service_id),
        )
        .where(_within(part.on, period))
        .order_by(col(part.position))
    )
    served = [(Evidence(*line[:-1]), line[-1]) for line in session.execute(query)]
    came = [(line, None) for line in _attendances(session, tables, period)]
    return sorted([*served, *came], key=lambda part: part[0].position) if came else served


def _attendances(session: Session, tables: Tables, period: Period) -> list[Evidence]:
    """Everybody who came to an association's activity, a line each."""
    table, meant = tables.activity, meanings(session, tables.person)
    held = session.execute(select(table).where(_within(table.on, period))).scalars()
    return [
        Evidence(row.community, "person", person_id, person_id, row.on, row.event_id, row.position)
        for row in held
        for person_id in (meant.get(id_, id_) for id_ in row.attendees)
    ]


_Query = tuple[ColumnElement[str], Select[Any, Any, Any, Any, Any, Any, Any]]
"""The column that says which community a line counts for, and the lines."""


def _query(kind: str, community: Any, id: Any, person_id: Any, on: Any, event_id: Any, position: Any) -> _Query:
    return community, select(community, literal(kind), id, person_id, on, event_id, position)


def _lines(kind: str, row: type[OfPerson], id: str, on: date | None, *where: ColumnElement[bool]) -> _Query:
    """A line for each row that fits, with the event that brought it to where it stands."""
    community, query = _query(kind, row.community, id, row.person_id, on, row.event_id, row.position)
    return community, query.where(*where)


def _needs(need: type[NeedRow], *where: ColumnElement[bool]) -> _Query:
    return _lines("need", need, need.need_id, need.raised_on, *where)


def _needs_raised(need: type[NeedRow], period: Period) -> _Query:
    """A need counts where it was raised, whatever became of it."""
    community, query = _query(
        "need",
        need.raised_community,
        need.need_id,
        need.person_id,
        need.raised_on,
        need.raised_event_id,
        need.raised_position,
    )
    return community, query.where(_within(need.raised_on, period))


def _visits(visit: type[VisitRow], *where: ColumnElement[bool]) -> _Query:
    return _lines("visit", visit, visit.visit_id, visit.due, *where)


def _referrals(referral: type[ReferralRow], *where: ColumnElement[bool]) -> _Query:
    return _lines("referral", referral, referral.referral_id, referral.referred_on, *where)


def _feedback(feedback: type[FeedbackRow], *where: ColumnElement[bool]) -> _Query:
    return _lines("feedback", feedback, feedback.feedback_id, feedback.given_on, *where)


def _persons(person: type[PersonRow], *where: ColumnElement[bool]) -> _Query:
    counts = col(person.merged_into).is_(None)
    return _lines("person", person, person.person_id, person.certificate_expires, counts, *where)


def _communities(table: type[CommunityRow], *where: ColumnElement[bool]) -> _Query:
    community, query = _query(
        "community", table.community, table.community, null(), null(), table.event_id, table.position
    )
    return community, query.where(col(table.open), *where)


def _within(day: date | None, period: Period) -> ColumnElement[bool]:
    return col(day).between(period.start, period.end)


COUNTED: Mapping[str, Callable[[Tables, Period], _Query]] = {
    "needs_open": lambda t, _: _needs(t.need, col(t.need.status).in_(_OPEN_NEED)),
    "needs_urgent": lambda t, _: _needs(t.need, col(t.need.status).in_(_OPEN_NEED), col(t.need.urgency) == "urgent"),
    "needs_unassigned": lambda t, _: _needs(
        t.need, col(t.need.status).in_(_OPEN_NEED), col(t.need.worker_id).is_(None)
    ),
    "needs_raised": lambda t, period: _needs_raised(t.need, period),
    "needs_met": lambda t, period: _needs(t.need, col(t.need.status) == "met", _within(t.need.ended_on, period)),
    "visits_overdue": lambda t, period: _visits(
        t.visit, col(t.visit.status).in_(_OPEN_VISIT), col(t.visit.due) < period.end
    ),
    "visits_done": lambda t, period: _visits(
        t.visit, col(t.visit.status) == "completed", _within(t.visit.done_on, period)
    ),
    "referrals_waiting": lambda t, _: _referrals(t.referral, col(t.referral.status).in_(("referred", "offered"))),
    "referrals_waitlisted": lambda t, _: _referrals(t.referral, col(t.referral.status) == "waitlisted"),
    "services_running": lambda t, _: _referrals(t.referral, col(t.referral.status).in_(("accepted", "started"))),
    "services_completed": lambda t, period: _referrals(
        t.referral, col(t.referral.status) == "completed", _within(t.referral.ended_on, period)
    ),
    "feedback_given": lambda t, period: _feedback(t.feedback, _within(t.feedback.given_on, period)),
    "satisfied": lambda t, period: _feedback(
        t.feedback, _within(t.feedback.given_on, period), col(t.feedback.score) >= SATISFIED_FROM
    ),
    "certificates_expired": lambda t, period: _persons(
        t.person, col(t.person.certificate_expires) <= period.end, _alive(t.person, period.end)
    ),
    "communities_without_grid_worker": lambda t, _: _communities(
        t.community, col(t.community.grid_worker_id).is_(None)
    ),
    "communities_without_director": lambda t, _: _communities(t.community, col(t.community.director_id).is_(None)),
}
