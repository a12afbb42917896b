"""Whether a person may be sent to a service at all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlmodel import Session

from canlian_catalog.matching.eligibility import grounds_against
from canlian_catalog.matching.facts import PersonFacts
from canlian_catalog.referral.states import Referral
from canlian_catalog.service.decider import Listed
from canlian_catalog.views import queries
from canlian_catalog.views.rows import ProviderRow, ServiceRow
from canlian_chassis.decider import Given, Ref, Rejected
from canlian_events.calendar import SHANGHAI
from canlian_events.catalog.referral import ReferPerson, ServiceReferred
from canlian_events.catalog.service import SERVICE


@dataclass(frozen=True, slots=True)
class SendingFacts:
    """What is known elsewhere: the person, whether the provider is suspended, an open referral of the same kind."""

    person: PersonFacts | None
    provider_suspended: bool = False
    open_referral: str | None = None

    @property
    def ids(self) -> frozenset[str]:
        """All ids the person's file goes by."""
        return self.person.ids if self.person else frozenset()

    @property
    def erased(self) -> bool:
        return self.person is not None and self.person.erased

    @property
    def died_on(self) -> date | None:
        return self.person.died_on if self.person else None


def find_facts(session: Session, command: Any, referral: Referral) -> SendingFacts:
    """Read from the service's view, which has seen everything up to this command."""
    if not isinstance(command, ReferPerson):
        return SendingFacts(queries.person_facts(session, referral.sent.person_id) if referral else None)
    service = session.get(ServiceRow, command.service_id)
    provider = session.get(ProviderRow, service.provider_id) if service else None
    return SendingFacts(
        queries.person_facts(session, command.person_id),
        provider_suspended=bool(provider and provider.suspended),
        open_referral=queries.open_referral(session, command.person_id, command.service_id),
    )


def send(command: ReferPerson, given: Given) -> list[ServiceReferred]:
    """A full service may still be asked: its provider puts the person on the waiting list."""
    facts: SendingFacts = given.facts
    person, service = facts.person, given.beside[Ref(SERVICE, command.service_id)]
    if person is None:
        raise Rejected("referral.person_unknown")
    if person.community != command.community:
        raise Rejected("referral.other_community", community=person.community)
    if not isinstance(service, Listed):
        raise Rejected("referral.service_unknown")
    if service.withdrawn:
        raise Rejected("referral.service_withdrawn", service=service.details.name)
    if facts.provider_suspended:
        raise Rejected("referral.provider_suspended", service=service.details.name)
    if not person.shares:
        raise Rejected("referral.no_consent")
    _admitted(person, service, given)
    if facts.open_referral:
        raise Rejected("referral.already_open", service=service.details.name, referral_id=facts.open_referral)
    return [ServiceReferred.from_(command, provider_id=service.provider_id, domain=service.details.domain)]


def _admitted(person: PersonFacts, service: Listed, given: Given) -> None:
    """The refusal names every reason, by the code of its wording and with the figures that fill it."""
    against = grounds_against(person, service.details, given.at.astimezone(SHANGHAI).year)
    if against:
        reasons = [{"code": f"match.{reason.code}", "facts": reason.facts} for reason in against]
        raise Rejected("referral.not_eligible", service=service.details.name, reasons=reasons)
