"""How an import stands, in words."""

from __future__ import annotations

import math

from canlian_federation.imports.job import Gone, Job, State
from canlian_federation.imports.row_pages import in_words
from canlian_web.language.formats import say_time
from canlian_web.page import Context

ONE_MINUTE = 60


def in_minutes(seconds: float, page: Context) -> str:
    if seconds < ONE_MINUTE:
        return page._("less than a minute")
    return page.ngettext("about %(num)s minute", "about %(num)s minutes", math.ceil(seconds / ONE_MINUTE))


def why_stopped(job: Job, page: Context) -> str | None:
    """Why the job stopped, in words."""
    if job.why is None:
        return None
    code, facts = job.why
    if code == "failed":
        return page._("A fault of the system, not of yours.")
    if code == "bad_token":
        return page._("Nobody had this page open for five minutes.")
    return in_words(code, facts, page.lang)


def why_gone(page: Context, gone: Gone) -> str:
    said = (
        page._("The data of somebody in it was erased. Take them out of your own copy before you bring it in again.")
        if gone.named
        else page._(
            "Somebody's data was erased before this sheet was read, so it might have named them. Choose it again."
        )
    )
    return page._("Dropped on %(moment)s.", moment=say_time(gone.dropped, page.lang)) + " " + said


def state_of(job: Job, running: bool, stage: str | None, page: Context) -> str:
    """`stage` is how far its import is, by the log."""
    _ = page._
    if stage in ("undoing", "undone"):
        return {"undoing": _("brought in, now being undone"), "undone": _("brought in, and undone since")}[stage]
    if job.at_work and not running:
        return _("interrupted")
    return {
        State.COLUMNS: _("columns to confirm"),
        State.CHECKING: _("being checked"),
        State.CHECKED: _("checked, not brought in yet"),
        State.IMPORTING: _("being brought in"),
        State.IMPORTED: _("brought in"),
    }[job.state]
