"""Whether a run came out right. Each check says in words what is wrong; none of them asks the core."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from canlian_chassis.bus.client import Accepted
from canlian_chassis.decider import Rejected
from canlian_chassis.policies.timers import Waiting
from canlian_events.core import COMMANDS, Command
from tests.simulation.history import Followed, History, State, hidden, newest
from tests.simulation.streams import EPOCH
from tests.simulation.workload import Said
from tests.simulation.world import World

_NOTICED_WITHIN = 10.0
"""Seconds after which nobody may still answer from a log that was put back."""


def check_log(world: World, history: History, said: Sequence[Said]) -> None:
    """Each command once and as it was answered, each decided as the rules say of what the log held before it."""
    _check_ids(world, history)
    _check_answers(world, history, said)
    _check_decisions(world, history, said)


def _check_ids(world: World, history: History) -> None:
    seen: dict[str, int] = {}
    for event, meta in history.events:
        if meta.id in seen:
            world.violation(
                "twice", f"event {meta.id} {event!r} is in the log twice: at {seen[meta.id]} and {meta.position}"
            )
        seen[meta.id] = meta.position
    done: set[str] = set()
    for id_, group in history.groups():
        if id_ in done:
            world.violation("twice", f"{id_} was done twice: again at {group[0][1].position}")
        done.add(id_)


def _check_answers(world: World, history: History, said: Sequence[Said]) -> None:
    places = {meta.id: meta.position for _, meta in history.events}
    for one in said:
        if not isinstance(one.outcome, Accepted):
            # of two copies of one that was sent again one may be refused and the other done: refusals are not stored
            if one.outcome is not None and one.id in history.commands and world.truth.sent[one.id] == 1:
                world.violation(
                    "answer", f"{one.id} was refused with {one.outcome.code}, and its events are in the log"
                )
            continue
        for note in one.outcome.events:
            if places.get(note.id) != note.position and not _may_be_lost(world, one):
                world.violation(
                    "answer",
                    f"{one.id} was told that {note.name} is at {note.position}; it is at {places.get(note.id)}",
                )


def _may_be_lost(world: World, one: Said) -> bool:
    """Whether it was done before an older copy of the log was put back, and heard of before all could know."""
    restored = world.truth.restored
    return one.id in world.truth.lost and bool(restored) and one.sent_at < restored[-1] + _NOTICED_WITHIN


def _check_decisions(world: World, history: History, said: Sequence[Said]) -> None:
    known: dict[str, Command] = {one.id: newest(one.command) for one in said}
    known |= {followed.id: followed.command for followed in history.followed}
    by_id = {one.id: one for one in said}
    state = State.empty(history.language)
    locked_at: dict[str, int] = {}
    doubtful = [] if world.truth.restored else [one for one in said if _says_nothing_new(one, history)]
    since_position = 0
    for id_, group in history.groups():
        command = known.get(id_)
        first = group[0][1].position
        doubtful = _still_doubtful(doubtful, state, since_position, first - 1)
        if command is None and world.truth.restored:
            pass  # a policy sent it because of an event that the log lacks now
        elif command is None:
            world.violation("decision", f"nobody sent {id_}, whose events are at {first}: {group[0][0]!r}")
        else:
            _check_decision(world, state, command, group)
            if isinstance(command, history.language.MakeBox) and (one := by_id.get(id_)):
                since = locked_at.get(str(getattr(command, "yard_id", "")), 1 << 40)
                if since <= one.ends[0] and not world.truth.restored:
                    world.violation(
                        "stale-facts",
                        f"{id_} {command!r} was done at {first} on stale facts: the yard was locked at {since}, "
                        f"and the log ended at {one.ends[0]} when it was sent",
                    )
        for event, meta in group:
            state.apply(event, meta.community, command)
            if isinstance(event, history.language.YardLocked):
                locked_at[event.aggregate_id] = meta.position
        since_position = group[-1][1].position
    for one in _still_doubtful(doubtful, state, since_position, 1 << 40):
        _say_doubtful(world, one)


def _say_doubtful(world: World, one: Said) -> None:
    is_refusal = not isinstance(one.outcome, Accepted)
    what = f"a refusal, {getattr(one.outcome, 'code', '')}," if is_refusal else "nothing to change"
    world.violation(
        "answer-doubtful",
        f"{one.id} {one.command!r} was answered with {what} which the log never said while its end went from "
        f"{one.ends[0]} to {one.ends[1]}",
    )


def _check_decision(world: World, state: State, command: Command, group: Sequence[tuple[Any, Any]]) -> None:
    stored = [hidden(event) for event, _ in group]
    position = group[0][1].position
    try:
        decided = [hidden(event) for event in state.decide(command)]
    except Rejected as rejected:
        world.violation("decision", f"{command!r} was done at {position}, where the rules refuse it: {rejected.code}")
        return
    if decided != stored and not _is_older(decided, stored):
        world.violation("decision", f"{command!r} came to {stored} at {position}, where the rules say {decided}")


def _is_older(decided: Sequence[Any], stored: Sequence[Any]) -> bool:
    """Whether it differs by the events alone that an older release does not tell."""
    return [event for event in decided if type(event).__name__ != "BoxMarked"] == list(stored)


def _says_nothing_new(one: Said, history: History) -> bool:
    if one.outcome is None or one.id in history.commands:
        return False
    return not (isinstance(one.outcome, Accepted) and one.outcome.events)


def _still_doubtful(many: list[Said], state: State, first: int, last: int) -> list[Said]:
    """Those whose answer is not what the rules say of this state, which held while the log ended from first to last."""
    return [one for one in many if not _justified(one, state, first, last)]


def _justified(one: Said, state: State, first: int, last: int) -> bool:
    if first > one.ends[1] or last < one.ends[0]:
        return False
    try:
        events = state.decide(newest(one.command), with_facts=True)
    except Rejected:
        return not isinstance(one.outcome, Accepted)
    return isinstance(one.outcome, Accepted) and not events


def check_consequences(world: World, history: History) -> None:
    """Each command that a policy should have sent was done once, or a rule refused it."""
    waiting = {followed.id for followed in history.timers().values()}
    later = {followed.id for followed in history.followed if followed.at}
    for followed in history.followed:
        if followed.id not in later or (
            followed.id in waiting and followed.at.timestamp() < EPOCH + world.loop.now - 2
        ):
            _check_followed(world, history, followed)
        _check_answered_once(world, followed)


def _check_followed(world: World, history: History, followed: Followed) -> None:
    if followed.id in history.commands:
        return
    answers = world.truth.answers.get(followed.id, [])
    if not any(a.status == "refused" or (a.status == "accepted" and not a.events) for a in answers):
        heard = ", ".join(sorted({f"{a.status} {a.code}" for a in answers})) or "nothing: it was never sent"
        world.violation(
            "consequence",
            f"{followed.policy}: {followed.command!r} does not follow the event at {followed.cause.position}; "
            f"its answers were: {heard}",
        )


def _check_answered_once(world: World, followed: Followed) -> None:
    answers = world.truth.answers.get(followed.id, [])
    refused = next((a for a in answers if a.status == "refused"), None)
    if refused is None or followed.at or world.truth.restored:
        return
    passed = next(
        (at for at, place in world.truth.places if at > refused.at and place >= followed.cause.position), None
    )
    again = passed and next((a for a in answers if a.at > passed and a.status == "accepted" and a.events), None)
    if again:
        world.violation(
            "answered-again",
            f"{followed.policy}: {followed.command!r} was refused at {refused.at:.3f}, the place passed its event at "
            f"{followed.cause.position} at {passed:.3f}, and at {again.at:.3f} it was done after all",
        )


def check_timers(world: World, history: History) -> None:
    """What should wait waits; what waits and should not is refused when it comes."""
    stream = world.storage.streams.get("TIMERS")
    stored = list(stream.messages.values()) if stream else []
    waiting = {
        m.subject.rpartition(".")[2]: Waiting.model_validate_json(m.body) for m in stored if ".set." in m.subject
    }
    expected = history.timers()
    for key, followed in expected.items():
        due = followed.at.timestamp() <= EPOCH + world.loop.now
        there = waiting.get(key)
        if not due and (there is None or there.id != followed.id):
            world.violation(
                "timer-missing",
                f"no timer waits for {followed.command!r}, set by the event at {followed.cause.position} under {key}"
                + (f"; another does: {there.body}" if there else ""),
            )
    final = final_state(history)
    for key, there in waiting.items():
        if key not in expected or expected[key].id != there.id:
            try:
                events = final.decide(COMMANDS[there.name].model_validate_json(there.body))
            except Rejected:
                continue
            world.violation(
                "timer-superfluous", f"a timer waits under {key} that should not, and would come to {events}"
            )


def final_state(history: History) -> State:
    state = State.empty(history.language)
    for event, meta in history.events:
        state.apply(event, meta.community, None)
    return state
