"""The list of resources into the services catalog: providers, and the services each offers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from canlian_chassis.bus.client import Accepted as Done
from canlian_chassis.bus.client import Client, NotAllowed, Refused, Unavailable
from canlian_chassis.bus.wire import EventNote
from canlian_events.catalog.provider import (
    AwardDemonstration,
    CorrectProvider,
    ProviderRegistered,
    RegisterProvider,
    VetProvider,
)
from canlian_events.catalog.service import (
    ChangeService,
    Eligibility,
    ListService,
    ServiceDetails,
    ServiceListed,
    SetCapacity,
)
from canlian_events.ids import derive, new_id
from canlian_events.terms import AccessFeature, DisabilityClass, Domain, Grade, Layer, ProviderKind
from canlian_sheets.importer.results import Answer, ImportInterrupted, ImportResult, Rows
from canlian_sheets.importer.sending import Sender, Token
from canlian_sheets.outcomes import Accepted, Outcome
from canlian_sheets.resources import ProviderLine, ResourceLine, ServiceLine

_KINDS = {"company": ProviderKind.ENTERPRISE}
"""Where the sheet's code is not the language's."""
_KIND_UNSAID = ProviderKind.SOCIAL_ORGANISATION
_LAYER_UNSAID = Layer.COMMUNITY
_OLDEST = 120

Row = Accepted[ResourceLine]
_REGISTERED = ProviderRegistered.__name__


async def import_resources(
    client: Client,
    token: Token,
    resources: Outcome[ResourceLine],
    *,
    batch_id: str | None = None,
    dry_run: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> ImportResult:
    """Register and list what is new, change what differs; the same list again changes nothing.

    Raises ImportInterrupted, with what is done so far, where the catalog does not answer or the token will not do.
    """
    batch_id = batch_id or new_id("import")
    sender = Sender(client, "catalog", token, batch_id, dry_run)
    outcomes = Rows(batch_id, resources)
    rows = resources.accepted
    try:
        providers = await _providers(sender, rows)
        services = await _services(sender, rows, providers)
    except (Unavailable, NotAllowed) as why:
        raise ImportInterrupted(why, outcomes.result()) from why
    told: set[str] = set()
    for done, row in enumerate(rows, 1):
        provider = providers[row.value.provider.number]
        # a provider's own changes are counted once, with the first of its rows; what was refused concerns them all
        answers = provider.answers if provider.id not in told or not provider.stands else []
        told.add(provider.id)
        outcomes.put(row.row_no, [*answers, *services.get(row.row_no, [])], creates=ServiceListed.__name__)
        if progress:
            progress(done, len(rows))
    return outcomes.result()


@dataclass(slots=True)
class _Provider:
    """One provider, and what the catalog answered about it."""

    line: ProviderLine
    id: str
    answers: list[Answer] = field(default_factory=list)

    @property
    def stands(self) -> bool:
        return not any(isinstance(answer, Refused) for answer in self.answers)

    @property
    def is_new(self) -> bool:
        return any(isinstance(a, Done) and any(e.name == _REGISTERED for e in a.events) for a in self.answers)

    def registration(self) -> RegisterProvider:
        kind = (_KINDS.get(self.line.kind) or ProviderKind(self.line.kind)) if self.line.kind else _KIND_UNSAID
        return RegisterProvider(
            provider_id=self.id, number=self.line.number, name=self.line.name, kind=kind, phone=self.line.phone
        )


async def _providers(sender: Sender, rows: Sequence[Row]) -> dict[str, _Provider]:
    """By number: registered or corrected. A new one counts as vetted, since the list is the federation's own.

    One that is known is not vetted again: that would restore a suspended one.
    """
    found: dict[str, _Provider] = {}
    for row in rows:
        line = row.value.provider
        found.setdefault(line.number, _Provider(line, derive("provider", line.number)))
    providers = list(found.values())
    for provider, answer in zip(providers, await sender.ask([p.registration() for p in providers]), strict=True):
        if isinstance(answer, Refused) and answer.code == "provider.number_taken":
            provider.id = answer.facts.get("holder", provider.id)  # registered by hand before, under another id
        provider.answers = [answer]
    known = [p for p in providers if _refused(p.answers, "provider.already_registered", "provider.number_taken")]
    corrected = await sender.ask([CorrectProvider.from_(p.registration()) for p in known])
    for provider, answer in zip(known, corrected, strict=True):
        provider.answers = [answer]
    await _also(sender, VetProvider, [p for p in providers if p.is_new])
    await _also(sender, AwardDemonstration, [p for p in providers if p.line.demonstration and p.stands])
    return found


async def _also(
    sender: Sender, command: type[VetProvider] | type[AwardDemonstration], providers: Sequence[_Provider]
) -> None:
    if sender.dry_run:  # a new one is not there to be asked about
        providers = [provider for provider in providers if not provider.is_new]
    answers = await sender.ask([command(provider_id=provider.id) for provider in providers])
    for provider, answer in zip(providers, answers, strict=True):
        provider.answers.append(answer)


async def _services(sender: Sender, rows: Sequence[Row], providers: Mapping[str, _Provider]) -> dict[int, list[Answer]]:
    """By row. What is listed already, with other details, is changed. In a dry run a new provider is not there yet."""
    listings = {
        row.row_no: listing_of(row.value, provider.id)
        for row in rows
        if (provider := providers[row.value.provider.number]).stands
    }
    answers = {n: [a] for n, a in zip(listings, await sender.ask(list(listings.values())), strict=True)}
    known = {n: listing for n, listing in listings.items() if _refused(answers[n], "service.already_listed")}
    changed = await sender.ask([ChangeService.from_(listing) for listing in known.values()])
    resized = await sender.ask([SetCapacity.from_(listing) for listing in known.values()])
    for n, change, size in zip(known, changed, resized, strict=True):
        answers[n] = [change, size]
    if sender.dry_run:
        for n in [n for n in answers if _refused(answers[n], "service.provider_unknown")]:
            answers[n] = [
                Done(0, (EventNote(id="", type=ServiceListed.type, name=ServiceListed.__name__, position=0),))
            ]
    return answers


def listing_of(line: ResourceLine, provider_id: str) -> ListService:
    """What is listed for a line; the service's id follows from the provider's number and the service's name."""
    return ListService(
        service_id=derive("service", line.provider.number, line.service.name),
        provider_id=provider_id,
        details=_details(line.service),
        places=line.service.weekly_places,
    )


def _details(line: ServiceLine) -> ServiceDetails:
    return ServiceDetails(
        name=line.name,
        domain=Domain(line.domain),
        layer=Layer(line.layer) if line.layer else _LAYER_UNSAID,
        communities=frozenset(line.communities),
        eligibility=Eligibility(
            classes=frozenset(map(DisabilityClass, line.classes)),
            mildest_grade=Grade(line.lowest_grade) if line.lowest_grade else None,
            age_from=line.age_from or 0,
            age_to=_OLDEST if line.age_to is None else line.age_to,
        ),
        access=frozenset(map(AccessFeature, line.access)),
        fee=line.fee or 0,
        hours=line.opening_hours,
        address=line.address,
        phone=line.phone,
    )


def _refused(answers: Sequence[Answer], *codes: str) -> bool:
    return any(isinstance(answer, Refused) and answer.code in codes for answer in answers)
