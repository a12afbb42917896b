"""The overview of one community or a whole subdistrict: its figures, and what stands behind each.

class FederationRow(Row):
    metadata = MetaData()

OVERVIEW = overview(FederationRow)
VIEWS = Views("federation", version=1, rows=FederationRow, projections=[*OVERVIEW.projections, ...])
figures = await runner.read(OVERVIEW.figures, "429999001", Period.year_to_date(today))
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from sqlmodel import Session, col, select

from canlian_chassis.projection import Projection
from canlian_chassis.row import Row
from canlian_overview import rates
from canlian_overview.evidence import Evidence, counts, find, page, persons_by_service
from canlian_overview.rates import SATISFIED_FROM, Period, Rate
from canlian_overview.rows import CommunityRow, ServiceRow, Tables, tables
from canlian_overview.views import help, outcomes, people, places


@dataclass(frozen=True, slots=True)
class Definition:
    """A figure, in words. `behind` names what it counts; a rate divides it by what `of` names."""

    zh: str
    en: str
    behind: str
    of: str | None = None


FIGURES: Mapping[str, Definition] = {
    "persons": Definition("登记残疾人", "Persons registered", "persons"),
    "participation": Definition("参与率", "Participation rate", "participants", "persons"),
    "satisfaction": Definition("满意率", "Satisfaction rate", "satisfied", "feedback_given"),
    "needs_open": Definition("未办结需求", "Open needs", "needs_open"),
    "needs_urgent": Definition("紧急需求", "Urgent needs", "needs_urgent"),
    "needs_unassigned": Definition("未分派需求", "Needs with no worker", "needs_unassigned"),
    "needs_raised": Definition("新收需求", "Needs raised", "needs_raised"),
    "needs_met": Definition("已满足需求", "Needs met", "needs_met"),
    "visits_overdue": Definition("逾期访视", "Visits overdue", "visits_overdue"),
    "visits_done": Definition("完成访视", "Visits done", "visits_done"),
    "referrals_waiting": Definition("待答复转介", "Referrals without an answer", "referrals_waiting"),
    "referrals_waitlisted": Definition("轮候转介", "Referrals on a waiting list", "referrals_waitlisted"),
    "services_running": Definition("服务中", "Services under way", "services_running"),
    "services_completed": Definition("完成服务", "Services completed", "services_completed"),
    "feedback_given": Definition("收到评价", "Feedback given", "feedback_given"),
    "certificates_expired": Definition("残疾人证过期", "Certificates expired", "certificates_expired"),
    "communities_without_grid_worker": Definition(
        "无网格员社区", "Communities with no grid worker", "communities_without_grid_worker"
    ),
    "communities_without_director": Definition(
        "无社区主任社区", "Communities with no director", "communities_without_director"
    ),
}
"""In the order they are shown."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure as it stands. `behind`, and for a rate's denominator `of`, are what `Overview.behind` takes."""

    code: str
    value: int | Rate
    behind: str
    of: str | None = None


@dataclass(frozen=True, slots=True)
class CommunityFigures:
    community: CommunityRow
    figures: Mapping[str, Figure]


@dataclass(frozen=True, slots=True)
class ServiceRates:
    """How one service did for a community's persons."""

    service_id: str
    name: str
    participation: Rate
    satisfaction: Rate


