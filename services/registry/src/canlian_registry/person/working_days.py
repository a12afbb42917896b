"""Working days by China's official calendar, with the weekends that are worked in exchange for holidays."""

from __future__ import annotations

from datetime import date

import holidays

_CALENDAR = holidays.country_holidays("CN")


def working_days_after(day: date, number: int) -> date:
    """The last of so many working days, counted from the day after. Where a year's holidays are not announced yet,
    only its weekends and fixed holidays are left out."""
    found: date = _CALENDAR.get_nth_working_day(day, number)
    return found
