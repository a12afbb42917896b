"""What somebody is called, and called at, in a form: said together with all else that is wrong with it."""

from __future__ import annotations

from typing import Any

from canlian_events.numbers import read_phone
from canlian_events.registry.person import LONGEST_NAME
from canlian_web.forms import Form
from canlian_web.language.refusals import say_refusal
from canlian_web.page import Context

CALLED = {
    f"{whose}{why}": field
    for whose in ("person.", "worker.", "household.relative_")
    for why, field in {"no_name": "name", "name_too_long": "name", "bad_phone": "phone"}.items()
}
"""Beside which field of a form it stands what the registry refuses of it."""


def check_called(page: Context, form: Form[Any], whose: str = "person.") -> None:
    """The same before it is sent, so that one mending is enough. `whose` is how the codes of the refusals begin."""
    if len(form.text("name").strip()) > LONGEST_NAME:
        form.errors["name"] = say_refusal(f"{whose}name_too_long", {"limit": LONGEST_NAME}, page.lang)
    phone = form.text("phone").strip()
    if phone and read_phone(phone) is None:
        form.errors["phone"] = say_refusal(f"{whose}bad_phone", {}, page.lang)
