"""The federation's clock: days, due dates and ages are counted in Shanghai, whatever clock a machine or phone keeps."""

from __future__ import annotations

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


def day_of(moment: datetime) -> date:
    """The day it was in Shanghai."""
    return moment.astimezone(SHANGHAI).date()


def begin_of(day: date) -> datetime:
    """The moment the day begins in Shanghai."""
    return datetime.combine(day, time(0), SHANGHAI)
