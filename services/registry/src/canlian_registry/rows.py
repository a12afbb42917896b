"""What all rows of the registry's own view have in common."""

from sqlalchemy import MetaData

from canlian_chassis.row import Row


class RegistryRow(Row):
    metadata = MetaData()
