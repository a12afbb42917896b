"""Imports of a roster: each is one batch that can be looked through and undone.

What a row does happens to the person it names; those events say which row of which import they come from (`sheet_row`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, StringConstraints

from canlian_events.core import Command, Event, Message, Query, aggregate
from canlian_events.ids import ImportId, PersonId
from canlian_events.terms import Role

IMPORT = aggregate("registry.import")
_IMPORTERS = {Role.STAFF, Role.OPERATOR}
MOST_ROWS_TOLD = 2_000
"""How many rows of an import are told at once."""

Count = Annotated[int, Field(ge=0)]
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16,64}$")]
Counts = Mapping[str, Count]
"""Reason → how many rows."""


class StartImport(Command, to=IMPORT, by=_IMPORTERS):
    """Begins a batch, or goes on with one of the same sheet."""

    import_id: ImportId
    sheet: Digest
    """A keyed digest of the file: the same sheet is known again, and nothing of it can be read from this."""
    rows: Count
    columns: Annotated[tuple[str, ...], Field(max_length=100)] = ()
    """The fields that were recognised."""


class FinishImport(Command, to=IMPORT, by=_IMPORTERS):
    """What became of the rows; the four must add up."""

    import_id: ImportId
    created: Count
    updated: Count
    unchanged: Count
    refused: Counts = Field(default_factory=dict)


class UndoImport(Command, to=IMPORT, by=_IMPORTERS):
    """Begins to take back what the import did, finished or not; or goes on with that."""

    import_id: ImportId


class FinishUndo(Command, to=IMPORT, by=_IMPORTERS):
    import_id: ImportId
    withdrawn: Count
    restored: Count
    kept: Counts = Field(default_factory=dict)
    """By reason, the rows that stay: something else had happened to the person since."""


class ImportStarted(Event, type="registry.import.started"):
    import_id: ImportId
    sheet: Digest
    rows: int
    columns: tuple[str, ...] = ()


class ImportFinished(Event, type="registry.import.finished"):
    """The four add up to the rows."""

    import_id: ImportId
    created: int
    updated: int
    unchanged: int
    refused: Mapping[str, int] = Field(default_factory=dict)


class ImportUndoStarted(Event, type="registry.import.undo-started"):
    import_id: ImportId


class ImportUndone(Event, type="registry.import.undone"):
    """`withdrawn` are no longer registered, `restored` are as they were before, `kept` stay, by reason."""

    import_id: ImportId
    withdrawn: int
    restored: int
    kept: Mapping[str, int] = Field(default_factory=dict)


class TellRows(Query, of="registry", by=_IMPORTERS):
    """What an import's rows did, in the sheet's order; rows that changed nothing are not among them."""

    import_id: ImportId
    after: int = 0
    """The last row that is known already."""
    limit: Annotated[int, Field(ge=1, le=MOST_ROWS_TOLD)] = MOST_ROWS_TOLD


class RowTold(Message):
    row: int
    person_id: PersonId
    created: bool
    taken_back: bool = False


class RowsTold(Message):
    rows: tuple[RowTold, ...]


ImportCommand = StartImport | FinishImport | UndoImport | FinishUndo
ImportEvent = ImportStarted | ImportFinished | ImportUndoStarted | ImportUndone
