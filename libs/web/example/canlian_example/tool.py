"""The smallest whole tool: a view, a page that shows it, a form that changes it."""

from collections.abc import Sequence

from fastapi import APIRouter
from sqlalchemy import MetaData
from sqlmodel import Field, Session, select
from starlette.responses import Response

from canlian_chassis.projection import projection
from canlian_chassis.row import Row
from canlian_chassis.views.runner import Views
from canlian_events.assistance.need import NeedEvent, NeedRaised, RaiseNeed
from canlian_events.meta import Meta
from canlian_events.terms import Channel, Domain, Role, Urgency
from canlian_web.forms import Form
from canlian_web.language.i18n import N_
from canlian_web.page import Page, require
from canlian_web.tool import Tool


class ExampleRow(Row):
    metadata = MetaData()


class NeedRow(ExampleRow, table=True):
    need_id: str = Field(primary_key=True)
    community: str = Field(index=True)
    domain: Domain
    urgency: Urgency


@projection(NeedRow, key=lambda event: event.need_id)
def needs(row: NeedRow | None, event: NeedEvent, meta: Meta) -> NeedRow | None:
    match event:
        case NeedRaised(domain=Domain() as domain):
            return NeedRow(need_id=event.need_id, community=meta.community, domain=domain, urgency=event.urgency)
        case _:
            return row


def needs_of(db: Session, community: str) -> Sequence[NeedRow]:
    return db.exec(select(NeedRow).where(NeedRow.community == community)).all()


router = APIRouter(dependencies=[require(Role.SOCIAL_WORKER)])


@router.get("")
async def home(page: Page) -> Response:
    return await show(page, page.blank(urgency=Urgency.NORMAL))


@router.post("/needs")
async def raise_need(page: Page) -> Response:
    community = page.actor.communities[0]
    known = {"need_id": page.new_id("need"), "person_id": page.new_id("person"), "community": community}
    form = page.form(RaiseNeed, **known, channel=Channel.WALK_IN)
    if await page.submit(form):
        return page.redirect("", notice=page._("The need is recorded."))
    return await show(page, form)


async def show(page: Page, form: Form[RaiseNeed]) -> Response:
    return page.render("needs.html", form=form, needs=await page.read(needs_of, page.actor.communities[0]))


views = Views("example", version=1, rows=ExampleRow, projections=[needs])
tool = Tool(
    "example",
    prefix="/example",
    package="canlian_example",
    title=N_("Needs"),
    routers=[router],
    views=views,
    nav=[("", N_("All needs"))],
)

if __name__ == "__main__":
    tool.run()
