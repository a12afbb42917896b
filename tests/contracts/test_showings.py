"""No page prints something of a person's file past `canlian_person_file.disclosure`, which records, then shows.

What is looked for are the language's personal fields, by name, except the name: a list of names is not a file.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from jinja2 import Environment, nodes

from canlian_events.core import Message
from canlian_events.language import EVENTS
from canlian_events.personal import personal_fields

ROOT = Path(__file__).parents[2]
TEMPLATES = sorted(ROOT.glob("apps/*/src/*/**/templates/*.html"))
PAGES = sorted(
    path for path in ROOT.glob("apps/*/src/*/**/*.py") if "canlian_web.page" in path.read_text(encoding="utf-8")
)
"""Whatever has a page's context in hand may print."""
# what views call such a field where it is not called as in its event
OTHERWISE = {"text", "reply", "notes", "assessment"}
# a number is also that of a request and how many there are; no tool has a certificate's or an ID's. Why somebody missed
# a visit is called text in every view; why a file is looked at is no part of it
NOT_SHOWN_BY_TOOLS = {"name", "number", "certificate", "replaces", "why"}
TYPED = {"form", "said", "asked", "filled"}
HELPERS = {
    "canlian_person_file.disclosure", "canlian_person_file.reveal_field",
    "canlian_social_worker.shared.contact_details", "canlian_neighbours.my_file.own_file",
}  # fmt: skip

OF_NOBODY = {
    ("form", "text"): "what was just typed",
    ("fields", "text"): "a component",
    ("ground", "text"): "why a service fits",
    ("edge/start/start.html", "address"): "of a tool",
    ("edge/accounts/pages.py", ""): "a call that notes something of an account",
    ("edge/start/pages.py", ""): "of a tool",
    ("federation/oversight/access_log.html", "words"): "why a file was shown; reading that is none, or it had no end",
    ("neighbours/requests/need.html", "address"): "of the service",
    ("neighbours/requests/need.html", "phone"): "of the service",
    ("neighbours/requests/need.html", "contact"): "of the worker to call",
    ("neighbours/requests/pictures.html", "phone"): "of the worker to call",
    ("provider/feedback/list.html", "words"): "without saying whose",
    ("provider/feedback/list.html", "reply"): "the provider's own",
    ("provider/feedback/reply.html", "words"): "without saying whose",
    ("social-worker/matching/refer.html", "address"): "of the service",
    ("social-worker/referrals/detail.html", "phone"): "of the provider",
    ("neighbours/requests/ask.py", ""): "sends what was just typed, and shows nothing",
    ("provider/feedback/pages.py", ""): "without saying whose",
    ("provider/referrals/timeline.py", ""): "told by the referral's page whether the file is shown",
    ("social-worker/shared/timeline.py", ""): "told by each page whether the file is shown",
    ("volunteer/visits/agenda.py", ""): "uses the helper",
}
"""What looks like part of a file and is none: (template or what the value hangs on, field) → why."""


def personal_names() -> set[str]:
    """The names of all personal fields of events about people."""

    def names(kind: type[Message]) -> Iterator[str]:
        for name, whole in personal_fields(kind).items():
            yield name if whole else ""
            if not whole:
                yield from (inner for part in nested(kind, name) for inner in names(part))

    about_people = [kind for kind in EVENTS.values() if kind.about and kind.about != "worker_id"]
    return {name for kind in about_people for name in names(kind)} - {""} - NOT_SHOWN_BY_TOOLS | OTHERWISE


def nested(kind: type[Message], field: str) -> list[type[Message]]:
    """The messages inside a field's annotation."""
    found: list[type[Message]] = []
    waiting = [kind.model_fields[field].annotation]
    while waiting:
        annotation = waiting.pop()
        if isinstance(annotation, type) and issubclass(annotation, Message):
            found.append(annotation)
        waiting += getattr(annotation, "__args__", ())
    return found


PERSONAL = personal_names()


def at(path: Path) -> str:
    """The tool, the subject and the name: `provider/referrals/list.html`."""
    tool, _, _, *subject = path.relative_to(ROOT / "apps").parts
    return "/".join([tool, *(part for part in subject if part not in ("pages", "templates"))])


def printed(node: nodes.Node) -> Iterator[nodes.Getattr]:
    """The fields that a template prints or hands on; not those it only asks about, nor those it masks."""
    if isinstance(node, nodes.Filter) and node.name.startswith("masked"):
        return
    if isinstance(node, nodes.Getattr) and node.attr in PERSONAL:
        yield node
    asked = node.test if isinstance(node, nodes.If | nodes.CondExpr) else None
    for child in node.iter_child_nodes():
        if child is not asked:
            yield from printed(child)


def hangs_on(node: nodes.Node) -> str:
    while isinstance(node, nodes.Getattr | nodes.Getitem):
        node = node.node
    return node.name if isinstance(node, nodes.Name) else ""


def test_the_language_has_personal_fields_to_look_for() -> None:
    assert {"phone", "address", "contact", "words", "findings", "look_for", "carer_phone", "answer"} <= PERSONAL


def past_the_helper(path: Path) -> list[tuple[str, str]]:
    """What a template prints that is not the helper's: on what it hangs, and the field."""
    page = Environment(extensions=["jinja2.ext.i18n", "jinja2.ext.do"]).parse(path.read_text(encoding="utf-8"))
    return [(base, found.attr) for found in printed(page) if (base := hangs_on(found)) != "file"]


def taken(path: Path) -> set[str]:
    """The fields of a file that a module of pages takes from a row; what a form holds was typed, not shown."""
    attributes = [node for node in ast.walk(tree(path)) if isinstance(node, ast.Attribute)]
    typed = {node for node in attributes if isinstance(node.value, ast.Name) and node.value.id in TYPED}
    return {node.attr for node in attributes if node.attr in PERSONAL and node not in typed}


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", TEMPLATES, ids=at)
def test_a_template_prints_of_a_file_only_what_the_helper_gave_it(path: Path) -> None:
    past = [one for one in past_the_helper(path) if one not in OF_NOBODY and (at(path), one[1]) not in OF_NOBODY]
    assert past == [], (
        f"{at(path)}: print file.… as canlian_person_file.disclosure gives it, or say in OF_NOBODY whose it is"
    )


@pytest.mark.parametrize("path", PAGES, ids=at)
def test_pages_that_take_something_of_a_file_use_the_helper(path: Path) -> None:
    imports = {node.module for node in ast.walk(tree(path)) if isinstance(node, ast.ImportFrom)}
    assert not taken(path) or imports & HELPERS or (at(path), "") in OF_NOBODY, f"{at(path)} takes {taken(path)}"


def test_no_exception_is_left_over() -> None:
    used = {key for path in TEMPLATES for one in past_the_helper(path) for key in (one, (at(path), one[1]))}
    used |= {(at(path), "") for path in PAGES if taken(path)}
    assert OF_NOBODY.keys() - used == set()
