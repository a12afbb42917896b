"""The aggregates of one service as a process last saw them, bounded in bytes; brought up to date from the log."""

from __future__ import annotations

import asyncio
from array import array
from bisect import bisect_left, insort
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import nats.errors
import structlog

from canlian_chassis.bus.wire import Answer, EventNote
from canlian_chassis.decider import Decider, Ref
from canlian_chassis.keys.store import Keys
from canlian_chassis.log.jetstream import Conflict, Entry, Log
from canlian_events import subjects
from canlian_events.core import EVENTS, Aggregate, Event, decode

log = structlog.get_logger()
REMEMBERED_BYTES = 96 * 1024 * 1024
_WHOLE_ANSWERS = 64
_BYTES_AN_AGGREGATE, _BYTES_AN_ANSWER, _BYTES_A_BYTE = 2_000, 600, 4
"""What things take in memory, roughly: values in Python are some four times as large as in JSON."""

Commands = dict[str, tuple[str, list[EventNote]]]
"""Command id → digest of its body, and its events."""


class Answered:
    """The commands that an aggregate has answered: the last ones whole, of those before them eight bytes each."""

    __slots__ = ("_before", "_last")

    def __init__(self, last: Commands | None = None, before: array[int] | None = None) -> None:
        self._last: Commands = last or {}
        self._before: array[int] = before or array("q")

    def add(self, command_id: str, digest: str, notes: Iterable[EventNote]) -> None:
        """Events of a command, which follow those of it that are there."""
        self._last.setdefault(command_id, (digest, []))[1].extend(notes)
        if len(self._last) > _WHOLE_ANSWERS:
            oldest = next(iter(self._last))
            del self._last[oldest]
            insort(self._before, hash(oldest))

    def get(self, command_id: str) -> tuple[str, list[EventNote]] | None:
        return self._last.get(command_id)

    def may_hold(self, command_id: str) -> bool:
        """Whether it is likely among those that are not there whole: the log knows."""
        hashed = hash(command_id)
        at = bisect_left(self._before, hashed)
        return at < len(self._before) and self._before[at] == hashed

    def copy(self) -> Answered:
        return Answered({id_: (digest, [*notes]) for id_, (digest, notes) in self._last.items()}, self._before[:])

    @property
    def bytes(self) -> int:
        return _BYTES_AN_ANSWER * len(self._last) + 8 * len(self._before)


@dataclass(slots=True)
class Loaded:
    """One aggregate as it was at `position`, where the event `last_id` is: its state and where it was last."""

    state: Any
    told: int
    """Of how many erasures the key store knew when its values were opened."""
    position: int = 0
    last_id: str = ""
    community: str | None = None
    answered: Answered = field(default_factory=Answered)
    stored_bytes: int = 0

    @property
    def bytes(self) -> int:
        """About what it takes in memory."""
        return _BYTES_AN_AGGREGATE + _BYTES_A_BYTE * self.stored_bytes + self.answered.bytes

    def copy(self) -> Loaded:
        return Loaded(
            self.state, self.told, self.position, self.last_id, self.community, self.answered.copy(), self.stored_bytes
        )

    def passed(self, id_: str, position: int, community: str, size: int) -> None:
        """Note that it is now at this event."""
        self.last_id, self.position, self.community = id_, position, community
        self.stored_bytes += size

    def is_at(self, entry: Entry) -> bool:
        """Whether this is its last event, and not one that took its place in a log that was put back."""
        return (entry.position, entry.headers.get("ce-id")) == (self.position, self.last_id)


