"""Read sheets become commands: communities, the roster, resources. What is sent twice is done once."""

from canlian_sheets.importer.communities import import_communities
from canlian_sheets.importer.resources import import_resources
from canlian_sheets.importer.results import ImportInterrupted, ImportResult, RowOutcome, refused_rows
from canlian_sheets.importer.roster import import_roster, person_id_of

__all__ = [
    "ImportInterrupted",
    "ImportResult",
    "RowOutcome",
    "import_communities",
    "import_resources",
    "import_roster",
    "person_id_of",
    "refused_rows",
]
