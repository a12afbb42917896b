"""Who looked at a resident's file, for the resident."""

from canlian_neighbours.shared.rows import NeighboursRow
from canlian_person_file.access_log import looked_at

LOOKED = looked_at(NeighboursRow)
