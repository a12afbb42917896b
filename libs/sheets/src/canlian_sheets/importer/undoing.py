"""An import undone: each row that changed something is taken back, unless something else happened since."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace

from canlian_chassis.bus.client import Accepted as Done
from canlian_chassis.bus.client import Client
from canlian_chassis.bus.client import Refused as No
from canlian_events.ids import derive_uuid
from canlian_events.registry.person import RegistrationWithdrawn, SheetRow, TakeBackRosterEntry
from canlian_events.registry.roster_import import FinishUndo, RowsTold, RowTold, TellRows, UndoImport
from canlian_sheets.importer.results import Answer
from canlian_sheets.importer.sending import CHUNK, Sender, Token, one_ahead


@dataclass(frozen=True, slots=True)
class Kept:
    """A row that stays as it was brought in, and why."""

    row: int
    person_id: str
    code: str


@dataclass(frozen=True, slots=True)
class Undone:
    withdrawn: int
    restored: int
    kept: tuple[Kept, ...]
    position: int = field(default=0, compare=False)
    """A view must reach it to show that the import is undone."""


async def undo_import(
    client: Client, token: Token, import_id: str, progress: Callable[[int], None] = lambda _: None
) -> Undone:
    """Take an import back; `progress` is told how many rows are gone through. Sent again it goes on where it was.

    Raises Refused where there is no such import, Unavailable and NotAllowed as `bring_in` does.
    """
    sender = Sender(client, "registry", token, import_id, dry_run=False)
    await _say(sender, UndoImport(import_id=import_id))
    tally: Counter[str] = Counter()
    kept: list[Kept] = []
    done = 0

    async def take_back(rows: tuple[RowTold, ...]) -> list[Answer]:
        return await sender.ask_named([_taking_back(import_id, row) for row in rows])

    async for rows, answers in one_ahead(take_back, told(client, token, import_id, CHUNK)):
        for row, answer in zip(rows, answers, strict=True):
            if isinstance(answer, No):
                kept.append(Kept(row.row, row.person_id, answer.code))
            else:
                tally[_what(answer, row)] += 1
        done += len(rows)
        progress(done)
    result = Undone(tally["withdrawn"], tally["restored"], tuple(kept))
    reasons = dict(Counter(row.code for row in kept))
    ended = FinishUndo(import_id=import_id, withdrawn=result.withdrawn, restored=result.restored, kept=reasons)
    return replace(result, position=await _say(sender, ended))


async def told(client: Client, token: Token, import_id: str, size: int) -> AsyncIterator[tuple[RowTold, ...]]:
    """What an import's rows did, so many at a time, in the sheet's order."""
    after = 0
    while True:
        plain = token if isinstance(token, str) else token()
        answer = await client.ask(TellRows(import_id=import_id, after=after, limit=size), RowsTold, token=plain)
        if not answer.rows:
            return
        yield answer.rows
        after = answer.rows[-1].row


def _taking_back(import_id: str, row: RowTold) -> tuple[str, TakeBackRosterEntry]:
    command = TakeBackRosterEntry(person_id=row.person_id, sheet_row=SheetRow(import_id=import_id, row=row.row))
    return derive_uuid("take-back", import_id, row.person_id), command


def _what(answer: Done, row: RowTold) -> str:
    """Nothing to undo is undone."""
    names = {event.name for event in answer.events}
    withdrawn = RegistrationWithdrawn.__name__ in names if names else row.created
    return "withdrawn" if withdrawn else "restored"


async def _say(sender: Sender, command: UndoImport | FinishUndo) -> int:
    (answer,) = await sender.ask_anew([command])
    if isinstance(answer, No):
        raise answer
    return answer.position
