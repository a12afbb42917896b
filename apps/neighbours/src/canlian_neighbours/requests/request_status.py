"""Where a need stands, in words that anybody understands: what is so now, and what happens next."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from canlian_events.terms import NeedCloseReason
from canlian_web.language.i18n import N_

if TYPE_CHECKING:
    from canlian_neighbours.shared.rows import NeedRow, ReferralRow


class Standing(Enum):
    """`now` and `then` are texts of this package's catalogue; `tone` is the tag's colour, `tag` its word."""

    RECEIVED = (
        N_("Received"),
        "blue",
        N_("We have your request."),
        N_("A worker of your community will read it and get in touch with you."),
    )
    TAKEN = (
        N_("In hand"),
        "blue",
        N_("A worker is looking after your request."),
        N_("The worker will talk with you about what would help."),
    )
    REOPENED = (
        N_("Open again"),
        "blue",
        N_("Your request is open again."),
        N_("The worker will get in touch with you and look for something better."),
    )
    ASSESSING = (
        N_("Being assessed"),
        "blue",
        N_("The worker is finding out what you need."),
        N_("When that is done, the worker looks for a service that suits you."),
    )
    ASSESSED = (
        N_("Assessed"),
        "blue",
        N_("It is clear what you need."),
        N_("The worker is looking for a service that suits you."),
    )
    WAITING = (
        N_("Asked a service"),
        "yellow",
        N_("You were sent to a service. It has not answered yet."),
        N_("If it does not answer within 7 days, your worker is told. You need not do anything."),
    )
    ACCEPTED = (
        N_("Accepted"),
        "green",
        N_("The service will take you."),
        N_("The service will agree with you when to begin."),
    )
    WAITLISTED = (
        N_("On the waiting list"),
        "yellow",
        N_("The service is full just now. You are on its waiting list."),
        N_("A place that becomes free goes to whoever has waited longest. You need not ask again."),
    )
    OFFERED = (
        N_("A place is free"),
        "green",
        N_("A place has become free for you."),
        N_("The service will confirm it and agree with you when to begin."),
    )
    RUNNING = (
        N_("Under way"),
        "green",
        N_("The service has begun."),
        N_("It goes on as agreed. When it ends you are asked how it was."),
    )
    ENDED = (
        N_("Service ended"),
        "blue",
        N_("The service has ended."),
        N_("Your worker looks at whether that was enough. You can say how it was."),
    )
    LOOKING = (
        N_("Looking again"),
        "blue",
        N_("It did not work out with that service."),
        N_("Your worker is looking for another one. You need not do anything."),
    )
    MET = (
        N_("Done"),
        "green",
        N_("Your request is done."),
        N_("If the trouble is still there, you can ask again at any time."),
    )
    WITHDRAWN = (
        N_("Withdrawn"),
        "grey",
        N_("You no longer needed this, so it was closed."),
        N_("If you need it after all, you can ask again at any time."),
    )
    NOT_OURS = (
        N_("Closed"),
        "grey",
        N_("This is not something we can do, so it was closed."),
        N_("Call your community's worker to hear who can help."),
    )
    DUPLICATE = (
        N_("Closed"),
        "grey",
        N_("You had already asked for this, so it goes on under the other request."),
        N_("Follow the other request. If it is not the same, ask again."),
    )
    MOVED_AWAY = (
        N_("Closed"),
        "grey",
        N_("It was closed because of the move to another place."),
        N_("Ask again where you live now."),
    )
    CLOSED = (
        N_("Closed"),
        "grey",
        N_("This request is closed."),
        N_("If you have a question, call your community's worker."),
    )

    @property
    def tag(self) -> str:
        return self.value[0]

    @property
    def tone(self) -> str:
        return self.value[1]

    @property
    def now(self) -> str:
        return self.value[2]

    @property
    def then(self) -> str:
        return self.value[3]


_OVER = {
    NeedCloseReason.MET: Standing.MET,
    NeedCloseReason.WITHDRAWN: Standing.WITHDRAWN,
    NeedCloseReason.NOT_OURS: Standing.NOT_OURS,
    NeedCloseReason.DUPLICATE: Standing.DUPLICATE,
    NeedCloseReason.MOVED_AWAY: Standing.MOVED_AWAY,
    NeedCloseReason.DIED: Standing.CLOSED,
    NeedCloseReason.ERASED: Standing.CLOSED,
}
_REFERRED = {
    "waiting": Standing.WAITING,
    "accepted": Standing.ACCEPTED,
    "waitlisted": Standing.WAITLISTED,
    "offered": Standing.OFFERED,
    "running": Standing.RUNNING,
    "completed": Standing.ENDED,
    "declined": Standing.LOOKING,
    "lapsed": Standing.LOOKING,
    "withdrawn": Standing.LOOKING,
}


def standing(need: NeedRow, referral: ReferralRow | None) -> Standing:
    """What is furthest along says where it stands."""
    if need.over is not None:
        return _OVER[need.over]
    if need.is_reopened:
        return Standing.REOPENED
    if referral is not None:
        return _REFERRED[referral.stage]
    if need.is_assessing:
        return Standing.ASSESSING
    if need.is_assessed:
        return Standing.ASSESSED
    return Standing.TAKEN if need.worker_id else Standing.RECEIVED
