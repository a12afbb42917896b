"""One import as a batch: what it did row by row, and undoing it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, NamedTuple, cast

from fastapi import APIRouter, FastAPI, HTTPException
from starlette.responses import Response

from canlian_events.registry.roster_import import RowsTold, TellRows
from canlian_federation.imports.row_pages import in_words
from canlian_federation.imports.undo import Undoings
from canlian_federation.imports.views import ImportRow, names_of, one_import
from canlian_federation.shared.access import for_staff
from canlian_federation.shared.names import account_names
from canlian_web.language.event_labels import say_who
from canlian_web.page import Context, Page
from canlian_web.paging import After
from canlian_web.tool import Tool

SHOWN = 100
LEVEL = 60.0
"""Seconds that an undone import waits for the view to show it."""
_BEFORE_UNDO = ("begun", "finished")


@asynccontextmanager
async def at_work(app: FastAPI) -> AsyncIterator[None]:
    tool = cast(Tool, app.state.tool)

    async def reached(position: int) -> None:
        if tool.runner:
            await tool.runner.reached(position, LEVEL)

    undoings = app.state.undoings = Undoings(lambda: tool.client, reached)
    try:
        yield
    finally:
        await undoings.close()


router = APIRouter(prefix="/import-batches", dependencies=[for_staff], lifespan=at_work)


class RowShown(NamedTuple):
    row: int
    person_id: str
    name: str | None
    created: bool
    taken_back: bool
    kept: bool


@router.get("/{import_id}")
async def show(page: Page, import_id: str, after: After = 0) -> Response:
    batch = await _batch(page, import_id)
    undoings = _undoings(page)
    if undoings.running(import_id):
        undoings.watched(import_id, page.actor.id, page.token)
        return page.render(
            "imports/undoing.html", batch=batch, done=undoings.progress(import_id).done, of=_changed(batch)
        )
    return await _show(page, batch, after)


@router.post("/{import_id}/undo")
async def undo(page: Page, import_id: str) -> Response:
    """Begin, or go on with what was stopped."""
    batch = await _batch(page, import_id)
    if page.typed.get("sure") != "yes" and batch.stage in _BEFORE_UNDO:
        return await _show(page, batch, 0, error=page._("Tick that this import is to be undone."))
    if batch.stage != "undone":
        _undoings(page).begin(import_id, page.actor.id, page.token)
    return page.redirect(f"/import-batches/{import_id}")


async def _show(page: Context, batch: ImportRow, after: int, error: str = "") -> Response:
    query = TellRows(import_id=batch.import_id, after=max(after, 0), limit=SHOWN)
    told = (await page.ask(query, RowsTold)).rows
    names = await page.read(names_of, [row.person_id for row in told])
    why = _why(page, _undoings(page).progress(batch.import_id).why)
    rows = [
        RowShown(
            row.row,
            row.person_id,
            names.get(row.person_id),
            row.created,
            row.taken_back,
            batch.stage == "undone" and not row.taken_back,
        )
        for row in told
    ]
    return page.render(
        "imports/batch.html",
        batch=batch,
        by=say_who(batch.actor, page.lang, await page.read(account_names)),
        rows=rows,
        after=told[-1].row if len(told) == SHOWN else None,
        first=after <= 0,
        undoable=batch.stage in _BEFORE_UNDO,
        interrupted=batch.stage == "undoing",
        refused=sum(batch.counts.get("refused", {}).values()),
        kept=[(in_words(code, {}, page.lang), number) for code, number in batch.undone.get("kept", {}).items()],
        why=why,
        error=error,
    )


def _why(page: Context, why: tuple[str, Mapping[str, Any]] | None) -> str | None:
    """Why undoing stopped, in words."""
    if why is None or why[0] == "failed":
        return None
    if why[0] == "bad_token":
        return page._("Nobody had this page open for five minutes.")
    return in_words(why[0], why[1], page.lang)


def _changed(batch: ImportRow) -> int:
    return int(batch.counts.get("created", 0)) + int(batch.counts.get("updated", 0))


def _undoings(page: Context) -> Undoings:
    return cast(Undoings, page.request.app.state.undoings)


async def _batch(page: Context, import_id: str) -> ImportRow:
    batch = await page.read(one_import, import_id)
    if batch is None:
        raise HTTPException(404)
    return batch
