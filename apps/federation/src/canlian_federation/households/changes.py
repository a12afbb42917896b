"""What is done to a household: who joins, who leaves, who cares for whom, what is known of relatives."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException
from starlette.responses import Response

from canlian_events.registry.household import (
    AddMember,
    AddRelative,
    CorrectRelative,
    DissolveHousehold,
    EraseRelative,
    NameCarer,
    Relative,
    ReleaseCarer,
    RemoveMember,
)
from canlian_events.terms import ErasureGround, Kinship, Role
from canlian_federation.households.pages import CHANGING, names_of, own, show_household, title_of
from canlian_federation.households.views import relatives_of
from canlian_federation.shared.access import for_staff
from canlian_federation.shared.choose_person import choices
from canlian_person_file.contact_fields import CALLED, check_called
from canlian_web.forms import Form
from canlian_web.language.term_labels import options
from canlian_web.page import Context, Page, require

router = APIRouter(prefix="/households/{household_id}", dependencies=[require(*CHANGING)])


@router.post("/carer")
async def name_carer(page: Page, household_id: str) -> Response:
    line = await own(page, household_id)
    form = page.form(NameCarer, household_id=household_id)
    if done := await page.submit(form):
        return _done(
            page, household_id, page.told(done, page._("The carer is named. Special hardship was derived anew."))
        )
    return await show_household(page, line, carer=form)


@router.post("/carer/release")
async def release_carer(page: Page, household_id: str) -> Response:
    line = await own(page, household_id)
    form = page.form(ReleaseCarer, household_id=household_id)
    if done := await page.submit(form):
        return _done(
            page,
            household_id,
            page.told(done, page._("They are no carer any more. Special hardship was derived anew.")),
        )
    return await show_household(page, line, carer=form)


@router.post("/leave")
async def leave(page: Page, household_id: str) -> Response:
    line = await own(page, household_id)
    form = page.form(RemoveMember, household_id=household_id)
    if not form.text("why"):
        form.errors["why"] = page._("Choose one of the options")
    if done := await page.submit(form):
        return _done(
            page, household_id, page.told(done, page._("The member has left. Special hardship was derived anew."))
        )
    return await show_household(page, line, leave=form)


@router.post("/relatives")
async def add_relative(page: Page, household_id: str) -> Response:
    line = await own(page, household_id)
    form = page.form(Relative, relative_id=page.new_id("relative"))
    check_called(page, form, "household.relative_")
    if done := await page.submit(
        form, lambda relative: AddRelative(household_id=household_id, relative=relative), fields=CALLED
    ):
        return _done(
            page, household_id, page.told(done, page._("%(name)s was added to the household.", name=form.value.name))
        )
    return await show_household(page, line, relative=form)


@router.get("/add")
async def look_for(page: Page, household_id: str, find: str = "") -> Response:
    return await _choose(page, household_id, page.blank(find=find))


@router.post("/add")
async def add_person(page: Page, household_id: str) -> Response:
    await own(page, household_id)
    form = page.form(AddMember, household_id=household_id)
    if done := await page.submit(form):
        return _done(
            page, household_id, page.told(done, page._("The person was added. Special hardship was derived anew."))
        )
    return await _choose(page, household_id, form)


async def _choose(page: Context, household_id: str, form: Form[AddMember]) -> Response:
    row = (await own(page, household_id)).row
    title = title_of(page, row, await names_of(page, [row]))
    found = await choices(page, "person", form.text("find"), row.community)
    fitting = [choice for choice in found if choice[0] not in row.persons]
    return page.render("households/add_member.html", form=form, row=row, title=title, found=fitting)


@router.post("/dissolve")
async def dissolve(page: Page, household_id: str) -> Response:
    await own(page, household_id)
    await page.send(DissolveHousehold(household_id=household_id))
    return page.redirect("/households", notice=page._("The household was dissolved; its members may form another."))


@router.get("/relatives/{relative_id}")
async def relative(page: Page, household_id: str, relative_id: str) -> Response:
    return await _show_relative(page, household_id, relative_id, page.blank(), page.blank())


@router.post("/relatives/{relative_id}")
async def correct_relative(page: Page, household_id: str, relative_id: str) -> Response:
    await own(page, household_id)
    form = page.form(CorrectRelative, household_id=household_id, relative_id=relative_id)
    check_called(page, form, "household.relative_")
    if done := await page.submit(form, fields=CALLED):
        return _done(
            page, household_id, page.told(done, page._("The details are corrected. Special hardship was derived anew."))
        )
    return await _show_relative(page, household_id, relative_id, form, page.blank())


@router.post("/relatives/{relative_id}/erase", dependencies=[for_staff])
async def erase_relative(page: Page, household_id: str, relative_id: str) -> Response:
    await own(page, household_id)
    form = page.form(EraseRelative, household_id=household_id, relative_id=relative_id)
    if done := await page.submit(form):
        return _done(page, household_id, page.told(done, page._("What was known of the relative is erased for ever.")))
    return await _show_relative(page, household_id, relative_id, page.blank(), form)


async def _show_relative(
    page: Context, household_id: str, relative_id: str, form: Form[CorrectRelative], erasing: Form[EraseRelative]
) -> Response:
    row = (await own(page, household_id)).row
    known = {one.relative_id: one for one in await page.read(relatives_of, household_id)}.get(relative_id)
    if known is None:
        raise HTTPException(404)
    return page.render(
        "households/relative.html",
        form=erasing if erasing.wrong else form,
        correcting=form,
        erasing=erasing,
        row=row,
        title=title_of(page, row, await names_of(page, [row])),
        relative=known,
        kinships=options(Kinship, page.lang),
        grounds=options(ErasureGround, page.lang),
        staff=page.actor.holds(Role.STAFF),
    )


def _done(page: Context, household_id: str, notice: str) -> Response:
    return page.redirect(f"/households/{household_id}", notice=notice)
