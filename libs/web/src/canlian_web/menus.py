"""The menu of the federation's tool: the edge, which serves one of its addresses, shows the same."""

from __future__ import annotations

from collections.abc import Sequence

from canlian_events.terms import Role
from canlian_web.language.i18n import N_
from canlian_web.tool import Address, Section

FEDERATION_TITLE = N_("Federation")
FEDERATION: Sequence[Address | Section] = [
    ("", N_("Overview")),
    Section(
        N_("Residents"),
        [
            ("/people", N_("People")),
            ("/households", N_("Households")),
            ("/population", N_("Population")),
            ("/duplicates", N_("Duplicates")),
            ("/corrections", N_("Corrections asked for")),
            ("/imports", N_("Bring in a roster")),
        ],
    ),
    Section(
        N_("Organisation"),
        [
            ("/gaps", N_("Gaps")),
            ("/communities", N_("Communities")),
            ("/associations", N_("Associations")),
            ("/bodies", N_("Bodies")),
            ("/team", N_("Team")),
            ("/training", N_("Training")),
        ],
    ),
    ("/resources", N_("Resources")),
    Section(
        N_("Oversight"),
        [
            ("/looked", N_("Who looked")),
            ("/erasures", N_("Erased data")),
            ("/log-heads", N_("Fingerprints of the log")),
            ("/accounts", N_("Accounts"), frozenset({Role.STAFF})),  # the edge's own
        ],
    ),
]
"""Federation staff may open all of it; of the others the tool leaves out what their roles may not."""
