"""What all rows of this tool have in common, and among them the overview and what followed from what."""

from __future__ import annotations

from sqlalchemy import MetaData

from canlian_chassis.row import Row
from canlian_overview import overview
from canlian_overview.trail import trail
from canlian_person_file.record_linkage.candidates import alike_among


class FederationRow(Row):
    metadata = MetaData()


OVERVIEW = overview(FederationRow)
TRAIL = trail(FederationRow)
ALIKE = alike_among(FederationRow)
