"""Six weeks in a made-up subdistrict, planned before any of it is said: who said what when.

Pure and seeded: the same people, services and day give the same history, so a load that was broken off can go on.
"""

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from canlian_events.calendar import SHANGHAI
from canlian_events.catalog.service import ServiceDetails
from canlian_events.core import Command
from canlian_events.ids import derive, derive_uuid
from canlian_events.meta import Actor
from canlian_events.terms import Domain
from canlian_operator.demonstration.cast import SUBDISTRICT
from canlian_sheets.roster import RosterPerson

WEEKS = 6
_LAST_HOUR = 18


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A made-up person with the id they are registered under."""

    id: str
    entry: RosterPerson

    @property
    def community(self) -> str:
        return self.entry.community


@dataclass(frozen=True, slots=True)
class Offer:
    """A service with its id."""

    id: str
    provider_id: str
    details: ServiceDetails
    places: int

    def suits(self, person: Neighbour, year: int) -> bool:
        """Whether the catalog would admit them: class, grade, age and community."""
        rules, age = self.details.eligibility, year - person.entry.birth_date.year
        return (
            (not rules.classes or person.entry.disability in rules.classes)
            and (rules.mildest_grade is None or person.entry.grade <= rules.mildest_grade)
            and rules.age_from < age <= rules.age_to
            and (not self.details.communities or person.community in self.details.communities)
        )

    @property
    def for_all(self) -> bool:
        rules = self.details.eligibility
        return not (self.details.communities or rules.classes or rules.mildest_grade)


@dataclass(frozen=True, slots=True)
class Deed:
    """A command as somebody says it. `not_yet` is a refusal that passes: a policy has still to act before it."""

    by: Actor
    command: Command
    at: datetime
    not_yet: str | None = None


@dataclass(slots=True)
class Story:
    """Deeds in their order. Time goes on with each, and never past yesterday evening."""

    name: str
    now: datetime
    limit: datetime
    deeds: list[Deed]

    @classmethod
    def begin(cls, name: str, today: date, days_ago: int, hour: int) -> "Story":
        """`days_ago` is at least 1: what is told has happened."""
        start = datetime.combine(today - timedelta(days=days_ago), time(hour, 5), SHANGHAI)
        limit = datetime.combine(today - timedelta(days=1), time(_LAST_HOUR), SHANGHAI)
        return cls(name, start, limit, [])

    def say(self, by: Actor, command: Command, *, not_yet: str | None = None) -> None:
        self.deeds.append(Deed(by, command, self.now, not_yet))
        self.later(minutes=7)

    def later(self, **time_: int) -> None:
        """Waits; shortly before the limit only for minutes."""
        then = self.now + timedelta(**time_)
        self.now = then if then < self.limit else self.now + timedelta(minutes=7)

    def commands(self) -> Iterator[tuple[str, Deed]]:
        """Each with its id, which is the same whenever the history is planned."""
        for number, deed in enumerate(self.deeds):
            yield derive_uuid("demonstration", self.name, number), deed

    def id(self, prefix: str, *more: object) -> str:
        return derive(prefix, "demonstration", self.name, *more)


@dataclass
class Planner:
    """What planning draws from: people not yet used, and places not yet taken."""

    people: Sequence[Neighbour]
    offers: Sequence[Offer]
    today: date
    chance: random.Random
    taken: Counter[str]
    kept: frozenset[str]
    """Services planned for by themselves."""

    @classmethod
    def make(cls, people: Sequence[Neighbour], offers: Sequence[Offer], today: date) -> "Planner":
        chance = random.Random(20)
        kept = frozenset({small_service(offers).id})
        return cls(shuffled(people, chance), offers, today, chance, Counter(), kept)

    def offer_for(self, person: Neighbour, domain: Domain | None = None) -> Offer | None:
        """One that admits the person and has a place that nobody in the history will need."""
        fitting = [
            offer
            for offer in self.offers
            if offer.id not in self.kept
            and domain in (None, offer.details.domain)
            and offer.suits(person, self.today.year)
            and offer.suits(person, (self.today - timedelta(weeks=WEEKS)).year)
            and self.taken[offer.id] < offer.places
        ]
        return self.chance.choice(fitting) if fitting else None

    def take(self, offer: Offer) -> None:
        self.taken[offer.id] += 1


def small_service(offers: Sequence[Offer]) -> Offer:
    """The one with the fewest places that is for everybody: it will be full, with people waiting."""
    return min((offer for offer in offers if offer.for_all), key=lambda offer: (offer.places, offer.id))


def shuffled(people: Sequence[Neighbour], chance: random.Random) -> list[Neighbour]:
    """In an order in which some communities come more often first, so that their rates show and others' don't."""
    return sorted(people, key=lambda person: chance.random() * _far(person.community))


def _far(community: str) -> float:
    number = int(community.removeprefix(SUBDISTRICT))
    return 1.0 if number <= 5 else 2.0 if number == 6 else 4.0
