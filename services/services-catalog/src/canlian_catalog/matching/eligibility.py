"""Whom a service admits. Whoever is not admitted is told why, by code and with the figures behind it.

Birth dates are sealed, so an age is the one reached this year: someone whose birthday is still to come is not turned
away for it.
"""

from __future__ import annotations

from collections.abc import Iterator

from canlian_catalog.matching.facts import PersonFacts
from canlian_events.catalog.matching import Reason
from canlian_events.catalog.service import Eligibility, ServiceDetails


def grounds_against(person: PersonFacts, details: ServiceDetails, year: int) -> list[Reason]:
    """Why the service is not for this person in this year; nothing where it is."""
    rules = details.eligibility
    return [*_class(person, rules), *_grade(person, rules), *_age(person, rules, year), *_community(person, details)]


def _against(code: str, **facts: str | int | tuple[str, ...]) -> Reason:
    return Reason(code=code, counts="against", facts=dict(facts))


def _class(person: PersonFacts, rules: Eligibility) -> Iterator[Reason]:
    if rules.classes and person.disability not in rules.classes:
        admitted = tuple(str(int(code)) for code in sorted(rules.classes))
        yield _against("wrong_class", disability_class=admitted)


def _grade(person: PersonFacts, rules: Eligibility) -> Iterator[Reason]:
    if rules.mildest_grade is None:
        return
    if person.grade is None:
        yield _against("grade_unknown", grade=str(int(rules.mildest_grade)))
    elif person.grade > rules.mildest_grade:
        yield _against("too_mild", grade=str(int(rules.mildest_grade)), own=int(person.grade))


def _age(person: PersonFacts, rules: Eligibility, year: int) -> Iterator[Reason]:
    age = year - person.birth_year
    if age < rules.age_from:
        yield _against("too_young", age=age, age_from=rules.age_from)
    elif age - 1 > rules.age_to:
        yield _against("too_old", age=age, age_to=rules.age_to)


def _community(person: PersonFacts, details: ServiceDetails) -> Iterator[Reason]:
    if details.communities and person.community not in details.communities:
        yield _against("not_served", community=person.community)
