"""Rows that mean another row of their table: the column `merged_into` holds the key of the one that counts.

An id is never more than one step from the one it means. What other tables say under any of the ids is left as it was
said, so it is found by all of them; once `merged_into` is taken back, everything is as if it had never been there.
"""

from __future__ import annotations

from typing import Any, TypeVar

from sqlalchemy import ColumnElement, func, inspect, select
from sqlmodel import Session

from canlian_chassis.row import Row

R = TypeVar("R", bound=Row)


def meant(db: Session, table: type[R], id: str) -> R | None:
    """The row of this id, or the one that it means."""
    row: Any = db.get(table, id)
    return db.get(table, row.merged_into) if row is not None and row.merged_into else row


def same(db: Session, table: type[Row], id: str) -> list[str]:
    """Every id of whom this one means, the one that counts first."""
    row: Any = meant(db, table, id)
    if row is None:
        return [id]
    key = _key(table)
    counts: str = getattr(row, key.key)
    others = select(key).where(_merged(table) == counts).order_by(key)
    return [counts, *db.execute(others).scalars()]


def meanings(db: Session, table: type[Row]) -> dict[str, str]:
    """Each id that means another, with that one. They are few."""
    query = select(_key(table), _merged(table)).where(_merged(table).is_not(None))
    return {str(line[0]): str(line[1]) for line in db.execute(query)}


def meaning(table: type[Row], column: Any) -> ColumnElement[str]:
    """In a query: the id that the one in this column means."""
    into = select(_merged(table)).where(_key(table) == column).scalar_subquery()
    return func.coalesce(into, column)


def _key(table: type[Row]) -> Any:
    name = inspect(table).primary_key[0].key
    return getattr(table, str(name))


def _merged(table: Any) -> Any:
    return table.merged_into
