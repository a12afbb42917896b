"""How events become the rows."""

from __future__ import annotations

from typing import assert_never

from canlian_catalog.views.rows import (
    CatalogRow,
    PersonRow,
    ProviderRow,
    RatingRow,
    ReferralRow,
    ServiceRow,
    Stage,
)
from canlian_chassis.projection import projection
from canlian_chassis.views.runner import Views
from canlian_events.catalog.provider import (
    DemonstrationAwarded,
    ProviderCorrected,
    ProviderRegistered,
    ProviderSuspended,
    ProviderVetted,
)
from canlian_events.catalog.referral import (
    FreedPlaceOffered,
    ReferralAccepted,
    ReferralDeclined,
    ReferralLapsed,
    ReferralTransferred,
    ReferralWaitlisted,
    ReferralWithdrawn,
    ServiceCompleted,
    ServiceReferred,
)
from canlian_events.catalog.service import (
    CapacitySet,
    ServiceChanged,
    ServiceListed,
    ServicePlaceFreed,
    ServicePlaceTaken,
    ServiceWithdrawn,
)
from canlian_events.core import plain
from canlian_events.evaluation.feedback import FeedbackGiven
from canlian_events.meta import Meta
from canlian_events.registry.duplicates import MergedInto, MergedIntoUndone
from canlian_events.registry.person import (
    AccessNeedsRecorded,
    CertificateWithdrawn,
    CircumstancesRecorded,
    ConsentGiven,
    ConsentWithdrawn,
    DeathWithdrawn,
    DisabilityReclassified,
    PersonDied,
    PersonErased,
    PersonMoved,
    PersonRegistered,
    RegistrationWithdrawn,
)
from canlian_events.terms import Purpose

PersonFact = (
    PersonRegistered
    | DisabilityReclassified
    | CircumstancesRecorded
    | AccessNeedsRecorded
    | ConsentGiven
    | ConsentWithdrawn
    | PersonMoved
    | PersonDied
    | DeathWithdrawn
    | CertificateWithdrawn
    | RegistrationWithdrawn
    | PersonErased
    | MergedInto
    | MergedIntoUndone
)


@projection(PersonRow, key=lambda event: event.person_id)
def person(row: PersonRow | None, event: PersonFact, meta: Meta) -> PersonRow | None:
    if isinstance(event, PersonRegistered):
        return PersonRow(
            person_id=event.person_id,
            community=event.community,
            disability=event.disability,
            grade=event.grade,
            birth_year=event.birth_year,
        )
    if row is None:
        return None
    match event:
        case DisabilityReclassified():
            return row.with_(disability=event.disability, grade=event.grade)
        case CircumstancesRecorded():
            return row.with_(low_income=event.circumstances.low_income)
        case AccessNeedsRecorded():
            return row.with_(access=sorted(event.features))
        case ConsentGiven() | ConsentWithdrawn():
            about_sharing = event.purpose == Purpose.SHARE_WITH_PROVIDER
            return row.with_(shares=isinstance(event, ConsentGiven)) if about_sharing else row
        case PersonMoved():
            return row.with_(community=event.to_community)
        case PersonDied():
            return row.with_(died_on=event.on, shares=False)
        case DeathWithdrawn():
            return row.with_(died_on=None)
        case CertificateWithdrawn():
            return row.with_(grade=event.grade)
        case RegistrationWithdrawn():
            return None
        case PersonErased():
            return row.with_(erased=True)
        case MergedInto():
            return row.with_(merged_into=event.into)
        case MergedIntoUndone():
            return row.with_(merged_into=None)
        case _:
            assert_never(event)


ProviderFact = ProviderRegistered | ProviderCorrected | ProviderVetted | DemonstrationAwarded | ProviderSuspended


@projection(ProviderRow, key=lambda event: event.provider_id)
def provider(row: ProviderRow | None, event: ProviderFact, meta: Meta) -> ProviderRow | None:
    if isinstance(event, ProviderRegistered):
        return ProviderRow(provider_id=event.provider_id, name=event.name)
    assert row is not None
    match event:
        case ProviderCorrected():
            return row.with_(name=event.name or row.name)
        case ProviderVetted():
            return row.with_(suspended=False)
        case DemonstrationAwarded():
            return row.with_(demonstration=True)
        case ProviderSuspended():
            return row.with_(suspended=True)
        case _:
            assert_never(event)


ServiceFact = ServiceListed | ServiceChanged | CapacitySet | ServiceWithdrawn | ServicePlaceTaken | ServicePlaceFreed


@projection(ServiceRow, key=lambda event: event.service_id)
def service(row: ServiceRow | None, event: ServiceFact, meta: Meta) -> ServiceRow | None:
    if isinstance(event, ServiceListed):
        return ServiceRow(
            service_id=event.service_id,
            provider_id=event.provider_id,
            domain=event.details.domain,
            details=plain(event.details),
            places=event.places,
        )
    assert row is not None
    match event:
        case ServiceChanged():
            return row.with_(domain=event.details.domain, details=plain(event.details))
        case CapacitySet():
            return row.with_(places=event.places)
        case ServiceWithdrawn():
            return row.with_(withdrawn=True)
        case ServicePlaceTaken():
            return row.with_(in_use=row.in_use + 1)
        case ServicePlaceFreed():
            return row.with_(in_use=row.in_use - 1)
        case _:
            assert_never(event)


ReferralFact = (
    ServiceReferred
    | ReferralAccepted
    | ReferralDeclined
    | ReferralWaitlisted
    | FreedPlaceOffered
    | ReferralLapsed
    | ReferralWithdrawn
    | ServiceCompleted
    | ReferralTransferred
)


@projection(ReferralRow, key=lambda event: event.referral_id)
def referral(row: ReferralRow | None, event: ReferralFact, meta: Meta) -> ReferralRow | None:
    if isinstance(event, ServiceReferred):
        return ReferralRow(
            referral_id=event.referral_id,
            person_id=event.person_id,
            service_id=event.service_id,
            need_id=event.need_id,
            domain=event.domain,
            community=meta.community,
        )
    assert row is not None
    match event:
        case ReferralAccepted():
            return row.with_(stage=Stage.PLACED, offered=False)
        case ReferralWaitlisted():
            since = row.waiting_since or meta.said_at
            return row.with_(stage=Stage.WAITLISTED, offered=False, waiting_since=since)
        case FreedPlaceOffered():
            return row.with_(stage=Stage.REQUESTED, offered=True)
        case ReferralDeclined() | ReferralLapsed() | ReferralWithdrawn() | ServiceCompleted():
            return row.with_(stage=Stage.OVER, offered=False)
        case ReferralTransferred():
            return row.with_(community=event.to_community)
        case _:
            assert_never(event)


@projection(RatingRow, key=lambda event: event.service_id)
def rating(row: RatingRow | None, event: FeedbackGiven, meta: Meta) -> RatingRow | None:
    assert event.service_id is not None, "without a service it belongs to no row"
    row = row or RatingRow(service_id=event.service_id)
    return row.with_(scores=row.scores + event.score, rated=row.rated + 1)


views = Views("catalog", version=6, rows=CatalogRow, projections=[person, provider, service, referral, rating])
