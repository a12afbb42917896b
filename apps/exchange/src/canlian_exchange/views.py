"""The exchange's own view: the overview's tables, what followed from what, which command ids were used for what."""

from __future__ import annotations

from sqlalchemy import MetaData
from sqlmodel import Field, Session

from canlian_chassis.projection import Projection
from canlian_chassis.row import Row
from canlian_chassis.views.runner import Views
from canlian_events.core import Event
from canlian_events.language import EVENTS
from canlian_events.meta import Meta
from canlian_overview import overview
from canlian_overview.trail import trail


class ExchangeRow(Row):
    metadata = MetaData()


class CommandRow(ExchangeRow, table=True):
    """A command that was done: its id and fingerprint, the aggregate its last event belongs to, and where that is."""

    command_id: str = Field(primary_key=True)
    digest: str
    aggregate: str
    aggregate_id: str
    position: int


def _used(_row: CommandRow | None, event: Event, meta: Meta) -> CommandRow:
    """The command's own event comes last of its batch, so that the last one says what the command was for."""
    return CommandRow(
        command_id=meta.command,
        digest=meta.digest,
        aggregate=str(event.aggregate),
        aggregate_id=event.aggregate_id,
        position=meta.position,
    )


def use_of(session: Session, command_id: str) -> CommandRow | None:
    """What a command id was used for, if it was. The log's own window against repeats is two minutes, this endless."""
    return session.get(CommandRow, command_id)


used_commands = Projection(
    "used_commands",
    CommandRow,
    frozenset(EVENTS.values()),
    key=lambda _event: None,
    fold=_used,
    by=lambda meta: meta.command,
)
OVERVIEW = overview(ExchangeRow)
TRAIL = trail(ExchangeRow)
views = Views(
    "exchange", version=5, rows=ExchangeRow, projections=[used_commands, TRAIL.projection, *OVERVIEW.projections]
)
as_it_stood = Views("overview", version=views.version, rows=ExchangeRow, projections=OVERVIEW.projections)
"""What is folded up to an earlier position: the overview alone, which holds nothing personal."""
