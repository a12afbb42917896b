"""What was done for each person, with every word of it: for the copy that they may ask for."""

from canlian_federation.shared.rows import FederationRow
from canlian_person_file.service_record import record_of

RECORD = record_of(FederationRow)
