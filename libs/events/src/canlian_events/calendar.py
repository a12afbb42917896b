"""The federation's clock: days, due dates and ages are counted in Shanghai, whatever clock a machine or phone keeps."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


def day_of(moment: datetime) -> date:
    """The day it was in Shanghai."""
    return moment.astimezone(SHANGHAI).date()
