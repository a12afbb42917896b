"""What the rows of the edge's view have in common."""

from __future__ import annotations

from sqlalchemy import MetaData

from canlian_chassis.row import Row


class EdgeRow(Row):
    metadata = MetaData()
