"""What all rows of the service's own view have in common."""

from sqlalchemy import MetaData

from canlian_chassis.row import Row


class AssistanceRow(Row):
    metadata = MetaData()
