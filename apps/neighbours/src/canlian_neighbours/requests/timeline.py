"""What happened to a need, step by step, in words that anybody understands. No step holds a personal word."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from canlian_events.terms import Channel, DeclineReason, NeedCloseReason, Outcome
from canlian_neighbours.shared.rows import StepRow
from canlian_web.language.formats import say_date
from canlian_web.language.i18n import N_, Texts
from canlian_web.language.term_labels import say


@dataclass(frozen=True, slots=True)
class Told:
    """A step as the page's timeline takes it."""

    at: datetime
    what: str
    note: str | None = None


_WORDS = {
    "NeedRaised": N_("You asked for help"),
    "NeedAssigned": N_("A worker took it on"),
    "AssessmentStarted": N_("The worker began to find out what you need"),
    "NeedAssessed": N_("It was found out what you need"),
    "NeedMet": N_("The request is done"),
    "NeedClosed": N_("The request was closed"),
    "NeedReopened": N_("The request was opened again"),
    "NeedTransferred": N_("It went to the workers of the new community"),
    "ServiceReferred": N_("You were sent to a service"),
    "ReferralAccepted": N_("The service accepted"),
    "ReferralWaitlisted": N_("The service put you on its waiting list"),
    "FreedPlaceOffered": N_("A place became free for you"),
    "ReferralDeclined": N_("The service could not take you"),
    "ReferralLapsed": N_("The service did not answer in time"),
    "ReferralWithdrawn": N_("The service was called off"),
    "ServiceStarted": N_("The service began"),
    "SessionAttended": N_("You took part"),
    "SessionMissed": N_("A session was missed"),
    "ServiceCompleted": N_("The service ended"),
}
_FOUND_BY = {
    Channel.NEIGHBOURS: N_("You asked for help"),
    Channel.VISIT: N_("It was noted on a visit to you"),
    Channel.ASSESSMENT: N_("It came out when your needs were assessed"),
    Channel.REFERRED_IN: N_("It was handed on to us"),
}


def told(steps: Iterable[StepRow], services: Mapping[str, str], texts: Texts) -> list[Told]:
    """The steps in the order given; `services` are names by id."""
    return [Told(step.at, _what(step, texts), _note(step, services, texts)) for step in steps]


def _what(step: StepRow, texts: Texts) -> str:
    if step.what == "NeedRaised" and step.code:
        return texts.say(_FOUND_BY.get(Channel(step.code), _WORDS["NeedRaised"]))
    return texts.say(_WORDS[step.what])


def _note(step: StepRow, services: Mapping[str, str], texts: Texts) -> str | None:
    match step.what:
        case "ServiceReferred":
            return services.get(step.service_id or "")
        case "ReferralDeclined" if step.code:
            return say(DeclineReason(step.code), texts.lang)
        case "NeedClosed" if step.code:
            return say(NeedCloseReason(step.code), texts.lang)
        case "ServiceCompleted" if step.code:
            return say(Outcome(step.code), texts.lang)
        case "ServiceStarted" | "SessionAttended" | "SessionMissed" if step.day:
            return say_date(step.day, texts.lang)
        case _:
            return None
