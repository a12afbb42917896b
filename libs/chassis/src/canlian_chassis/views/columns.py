"""Columns of a view's rows that hold more than a text or a number."""

from __future__ import annotations

from enum import Enum
from typing import Any

from sqlalchemy import DateTime
from sqlalchemy import Enum as Codes
from sqlmodel import Field


def coded(table: type[Enum], **more: Any) -> Any:
    """A column that holds a code of a table, written as the code itself."""
    kind: Any = Codes(table, native_enum=False, length=32, values_callable=lambda codes: [str(c.value) for c in codes])
    return Field(sa_type=kind, **more)


def moment(**more: Any) -> Any:
    """A column that holds a point in time."""
    kind: Any = DateTime(timezone=True)
    return Field(sa_type=kind, **more)
