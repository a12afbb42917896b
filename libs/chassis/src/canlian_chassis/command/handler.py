"""What happens to a command: who may, what was, what follows; stored whole or not at all, decided anew on collision."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from weakref import WeakValueDictionary

import nats.errors
import nats.js.errors
import structlog

from canlian_chassis.bus import wire
from canlian_chassis.bus.wire import Answer, EventNote, Headers
from canlian_chassis.command.aggregates import Aggregates, Loaded, key_reused, note_of
from canlian_chassis.command.envelope import Envelope, EnvelopeReader, older_release
from canlian_chassis.command.facts import Facts, View
from canlian_chassis.decider import Decider, Given, Ref, Rejected
from canlian_chassis.erasure import enforce
from canlian_chassis.keys.store import ErasedError, Keys
from canlian_chassis.log.appending import Appending
from canlian_chassis.log.jetstream import AlreadyStored, Conflict, Full, Log, NewEntry
from canlian_chassis.tokens import Verifier
from canlian_events import subjects
from canlian_events.core import EVENTS, Aggregate, Command, Event, UnknownEvent, encode
from canlian_events.ids import derive_uuid

log = structlog.get_logger()
_ATTEMPTS = 12
_LOADS_AT_ONCE = 24


@dataclass(frozen=True, slots=True)
class _Changes:
    """The new events of one aggregate, each with id and community, and the aggregate they were decided on."""

    loaded: Loaded
    position: int
    """Where it was then: others may have moved it on meanwhile."""
    events: list[tuple[Event, str, str]]


@dataclass(frozen=True, slots=True)
class _Decision:
    """What a command comes to, not yet stored: its entries end with the events, in the order of `changes`."""

    envelope: Envelope
    entries: list[NewEntry]
    notes: list[EventNote]
    changes: Mapping[Ref, _Changes]


class Handler:
    """Handles the commands of one service. Any number of processes may run one side by side."""

    def __init__(
        self,
        log: Log,
        keys: Keys,
        verifier: Verifier,
        deciders: Iterable[Decider[Any, Any, Any]],
        subdistrict: str,
        view: View | None = None,
    ) -> None:
        self._log, self._keys = log, keys
        self._facts = Facts(log, view) if view else None
        self._appending = Appending(log)
        self._deciders: dict[Aggregate, Decider[Any, Any, Any]] = {d.aggregate: d for d in deciders}
        self._reader = EnvelopeReader(self._deciders.keys(), verifier, keys)
        self.aggregates = Aggregates(log, keys, self._deciders)
        self._keyed = {event.aggregate for event in EVENTS.values() if event.about == event.aggregate.id_field}
        """The aggregates that are themselves data subjects, with a key of their own."""
        self._subdistrict = subdistrict
        self._locks: WeakValueDictionary[Ref, asyncio.Lock] = WeakValueDictionary()

    async def handle(self, name: str, body: bytes, headers: Headers) -> Answer:
        """Answer one command. Never raises: whatever goes wrong is an answer."""
        try:
            read = self._reader.read(name, body, headers)
            return read if isinstance(read, Answer) else await self._decide_and_store(read)
        except Exception as error:
            return _failed(name, error)

    async def handle_many(self, items: Sequence[Mapping[str, Any]], headers: Headers) -> list[Answer]:
        """Answer many commands, in their order for each aggregate; each is decided as it is alone.

        What is theirs together is asked at once: which aggregates are there, and keys for those that are not.
        """
        read = [self._read_item(item, headers) for item in items]
        refs = dict.fromkeys(envelope.ref for envelope in read if isinstance(envelope, Envelope))
        there = await self.aggregates.find(refs)
        await self._make_keys(ref for ref in refs if ref not in there)
        loads = asyncio.Semaphore(_LOADS_AT_ONCE)

        async def answer(envelope: Envelope | Answer) -> Answer:
            if isinstance(envelope, Answer):
                return envelope
            try:
                if envelope.ref not in there:
                    return await self._decide_and_store(envelope)
                async with loads:
                    guess = self.aggregates.remembers(envelope.ref)
                    return await self._decide_and_store(envelope, guess, there[envelope.ref])
            except Exception as error:
                return _failed(type(envelope.command).__name__, error)

        # in the order of the log, so that the server reads each part of it once
        order = sorted(range(len(read)), key=lambda n: self._position(read[n], there))
        answers = await asyncio.gather(*(answer(read[n]) for n in order))
        return [one for _, one in sorted(zip(order, answers, strict=True), key=lambda pair: pair[0])]

    def _position(self, read: Envelope | Answer, there: Mapping[Ref, Mapping[str, int]]) -> int:
        """Where the aggregate's last event was, 0 for none."""
        if isinstance(read, Answer) or read.ref not in there:
            return 0
        return max(there[read.ref].values(), default=self.aggregates.remembered(read.ref).position)

    def _read_item(self, item: Mapping[str, Any], headers: Headers) -> Envelope | Answer:
        try:
            return self._reader.read(item["name"], item["body"].encode(), headers | {wire.COMMAND: item["id"]})
        except (LookupError, TypeError, AttributeError):
            return Answer(status="invalid", code="invalid", facts={"fields": {"item": "needs name, id and body"}})

    async def _make_keys(self, refs: Iterable[Ref]) -> None:
        """All at once, for aggregates that are data subjects: one by one each would be a transaction."""
        wanted = [ref.id for ref in refs if ref.aggregate in self._keyed]
        while self._keys.lacks(wanted):
            try:
                await asyncio.to_thread(self._keys.ensure, wanted)
                break
            except ErasedError as erased:
                wanted = [subject for subject in wanted if subject not in erased.subjects]

    async def _decide_and_store(
        self, envelope: Envelope, guess: bool = True, told: Mapping[str, int] | None = None
    ) -> Answer:
        ref = envelope.ref
        collided_with_id = False
        async with self._alone_with(ref):
            for attempt in range(_ATTEMPTS):
                # First from memory: what is stored is safe, since the log checks the positions it was decided on.
                # A refusal, or nothing to change, is not checked by anybody, so it is decided on what the log has now.
                guessed = guess and attempt == 0 and not envelope.dry_run
                try:
                    if guessed:
                        loaded = self.aggregates.remembered(ref)
                    else:
                        loaded = await self.aggregates.load(ref, told if attempt == 0 else None)
                    if first := await self.aggregates.first_answer(ref, loaded, envelope.id, envelope.digest):
                        return first
                    if collided_with_id:
                        return key_reused()
                    decision = await self._decide(envelope, loaded, guessed)
                    if guessed and (isinstance(decision, Answer) or not decision.entries):
                        continue
                    return decision if isinstance(decision, Answer) else await self._store(decision, loaded)
                except AlreadyStored:
                    collided_with_id = True
                except Conflict as conflict:
                    if not guessed:
                        name = type(envelope.command).__name__
                        log.info("command.conflict", command=name, id=ref.id, why=str(conflict))
                    await asyncio.sleep(0 if guessed else 0.005 * 2 ** min(attempt, 7))
        return Answer(status="failed", code="busy")

    async def _decide(self, envelope: Envelope, loaded: Loaded, guessed: bool) -> _Decision | Answer:
        command = envelope.command
        decider = self._deciders[envelope.ref.aggregate]
        for community in {decider.community(command), loaded.community} - {None}:
            if not envelope.actor.may_act_in(type(command), str(community)):
                return Answer(status="not_allowed", code="wrong_community", facts={"community": community})
        beside = {other: await self.aggregates.load(other) for other in decider.beside(command, loaded.state)}
        facts = await self._find_facts(decider, command, loaded.state)
        try:
            decision = self._events(envelope, loaded, beside, facts)
            return decision if not decision.entries else await self._with_claims(decision, guessed)
        except Rejected as rejected:
            return Answer(status="refused", code=rejected.code, facts=rejected.facts)
        except ErasedError:
            return Answer(status="refused", code="erased")

    async def _find_facts(self, decider: Decider[Any, Any, Any], command: Command, state: Any) -> Any:
        if decider.facts is None:
            return None
        assert self._facts is not None, f"{decider.aggregate} needs facts, but its service has no view"
        return await self._facts.find(decider.facts, command, state)

    def _events(self, envelope: Envelope, loaded: Loaded, beside: Mapping[Ref, Loaded], facts: Any) -> _Decision:
        """Decide, and put the events in the order of storing: the other aggregates' first, the command's own last."""
        ref, command = envelope.ref, envelope.command
        decider = self._deciders[ref.aggregate]
        community = decider.community(command) or loaded.community or self._subdistrict
        states = {other: known.state for other, known in beside.items()}
        given = Given(envelope.actor, envelope.at, community, loaded.community, facts, states)
        all_loaded = {**beside, ref: loaded}
        made: dict[Ref, list[tuple[Event, str, str]]] = {}
        for index, event in enumerate(decider.decide(command, loaded.state, given)):
            owner = Ref(event.aggregate, event.aggregate_id)
            where = community if owner == ref else all_loaded[owner].community or self._subdistrict
            made.setdefault(owner, []).append((event, derive_uuid(envelope.id, index), where))
        if not made:
            return _Decision(envelope, [], [], {})
        if ref not in made:
            # a repeat would not be recognised: what was answered is known from the aggregate's own events
            raise TypeError(f"{type(command).__name__} decides for others and nothing for {ref.aggregate}")
        changes = {
            owner: _Changes(all_loaded[owner], all_loaded[owner].position, made[owner])
            for owner in sorted(made, key=lambda owner: owner == ref)
        }
        entries = [
            self._entry(envelope, *event, (subjects.history(*owner), change.position) if number == 0 else None)
            for owner, change in changes.items()
            for number, event in enumerate(change.events)
        ]
        read = [(subjects.history(*other), known.position) for other, known in beside.items() if other not in made]
        notes = [note_of(event, id_, 0) for event, id_, _ in made[ref]]
        return _Decision(envelope, _guarded(entries, read), notes, changes)

    def _entry(
        self, envelope: Envelope, event: Event, id_: str, community: str, expects: tuple[str, int] | None
    ) -> NewEntry:
        headers = wire.event_headers(
            event,
            id=id_,
            said_at=envelope.at,
            actor=envelope.actor.stamp,
            command=envelope.id,
            digest=envelope.digest,
            cause=envelope.cause,
        )
        if envelope.dry_run:
            return NewEntry("", headers, b"", expects)
        return NewEntry(subjects.event(event, community), headers, encode(self._keys.seal(event, id_)), expects)

    async def _with_claims(self, decision: _Decision, guessed: bool) -> _Decision:
        """The decision with the entries for what its events claim. Raises Rejected where another holds it.

        Where it is guessed, that nobody does is a guess too, which the log checks.
        """
        entries: list[NewEntry] = []
        for ref, change in decision.changes.items():
            for event, id_, _ in change.events:
                if erasure := enforce.entry(event, id_):
                    entries.append(erasure)
                for claim in self._deciders[ref.aggregate].claims(event):
                    subject = subjects.claim(claim.kind, self._keys.blind(claim.kind, claim.value))
                    last = await self._log.last_of(subject) if claim.release or not guessed else None
                    holder = last.headers.get("Canlian-Holder") if last else None
                    if holder and holder != ref.id:
                        raise Rejected(claim.taken, holder=holder)
                    if holder == ref.id and not claim.release:
                        continue
                    headers = {"Nats-Msg-Id": f"{id_}:{subject}", "Canlian-Holder": "" if claim.release else ref.id}
                    entries.append(NewEntry(subject, headers, b"", (subject, last.position if last else 0)))
        return replace(decision, entries=entries + decision.entries) if entries else decision

    async def _store(self, decision: _Decision, loaded: Loaded) -> Answer:
        if not decision.entries:
            return Answer(status="accepted", position=loaded.position)
        if decision.envelope.dry_run:
            return Answer(status="accepted", position=loaded.position, events=tuple(decision.notes))
        positions = await self._appending.append(decision.entries)
        answer = self._remember(decision, positions)
        await self._erase(decision, positions)
        return answer

    async def _erase(self, decision: _Decision, positions: Sequence[int]) -> None:
        """Destroy the keys that the events just stored say are to be destroyed; views and the next start do it too."""
        made = [event for change in decision.changes.values() for event, _, _ in change.events]
        for event, position in zip(made, positions[-len(made) :], strict=True):
            if event.erases and (subject := event.data_subject):
                try:
                    await asyncio.to_thread(self._keys.destroy, subject, position)
                except Exception:
                    log.exception("key.not_destroyed", subject=subject, position=position)
                self.aggregates.forget_what_may_not_be_kept()

    def _remember(self, decision: _Decision, positions: Sequence[int]) -> Answer:
        """Fold what was stored into memory, so that the next command need not read it."""
        events = sum(len(change.events) for change in decision.changes.values())
        stored = iter(zip(decision.entries[-events:], positions[-events:], strict=True))
        notes: list[EventNote] = []
        for ref, change in decision.changes.items():
            loaded, notes = change.loaded, []
            moved_on = loaded.position != change.position  # by a command that was stored later and heard of before
            for event, id_, community in change.events:
                entry, position = next(stored)
                notes.append(note_of(event, id_, position))
                if not moved_on:
                    loaded.passed(id_, position, community, len(entry.body))
            if moved_on:
                self.aggregates.forget(ref)
                continue
            loaded.state = self._deciders[ref.aggregate].fold((event for event, *_ in change.events), loaded.state)
            loaded.answered.add(decision.envelope.id, decision.envelope.digest, notes)
            self.aggregates.keep(ref, loaded)
        return Answer(status="accepted", position=notes[-1].position, events=tuple(notes))

    def _alone_with(self, ref: Ref) -> asyncio.Lock:
        """One command at a time for an aggregate in this process: collisions are left for those between processes."""
        lock = self._locks.get(ref)
        if lock is None:
            self._locks[ref] = lock = asyncio.Lock()
        return lock


def _guarded(entries: list[NewEntry], read: Sequence[tuple[str, int]]) -> list[NewEntry]:
    """The entries, so that they are stored only where what was read beside them has not moved on.

    A message can expect one thing: those that expect nothing yet take one each; for the rest there are messages more.
    """
    left = list(read)
    carrying = [replace(e, expects=left.pop(), guards=True) if left and e.expects is None else e for e in entries]
    return [*(NewEntry(subjects.GUARD, {}, b"", expects, guards=True) for expects in left), *carrying]


def _failed(name: str, error: Exception) -> Answer:
    """What went wrong and is no answer of a rule: the command may be sent again under its id."""
    match error:
        case UnknownEvent():
            log.warning("command.needs_newer_release", command=name, why=str(error))
            return older_release()
        case Full():
            log.error("log.full", command=name, why=str(error))
            return Answer(status="failed", code=wire.LOG_FULL)
        case nats.errors.Error() | nats.js.errors.Error():
            log.warning("command.log_unavailable", command=name, error=repr(error))
            return Answer(status="failed", code="busy")
        case _:
            log.error("command.failed", command=name, exc_info=error)
            return Answer(status="failed", code="failed")
