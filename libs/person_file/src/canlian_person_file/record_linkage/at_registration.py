"""While somebody registers a person: the files that may be theirs already are shown before anything is saved."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from canlian_person_file.record_linkage.candidates import Alike, Found
from canlian_person_file.record_linkage.comparison_keys import traits
from canlian_person_file.record_linkage.scoring import WORDS
from canlian_web.forms import Form
from canlian_web.page import Context

SEEN = "seen_alike"
"""The hidden field with the ids of the files that were shown: who sends it says that it is none of them."""


async def unseen(page: Context, known: Alike, scopes: Sequence[str], form: Form[Any]) -> list[Found]:
    """The files like what was typed; none where all of them were shown before and it is somebody else."""
    typed = traits(form.text("name"), form.text("citizen_id"), form.text("phone"), form.text("address"))
    found = await page.read(known.like, scopes, typed)
    seen = set(form.text(SEEN).split())
    return [] if all(one.row.person_id in seen for one in found) else found


def reasons(page: Context, found: Found) -> list[str]:
    return [page._(WORDS[reason]) for reason in found.likeness.reasons]
