"""Opening personal values: only for a stated reason, and once it is recorded whose file is read and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from fastapi import Depends, Query

from canlian_events.core import Event
from canlian_events.personal import Sealed, map_personal
from canlian_events.registry.showing import MAY_LOOK, FileShown
from canlian_events.terms import FileField, ShownFor
from canlian_exchange.access.callers import Exchange, Reader
from canlian_exchange.problems import Problem
from canlian_person_file.disclosure import Look, Stated, tell

FIELDS: Mapping[str, FileField] = {
    "name": FileField.NAME,
    "citizen_id": FileField.CITIZEN_ID,
    "certificate": FileField.CERTIFICATE,
    "number": FileField.CERTIFICATE,
    "replaces": FileField.CERTIFICATE,
    "phone": FileField.PHONE,
    "address": FileField.ADDRESS,
    "contact": FileField.CONTACT,
    "carer_name": FileField.CIRCUMSTANCES,
    "carer_phone": FileField.CIRCUMSTANCES,
    "remark": FileField.CIRCUMSTANCES,
    "birth_date": FileField.CIRCUMSTANCES,  # of who lives with them
    "words": FileField.WORDS,
    "why": FileField.NOTES,
    "note": FileField.NOTES,
    "findings": FileField.NOTES,
    "look_for": FileField.NOTES,
    "answer": FileField.ASSESSMENT,
}
"""Which part of a file each personal field of an event is, by the field's name."""


def opening_by(
    caller: Reader,
    why: Annotated[
        ShownFor | None, Query(description="Why personal values are read; without it they are sealed. It is recorded")
    ] = None,
    words: Annotated[
        str, Query(max_length=200, description="The reason in a few words; needed where `why` is `other`")
    ] = "",
) -> Stated | None:
    """Raises Problem where the caller's roles have no such reason."""
    if why is None:
        return None
    if not caller.actor.holds(*MAY_LOOK[why]):
        raise Problem(403, "showing.no_reason", facts={"shown_for": why, "needed": sorted(MAY_LOOK[why])})
    if why is ShownFor.OTHER and not words.strip():
        raise Problem(422, "showing.no_words")
    return Stated(why, words.strip())


Opening = Annotated[Stated | None, Depends(opening_by)]


async def record(exchange: Exchange, caller: Reader, reason: Stated, events: Iterable[tuple[Event, str]]) -> None:
    """That these opened events, each with its community, are about to be told. Raises Refused or Unavailable."""
    found: dict[tuple[str, str], set[FileField]] = {}
    for event, community in events:
        if (person := is_of_a_file(event)) and (fields := fields_of(event)):
            found.setdefault((person, community), set()).update(fields)
    looks = [Look(person, community, frozenset(fields)) for (person, community), fields in found.items()]
    if looks:
        await tell(exchange.tool.nats, caller.actor.id, caller.token, looks, reason)


def is_of_a_file(event: Event) -> str | None:
    """Whose file the event's personal values are of. Workers have none; a showing's words stay sealed, since to read
    them would be the next showing."""
    subject = event.data_subject
    is_worker = subject is not None and subject.startswith("worker_")
    return None if is_worker or isinstance(event, FileShown) else subject


def fields_of(event: Event) -> set[FileField]:
    """The parts of the file that the event holds open. What is sealed, as an erased person's is, is not shown."""
    found: set[FileField] = set()

    def note(path: str, value: Any) -> Any:
        if not isinstance(value, Sealed):
            found.add(FIELDS[path.rpartition(".")[2]])
        return value

    map_personal(event, note)
    return found
