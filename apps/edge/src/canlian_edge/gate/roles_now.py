"""Which roles a signed-in worker holds now: what the log says wins over what their account says."""

from __future__ import annotations

from canlian_accounts.current_roles import acting, grants
from canlian_chassis.views.runner import Views
from canlian_edge.accounts.communities import places
from canlian_edge.accounts.rows import EdgeRow
from canlian_events.meta import Actor
from canlian_web.tool import Tool

GRANTS = grants(EdgeRow)
views = Views("edge", version=2, rows=EdgeRow, projections=[GRANTS.projection, places])


async def now(tool: Tool, actor: Actor) -> Actor:
    """Asked for every page, so that a role taken back ends with the next one. Raises Unavailable before the view is
    there: a worker whose roles cannot be looked up acts as nobody.
    """
    if not actor.id.startswith("worker_"):
        return actor
    return acting(actor, await tool.read(GRANTS.of, actor.id))
