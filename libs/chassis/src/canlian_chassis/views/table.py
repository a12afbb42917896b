"""One table of a view: its rows read by key and written many at once, by the shortest way each database has."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from operator import itemgetter
from typing import Any

from sqlalchemy import Column, Table
from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.orm import configure_mappers

from canlian_chassis.projection import Key
from canlian_chassis.row import Row, from_columns

_KEYS_A_SELECT = (1, 20, 400)
_MANY = 200
"""From so many rows on, Postgres is given them by COPY."""

Values = tuple[Any, ...]
Convert = Callable[[Any], Any]


class ViewTable:
    """`schema` is where it lies, None for SQLite. Methods take the connection of the transaction they belong to."""

    def __init__(self, row: type[Row], schema: str | None, dialect: Dialect) -> None:
        self._row = row
        configure_mappers()  # attributes of rows that were only read, never made here, can be read from then on
        self._table: Table = row.__table__  # type: ignore[attr-defined]
        self._postgres = dialect.name == "postgresql"
        self._mark = "%s" if self._postgres else "?"
        self.columns = self._table.columns.keys()
        self._primary = [column.name for column in self._table.primary_key]
        self._values_of = _values_of(self.columns)
        self._key_of = itemgetter(*self._primary)
        self._to_database = _converters(self._table.columns, dialect, "in")
        self._from_database = _converters(self._table.columns, dialect, "out")
        self._quoted = dialect.identifier_preparer.quote
        self._name = (
            f"{self._quoted(schema)}.{self._quoted(self._table.name)}" if schema else self._quoted(self._table.name)
        )
        self._listed = ", ".join(map(self._quoted, self.columns))
        self._staged = self._quoted(f"staged_{self._table.name}")

    def read(self, db: Connection, keys: Sequence[Key]) -> dict[Key, Row]:
        """The rows that these keys have."""
        found: dict[Key, Row] = {}
        some = iter(keys)
        while chunk := list(islice(some, _KEYS_A_SELECT[-1])):
            # few lengths, so that the statement is prepared once for each
            chunk += [chunk[-1]] * (next(size for size in _KEYS_A_SELECT if size >= len(chunk)) - len(chunk))
            marks = tuple(part for key in chunk for part in self._key(key))
            for values in db.exec_driver_sql(self._select(len(chunk)), marks):
                columns = dict(zip(self.columns, values, strict=True))
                for name, convert in self._from_database:
                    columns[name] = convert(columns[name])
                found[self._key_of(columns)] = from_columns(self._row, columns)
        return found

    def _select(self, keys: int) -> str:
        names = ", ".join(map(self._quoted, self._primary))
        if len(self._primary) == 1:
            wanted = f"{names} IN ({_marks(self._mark, keys)})"
        else:
            wanted = f"({names}) IN (VALUES {_marks(f'({_marks(self._mark, len(self._primary))})', keys)})"
        return f"SELECT {self._listed} FROM {self._name} WHERE {wanted}"

    def write(self, db: Connection, rows: Sequence[Row]) -> None:
        """Insert them, or put them in the place of those with the same keys."""
        if not rows:
            return
        values = list(self._bound(rows))
        if self._postgres and len(values) >= _MANY:
            self._copy(db, values)
        else:
            marks = _marks(self._mark, len(self.columns))
            db.exec_driver_sql(
                f"INSERT INTO {self._name} ({self._listed}) VALUES ({marks}) {self._on_conflict}", values
            )

    def delete(self, db: Connection, keys: Iterable[Key]) -> None:
        gone = [self._key(key) for key in keys]
        if gone:
            where = " AND ".join(f"{self._quoted(name)} = {self._mark}" for name in self._primary)
            db.exec_driver_sql(f"DELETE FROM {self._name} WHERE {where}", gone)

    @property
    def _on_conflict(self) -> str:
        key = ", ".join(map(self._quoted, self._primary))
        others = [self._quoted(name) for name in self.columns if name not in self._primary]
        if not others:
            return f"ON CONFLICT ({key}) DO NOTHING"
        return f"ON CONFLICT ({key}) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in others)}"

    def _copy(self, db: Connection, values: Iterable[Values]) -> None:
        staging = f"CREATE TEMP TABLE IF NOT EXISTS {self._staged} (LIKE {self._name}) ON COMMIT DELETE ROWS"
        db.exec_driver_sql(staging)
        driver: Any = db.connection
        with driver.cursor() as cursor, cursor.copy(f"COPY {self._staged} ({self._listed}) FROM STDIN") as copy:
            for row in values:
                copy.write_row(row)
        db.exec_driver_sql(
            f"INSERT INTO {self._name} ({self._listed}) SELECT {self._listed} FROM {self._staged} {self._on_conflict}"
        )
        db.exec_driver_sql(f"TRUNCATE {self._staged}")

    def _bound(self, rows: Iterable[Row]) -> Iterator[Values]:
        if not self._to_database:
            return (self._values_of(row.__dict__) for row in rows)
        return (self._values_of(self._converted(row.__dict__)) for row in rows)

    def _converted(self, values: dict[str, Any]) -> dict[str, Any]:
        return values | {name: convert(values[name]) for name, convert in self._to_database}

    def _key(self, key: Key) -> Values:
        return key if isinstance(key, tuple) else (key,)


def _marks(mark: str, count: int) -> str:
    return ", ".join([mark] * count)


def _converters(columns: Iterable[Column[Any]], dialect: Dialect, direction: str) -> list[tuple[str, Convert]]:
    """The columns whose values the driver does not take, or does not give, as they are."""
    found: list[tuple[str, Convert]] = []
    for column in columns:
        type_ = column.type.dialect_impl(dialect)
        convert = type_.bind_processor(dialect) if direction == "in" else type_.result_processor(dialect, None)
        if convert:
            found.append((column.name, convert))
    return found


def _values_of(names: Sequence[str]) -> Callable[[dict[str, Any]], Values]:
    get = itemgetter(*names)
    return get if len(names) > 1 else lambda values: (get(values),)
