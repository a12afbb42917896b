"""What all rows of this tool have in common: their tables, codes as columns, and whose communities are looked at."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Any

from sqlalchemy import ColumnElement, DateTime, MetaData, false, or_
from sqlalchemy import Enum as Codes
from sqlmodel import Field, col

from canlian_chassis.row import Row


class SocialWorkerRow(Row):
    metadata = MetaData()


def coded(table: type[Enum], **more: Any) -> Any:
    """A column that holds a code of a table, written as the code itself."""
    kind: Any = Codes(table, native_enum=False, length=32, values_callable=lambda codes: [str(c.value) for c in codes])
    return Field(sa_type=kind, **more)


def moment(**more: Any) -> Any:
    """A column that holds a point in time."""
    kind: Any = DateTime(timezone=True)
    return Field(sa_type=kind, **more)


def within(community: Any, scopes: Sequence[str]) -> ColumnElement[bool]:
    """Whether a community is among those somebody works in; a scope is a code or the beginning of one."""
    return or_(false(), *(col(community).startswith(scope, autoescape=True) for scope in scopes))
