"""The numbers of the evaluation: rates with their numerator and denominator, and the period they are for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

ENOUGH_FEEDBACK = 5
"""A satisfaction rate over less feedback than this is shown as "too few"."""
SATISFIED_FROM = 4
"""Feedback scoring 4 or 5 of 5 is satisfied."""


@dataclass(frozen=True, slots=True)
class Period:
    """From `start` to `end`, both included."""

    start: date
    end: date

    def __post_init__(self) -> None:
        if self.end < self.start:
            raise ValueError(f"a period cannot end ({self.end}) before it starts ({self.start})")

    @classmethod
    def year_to_date(cls, today: date) -> Period:
        """The calendar year up to today."""
        return cls(date(today.year, 1, 1), today)

    def __contains__(self, moment: date | None) -> bool:
        return moment is not None and self.start <= moment <= self.end


@dataclass(frozen=True, slots=True)
class Rate:
    """So many of so many. With `enough`, a smaller denominator makes the rate too few to be shown."""

    numerator: int
    denominator: int
    enough: int = 1

    @property
    def too_few(self) -> bool:
        return self.denominator < self.enough

    @property
    def percent(self) -> float | None:
        """To one decimal; None where nothing was counted, which is not the same as 0 %."""
        return round(100 * self.numerator / self.denominator, 1) if self.denominator else None

    def __add__(self, other: Rate) -> Rate:
        """The rate of two groups together, where nobody is in both."""
        return Rate(self.numerator + other.numerator, self.denominator + other.denominator, self.enough)


def participation(numerator: int, denominator: int) -> Rate:
    """Persons who received a completed service / persons registered at the period's end."""
    return Rate(numerator, denominator)


def satisfaction(numerator: int, denominator: int) -> Rate:
    """Feedback scoring 4 or 5 / all feedback of the period."""
    return Rate(numerator, denominator, ENOUGH_FEEDBACK)
