"""An import as one batch: it begins, ends with counts that add up, and is undone as a whole."""

from services.registry.tests.people import STAFF

from canlian_chassis.testing.deciders import given
from canlian_events.registry.roster_import import (
    FinishImport,
    FinishUndo,
    ImportFinished,
    ImportStarted,
    ImportUndone,
    ImportUndoStarted,
    StartImport,
    UndoImport,
)
from canlian_registry.roster_import.decider import roster_import

ID = "import_00000001"
START = StartImport(import_id=ID, sheet="0123456789abcdef", rows=6, columns=("name",))
STARTED = ImportStarted.from_(START)
FINISH = FinishImport(import_id=ID, created=1, updated=2, unchanged=1, refused={"bad_id": 2})
FINISHED = ImportFinished.from_(FINISH)
UNDO, UNDO_STARTED = UndoImport(import_id=ID), ImportUndoStarted(import_id=ID)
END_UNDO = FinishUndo(import_id=ID, withdrawn=1, restored=1, kept={"person.changed_since": 1})
UNDONE = ImportUndone.from_(END_UNDO)


def test_it_begins_and_goes_on_with_the_same_sheet_only():
    given(roster_import).when(START, by=STAFF).then(STARTED)
    given(roster_import, STARTED).when(START, by=STAFF).unchanged()
    other = START.model_copy(update={"sheet": "fedcba9876543210"})
    given(roster_import, STARTED).when(other, by=STAFF).refused("import.another_sheet")
    given(roster_import, STARTED, FINISHED).when(START, by=STAFF).refused("import.finished")
    given(roster_import, STARTED, UNDO_STARTED).when(START, by=STAFF).refused("import.undone")


def test_what_was_never_begun_is_unknown():
    for command in (FINISH, UNDO, END_UNDO):
        given(roster_import).when(command, by=STAFF).refused("import.unknown")


def test_the_four_must_add_up_to_the_rows():
    given(roster_import, STARTED).when(FINISH, by=STAFF).then(FINISHED)
    given(roster_import, STARTED, FINISHED).when(FINISH, by=STAFF).unchanged()
    more = FINISH.model_copy(update={"created": 2})
    given(roster_import, STARTED).when(more, by=STAFF).refused("import.does_not_add_up", rows=6, found=7)
    given(roster_import, STARTED, FINISHED).when(more, by=STAFF).refused("import.finished")
    given(roster_import, STARTED, UNDO_STARTED).when(FINISH, by=STAFF).refused("import.undone")


def test_it_is_undone_finished_or_not_and_once():
    given(roster_import, STARTED).when(UNDO, by=STAFF).then(UNDO_STARTED)
    given(roster_import, STARTED, FINISHED).when(UNDO, by=STAFF).then(UNDO_STARTED)
    given(roster_import, STARTED, FINISHED, UNDO_STARTED).when(UNDO, by=STAFF).unchanged()
    given(roster_import, STARTED, FINISHED, UNDO_STARTED).when(END_UNDO, by=STAFF).then(UNDONE)
    given(roster_import, STARTED, FINISHED, UNDO_STARTED, UNDONE).when(END_UNDO, by=STAFF).unchanged()
    given(roster_import, STARTED, FINISHED, UNDO_STARTED, UNDONE).when(UNDO, by=STAFF).unchanged()
    given(roster_import, STARTED, FINISHED).when(END_UNDO, by=STAFF).refused("import.not_being_undone")
