"""What is missing (缺口), each gap with the page that closes it."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from canlian_events.registry.training import SESSIONS_A_YEAR
from canlian_events.registry.worker import FIXED_WORKERS_AT_LEAST
from canlian_events.terms import Post, Role
from canlian_federation.associations.views import Listed, associations_lacking
from canlian_federation.overview.views import open_communities
from canlian_federation.shared.access import for_looking, scopes_of
from canlian_federation.team.pages import without
from canlian_federation.team.views import fixed_workers
from canlian_federation.training.views import by_community, to_be_trained
from canlian_web.export.sheet import sheet
from canlian_web.language.term_labels import say
from canlian_web.page import Context, Page

router = APIRouter(prefix="/gaps", dependencies=[for_looking])


@router.get("")
async def gaps(page: Page) -> Response:
    communities = await page.read(open_communities, scopes_of(page))
    names = {row.community: row.name for row in communities}
    trained = await page.read(to_be_trained, scopes_of(page), page.today.year)
    return page.render(
        "gaps/list.html",
        posts={post: without(communities, post.value) for post in Post},
        names=names,
        training=[line for line in by_community(trained, names) if line.lacking],
        lacking=sum(one.lacking > 0 for one in trained),
        needed=SESSIONS_A_YEAR,
        year=page.today.year,
        associations=await page.read(associations_lacking, scopes_of(page)),
        called=lambda line: called(page, line),
        lacks=lambda line: lacks(page, line),
        fixed=len(await page.read(fixed_workers, scopes_of(page))),
        fixed_at_least=FIXED_WORKERS_AT_LEAST,
        staff=page.actor.holds(Role.STAFF),
    )


@router.get("/sheet.xlsx")
async def gaps_as_sheet(page: Page) -> Response:
    _, rows = page._, await lines(page)
    return sheet(
        f"{_('Gaps')} {page.today.isoformat()}", [_("Community"), _("Code"), _("What is missing")], rows, page.lang
    )


async def lines(page: Context) -> list[list[str | None]]:
    communities = await page.read(open_communities, scopes_of(page))
    names = {row.community: row.name for row in communities}
    trained = await page.read(to_be_trained, scopes_of(page), page.today.year)
    found: list[list[str | None]] = [
        [row.name, row.community, say(post, page.lang)] for post in Post for row in without(communities, post.value)
    ]
    for line in by_community(trained, names):
        if line.lacking:
            text = page._("%(number)s lack training this year", number=line.lacking)
            found.append([names[line.community], line.community, text])
    if len(await page.read(fixed_workers, scopes_of(page))) < FIXED_WORKERS_AT_LEAST:
        found.append([None, None, page._("Fixed worker of the subdistrict")])
    for association in await page.read(associations_lacking, scopes_of(page)):
        found.append([called(page, association), association.community, lacks(page, association)])
    return found


def called(page: Context, line: Listed) -> str:
    """A community by its name, a special association by its kind."""
    return line.name if line.special is None else say(line.special, page.lang)


def lacks(page: Context, line: Listed) -> str:
    return page._("no association") if line.lacks == "association" else page._("no chair")
