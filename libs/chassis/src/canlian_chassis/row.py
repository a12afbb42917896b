"""A view's row: a SQLModel table class whose instances folds make by the million."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple, Self

from pydantic_core import PydanticUndefined
from sqlalchemy import inspect
from sqlalchemy.orm import configure_mappers
from sqlmodel import SQLModel
from sqlmodel.main import SQLModelMetaclass

_STATE = "_sa_instance_state"


class _Shape(NamedTuple):
    names: frozenset[str]
    defaults: dict[str, Any]
    factories: tuple[tuple[str, Callable[[], Any]], ...]


@cache
def _shape(cls: Any) -> _Shape | None:
    """The columns and defaults of a table class; None for a base that has no table."""
    if not hasattr(cls, "__table__"):
        return None
    configure_mappers()  # attributes can be read from then on
    fields = cls.model_fields
    return _Shape(
        frozenset(fields),
        {name: f.default for name, f in fields.items() if f.default is not PydanticUndefined},
        tuple((name, f.default_factory) for name, f in fields.items() if f.default_factory),
    )


class _RowType(SQLModelMetaclass):
    """Makes `SomeRow(**values)` a plain object: SQLAlchemy's record of changes costs ten times it, for nothing.

    SQLAlchemy itself makes the rows that it loads in another way, which stays as it is.
    """

    def __call__(cls, **values: Any) -> Any:
        shape = _shape(cls)
        if shape is None:
            return super().__call__(**values)
        for name, make in shape.factories:
            if name not in values:
                values[name] = make()
        return _row(cls, shape, shape.defaults | values)


def _row(cls: Any, shape: _Shape, values: dict[str, Any]) -> Any:
    if values.keys() != shape.names:
        wrong = sorted(values.keys() ^ shape.names)
        raise TypeError(f"{cls.__name__}: unknown or missing {', '.join(wrong)}")
    row = object.__new__(cls)
    object.__setattr__(row, "__dict__", values)
    return row


class Row(SQLModel, metaclass=_RowType):
    """A view's row. Each tool derives one base of its own with its own `metadata`, so that its tables are its own.

    Folds never change a row: `row.with_(...)` gives a changed copy. An unknown or missing name is a TypeError.
    """

    def with_(self, **changes: Any) -> Self:
        cls = type(self)
        values = self.__dict__ | changes
        values.pop(_STATE, None)
        shape = _shape(cls)
        assert shape is not None
        row: Self = _row(cls, shape, values)
        return row

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and columns_of(self) == columns_of(other)

    __hash__ = object.__hash__


def columns_of(row: Any) -> dict[str, Any]:
    """Column → value."""
    return {name: value for name, value in row.__dict__.items() if name != _STATE}


def from_columns(cls: Any, values: dict[str, Any]) -> Any:
    """The row with these values, which must be those of all its columns; nothing is checked."""
    row = object.__new__(cls)
    object.__setattr__(row, "__dict__", values)
    return row


class _StateOnDemand:
    """A row that a fold made gets SQLAlchemy's record only when it is given to a session, as tests do."""

    def __get__(self, row: Any, cls: Any) -> Any:
        if row is None:
            raise AttributeError(_STATE)
        inspect(cls).class_manager.setup_instance(row)
        return row.__dict__[_STATE]


type.__setattr__(Row, _STATE, _StateOnDemand())
