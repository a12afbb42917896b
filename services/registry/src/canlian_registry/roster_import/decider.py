"""The rules of an import as one batch: begun, finished with counts that add up, undone as a whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, assert_never, get_args

from canlian_chassis.decider import Decider, Given, Rejected
from canlian_events.registry.roster_import import (
    IMPORT,
    FinishImport,
    FinishUndo,
    ImportCommand,
    ImportEvent,
    ImportFinished,
    ImportStarted,
    ImportUndone,
    ImportUndoStarted,
    StartImport,
    UndoImport,
)

if TYPE_CHECKING:
    from sqlmodel import Session

Counts = tuple[int, int, int, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class Batch:
    sheet: str
    rows: int
    stage: Literal["begun", "finished", "undoing", "undone"] = "begun"
    counts: Counts | None = None


def everything_before(_session: Session, _command: ImportCommand, _batch: Batch | None) -> None:
    """To ask for nothing waits for the service's view: whoever then asks what an import did is told all of it."""


def decide(command: ImportCommand, batch: Batch | None, _: Given) -> Sequence[ImportEvent]:
    if batch is None:
        if not isinstance(command, StartImport):
            raise Rejected("import.unknown")
        return [ImportStarted.from_(command)]
    match command:
        case StartImport():
            if (command.sheet, command.rows) != (batch.sheet, batch.rows):
                raise Rejected("import.another_sheet")
            _must_not_be_undone(batch)
            if batch.counts:
                raise Rejected("import.finished")
            return []
        case FinishImport():
            return _finish(command, batch)
        case UndoImport():
            return [ImportUndoStarted.from_(command)] if batch.stage in ("begun", "finished") else []
        case FinishUndo():
            if batch.stage in ("begun", "finished"):
                raise Rejected("import.not_being_undone")
            return [ImportUndone.from_(command)] if batch.stage == "undoing" else []
        case _:
            assert_never(command)


def _finish(command: FinishImport, batch: Batch) -> Sequence[ImportEvent]:
    counts = (command.created, command.updated, command.unchanged, command.refused)
    if batch.counts == counts:
        return []
    _must_not_be_undone(batch)
    if batch.counts:
        raise Rejected("import.finished")
    found = command.created + command.updated + command.unchanged + sum(command.refused.values())
    if found != batch.rows:
        raise Rejected("import.does_not_add_up", rows=batch.rows, found=found)
    return [ImportFinished.from_(command)]


def _must_not_be_undone(batch: Batch) -> None:
    if batch.stage in ("undoing", "undone"):
        raise Rejected("import.undone")


def evolve(batch: Batch | None, event: ImportEvent) -> Batch:
    if isinstance(event, ImportStarted):
        return Batch(event.sheet, event.rows)
    assert batch is not None, "nothing happens to an import that was not begun"
    match event:
        case ImportFinished():
            return replace(
                batch, stage="finished", counts=(event.created, event.updated, event.unchanged, event.refused)
            )
        case ImportUndoStarted():
            return replace(batch, stage="undoing")
        case ImportUndone():
            return replace(batch, stage="undone")
        case _:
            assert_never(event)


roster_import: Decider[ImportCommand, Batch | None, ImportEvent] = Decider(
    IMPORT, get_args(ImportCommand), decide, evolve, initial=None, facts=everything_before
)
