"""The base of all rows of this tool, whose tables are its own."""

from __future__ import annotations

from sqlalchemy import MetaData

from canlian_chassis.row import Row


class DeskRow(Row):
    metadata = MetaData()
