"""What has happened with a referral, and why it was sent here, in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from enum import Enum
from typing import Any

from canlian_events.catalog.matching import Reason
from canlian_events.terms import DeclineReason, Outcome
from canlian_person_file.case_history import Step
from canlian_provider.referrals.history import HistoryRow
from canlian_web.language.event_labels import say_roles
from canlian_web.language.formats import say_date
from canlian_web.language.i18n import N_
from canlian_web.language.refusals import say_refusal
from canlian_web.language.term_labels import say
from canlian_web.page import Context

WHAT = {
    "catalog.referral.referred": N_("Referred"),
    "catalog.referral.accepted": N_("Accepted"),
    "catalog.referral.declined": N_("Declined"),
    "catalog.referral.waitlisted": N_("Put on the waiting list"),
    "catalog.referral.freed-place-offered": N_("A place became free and is offered"),
    "catalog.referral.lapsed": N_("Lapsed without an answer"),
    "catalog.referral.withdrawn": N_("Taken back"),
    "catalog.referral.service-started": N_("The service began"),
    "catalog.referral.session-attended": N_("Attended a session"),
    "catalog.referral.session-missed": N_("Missed a session"),
    "catalog.referral.service-completed": N_("Completed"),
}
_CODES: dict[str, type[Enum]] = {"reason": DeclineReason, "outcome": Outcome}


def steps(page: Context, rows: Iterable[HistoryRow], with_texts: bool) -> list[Step]:
    """Who, by role only; what was written about the person only while their referral is open."""
    return [
        Step(row.at, page._(WHAT[row.kind]), say_roles(row.actor, page.lang), _note(page, row, with_texts))
        for row in rows
    ]


def _note(page: Context, row: HistoryRow, with_texts: bool) -> str | None:
    parts = [_fact(page, name, value) for name, value in row.facts.items()]
    if with_texts and row.text:
        parts.append(row.text)
    return " · ".join(parts) or None


def _fact(page: Context, name: str, value: Any) -> str:
    return say_date(date.fromisoformat(value), page.lang) if name == "on" else say(_CODES[name](value), page.lang)


def grounds(page: Context, reasons: Iterable[Mapping[str, Any]]) -> list[str]:
    """What spoke for this service, and what the desk has to arrange; the rest concerns who referred."""
    found = [Reason.model_validate(reason) for reason in reasons]
    told = [reason for reason in found if reason.counts == "for" or reason.code == "arrange_access"]
    return [say_refusal(f"match.{reason.code}", reason.facts, page.lang) for reason in told]
