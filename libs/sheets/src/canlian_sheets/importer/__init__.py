"""Read sheets become commands: communities, the roster, resources. What is sent twice is done once."""

from canlian_sheets.importer.communities import import_communities
from canlian_sheets.importer.reading import Wanted, preview_of, read_into
from canlian_sheets.importer.resources import import_resources
from canlian_sheets.importer.results import ImportInterrupted, ImportResult, RowOutcome, refused_rows
from canlian_sheets.importer.roster import bring_in, import_roster, person_id_of
from canlian_sheets.importer.row_store import RowStore
from canlian_sheets.importer.undoing import Kept, Undone, told, undo_import

__all__ = [
    "ImportInterrupted",
    "ImportResult",
    "Kept",
    "RowOutcome",
    "RowStore",
    "Undone",
    "Wanted",
    "bring_in",
    "import_communities",
    "import_resources",
    "import_roster",
    "person_id_of",
    "preview_of",
    "read_into",
    "refused_rows",
    "told",
    "undo_import",
]
