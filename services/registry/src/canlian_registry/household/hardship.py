"""Special hardship (特殊困难家庭): which of the four kinds hold for a household on a day, and why. Pure.

The rules are domain.md's, "Special hardship"; their numbers are constants of the language.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from canlian_events.registry.household import AGED_FROM, SEVERAL_DISABLED, SEVERE_TO_GRADE, HardshipReason
from canlian_events.terms import DisabilityClass, Grade, Hardship, HardshipFact

Reasons = tuple[HardshipReason, ...]


@dataclass(frozen=True, slots=True)
class Disabled:
    """What of a person's file bears on hardship. None: not known."""

    disability: DisabilityClass
    grade: Grade | None = None
    orphan: bool = False


@dataclass(frozen=True, slots=True)
class Member:
    """Who lives in the household. `disabled` is None for a relative, `carers` are the members who care for them."""

    id: str
    birth_date: date | None = None
    disabled: Disabled | None = None
    carers: frozenset[str] = frozenset()


def age_on(born: date, day: date) -> int:
    """In whole years; who was born on 29 February has their birthday on 1 March where there is none."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def turns_aged(born: date) -> date:
    """The day on which they are of the age that counts as old."""
    year = born.year + AGED_FROM
    try:
        return born.replace(year=year)
    except ValueError:
        return date(year, 3, 1)


def hardships(members: Iterable[Member], day: date) -> Mapping[Hardship, Reasons]:
    """The kinds that hold on the day, each with every fact that makes it hold. The same, however members are listed."""
    ordered = sorted(members, key=lambda member: member.id)
    found = {
        Hardship.MULTIPLE_DISABLED: _multiple_disabled(ordered),
        Hardship.AGED_AND_DISABLED: tuple(_aged_and_disabled(ordered, day)),
        Hardship.ORPHANED_OR_SEVERE: tuple(_orphaned_or_severe(ordered)),
        Hardship.MULTIPLE_DISABILITIES: tuple(_multiple_disabilities(ordered)),
    }
    return {kind: reasons for kind, reasons in found.items() if reasons}


def _multiple_disabled(members: Sequence[Member]) -> Reasons:
    """一户多残: two or more disabled members."""
    disabled = [member for member in members if member.disabled]
    if len(disabled) < SEVERAL_DISABLED:
        return ()
    return tuple(HardshipReason(member_id=member.id, fact=HardshipFact.DISABLED) for member in disabled)


def _aged_and_disabled(members: Sequence[Member], day: date) -> Iterator[HardshipReason]:
    """老残一体: a disabled member of 60 or over, or a disabled person whose only carer is 60 or over."""
    by_id = {member.id: member for member in members}
    for member in members:
        if not member.disabled:
            continue
        if _is_aged(member, day):
            yield HardshipReason(member_id=member.id, fact=HardshipFact.AGED)
        carers = [by_id[carer] for carer in sorted(member.carers) if carer in by_id]
        if len(carers) == 1 and _is_aged(carers[0], day):
            yield HardshipReason(member_id=member.id, fact=HardshipFact.ONLY_CARER_AGED, carer_id=carers[0].id)


def _orphaned_or_severe(members: Sequence[Member]) -> Iterator[HardshipReason]:
    """孤残重残: an orphan with a disability, or grade 1 or 2."""
    for member in members:
        if not member.disabled:
            continue
        if member.disabled.orphan:
            yield HardshipReason(member_id=member.id, fact=HardshipFact.ORPHAN)
        if member.disabled.grade is not None and member.disabled.grade <= SEVERE_TO_GRADE:
            yield HardshipReason(member_id=member.id, fact=HardshipFact.SEVERE)


def _multiple_disabilities(members: Sequence[Member]) -> Iterator[HardshipReason]:
    """多重残疾: a member of class 7."""
    for member in members:
        if member.disabled and member.disabled.disability is DisabilityClass.MULTIPLE:
            yield HardshipReason(member_id=member.id, fact=HardshipFact.CLASS_SEVEN)


def _is_aged(member: Member, day: date) -> bool:
    return member.birth_date is not None and age_on(member.birth_date, day) >= AGED_FROM
