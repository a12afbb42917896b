"""What matching looks at: a person, and the services there are. Plain values, whoever gathered them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from canlian_events.catalog.service import ServiceDetails
from canlian_events.terms import AccessFeature, DisabilityClass, Grade


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """`grade` is None before certification, `low_income` where it is not known. `shares`: consents to be referred."""

    person_id: str
    community: str
    disability: DisabilityClass
    birth_year: int
    grade: Grade | None = None
    low_income: bool | None = None
    access_needs: frozenset[AccessFeature] = frozenset()
    shares: bool = False
    erased: bool = False
    died_on: date | None = None
    ids: frozenset[str] = frozenset()
    """All ids the person's file goes by."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A service as it stands. `scores` is the sum of the `rated` feedback scores of 1 to 5."""

    service_id: str
    provider_id: str
    provider_name: str
    details: ServiceDetails
    places: int
    in_use: int = 0
    waiting: int = 0
    scores: int = 0
    rated: int = 0
    demonstration: bool = False
    suspended: bool = False

    @property
    def free(self) -> int:
        return max(self.places - self.in_use, 0)


@dataclass(frozen=True, slots=True)
class Tried:
    """Services the person is being sent to now, and those already tried for the need in hand without success."""

    open: frozenset[str] = frozenset()
    before: frozenset[str] = frozenset()


NOTHING_TRIED = Tried()
