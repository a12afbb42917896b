"""Showings of a person's file: who was shown what of it, and why.

A showing is an aggregate of its own, so that looking at a file neither lengthens the person's history nor collides with
what is done to it. Its id follows from what it is (`showing_id_of`): looking again soon is the same showing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import Field, StringConstraints

from canlian_events.core import Command, Event, aggregate
from canlian_events.ids import CommunityCode, DataSubjectId, ShowingId, derive
from canlian_events.personal import Personal
from canlian_events.terms import FileField, Role, ShownFor

SHOWING = aggregate("registry.showing")
SAME_LOOK = timedelta(minutes=15)
"""Within the same quarter of an hour, the same look by the same actor is one showing."""

_WORKERS = frozenset({Role.SOCIAL_WORKER, Role.GRID_WORKER, Role.DIRECTOR, Role.STAFF})
_REACHING = frozenset({Role.SOCIAL_WORKER, Role.GRID_WORKER, Role.STAFF})
_CARERS = _REACHING | {Role.VOLUNTEER}
_REPORTING = _WORKERS | {Role.COMMISSIONER}

MAY_LOOK: Mapping[ShownFor, frozenset[Role]] = {
    ShownFor.CASEWORK: _REPORTING,
    ShownFor.NEED: _WORKERS,
    ShownFor.VISIT: _CARERS | {Role.DIRECTOR},
    ShownFor.CALL: _REACHING,
    ShownFor.ASSESSMENT: _WORKERS,
    ShownFor.REFERRAL: _WORKERS,
    ShownFor.SERVICE: frozenset({Role.PROVIDER}),
    ShownFor.FEEDBACK: _WORKERS,
    ShownFor.APPEAL: _REACHING | {Role.COMMISSIONER},
    ShownFor.OWN: frozenset({Role.RESIDENT}),
    ShownFor.OVERSIGHT: frozenset({Role.STAFF, Role.COMMISSIONER}),
    ShownFor.REPORT: _REPORTING,
    ShownFor.EXCHANGE: _REACHING,
    ShownFor.OTHER: _REACHING,
}
"""Which roles have which reasons to look at somebody's file."""

_SEEN_BY_ALL = frozenset({FileField.NAME, FileField.ACCESS_NEEDS, FileField.NOTES})
_WITHOUT_REACHING = frozenset(FileField) - {
    FileField.PHONE, FileField.ADDRESS, FileField.CONTACT, FileField.CITIZEN_ID, FileField.CERTIFICATE,
}  # fmt: skip
SEES: Mapping[Role, frozenset[FileField]] = {
    Role.STAFF: frozenset(FileField),
    Role.SOCIAL_WORKER: frozenset(FileField),
    Role.GRID_WORKER: frozenset(FileField),
    Role.DIRECTOR: _WITHOUT_REACHING,
    Role.COMMISSIONER: _WITHOUT_REACHING,
    Role.VOLUNTEER: _SEEN_BY_ALL | {FileField.ADDRESS},
    Role.PROVIDER: _SEEN_BY_ALL | {FileField.PHONE},
    Role.RESIDENT: frozenset(FileField),
}
"""The least that a role needs of a file; a resident's is their own."""

Words = Annotated[str, StringConstraints(max_length=200)]
Parts = Annotated[frozenset[FileField], Field(min_length=1)]


class ShowFile(Command, to=SHOWING, by=SEES):
    """Recorded before anything is shown; refused for a role that has no such reason, or needs less of the file."""

    showing_id: ShowingId
    person_id: DataSubjectId
    community: CommunityCode
    what: Parts
    why: ShownFor
    words: Words | None = None
    """What the code does not say; needed where it is `other`."""


class FileShown(Event, type="registry.showing.file-shown", about="person_id"):
    """Who was shown it is the event's actor. Nobody opens `words` through the exchange: reading would beget reading."""

    showing_id: ShowingId
    person_id: DataSubjectId
    what: frozenset[FileField]
    why: ShownFor
    words: Personal[str] | None = None


def showing_id_of(
    actor_id: str, person_id: str, community: str, what: Iterable[FileField], why: ShownFor, words: str, at: datetime
) -> str:
    """The same for the same look within the same quarter of an hour (UTC)."""
    quarter = int(at.timestamp() // SAME_LOOK.total_seconds())
    return derive("showing", actor_id, person_id, community, *sorted(what), why, words, quarter)


ShowingCommand = ShowFile
ShowingEvent = FileShown
