"""The service's own view: the overview, from which the rates are read."""

from __future__ import annotations

from sqlalchemy import MetaData

from canlian_chassis.row import Row
from canlian_chassis.views.runner import Views
from canlian_overview import overview


class EvaluationRow(Row):
    metadata = MetaData()


OVERVIEW = overview(EvaluationRow)

views = Views("evaluation", version=5, rows=EvaluationRow, projections=OVERVIEW.projections)
