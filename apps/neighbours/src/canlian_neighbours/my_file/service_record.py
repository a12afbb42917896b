"""What was done for each resident, with every word of it: for them to read."""

from canlian_neighbours.shared.rows import NeighboursRow
from canlian_person_file.service_record import record_of

RECORD = record_of(NeighboursRow)
