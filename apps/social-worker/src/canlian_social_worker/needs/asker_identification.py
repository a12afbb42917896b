"""Who asked: a request without an account is put under the registered person."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from canlian_events.assistance.need import IdentifyAsker
from canlian_events.terms import ShownFor
from canlian_person_file.disclosure import shown
from canlian_social_worker.needs.views import NeedRow, need
from canlian_social_worker.persons.views import search_persons
from canlian_social_worker.shared.access import for_workers, in_scope, may, may_reach
from canlian_social_worker.shared.names import about, names_for
from canlian_web.forms import Form
from canlian_web.page import Context, Page

router = APIRouter(dependencies=[for_workers])


@router.get("/needs/{need_id}/identify")
async def search(page: Page, need_id: str) -> Response:
    return await _show(page, await in_scope(page, need, need_id), page.blank())


@router.post("/needs/{need_id}/identify")
async def identify(page: Page, need_id: str) -> Response:
    row = await in_scope(page, need, need_id)
    form = page.form(IdentifyAsker, need_id=need_id)
    if await page.submit(form):
        return page.redirect(f"/needs/{need_id}", notice=page._("The need is now under this person's name."))
    return await _show(page, row, form)


async def _show(page: Context, row: NeedRow, form: Form[Any]) -> Response:
    words = page.request.query_params.get("q", "").strip()
    found, number = await page.read(search_persons, page.actor.communities, words) if words else ((), 0)
    return page.render(
        "needs/identify.html",
        need=row,
        file=await shown(page, row.person_id, row.community, ShownFor.NEED, words=row.words),
        words=words,
        persons=[(one, about(one, page)) for one in found],
        number=number,
        names=await names_for(page, found),
        may=may(page, row.community),
        may_reach=may_reach(page),
        form=form,
    )
