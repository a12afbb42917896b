"""Whether the views came out right, and what they said of themselves meanwhile was true."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Sequence
from typing import Any

from sqlmodel import Session, select

from canlian_chassis.command.handler import Handler
from canlian_chassis.keys.store import Keys
from canlian_chassis.projection import fold_all
from canlian_chassis.row import columns_of
from canlian_chassis.views.runner import ViewRunner
from tests.simulation.history import History
from tests.simulation.processes import Part
from tests.simulation.workload import Said
from tests.simulation.world import World

_LEVEL_WITHIN = 12.0
"""Seconds that a part may take a line that went dead for one on which nothing comes: by then it was asked twice."""
_COMPLETE_WITHIN = 2.5


class Watcher:
    """Looks at what the parts say of themselves, again and again, and compares it with what the server knows."""

    def __init__(self, world: World, parts: Sequence[Part]) -> None:
        self._world, self._parts = world, parts
        self._complete: set[str] = set()
        """The databases that somebody said were complete: they stay so, also for whoever finds them later."""

    async def watch(self) -> None:
        while True:
            await asyncio.sleep(0.25)
            for part in self._parts:
                if part.process and not part.process.stalled:
                    for runner in part.made(ViewRunner):
                        self._look(part, runner)

    def _look(self, part: Part, runner: ViewRunner) -> None:
        world = self._world
        if world.truth.restored:
            return
        tolerated = self._stood_still(part)
        if runner.level and runner.position < world.truth.end_at(world.loop.now - _LEVEL_WITHIN - tolerated):
            world.violation(
                "view-level",
                f"{part.name} says that its view is level at {runner.position}, and the log ended at "
                f"{world.truth.end_at(world.loop.now - _LEVEL_WITHIN)} {_LEVEL_WITHIN:.0f} seconds ago",
            )
        if runner.complete and (database := _database(runner)) not in self._complete:
            self._complete.add(database)
            assert part.process is not None
            if database not in part.process.completed:
                return  # it was before this process, by one that died before anybody looked
            end = world.truth.end_at(world.loop.now - _COMPLETE_WITHIN - tolerated)
            if runner.position < end:
                world.violation(
                    "view-complete",
                    f"{part.name} says that its view is complete at {runner.position}; the log ended at {end}",
                )

    def _stood_still(self, part: Part) -> float:
        """Seconds of the last while in which this part saw nothing because it stood still."""
        assert part.process is not None
        recent = [(begin, end) for begin, end in part.process.stalls if end > self._world.loop.now - 30]
        return sum(end - begin for begin, end in recent)


def _database(runner: ViewRunner) -> str:
    assert runner._current is not None
    return str(runner._current.store.name)


async def check_views(world: World, history: History, parts: Sequence[Part]) -> None:
    """Each view is what a fresh fold of the log gives."""
    for part in parts:
        for runner in part.made(ViewRunner):
            for table, rows in fold_all(runner.views.projections, history.events).items():
                found = await runner.read(_all, table)
                _compare(world, part, table.__name__, found, {_text(row) for row in rows.values()})
            if skipped := await runner._skipped():
                world.violation("view-skipped", f"{part.name} has skipped events: {skipped}")


def _all(session: Session, table: Any) -> set[str]:
    return {_text(row) for row in session.exec(select(table))}


def _text(row: Any) -> str:
    return " ".join(f"{name}={value}" for name, value in sorted(columns_of(row).items()))


def _compare(world: World, part: Part, table: str, found: set[str], expected: set[str]) -> None:
    if found != expected:
        world.violation(
            "view-rows",
            f"{part.name}'s view {table} differs from a fresh fold: it has {sorted(found - expected)} "
            f"and lacks {sorted(expected - found)}",
        )


def check_erased(world: World, history: History, parts: Sequence[Part], said: Sequence[Said]) -> None:
    """Nothing personal of anybody who was erased is in memory, or held a key for."""
    burnt = {event.aggregate_id for event, _ in history.events if isinstance(event, history.language.BoxBurnt)}
    labels = {
        str(getattr(one.command, "label", "")): one.command.aggregate_id
        for one in said
        if one.id in history.commands and one.command.aggregate_id in burnt and hasattr(one.command, "label")
    }
    for one in said:  # a label that was given back may be another's now
        if one.id in history.commands and one.command.aggregate_id not in burnt:
            labels.pop(str(getattr(one.command, "label", "")), None)
    for part in parts:
        for keys in part.made(Keys):
            if held := burnt & set(keys._held):
                world.violation("erased", f"{part.name} holds keys of {sorted(held)}, who were erased")
            _look_for(world, part, "what it blinded", keys.blind, labels)
        for handler in part.made(Handler):
            _look_for(world, part, "what it remembers", handler.aggregates._remembered, labels)


def _look_for(world: World, part: Part, where: str, root: Any, labels: dict[str, str]) -> None:
    for text in _strings(root):
        if text in labels:
            world.violation("erased", f"{part.name} still has {text!r} in {where}; {labels[text]} was erased")


def _strings(root: Any) -> set[str]:
    """Every text that an object leads to, a few steps deep, and not into modules and classes."""
    found: set[str] = set()
    level, seen = [root], {id(root)}
    for _ in range(6):
        following: list[Any] = []
        for one in level:
            for other in gc.get_referents(one):
                if isinstance(other, str):
                    found.add(other)
                elif id(other) not in seen and not isinstance(other, type) and not callable(other):
                    seen.add(id(other))
                    following.append(other)
        level = following
    return found
