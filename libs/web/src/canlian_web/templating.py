"""The Jinja environment of a tool: its own templates before those all tools share, and what every template may call."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    Environment,
    FileSystemBytecodeCache,
    FileSystemLoader,
    PackageLoader,
    PrefixLoader,
    pass_context,
)
from jinja2.bccache import Bucket
from jinja2.runtime import Context as JinjaContext
from jinja2.runtime import Undefined
from markupsafe import Markup

import canlian_events.terms
from canlian_events.personal import Sealed
from canlian_web.forms import COMMAND_ID, SHOWN_TO
from canlian_web.kept_forms import shown_to
from canlian_web.language import formats, term_labels
from canlian_web.language.i18n import HTML_LANG, Lang, package_folder
from canlian_web.masking import is_sealed, masked_id, masked_phone

_HERE = "canlian_web"
_SHARED = package_folder(_HERE)


class _BySubject(BaseLoader):
    """`people/list.html` is `list.html` in the templates of the tool's subject `people`."""

    def __init__(self, own: Path) -> None:
        self._own = own

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        subject, _, name = template.partition("/")
        return FileSystemLoader(self._own / subject / "templates").get_source(environment, name)


class _Compiled(FileSystemBytecodeCache):
    """A disk that is full keeps nothing, and breaks no page."""

    def dump_bytecode(self, bucket: Bucket) -> None:
        with contextlib.suppress(OSError):
            super().dump_bytecode(bucket)


def _compiled() -> _Compiled | None:
    """Compiled templates from one start to the next, where the system has a safe place for them.

    Another set-up of the environment, which is this file, compiles other code from the same template.
    """
    version = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:10]
    try:
        return _Compiled(pattern=f"canlian-{version}-%s")
    except (OSError, RuntimeError):
        return None


@cache
def environment(packages: Sequence[str], prefix: str) -> Environment:
    """One for all tools of a package that a process starts: compiling its templates takes most of a first page.

    The tool's own package comes first; of several templates of one name the first counts.
    """
    own = package_folder(packages[0])
    loaders: list[BaseLoader] = [
        _BySubject(own),
        *(FileSystemLoader(package_folder(package) / "templates") for package in (*packages, _HERE)),
        PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")}),
    ]
    jinja = Environment(
        loader=ChoiceLoader(loaders),
        bytecode_cache=_compiled(),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
    )
    jinja.install_gettext_callables(_gettext, _ngettext, newstyle=True)  # type: ignore[attr-defined]
    jinja.globals |= {
        "asset": lambda name: asset_url(own / "static", prefix, name),
        "icon": icon,
        "command_id": _command_id,
        "draw_form": _draw_form,
        "options": _options,
        "in_language": in_language,
        "html_lang": HTML_LANG,
        "terms": canlian_events.terms,
        "is_sealed": is_sealed,
    }
    jinja.filters |= {
        "say": _worded(term_labels.say),
        "date": _worded(formats.say_date),
        "day": _worded(formats.say_day),
        "time": _worded(formats.say_time),
        "number": _worded(formats.say_number),
        "percent": _worded(formats.say_percent),
        "money": _worded(formats.say_money),
        "masked_phone": masked_phone,
        "masked_id": masked_id,
    }
    jinja.tests["sealed"] = is_sealed
    return jinja


@pass_context
def _gettext(context: JinjaContext, msgid: str) -> str:
    return str(context["page"].texts.gettext(msgid))


@pass_context
def _ngettext(context: JinjaContext, one: str, many: str, number: int) -> str:
    return str(context["page"].texts.ngettext(one, many, number))


def _worded(say: Any) -> Any:
    """A filter that writes a value in the page's language."""

    @pass_context
    def filtered(context: JinjaContext, value: Any) -> str:
        if isinstance(value, Undefined):
            value = None
        return str(value) if isinstance(value, Sealed) else str(say(value, context["page"].lang))

    return filtered


@pass_context
def _command_id(context: JinjaContext, action: str = "") -> Markup:
    """The hidden fields by which a form sent twice counts once, and is shown again to nobody else.

    `post()` of the components puts them in by itself.
    """
    page = context["page"]
    id = page.command_id_for(action)
    one = Markup('<input type="hidden" name="{}" value="{}">')
    return one.format(COMMAND_ID, id) + one.format(SHOWN_TO, shown_to(id, page.actor))


@pass_context
def _draw_form(context: JinjaContext, action: str = "") -> str:
    context["page"].draw_form(action)
    return ""


@pass_context
def _options(context: JinjaContext, table: Any) -> list[tuple[str, str]]:
    return term_labels.options(table, context["page"].lang)


@pass_context
def in_language(context: JinjaContext, lang: Lang) -> str:
    """The address of this page in another language; of the page before it, where this one answers a form."""
    page = context["page"]
    if page.request.method != "GET" and page.kept:
        return f"{page.kept.address}&{urlencode({'lang': lang})}"
    if page.request.method != "GET":
        return f"{urlsplit(page.came_from).path}?{urlencode({'lang': lang})}"
    query: Mapping[str, Any] = dict(page.request.query_params) | {"lang": lang}
    return f"?{urlencode(query)}"


@cache
def asset_url(own: Path, prefix: str, name: str) -> str:
    """The address of a static file, the tool's own or a shared one, with its version in it."""
    folder, where = (own, "static") if (own / name).is_file() else (_SHARED / "static", "static/web")
    version = hashlib.sha256((folder / name).read_bytes()).hexdigest()[:10]
    return f"{prefix}/{where}/{name}?v={version}"


@cache
def icon(name: str) -> Markup:
    """A picture from `canlian_web/icons`, drawn with the colour of the text around it; its meaning stands beside it."""
    path = _SHARED / "icons" / f"{name}.svg"
    return Markup(path.read_text(encoding="utf-8").strip()) if path.is_file() else Markup("")
