"""Dates and numbers as each language writes them, at the wall clock of the federation."""

from __future__ import annotations

from datetime import UTC, date, datetime

from babel import dates, numbers

from canlian_chassis.clock import CLOCK
from canlian_events.calendar import SHANGHAI
from canlian_web.language.i18n import Lang

LOCALES: dict[Lang, str] = {"zh": "zh_CN", "en": "en_GB"}
_DATE: dict[Lang, str] = {"zh": "y年M月d日", "en": "d MMMM y"}
_SHORT: dict[Lang, str] = {"zh": "M月d日", "en": "d MMM"}
_TIME = "HH:mm"


def now() -> datetime:
    return CLOCK.now().astimezone(SHANGHAI)


def today() -> date:
    return now().date()


def local(moment: datetime) -> datetime:
    """The moment on the federation's clock; one without a zone is taken as UTC, as SQLite gives it back."""
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(SHANGHAI)


def say_date(value: date | datetime | None, lang: Lang) -> str:
    """`2025年3月1日`, `1 March 2025`."""
    if value is None:
        return "—"
    day = local(value).date() if isinstance(value, datetime) else value
    return dates.format_date(day, _DATE[lang], locale=LOCALES[lang])


def say_day(value: date | datetime | None, lang: Lang) -> str:
    """The same without the year, with the day of the week: `3月1日 周六`, `Sat 1 Mar`."""
    if value is None:
        return "—"
    day = local(value).date() if isinstance(value, datetime) else value
    pattern = f"{_SHORT[lang]} EEE" if lang == "zh" else f"EEE {_SHORT[lang]}"
    return dates.format_date(day, pattern, locale=LOCALES[lang])


def say_time(value: datetime | None, lang: Lang) -> str:
    """`2025年3月1日 14:05`."""
    if value is None:
        return "—"
    moment = local(value)
    return f"{say_date(moment, lang)} {dates.format_time(moment, _TIME, locale=LOCALES[lang])}"


def say_number(value: float | int | None, lang: Lang) -> str:
    return "—" if value is None else numbers.format_decimal(value, locale=LOCALES[lang])


def say_percent(value: float | None, lang: Lang) -> str:
    """A share between 0 and 1, with one decimal at most."""
    return "—" if value is None else numbers.format_percent(value, "#,##0.#%", locale=LOCALES[lang])


def say_money(fen: int | None, lang: Lang) -> str:
    """An amount in fen, as yuan."""
    return "—" if fen is None else numbers.format_currency(fen / 100, "CNY", locale=LOCALES[lang])