class Aggregates:
    """What is remembered may be stale; what is loaded is current by the word of the log's leader."""

    def __init__(self, log: Log, keys: Keys, deciders: Mapping[Aggregate, Decider[Any, Any, Any]]) -> None:
        self._log, self._keys, self._deciders = log, keys, deciders
        self._remembered: OrderedDict[Ref, tuple[Loaded, int]] = OrderedDict()
        self._bytes = 0
        self._connections, self._told = log.connections, keys.told

    def remembered(self, ref: Ref) -> Loaded:
        """The aggregate as it was last seen here, or as if it were new."""
        self.forget_what_may_not_be_kept()
        if kept := self._remembered.get(ref):
            return kept[0]
        return Loaded(self._deciders[ref.aggregate].initial, self._told)

    def remembers(self, ref: Ref) -> bool:
        self.forget_what_may_not_be_kept()
        return ref in self._remembered

    def forget_what_may_not_be_kept(self) -> None:
        """All of it, once somebody was erased or the connection, and with it perhaps the log, became another."""
        now = self._log.connections, self._keys.told
        if now != (self._connections, self._told):
            self._connections, self._told = now
            self._remembered.clear()
            self._bytes = 0

    async def keep_forgetting(self) -> None:
        """For ever, also where nothing is asked any more: what was erased is not to stay until something is."""
        while True:
            await asyncio.sleep(1)
            self.forget_what_may_not_be_kept()

    def keep(self, ref: Ref, loaded: Loaded) -> None:
        """Remember it, unless somebody was erased since it was read."""
        self.forget(ref)
        if loaded.position == 0 or loaded.told != self._keys.told:
            return
        size = loaded.bytes
        self._remembered[ref] = loaded, size
        self._bytes += size
        while self._bytes > REMEMBERED_BYTES and len(self._remembered) > 1:
            self.forget(next(iter(self._remembered)))

    def forget(self, ref: Ref) -> None:
        if kept := self._remembered.pop(ref, None):
            self._bytes -= kept[1]

    async def find(self, refs: Iterable[Ref]) -> dict[Ref, dict[str, int]]:
        """Those of them that are in the log, as far as it can be told at once: subject → position of its last event.

        Of those that are remembered, no subjects; of the others the keys are held then.
        """
        found: dict[Ref, dict[str, int]] = {ref: {} for ref in refs if self.remembers(ref)}
        asked = {subjects.history(*ref): ref for ref in refs if ref not in found}
        try:
            last = await self._log.last_positions(list(asked))
        except (Conflict, nats.errors.Error) as error:
            log.info("log.not_asked_together", why=str(error))
            return found
        for subject, position in last.items():
            found.setdefault(asked[subjects.history_of(subject)], {})[subject] = position
        await asyncio.to_thread(self._keys.load, [ref.id for ref in asked.values() if ref in found])
        return found

    async def load(self, ref: Ref, told: Mapping[str, int] | None = None) -> Loaded:
        """The aggregate as the log has it now; what is remembered serves if the log's leader says it is current.

        `told` is what `find` said of it a moment ago. Raises Conflict where a replica is behind, UnknownEvent.
        """
        known, filter_ = self.remembered(ref), subjects.history(*ref)
        if known.position or told:
            last = await self._log.last_of(filter_)
            if last and known.is_at(last):
                return known
            is_told = told and last and last.position == max(told.values())
            where = told if is_told and told else await self._log.last_positions([filter_])
        else:
            last, where = await asyncio.gather(self._log.last_of(filter_), self._log.last_positions([filter_]))
        until = max(where.values(), default=0)
        if last and until < last.position:
            raise Conflict("a replica of the log is behind its leader")
        loaded = await self._read(ref, known, where, until)
        self.keep(ref, loaded)
        return loaded

    async def _read(self, ref: Ref, known: Loaded, where: Mapping[str, int], until: int) -> Loaded:
        """`known` and what is missing of it up to a position.

        Not beyond: an aggregate goes from one subject to another, and those that it has gone to since `where` was
        asked are not in it.
        """
        entries = await self._log.history(where, after=max(0, known.position - 1))
        if known.position and not (entries and known.is_at(entries[0])):
            # what is known is of a log in whose place another was put
            known = Loaded(self._deciders[ref.aggregate].initial, known.told)
            entries = await self._log.history(where)
        loaded = known.copy()
        for entry in entries:
            if known.position < entry.position <= until:
                self._fold(self._deciders[ref.aggregate], loaded, entry)
        return loaded

    def _fold(self, decider: Decider[Any, Any, Any], loaded: Loaded, entry: Entry) -> None:
        type_, id_ = entry.headers["ce-type"], entry.headers["ce-id"]
        event = self._keys.open(decode(type_, int(entry.headers["ce-dataversion"]), entry.body), id_)
        loaded.state = decider.evolve(loaded.state, event)
        loaded.passed(id_, entry.position, subjects.community_of(entry.subject), len(entry.body))
        note = note_of(event, id_, entry.position)
        loaded.answered.add(entry.headers["ce-command"], entry.headers["ce-commanddigest"], [note])

    async def first_answer(self, ref: Ref, loaded: Loaded, command_id: str, digest: str) -> Answer | None:
        """The answer to a command that came before; `key_reused` where it came with another body."""
        found = loaded.answered.get(command_id)
        if found is None and loaded.answered.may_hold(command_id):
            found = await self._answered_long_ago(ref, command_id)
        if found is None:
            return None
        first, notes = found
        if first != digest:
            return key_reused(notes[-1].position)
        return Answer(status="accepted", position=notes[-1].position, events=tuple(notes))

    async def _answered_long_ago(self, ref: Ref, command_id: str) -> tuple[str, list[EventNote]] | None:
        entries: Sequence[Entry] = await self._log.history(await self._log.last_positions([subjects.history(*ref)]))
        own = [entry for entry in entries if entry.headers["ce-command"] == command_id]
        notes = [_note_in(entry) for entry in own]
        return (own[0].headers["ce-commanddigest"], notes) if own else None


def note_of(event: Event, id_: str, position: int) -> EventNote:
    return EventNote(id=id_, type=event.type, name=type(event).__name__, position=position)


def _note_in(entry: Entry) -> EventNote:
    type_ = entry.headers["ce-type"]
    return EventNote(id=entry.headers["ce-id"], type=type_, name=EVENTS[type_].__name__, position=entry.position)


def key_reused(position: int = 0) -> Answer:
    """`position` is where the events are of the command that has the id."""
    return Answer(status="invalid", code="key_reused", position=position)
