"""The list of communities into the registry: each is opened, with its director and its grid worker."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from canlian_chassis.bus.client import Accepted as Done
from canlian_chassis.bus.client import Client, NotAllowed, Refused, Unavailable
from canlian_events.core import Command
from canlian_events.ids import derive, new_id
from canlian_events.registry.community import (
    CommunityOpened,
    NameDirector,
    NameGridWorker,
    OpenCommunity,
    RenameCommunity,
)
from canlian_events.registry.worker import AssignWorker, EnrolWorker
from canlian_events.terms import WorkerKind
from canlian_sheets.communities import CommunityLine
from canlian_sheets.importer.results import Answer, ImportInterrupted, ImportResult, Rows
from canlian_sheets.importer.sending import Sender, Token
from canlian_sheets.outcomes import Outcome

Amend = Callable[[Command, Refused], Command | None]
"""Another command to send in place of one that was refused, or None."""


@dataclass(slots=True)
class _Row:
    row_no: int
    line: CommunityLine
    answers: list[Answer] = field(default_factory=list)

    @property
    def going(self) -> bool:
        return not any(isinstance(answer, Refused) for answer in self.answers)

    @property
    def workers(self) -> list[EnrolWorker]:
        """Their ids follow from community, kind and name: the same line names the same workers."""
        named = {WorkerKind.DIRECTOR: self.line.director, WorkerKind.GRID_WORKER: self.line.grid_worker}
        return [
            EnrolWorker(worker_id=derive("worker", self.line.code, kind, name), kind=kind, name=name)
            for kind, name in named.items()
            if name
        ]


async def import_communities(
    client: Client,
    token: Token,
    communities: Outcome[CommunityLine],
    *,
    batch_id: str | None = None,
    dry_run: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> ImportResult:
    """Open what is new, rename and reappoint what the list says otherwise; the same list again changes nothing.

    Raises ImportInterrupted, with what is done so far, where the registry does not answer or the token will not do.
    """
    batch_id = batch_id or new_id("import")
    sender = Sender(client, "registry", token, batch_id, dry_run)
    outcomes = Rows(batch_id, communities)
    rows = [_Row(row.row_no, row.value) for row in communities.accepted]
    try:
        for step in (_open, _enrol, _appoint):
            await step(sender, rows)
    except (Unavailable, NotAllowed) as why:
        raise ImportInterrupted(why, outcomes.result()) from why
    for done, row in enumerate(rows, 1):
        outcomes.put(row.row_no, row.answers, creates=CommunityOpened.__name__)
        if progress:
            progress(done, len(rows))
    return outcomes.result()


async def _open(sender: Sender, rows: Sequence[_Row]) -> None:
    wanted = [(row, OpenCommunity(community=row.line.code, name=row.line.name)) for row in rows]

    def rename(command: Command, refused: Refused) -> Command | None:
        if isinstance(command, OpenCommunity) and refused.code == "community.already_open":
            return RenameCommunity.from_(command)
        return None

    await _ask(sender, wanted, rename)


async def _enrol(sender: Sender, rows: Sequence[_Row]) -> None:
    await _ask(sender, [(row, worker) for row in rows if row.going for worker in row.workers])


async def _appoint(sender: Sender, rows: Sequence[_Row]) -> None:
    """In a dry run nobody was enrolled a moment ago, so that there is nobody to appoint where something is new."""
    ready = [row for row in rows if row.going and not (sender.dry_run and _begins_something(row))]
    wanted = [(row, command) for row in ready for worker in row.workers for command in _appointments(row, worker)]

    def succeed(command: Command, refused: Refused) -> Command | None:
        if isinstance(command, NameGridWorker) and refused.code == "community.grid_worker_named":
            return command.model_copy(update={"replaces": refused.facts["worker_id"]})
        return None

    await _ask(sender, wanted, succeed)


def _begins_something(row: _Row) -> bool:
    return any(isinstance(answer, Done) and answer.events for answer in row.answers)


def _appointments(row: _Row, worker: EnrolWorker) -> Iterable[Command]:
    yield AssignWorker(worker_id=worker.worker_id, community=row.line.code)
    names = NameDirector if worker.kind is WorkerKind.DIRECTOR else NameGridWorker
    yield names(community=row.line.code, worker_id=worker.worker_id)


async def _ask(sender: Sender, wanted: Sequence[tuple[_Row, Command]], amend: Amend | None = None) -> None:
    """Send, amend once what can be, and put each answer with its row."""
    answers = await sender.ask([command for _, command in wanted])
    amended = {
        n: other
        for n, ((_, command), answer) in enumerate(zip(wanted, answers, strict=True))
        if amend and isinstance(answer, Refused) and (other := amend(command, answer))
    }
    for n, answer in zip(amended, await sender.ask(list(amended.values())), strict=True):
        answers[n] = answer
    for (row, _), answer in zip(wanted, answers, strict=True):
        row.answers.append(answer)
