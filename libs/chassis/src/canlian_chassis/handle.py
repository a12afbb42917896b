"""What happens to a command: who may, what was, what follows; stored whole or not at all, decided anew on collision."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar
from weakref import WeakValueDictionary

import nats.errors
import nats.js.errors
import structlog
from pydantic import ValidationError

from canlian_chassis import wire
from canlian_chassis.clock import CLOCK
from canlian_chassis.decider import Decider, Given, Ref, Rejected
from canlian_chassis.facts import Facts, View, answer_all
from canlian_chassis.keys import erasing
from canlian_chassis.keys.store import ErasedError, Keys
from canlian_chassis.log.appending import Appending
from canlian_chassis.log.jetstream import MAX_BATCH, AlreadyStored, Conflict, Entry, Full, Log, NewEntry
from canlian_chassis.tokens import BadToken, Verifier
from canlian_chassis.wire import Answer, EventNote, Headers
from canlian_events import subjects
from canlian_events.core import COMMANDS, EVENTS, Aggregate, Command, Event, decode, encode
from canlian_events.ids import derive_uuid
from canlian_events.meta import Actor

log = structlog.get_logger()
T = TypeVar("T")
_ATTEMPTS = 12
_REMEMBERED = 20_000


@dataclass(slots=True)
class Memory:
    """One aggregate as it was at `position`: its state, where it was last, and the commands it has answered."""

    state: Any
    position: int = 0
    community: str | None = None
    answered: dict[str, tuple[str, list[EventNote]]] = field(default_factory=dict)
    """Command id → digest of its body, and its events."""

    def answer(self, command_id: str, digest: str) -> Answer | None:
        """The first answer to this command, if it came before."""
        if command_id not in self.answered:
            return None
        first, notes = self.answered[command_id]
        if first != digest:
            return key_reused()
        return Answer(status="accepted", position=notes[-1].position, events=tuple(notes))


@dataclass(frozen=True, slots=True)
class Said:
    """A command with its envelope, as it came in and was found well formed."""

    command: Command
    id: str
    digest: str
    actor: Actor
    at: datetime
    cause: str | None = None
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class _Decision:
    """What a command comes to, not yet stored."""

    said: Said
    entries: list[NewEntry]
    notes: list[EventNote]
    touched: Mapping[Ref, tuple[Memory, list[tuple[Event, str, str]]]]
    """Aggregate → its memory, and its new events each with id and community."""


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
        self._log, self._keys, self._verifier, self._view = log, keys, verifier, view
        self._facts = Facts(log, view) if view else None
        self._appending = Appending(log)
        self._deciders: dict[Aggregate, Decider[Any, Any, Any]] = {d.aggregate: d for d in deciders}
        self._keyed = {event.aggregate for event in EVENTS.values() if event.about == event.aggregate.id_field}
        """The aggregates that are themselves data subjects, with a key of their own."""
        self._subdistrict = subdistrict
        self._memory: OrderedDict[Ref, Memory] = OrderedDict()
        self._locks: WeakValueDictionary[Ref, asyncio.Lock] = WeakValueDictionary()
        self._written = 0
        self._told = keys.told

    async def handle(self, name: str, body: bytes, headers: Headers) -> Answer:
        """Answer one command. Never raises: whatever goes wrong is an answer."""
        try:
            said = self._read(name, body, headers)
            return said if isinstance(said, Answer) else await self._decide_and_store(said)
        except Exception as error:
            return _failed(name, error)

    async def handle_many(self, items: Sequence[Mapping[str, Any]], headers: Headers) -> list[Answer]:
        """Answer many commands, in order: first all at once in large batches, then one by one those that collided."""
        read = [self._read(item["name"], item["body"].encode(), headers | {wire.COMMAND: item["id"]}) for item in items]
        answers: dict[int, Answer] = {n: said for n, said in enumerate(read) if isinstance(said, Answer)}
        waiting = {n: said for n, said in enumerate(read) if isinstance(said, Said)}
        there = await self._find(dict.fromkeys(_ref(said.command) for said in waiting.values()))
        if not any(said.dry_run for said in waiting.values()):
            answers |= await self._store_new({n: s for n, s in waiting.items() if _ref(s.command) not in there})
        # in the order of the log, so that the server reads each part of it once
        places = {ref: max(last.values(), default=self._remembered(ref).position) for ref, last in there.items()}
        left = sorted((n for n in waiting if n not in answers), key=lambda n: places.get(_ref(waiting[n].command), 0))
        limit = asyncio.Semaphore(24)

        async def one(n: int) -> None:
            async with limit:
                try:
                    # one that is not remembered is in the log, or was just tried as new, in a batch, and is there now
                    ref = _ref(waiting[n].command)
                    guess = ref in self._memory
                    answers[n] = await self._decide_and_store(waiting[n], guess, there.get(ref))
                except Exception as error:
                    answers[n] = _failed(type(waiting[n].command).__name__, error)

        await asyncio.gather(*(one(n) for n in left))
        return [answers[n] for n in range(len(items))]

    async def _find(self, refs: Iterable[Ref]) -> dict[Ref, dict[str, int]]:
        """Those of them that are in the log, as far as it can be told at once: subject → position of its last event.

        Of those that are remembered, no subjects; of the others the keys are held then.
        """
        found: dict[Ref, dict[str, int]] = {ref: {} for ref in refs if ref in self._memory}
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

    def _read(self, name: str, body: bytes, headers: Headers) -> Said | Answer:
        kind = COMMANDS.get(name)
        if kind is None or kind.aggregate not in self._deciders:
            return Answer(status="invalid", code="unknown_command", facts={"command": name})
        try:
            actor = self._verifier.actor(headers.get(wire.TOKEN, ""))
        except BadToken as error:
            return Answer(status="not_allowed", code="bad_token", facts={"why": str(error)})
        if not actor.may_send(kind):
            needed = sorted(kind.by)
            return Answer(status="not_allowed", code="wrong_role", facts={"command": name, "needed": needed})
        try:
            command = kind.model_validate_json(body)
            said_at = headers.get(wire.SAID_AT)
            at = datetime.fromisoformat(said_at).astimezone(UTC) if said_at else CLOCK.now()
        except ValidationError as error:
            return invalid(error)
        except ValueError:
            return Answer(status="invalid", code="invalid", facts={"fields": {wire.SAID_AT: "not a date and time"}})
        command_id = headers.get(wire.COMMAND)
        if not command_id:
            return Answer(status="invalid", code="invalid", facts={"fields": {wire.COMMAND: "is missing"}})
        digest = self._keys.digest(name, encode(command))
        return Said(command, command_id, digest, actor, at, headers.get(wire.CAUSE), wire.DRY_RUN in headers)

    async def _decide_and_store(self, said: Said, guess: bool = True, told: Mapping[str, int] | None = None) -> Answer:
        ref = _ref(said.command)
        collided_with_id = False
        async with self._alone_with(ref):
            for attempt in range(_ATTEMPTS):
                # First from memory: what is stored is safe, since the log checks the position it was decided on.
                # A refusal, or nothing to change, is not checked by anybody, so it is decided on what the log has now.
                guessed = guess and attempt == 0 and not said.dry_run
                try:
                    memory = self._remembered(ref) if guessed else await self.load(ref, told if attempt == 0 else None)
                    if first := memory.answer(said.id, said.digest):
                        return first
                    if collided_with_id:
                        return key_reused()
                    decision = await self._decide(said, ref, memory)
                    if guessed and (isinstance(decision, Answer) or not decision.entries):
                        continue
                    if isinstance(decision, Answer):
                        return decision
                    return await self._store(decision, memory)
                except AlreadyStored:
                    collided_with_id = True
                except Conflict as conflict:
                    if not guessed:
                        log.info("command.conflict", command=type(said.command).__name__, id=ref.id, why=str(conflict))
                    await asyncio.sleep(0 if guessed else 0.005 * 2 ** min(attempt, 7))
        return Answer(status="failed", code="busy")

    async def _decide(self, said: Said, ref: Ref, memory: Memory) -> _Decision | Answer:
        decider = self._deciders[ref.aggregate]
        if refusal := self._outside(said, decider, memory):
            return refusal
        beside = {other: await self.load(other) for other in decider.beside(said.command, memory.state)}
        facts = await self._find_facts(decider, said.command, memory.state)
        try:
            decision = self._events(said, memory, beside, facts)
            return decision if not decision.entries else await self._with_claims(decision)
        except Rejected as rejected:
            return Answer(status="refused", code=rejected.code, facts=rejected.facts)
        except ErasedError:
            return Answer(status="refused", code="erased")

    def _outside(self, said: Said, decider: Decider[Any, Any, Any], memory: Memory) -> Answer | None:
        """A refusal where the actor may not act where the command applies or where the aggregate is."""
        for community in {decider.community(said.command), memory.community} - {None}:
            if not said.actor.may_act_in(type(said.command), str(community)):
                return Answer(status="not_allowed", code="wrong_community", facts={"community": community})
        return None

    async def _find_facts(self, decider: Decider[Any, Any, Any], command: Command, state: Any) -> Any:
        if decider.facts is None:
            return None
        assert self._facts is not None, f"{decider.aggregate} needs facts, but its service has no view"
        return await self._facts.find(decider.facts, command, state)

    def _events(self, said: Said, memory: Memory, beside: Mapping[Ref, Memory], facts: Any) -> _Decision:
        """Decide, and put the events in the order of storing: the other aggregates' first, the command's own last."""
        ref, command = _ref(said.command), said.command
        decider = self._deciders[ref.aggregate]
        community = decider.community(command) or memory.community or self._subdistrict
        states = {other: known.state for other, known in beside.items()}
        given = Given(said.actor, said.at, community, memory.community, facts, states)
        events = decider.decide(command, memory.state, given)
        memories = {**beside, ref: memory}
        touched: dict[Ref, tuple[Memory, list[tuple[Event, str, str]]]] = {}
        for index, event in enumerate(events):
            owner = Ref(event.aggregate, event.aggregate_id)
            where = community if owner == ref else memories[owner].community or self._subdistrict
            id_ = derive_uuid(said.id, index)
            touched.setdefault(owner, (memories[owner], []))[1].append((event, id_, where))
        ordered = {owner: touched[owner] for owner in sorted(touched, key=lambda owner: owner == ref)}
        entries: list[NewEntry] = []
        for owner, (known, made) in ordered.items():
            for number, (event, id_, where) in enumerate(made):
                expects = (subjects.history(*owner), known.position) if number == 0 else None
                entries.append(self._entry(said, event, id_, where, expects))
        notes = [_note(event, id_, 0) for event, id_, _ in touched.get(ref, (memory, []))[1]]
        return _Decision(said, entries, notes, ordered)

    def _entry(self, said: Said, event: Event, id_: str, community: str, expects: tuple[str, int] | None) -> NewEntry:
        headers = wire.event_headers(
            event,
            id=id_,
            said_at=said.at,
            actor=said.actor.stamp,
            command=said.id,
            digest=said.digest,
            cause=said.cause,
        )
        if said.dry_run:
            return NewEntry("", headers, b"", expects)
        return NewEntry(subjects.event(event, community), headers, encode(self._keys.seal(event, id_)), expects)

    async def _with_claims(self, decision: _Decision, expected: int | None = None) -> _Decision:
        """The decision with the entries for what its events claim. Raises Rejected where another holds it.

        `expected` spares the look-up: it is what the claim's last position is hoped to be.
        """
        entries: list[NewEntry] = []
        for ref, (_, made) in decision.touched.items():
            for event, id_, _ in made:
                if erasure := erasing.entry(event, id_):
                    entries.append(erasure)
                for claim in self._deciders[ref.aggregate].claims(event):
                    subject = subjects.claim(claim.kind, self._keys.blind(claim.kind, claim.value))
                    last = await self._log.last_of(subject) if expected is None else None
                    holder = last.headers.get("Canlian-Holder") if last else None
                    if holder and holder != ref.id:
                        raise Rejected(claim.taken, holder=holder)
                    if holder == ref.id and not claim.release:
                        continue
                    headers = {"Nats-Msg-Id": f"{id_}:{subject}", "Canlian-Holder": "" if claim.release else ref.id}
                    position = (last.position if last else 0) if expected is None else expected
                    entries.append(NewEntry(subject, headers, b"", (subject, position)))
        return _Decision(decision.said, entries + decision.entries, decision.notes, decision.touched)

    async def _store(self, decision: _Decision, memory: Memory) -> Answer:
        if not decision.entries:
            return Answer(status="accepted", position=memory.position)
        if decision.said.dry_run:
            return Answer(status="accepted", position=memory.position, events=tuple(decision.notes))
        try:
            positions = await self._appending.append(decision.entries)
        except Conflict:
            for ref in decision.touched:
                self._memory.pop(ref, None)
            raise
        answer = self._remember(decision, positions)
        await self._erase(decision, positions)
        return answer

    async def _erase(self, decision: _Decision, positions: Sequence[int]) -> None:
        """Destroy the keys that the events just stored say are to be destroyed; views and the next start do it too."""
        made = [event for _, made in decision.touched.values() for event, _, _ in made]
        for event, position in zip(made, positions[-len(made) :], strict=True):
            if event.erases and (subject := event.data_subject):
                try:
                    await asyncio.to_thread(self._keys.destroy, subject, position)
                except Exception:
                    log.exception("key.not_destroyed", subject=subject, position=position)

    def _remember(self, decision: _Decision, positions: Sequence[int]) -> Answer:
        """Fold what was stored into memory, so that the next command need not read it."""
        events = sum(len(made) for _, made in decision.touched.values())
        own = positions[-events:]
        taken = iter(own)
        notes: list[EventNote] = []
        for ref, (memory, made) in decision.touched.items():
            notes = [_note(event, id_, next(taken)) for event, id_, _ in made]
            memory.state = self._deciders[ref.aggregate].fold([event for event, _, _ in made], memory.state)
            memory.position = notes[-1].position
            memory.community = made[-1][2]
            memory.answered[decision.said.id] = (decision.said.digest, notes)
            self._keep(ref, memory)
        self._written = max(self._written, positions[-1])
        return Answer(status="accepted", position=notes[-1].position, events=tuple(notes))

    async def _store_new(self, waiting: Mapping[int, Said]) -> dict[int, Answer]:
        """Store those whose aggregate is not there yet, many to a batch; whatever is not so simple is left out."""
        first: dict[Ref, int] = {}
        for n, said in waiting.items():
            first.setdefault(_ref(said.command), n)
        decisions = await self._decide_new({n: waiting[n] for n in first.values()})
        answers: dict[int, Answer] = {}
        batch: dict[int, _Decision] = {}
        claimed: set[str] = set()
        for n, decision in decisions.items():
            expecting = [entry.expects[0] for entry in decision.entries if entry.expects]
            if not claimed.isdisjoint(expecting):
                continue  # who comes first of two that claim one value has it; the other is decided after
            claimed.update(expecting)
            if sum(len(d.entries) for d in batch.values()) + len(decision.entries) > MAX_BATCH:
                answers |= await self._append_new(batch)
                batch = {}
            batch[n] = decision
        return answers | await self._append_new(batch)

    async def _decide_new(self, waiting: Mapping[int, Said]) -> dict[int, _Decision]:
        facts: dict[int, Any] = {}
        deciders = {n: self._deciders[said.command.aggregate] for n, said in waiting.items()}
        asking = {n: d for n, d in deciders.items() if d.facts}
        if asking and self._view:
            await self._view.reached(self._written)
            questions = [(d.facts, (waiting[n].command, d.initial)) for n, d in asking.items() if d.facts]
            found = await self._view.read(answer_all, questions)
            facts = {n: facts for n, facts in zip(asking, found, strict=True) if not isinstance(facts, Exception)}
            waiting = {n: said for n, said in waiting.items() if n not in asking or n in facts}
        await self._make_keys(waiting.values())
        decided: dict[int, _Decision] = {}
        for n, said in waiting.items():
            memory = Memory(deciders[n].initial)
            if any(deciders[n].beside(said.command, memory.state)) or self._outside(said, deciders[n], memory):
                continue
            try:
                decision = self._events(said, memory, {}, facts.get(n))
                if decision.entries:
                    decided[n] = await self._with_claims(decision, expected=0)
            except (Rejected, ErasedError):
                continue
        return decided

    async def _make_keys(self, many: Iterable[Said]) -> None:
        wanted = [said.command.aggregate_id for said in many if said.command.aggregate in self._keyed]
        while self._keys.lacks(wanted):
            try:
                await asyncio.to_thread(self._keys.ensure, wanted)
            except ErasedError as erased:
                wanted = [subject for subject in wanted if subject not in erased.subjects]

    async def _append_new(self, batch: Mapping[int, _Decision]) -> dict[int, Answer]:
        entries = [entry for decision in batch.values() for entry in decision.entries]
        if not entries:
            return {}
        try:
            positions = await self._log.append(entries)
        except (Conflict, Full):
            return {}
        answers, start = {}, 0
        for n, decision in batch.items():
            end = start + len(decision.entries)
            answers[n] = self._remember(decision, positions[start:end])
            start = end
        return answers

    async def load(self, ref: Ref, told: Mapping[str, int] | None = None) -> Memory:
        """The aggregate as the log has it now; what is remembered serves if the log's leader says it is current.

        `told` is what `Log.last_positions` said of it a moment ago. Raises Conflict where a replica is behind.
        """
        known, filter_ = self._remembered(ref), subjects.history(*ref)
        if known.position or told:
            last = await self._log.last_position_of(filter_)
            if last == known.position:
                return known
            where = told if told and not known.position else await self._log.last_positions([filter_])
        else:
            last, where = await asyncio.gather(self._log.last_position_of(filter_), self._log.last_positions([filter_]))
        memory = Memory(known.state, known.position, known.community, dict(known.answered))
        for entry in await self._log.history(where, after=known.position):
            self._fold(self._deciders[ref.aggregate], memory, entry)
        if memory.position < last:
            raise Conflict("a replica of the log is behind its leader")
        if memory.position:
            self._keep(ref, memory)
        return memory

    def _remembered(self, ref: Ref) -> Memory:
        """The aggregate as it was last seen here, or as if it were new."""
        if self._keys.told != self._told:
            # somebody was erased: what is remembered may hold their values in the open
            self._told = self._keys.told
            self._memory.clear()
        return self._memory.get(ref) or Memory(self._deciders[ref.aggregate].initial)

    def _fold(self, decider: Decider[Any, Any, Any], memory: Memory, entry: Entry) -> None:
        type_, id_ = entry.headers["ce-type"], entry.headers["ce-id"]
        event = self._keys.open(decode(type_, int(entry.headers["ce-dataversion"]), entry.body), id_)
        memory.state = decider.evolve(memory.state, event)
        memory.position = entry.position
        memory.community = subjects.community_of(entry.subject)
        answered = memory.answered.setdefault(entry.headers["ce-command"], (entry.headers["ce-commanddigest"], []))
        answered[1].append(_note(event, id_, entry.position))

    def _keep(self, ref: Ref, memory: Memory) -> None:
        self._memory[ref] = memory
        self._memory.move_to_end(ref)
        while len(self._memory) > _REMEMBERED:
            self._memory.popitem(last=False)

    def _alone_with(self, ref: Ref) -> asyncio.Lock:
        """One command at a time for an aggregate in this process: collisions are left for those between processes."""
        lock = self._locks.get(ref)
        if lock is None:
            self._locks[ref] = lock = asyncio.Lock()
        return lock


def _ref(command: Command) -> Ref:
    return Ref(command.aggregate, command.aggregate_id)


def _note(event: Event, id_: str, position: int) -> EventNote:
    return EventNote(id=id_, type=event.type, name=type(event).__name__, position=position)


def _failed(name: str, error: Exception) -> Answer:
    """What went wrong and is no answer of a rule: the command may be sent again under its id."""
    match error:
        case Full():
            log.error("log.full", command=name, why=str(error))
            return Answer(status="failed", code=wire.LOG_FULL)
        case nats.errors.Error() | nats.js.errors.Error():
            log.warning("command.log_unavailable", command=name, error=repr(error))
            return Answer(status="failed", code="busy")
        case _:
            log.error("command.failed", command=name, exc_info=error)
            return Answer(status="failed", code="failed")


def key_reused() -> Answer:
    return Answer(status="invalid", code="key_reused")


def invalid(error: ValidationError) -> Answer:
    """An answer that names each field and what is wrong with it, without repeating what was typed."""
    fields = {".".join(map(str, e["loc"])) or "command": e["msg"] for e in error.errors(include_input=False)}
    return Answer(status="invalid", code="invalid", facts={"fields": fields})
