"""The base of all rows of this tool, whose tables are its own, and whose communities are looked at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, MetaData, false, or_
from sqlmodel import col

from canlian_chassis.row import Row


class SocialWorkerRow(Row):
    metadata = MetaData()


def within(community: Any, scopes: Sequence[str]) -> ColumnElement[bool]:
    """Whether a community is among those somebody works in; a scope is a code or the beginning of one."""
    return or_(false(), *(col(community).startswith(scope, autoescape=True) for scope in scopes))
