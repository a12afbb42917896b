"""A column that holds several codes as a text, so that an index can hold it and both databases look into it alike."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, String, TypeDecorator, type_coerce
from sqlalchemy.engine import Dialect
from sqlmodel import Field, col


class Codes(TypeDecorator[list[str]]):
    """`["braille", "ramp"]` is stored as `,braille,ramp,`, none as nothing."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: Iterable[str] | None, dialect: Dialect) -> str:
        codes = list(value or ())
        return f",{','.join(codes)}," if codes else ""

    def process_result_value(self, value: str | None, dialect: Dialect) -> list[str]:
        return [code for code in (value or "").split(",") if code]


def codes(**more: Any) -> Any:
    return Field(default_factory=list, sa_type=Codes, **more)


def among(column: Any, code: str) -> ColumnElement[bool]:
    """Whether the column holds the code."""
    return type_coerce(col(column), String).contains(f",{code},", autoescape=True)
