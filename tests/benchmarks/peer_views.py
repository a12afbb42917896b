# mypy: ignore-errors
# the library is not there where types are checked: it comes with the group `bench`
"""The same events folded into the same tables by the `eventsourcing` library, as its documentation says to.

An application holds them, a projection follows it: for each event the row is read, folded by this project's own fold
and written, with the tracking record, in one transaction.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import InfrastructureFactory, Tracking
from eventsourcing.postgres import PostgresTrackingRecorder
from eventsourcing.projection import Projection as PeerProjection
from eventsourcing.projection import ProjectionRunner
from eventsourcing.sqlite import SQLiteTrackingRecorder
from eventsourcing.system import NotificationLogReader
from eventsourcing.utils import Environment, get_topic
from psycopg.sql import SQL

from canlian_chassis.projection import Projection
from canlian_chassis.row import Row, from_columns
from canlian_events.core import EVENTS, Event
from canlian_events.meta import Meta
from canlian_volunteer.views import views

_NOON = datetime(2026, 11, 24, 4, tzinfo=UTC)
_AT = Meta("e", 1, _NOON, _NOON, "social_worker:w", "429999001001", "c")


class Happening(Aggregate):
    """An aggregate of which each of our events is an event: kind, version and body as this project stores them."""

    @event("Began")
    def __init__(self, kind: str, body: dict[str, Any]) -> None: ...

    @event("Happened")
    def happened(self, kind: str, body: dict[str, Any]) -> None: ...


class Town(Application):
    log_section_size = 500


class _Tables:
    """SQL by hand for the volunteer's tables, with the marks of the driver."""

    def __init__(self, mark: str) -> None:
        self.create: list[str] = []
        self._select: dict[type[Row], str] = {}
        self._upsert: dict[type[Row], str] = {}
        for row in dict.fromkeys(p.row for p in views.projections):
            table = row.__table__
            [key] = [column.name for column in table.primary_key]
            names = table.columns.keys()
            typed = ", ".join(f"{name} TEXT{' PRIMARY KEY' if name == key else ''}" for name in names)
            self.create.append(f"CREATE TABLE IF NOT EXISTS {table.name} ({typed})")
            self._select[row] = f"SELECT {', '.join(names)} FROM {table.name} WHERE {key} = {mark}"
            changes = ", ".join(f"{name} = excluded.{name}" for name in names if name != key)
            self._upsert[row] = (
                f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({', '.join([mark] * len(names))}) "
                f"ON CONFLICT ({key}) DO UPDATE SET {changes}"
            )

    def fold(self, db: Any, projection: Projection, happened: Event) -> None:
        key = projection.row_key(happened, _AT)
        names = projection.row.__table__.columns.keys()
        db.execute(self._select[projection.row], (key,))
        found = db.fetchone()
        before = from_columns(projection.row, {name: found[name] for name in names}) if found else None
        after = projection.fold(before, happened, _AT)
        if after is not None:
            db.execute(self._upsert[projection.row], tuple(_plain(getattr(after, name)) for name in names))


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value) if isinstance(value, list) else str(value)


class SqliteView(SQLiteTrackingRecorder):
    tables = _Tables("?")

    def construct_create_table_statements(self) -> list[str]:
        return [*super().construct_create_table_statements(), *self.tables.create]

    def fold(self, folds: Iterable[Projection], happened: Event, tracking: Tracking) -> None:
        with self.datastore.transaction(commit=True) as cursor:
            for projection in folds:
                self.tables.fold(cursor, projection, happened)
            self._insert_tracking(cursor, tracking)


class PostgresView(PostgresTrackingRecorder):
    tables = _Tables("%s")

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.sql_create_statements += [SQL(statement) for statement in self.tables.create]

    def fold(self, folds: Iterable[Projection], happened: Event, tracking: Tracking) -> None:
        with self.datastore.transaction(commit=True) as cursor:
            for projection in folds:
                self.tables.fold(cursor, projection, happened)
            self._insert_tracking(cursor, tracking)


class Volunteer(PeerProjection[Any]):
    name = "volunteer"
    topics = (get_topic(Happening.Began), get_topic(Happening.Happened))

    def process_event(self, domain_event: Any, tracking: Tracking) -> None:
        kind = EVENTS[domain_event.kind]
        folds = [projection for projection in views.projections if kind in projection.on]
        if folds:
            self.view.fold(folds, kind.model_validate(domain_event.body), tracking)
        else:
            self.view.insert_tracking(tracking)


@dataclass(frozen=True)
class Told:
    """An event of the log: which aggregate's, its type and its body as JSON."""

    aggregate: str
    kind: str
    body: Mapping[str, Any]


def store(told: Iterable[Told], env: dict[str, str]) -> int:
    """Save them in the peer's own store, many at a time; returns the last notification's id."""
    aggregates: dict[str, Happening] = {}
    with Town(env=env) as town:
        for number, one in enumerate(told, 1):
            id_ = uuid5(NAMESPACE_URL, one.aggregate)
            if one.aggregate in aggregates:
                aggregates[one.aggregate].happened(kind=one.kind, body=dict(one.body))
            else:
                made = Happening(kind=one.kind, body=dict(one.body))
                aggregates[one.aggregate] = made
                made._id = id_
            if number % 500 == 0:
                town.save(*aggregates.values())
        town.save(*aggregates.values())
        return town.recorder.max_notification_id() or 0


def rate(last: int, env: dict[str, str], view: type[Any]) -> float:
    """Events a second that the peer follows into its tables."""
    started = time.perf_counter()
    if view is SqliteView:
        _follow_sqlite(env)
    else:
        with ProjectionRunner(application_class=Town, projection_class=Volunteer, view_class=view, env=env) as runner:
            runner.wait(last, timeout=600)
    return last / (time.perf_counter() - started)


def _follow_sqlite(env: dict[str, str]) -> None:
    """As the library's followers do where the recorder has no subscriptions: section after section of the log."""
    factory = InfrastructureFactory.construct(env=Environment("VOLUNTEER", env))
    projection = Volunteer(view=factory.tracking_recorder(SqliteView))
    with Town(env=env) as town:
        for notifications in NotificationLogReader(town.notification_log, section_size=500).select(start=1):
            for notification in notifications:
                projection.process_event(
                    town.mapper.to_domain_event(notification), Tracking(town.name, notification.id)
                )