@dataclass(frozen=True, slots=True)
class Overview:
    """One tool's overview. Queries take a community's 12-digit code, or a prefix such as a subdistrict's 9 digits."""

    tables: Tables
    projections: Sequence[Projection]

    def figures(self, session: Session, prefix: str, period: Period) -> list[Figure]:
        """Every figure, in the order of FIGURES."""
        totals = {code: counter.total() for code, counter in self._counts(session, prefix, period).items()}
        return [_figure(code, totals) for code in FIGURES]

    def communities(self, session: Session, prefix: str, period: Period) -> list[CommunityFigures]:
        """The open communities in the order of their codes, each with its figures."""
        counted = self._counts(session, prefix, period)
        table = self.tables.community
        query = select(table).where(col(table.open), col(table.community).startswith(scope(prefix)))
        found = []
        for row in session.exec(query.order_by(col(table.community))):
            here = {code: counter[row.community] for code, counter in counted.items()}
            found.append(CommunityFigures(row, {code: _figure(code, here) for code in FIGURES}))
        return found

    def services(self, session: Session, prefix: str, period: Period) -> list[ServiceRates]:
        """The rates of each service that these persons completed or gave feedback on, by name."""
        persons = self.number(session, "persons", prefix, period)
        completed = persons_by_service(session, self.tables, scope(prefix), period)
        scores = self._scores(session, prefix, period)
        names = self._names(session, completed.keys() | scores.keys())
        found = [
            ServiceRates(
                service_id,
                name,
                rates.participation(len(completed.get(service_id, ())), persons),
                satisfaction_of(scores.get(service_id, [])),
            )
            for service_id, name in names.items()
        ]
        return sorted(found, key=lambda service: (service.name, service.service_id))

    def participation_rate(self, session: Session, prefix: str, period: Period) -> Rate:
        participants, persons = (self.number(session, code, prefix, period) for code in ("participants", "persons"))
        return rates.participation(participants, persons)

    def satisfaction_rate(self, session: Session, prefix: str, period: Period) -> Rate:
        satisfied, given = (self.number(session, code, prefix, period) for code in ("satisfied", "feedback_given"))
        return rates.satisfaction(satisfied, given)

    def behind(self, session: Session, code: str, prefix: str, period: Period) -> list[Evidence]:
        """What a figure's `behind` or `of` counts, a line each. Raises KeyError where there is no such figure."""
        return find(session, self.tables, code, scope(prefix), period)

    def page_behind(
        self, session: Session, code: str, prefix: str, period: Period, limit: int, skip: int
    ) -> list[Evidence]:
        """So many of the lines of `behind` after so many."""
        return page(session, self.tables, code, scope(prefix), period, limit, skip)

    def _counts(self, session: Session, prefix: str, period: Period) -> dict[str, Counter[str]]:
        """What is counted → community → how many."""
        needed = {code for figure in FIGURES.values() for code in (figure.behind, figure.of) if code}
        return {code: counts(session, self.tables, code, scope(prefix), period) for code in needed}

    def number(self, session: Session, code: str, prefix: str, period: Period) -> int:
        """How many lines `behind` has."""
        return counts(session, self.tables, code, scope(prefix), period).total()

    def _scores(self, session: Session, prefix: str, period: Period) -> dict[str, list[int]]:
        row = self.tables.feedback
        query = select(row.service_id, row.score).where(
            col(row.community).startswith(scope(prefix)),
            col(row.given_on).between(period.start, period.end),
            col(row.service_id).is_not(None),
        )
        found: dict[str, list[int]] = {}
        for service_id, score in session.exec(query):
            if service_id is not None and score is not None:
                found.setdefault(service_id, []).append(score)
        return found

    def _names(self, session: Session, service_ids: set[str]) -> dict[str, str]:
        table: type[ServiceRow] = self.tables.service
        known = {row.service_id: row.name for row in session.exec(select(table))}
        return {service_id: known.get(service_id, service_id) for service_id in service_ids}


@cache
def overview(base: type[Row]) -> Overview:
    """The overview with tables of its own, among those of `base`: a tool's own base of rows."""
    own = tables(base)
    return Overview(
        own,
        (
            places.communities(own.community),
            people.persons(own.person),
            help.needs(own.need),
            help.visits(own.visit),
            outcomes.referrals(own.referral),
            outcomes.participations(own.participation),
            outcomes.activities(own.activity),
            outcomes.feedback(own.feedback),
            places.services(own.service),
            places.providers(own.provider),
        ),
    )


def scope(code: str) -> str:
    """The prefix of everything under a code: a subdistrict's 12 digits end in 000, its communities' do not."""
    return code[:9] if len(code) == 12 and code.endswith("000") else code


def satisfaction_of(scores: Sequence[int]) -> Rate:
    return rates.satisfaction(sum(score >= SATISFIED_FROM for score in scores), len(scores))


def _figure(code: str, counts: Mapping[str, int]) -> Figure:
    definition = FIGURES[code]
    count = counts[definition.behind]
    if definition.of is None:
        return Figure(code, count, definition.behind)
    rate = rates.participation if code == "participation" else rates.satisfaction
    return Figure(code, rate(count, counts[definition.of]), definition.behind, definition.of)
