"""Who looked at whose file, in the federation's communities."""

from canlian_federation.shared.rows import FederationRow
from canlian_person_file.access_log import looked_at

LOOKED = looked_at(FederationRow)
