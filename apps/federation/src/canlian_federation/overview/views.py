"""The overview for somebody's communities, which may be several scopes, and the lists behind its figures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, select

from canlian_chassis.views.merged_ids import meanings
from canlian_federation.shared.rows import OVERVIEW
from canlian_overview import FIGURES, CommunityFigures, Evidence, Figure, Period, Rate, ServiceRates
from canlian_overview.rows import CommunityRow

BEHIND = frozenset(code for figure in FIGURES.values() for code in (figure.behind, figure.of) if code)
"""What can be counted, and so listed."""
UNDER_WAY = ("accepted", "started")


@dataclass(frozen=True, slots=True)
class Counted:
    """All the figures of one page, read at one moment."""

    figures: Mapping[str, Figure]
    communities: Sequence[CommunityFigures]
    services: Sequence[ServiceRates]


def distinct(scopes: Iterable[str]) -> list[str]:
    """Without those that lie within another, so that nothing counts twice."""
    found: list[str] = []
    for scope in sorted({prefix(scope) for scope in scopes}, key=len):
        if not any(scope.startswith(wider) for wider in found):
            found.append(scope)
    return sorted(found)


def prefix(scope: str) -> str:
    """A subdistrict's 12 digits end in 000, its communities' do not."""
    return scope[:9] if len(scope) == 12 and scope.endswith("000") else scope


def counted(db: Session, scopes: Sequence[str], period: Period) -> Counted:
    parts = [OVERVIEW.figures(db, scope, period) for scope in scopes]
    figures = {
        code: _together([figure for part in parts for figure in part if figure.code == code]) for code in FIGURES
    }
    communities = [line for scope in scopes for line in OVERVIEW.communities(db, scope, period)]
    return Counted(figures if parts else {}, communities, _services(db, scopes, period))


def behind(
    db: Session, code: str, scopes: Sequence[str], period: Period, service_id: str | None = None
) -> list[Evidence]:
    """The lines that a figure counts; with a service, those of them that are about it."""
    lines = [line for scope in scopes for line in OVERVIEW.behind(db, code, scope, period)]
    if service_id is not None:
        narrow = _OF_SERVICE[code]
        lines = narrow(db, lines, service_id, scopes, period)
    return sorted(lines, key=lambda line: line.position)


def page_behind(
    db: Session,
    code: str,
    scopes: Sequence[str],
    period: Period,
    service_id: str | None = None,
    *,
    limit: int,
    skip: int = 0,
) -> tuple[list[Evidence], int]:
    """A page of what `behind` gives, and how many lines there are in all."""
    if service_id is not None or len(scopes) != 1:
        lines = behind(db, code, scopes, period, service_id)
        return lines[skip : skip + limit], len(lines)
    [scope] = scopes
    return OVERVIEW.page_behind(db, code, scope, period, limit, skip), OVERVIEW.number(db, code, scope, period)


def open_communities(db: Session, scopes: Sequence[str]) -> list[CommunityRow]:
    table = OVERVIEW.tables.community
    rows = db.exec(select(table).where(col(table.open)).order_by(col(table.community))).all()
    return [row for row in rows if any(row.community.startswith(scope) for scope in scopes)]


def community_named(db: Session, community: str) -> CommunityRow | None:
    return db.get(OVERVIEW.tables.community, community)


def _together(figures: Sequence[Figure]) -> Figure:
    first = figures[0]
    values = [figure.value for figure in figures]
    total = values[0]
    for value in values[1:]:
        total = total + value if isinstance(total, Rate) and isinstance(value, Rate) else int(total) + int(value)  # type: ignore[arg-type]
    return Figure(first.code, total, first.behind, first.of)


def _services(db: Session, scopes: Sequence[str], period: Period) -> list[ServiceRates]:
    """By name. Those of each scope are added up; participation is always a share of all the persons."""
    found: dict[str, ServiceRates] = {}
    persons = sum(OVERVIEW.number(db, "persons", scope, period) for scope in scopes)
    for line in (line for scope in scopes for line in OVERVIEW.services(db, scope, period)):
        known = found.get(line.service_id)
        took_part = line.participation.numerator + (known.participation.numerator if known else 0)
        satisfaction = known.satisfaction + line.satisfaction if known else line.satisfaction
        found[line.service_id] = ServiceRates(line.service_id, line.name, Rate(took_part, persons), satisfaction)
    return sorted(found.values(), key=lambda service: (service.name, service.service_id))


def _who_completed(
    db: Session, _: list[Evidence], service_id: str, scopes: Sequence[str], period: Period
) -> list[Evidence]:
    """Residents who completed this service, each once, with the first event that shows it."""
    residents = {line.id: line for line in behind(db, "persons", scopes, period)}
    row = OVERVIEW.tables.participation
    query = select(row).where(row.service_id == service_id, col(row.on).between(period.start, period.end))
    kept = meanings(db, OVERVIEW.tables.person)
    found: dict[str, Evidence] = {}
    for part in db.exec(query.order_by(col(row.position))):
        person_id = kept.get(part.person_id, part.person_id)
        if home := residents.get(person_id):
            line = Evidence(home.community, "person", person_id, person_id, part.on, part.event_id, part.position)
            found.setdefault(person_id, line)
    return list(found.values())


def _feedback_of(db: Session, lines: list[Evidence], service_id: str, _: Sequence[str], __: Period) -> list[Evidence]:
    row = OVERVIEW.tables.feedback
    ids = set(db.exec(select(row.feedback_id).where(row.service_id == service_id)))
    return [line for line in lines if line.id in ids]


def _referrals_to(db: Session, lines: list[Evidence], service_id: str, _: Sequence[str], __: Period) -> list[Evidence]:
    row = OVERVIEW.tables.referral
    ids = set(db.exec(select(row.referral_id).where(row.service_id == service_id)))
    return [line for line in lines if line.id in ids]


_Narrow = Callable[[Session, list[Evidence], str, Sequence[str], Period], list[Evidence]]
_OF_SERVICE: Mapping[str, _Narrow] = {
    "participants": _who_completed,
    "persons": lambda _db, lines, *_: lines,
    "feedback_given": _feedback_of,
    "satisfied": _feedback_of,
    "services_running": _referrals_to,
    "services_completed": _referrals_to,
    "referrals_waiting": _referrals_to,
    "referrals_waitlisted": _referrals_to,
}
BY_SERVICE = frozenset(_OF_SERVICE)
"""Figures whose list can be narrowed to a service."""
