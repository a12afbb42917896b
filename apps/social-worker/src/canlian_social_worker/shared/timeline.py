"""What happened with a need, a referral or a visit, in words: the lines of a timeline."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from enum import Enum
from typing import Any

from canlian_events.terms import Channel, DeclineReason, Domain, NeedCloseReason, Outcome, Urgency
from canlian_person_file.case_history import Step
from canlian_person_file.disclosure import File
from canlian_social_worker.shared.history import HistoryRow
from canlian_social_worker.shared.names import Names
from canlian_web.language.formats import say_date
from canlian_web.language.i18n import N_
from canlian_web.language.term_labels import say
from canlian_web.page import Context

WHAT = {
    "assistance.need.raised": N_("Asked for help"),
    "assistance.need.asker-identified": N_("Found out who asked"),
    "assistance.need.asker-erased": N_("What had been said without an account was erased"),
    "assistance.need.assigned": N_("Assigned"),
    "assistance.need.classified": N_("Classified"),
    "assistance.need.assessed": N_("Linked to an assessment"),
    "assistance.need.met": N_("The need is met"),
    "assistance.need.closed": N_("Closed"),
    "assistance.need.reopened": N_("Reopened"),
    "assistance.need.transferred": N_("Passed on to another community after a move"),
    "assistance.assessment.completed": N_("Assessed"),
    "assistance.visit.fell-due": N_("A visit fell due"),
    "assistance.visit.scheduled": N_("Visit planned"),
    "assistance.visit.reassigned": N_("Visit given to somebody else"),
    "assistance.visit.completed": N_("Visited"),
    "assistance.visit.missed": N_("Visit not made"),
    "assistance.visit.cancelled": N_("Visit cancelled"),
    "assistance.visit.transferred": N_("Passed on to another community after a move"),
    "catalog.referral.referred": N_("Referred"),
    "catalog.referral.accepted": N_("The provider accepted"),
    "catalog.referral.declined": N_("The provider declined"),
    "catalog.referral.waitlisted": N_("Put on the waiting list"),
    "catalog.referral.freed-place-offered": N_("A place became free and was offered"),
    "catalog.referral.lapsed": N_("Lapsed without an answer"),
    "catalog.referral.withdrawn": N_("Referral withdrawn"),
    "catalog.referral.service-started": N_("The service began"),
    "catalog.referral.session-attended": N_("Came to a session"),
    "catalog.referral.session-missed": N_("Missed a session"),
    "catalog.referral.service-completed": N_("The service ended"),
    "catalog.referral.next-match-proposed": N_("Looked for the next match"),
    "catalog.referral.transferred": N_("Passed on to another community after a move"),
    "evaluation.feedback.given": N_("Gave feedback"),
}
_CODES: dict[str, tuple[type[Enum], ...]] = {
    "channel": (Channel,),
    "domain": (Domain,),
    "urgency": (Urgency,),
    "reason": (NeedCloseReason, DeclineReason),
    "outcome": (Outcome,),
}


def texts_of(rows: Iterable[HistoryRow]) -> list[str]:
    """What people wrote in it: notes of the person's file."""
    return [row.text for row in rows if row.text]


def steps(page: Context, rows: Iterable[HistoryRow], names: Names, file: File) -> list[Step]:
    """The history, as `ui.timeline` shows it; what people wrote only where the file is shown."""
    told = file.hidden is None
    return [
        Step(row.at, page._(WHAT.get(row.kind, row.kind)), names.who(row.actor, page), _note(page, row, names, told))
        for row in rows
    ]


def _note(page: Context, row: HistoryRow, names: Names, told: bool) -> str | None:
    if row.kind == "catalog.referral.next-match-proposed" and not row.facts.get("service_id"):
        return page._("None is left that fits and was not tried.")
    parts = [_fact(page, name, value, names) for name, value in row.facts.items()]
    return " · ".join(part for part in [*parts, row.text if told else None] if part) or None


def _fact(page: Context, name: str, value: Any, names: Names) -> str | None:
    match name:
        case "worker_id":
            return names.worker(value)
        case "service_id":
            return names.service(value)
        case "on" | "due":
            return say_date(date.fromisoformat(value), page.lang)
        case "score":
            # an assessment's score says nothing without its form; its level does
            return None
        case "level":
            return None
    return next((say(table(value), page.lang) for table in _CODES[name] if value in [c.value for c in table]), value)
