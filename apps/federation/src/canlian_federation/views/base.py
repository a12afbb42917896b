"""What all rows of this tool have in common, and the overview among them."""

from __future__ import annotations

from sqlalchemy import MetaData

from canlian_chassis.row import Row
from canlian_overview import overview


class FederationRow(Row):
    metadata = MetaData()


OVERVIEW = overview(FederationRow)
