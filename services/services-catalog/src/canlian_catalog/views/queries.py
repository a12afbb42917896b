"""What decisions, policies and questions read from the rows."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, func
from sqlmodel import Session, col, select

from canlian_catalog.matching.facts import Candidate, PersonFacts, Tried
from canlian_catalog.views.rows import PersonRow, ProviderRow, RatingRow, ReferralRow, ServiceRow, Stage
from canlian_chassis.views.merged_ids import meant, same
from canlian_events.catalog.service import ServiceDetails
from canlian_events.terms import AccessFeature, DisabilityClass, Domain, Grade

_STILL_OPEN = (Stage.REQUESTED, Stage.WAITLISTED, Stage.PLACED)


def person_facts(session: Session, person_id: str) -> PersonFacts | None:
    """What is known of a person; None for somebody who is not registered."""
    row = meant(session, PersonRow, person_id)
    if row is None:
        return None
    return PersonFacts(
        person_id=row.person_id,
        community=row.community,
        disability=DisabilityClass(row.disability),
        birth_year=row.birth_year,
        grade=None if row.grade is None else Grade(row.grade),
        low_income=row.low_income,
        access_needs=frozenset(map(AccessFeature, row.access)),
        shares=row.shares,
        erased=row.erased,
        died_on=row.died_on,
        ids=frozenset(same(session, PersonRow, person_id)),
    )


def candidates(session: Session, domain: Domain | str) -> list[Candidate]:
    """The services of a domain that are not withdrawn, with their provider, places in use, waiting list and ratings."""
    waiting = (
        select(ReferralRow.service_id, func.count().label("waiting"))
        .where(col(ReferralRow.stage) == Stage.WAITLISTED)
        .group_by(col(ReferralRow.service_id))
        .subquery()
    )
    found = session.execute(
        select(ServiceRow, ProviderRow, RatingRow, waiting.c.waiting)
        .join(ProviderRow, col(ProviderRow.provider_id) == ServiceRow.provider_id)
        .join(RatingRow, col(RatingRow.service_id) == ServiceRow.service_id, isouter=True)
        .join(waiting, waiting.c.service_id == ServiceRow.service_id, isouter=True)
        .where(ServiceRow.domain == domain, col(ServiceRow.withdrawn).is_(False))
    )
    return [_candidate(*row) for row in found]


def _candidate(service: ServiceRow, provider: ProviderRow, rating: RatingRow | None, waiting: int | None) -> Candidate:
    return Candidate(
        service_id=service.service_id,
        provider_id=service.provider_id,
        provider_name=provider.name,
        details=ServiceDetails.model_validate(service.details),
        places=service.places,
        in_use=service.in_use,
        waiting=waiting or 0,
        scores=rating.scores if rating else 0,
        rated=rating.rated if rating else 0,
        demonstration=provider.demonstration,
        suspended=provider.suspended,
    )


def tried(session: Session, person_id: str, need_id: str | None, domain: Domain | str) -> Tried:
    """Where the person is being sent now, and where they were sent before for this need (or, without one, domain)."""
    rows = session.exec(select(ReferralRow).where(_of(session, person_id))).all()
    mine = [row for row in rows if (row.need_id == need_id if need_id else row.domain == domain)]
    return Tried(
        open=frozenset(row.service_id for row in rows if row.stage in _STILL_OPEN),
        before=frozenset(row.service_id for row in mine if row.stage == Stage.OVER),
    )


def _of(session: Session, person_id: str) -> ColumnElement[bool]:
    """Referrals of the person, under whatever id."""
    return col(ReferralRow.person_id).in_(same(session, PersonRow, person_id))


def open_referral(session: Session, person_id: str, service_id: str) -> str | None:
    """The person's open referral to this service, if there is one."""
    return session.exec(
        select(ReferralRow.referral_id).where(
            _of(session, person_id),
            ReferralRow.service_id == service_id,
            col(ReferralRow.stage).in_(_STILL_OPEN),
        )
    ).first()


def open_referrals_of(session: Session, person_id: str) -> Sequence[str]:
    """Every referral of a person that is not over."""
    statement = select(ReferralRow.referral_id).where(_of(session, person_id), col(ReferralRow.stage).in_(_STILL_OPEN))
    return session.exec(statement.order_by(ReferralRow.referral_id)).all()


def without_a_place(session: Session, service_id: str) -> Sequence[str]:
    """The referrals to a service that were not taken yet."""
    statement = select(ReferralRow.referral_id).where(
        ReferralRow.service_id == service_id, col(ReferralRow.stage).in_([Stage.REQUESTED, Stage.WAITLISTED])
    )
    return session.exec(statement.order_by(ReferralRow.referral_id)).all()


def waiting_for(session: Session, service_id: str) -> Sequence[ReferralRow]:
    """Who waits for a service, the longest first."""
    statement = select(ReferralRow).where(
        ReferralRow.service_id == service_id, col(ReferralRow.stage) == Stage.WAITLISTED
    )
    return session.exec(statement.order_by(col(ReferralRow.waiting_since), ReferralRow.referral_id)).all()


def places_to_offer(session: Session, service_id: str) -> int:
    """Free places that nobody has been offered yet; none at a withdrawn service."""
    service = session.get(ServiceRow, service_id)
    if service is None or service.withdrawn:
        return 0
    offered = session.exec(
        select(func.count()).where(ReferralRow.service_id == service_id, col(ReferralRow.offered).is_(True))
    ).one()
    return max(service.places - service.in_use - offered, 0)


def domain_of(session: Session, service_id: str) -> str | None:
    service = session.get(ServiceRow, service_id)
    return service.domain if service else None


def details_of(session: Session, service_id: str) -> ServiceDetails:
    return ServiceDetails.model_validate(session.get_one(ServiceRow, service_id).details)
