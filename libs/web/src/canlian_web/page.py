"""`Page`: what a route gets to answer one request: who asks, in which language, the way to the log and the views.

Longer than other modules: a route and a template find all they may call in one file.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, Concatenate, ParamSpec, TypeVar
from urllib.parse import unquote, urlencode, urlsplit

from fastapi import Depends, Request
from pydantic import BaseModel
from sqlmodel import Session
from starlette.datastructures import FormData
from starlette.responses import HTMLResponse, RedirectResponse, Response

from canlian_chassis.bus.client import Accepted, Invalid, NotAllowed, Refused, Unavailable
from canlian_chassis.tokens import ANONYMOUS, BadToken
from canlian_events.core import Command, Message, Query
from canlian_events.ids import derive, derive_uuid
from canlian_events.meta import Actor
from canlian_events.terms import Role
from canlian_web import flash, forms, kept_forms
from canlian_web.forms import COMMAND_ID, Form
from canlian_web.language.formats import now, today
from canlian_web.language.i18n import Lang, Texts, language
from canlian_web.language.refusals import ids_in, named, say_refusal
from canlian_web.navigation import NavEntry, Navigation

if TYPE_CHECKING:
    from canlian_web.tool import Menu, Tool

P = ParamSpec("P")
T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)
A = TypeVar("A", bound=Message)
C = TypeVar("C", bound=Command)

NAME_HEADER = "X-Canlian-Name"
"""The signed-in person's name for the page's head, percent-encoded; the edge sets it and lets nobody else."""


class SignInFirst(Exception):
    """The page needs somebody signed in."""


class NeedsRole(Exception):
    """The page is for others."""

    def __init__(self, roles: frozenset[Role]) -> None:
        super().__init__(", ".join(sorted(roles)))
        self.roles = roles


@dataclass
class Context:
    """One request to a tool. Routes take it as `page: Page`."""

    request: Request
    tool: Tool
    actor: Actor
    token: str
    lang: Lang
    texts: Texts
    data: FormData = field(default_factory=FormData)
    _sent: int = 0
    _made: int = 0
    _command_id: str | None = None
    kept: kept_forms.KeptForm | None = None
    """A form that was kept and is shown here again, or, where this answers a form with mistakes, is about to be."""
    unplaced: bool = False
    """The page draws no form that could hold what was kept."""
    _placed: bool = False
    _drawing: str = ""

    @property
    def signed_in(self) -> bool:
        return not self.actor.holds(Role.ANONYMOUS)

    @property
    def name(self) -> str:
        """What the signed-in person is called, or nothing."""
        return unquote(self.request.headers.get(NAME_HEADER, ""))

    @property
    def now(self) -> datetime:
        return now()

    @property
    def today(self) -> date:
        return today()

    @property
    def typed(self) -> forms.Typed:
        """What the posted form holds."""
        return forms.typed_in(self.data)

    def _(self, msgid: str, /, **facts: object) -> str:
        """The text in the page's language."""
        return self.texts.say(msgid, **facts)

    def ngettext(self, one: str, many: str, number: int, /, **facts: object) -> str:
        """The same, in the number's form: `%(num)s` in it is the number."""
        return self.texts.ngettext(one, many, number) % ({"num": number} | facts)

    # Asking and telling

    @property
    def command_id(self) -> str:
        """The id under which this form counts once: from the form, or a fresh one for the form about to be shown."""
        if self._command_id is None:
            sent = self.kept.command_id if self.kept else self.data.get(COMMAND_ID)
            self._command_id = _uuid(sent) if isinstance(sent, str) else str(uuid.uuid4())
        return self._command_id

    def command_id_for(self, action: str) -> str:
        """The hidden id of a form of the page: beside one that is shown again, the others have ids of their own."""
        if self.kept and action and urlsplit(action).path != urlsplit(self.kept.action).path:
            return str(uuid.uuid4())
        return self.command_id

    def new_id(self, prefix: str) -> str:
        """A new aggregate's id, the same when the same form is sent again."""
        self._made += 1
        return derive(prefix, self.command_id, self._made)

    async def send(self, command: Command, *, wait: bool = True, dry_run: bool = False) -> Accepted:
        """Send as this actor, then wait up to 2 s for the tool's own view to show it.

        The form's id is the first command's id; what else the same form sends derives its ids from it, so that a form
        sent twice counts once. Raises Refused, NotAllowed, Invalid or Unavailable, which become pages where not caught.
        """
        command_id = self.command_id if self._sent == 0 else derive_uuid(self.command_id, self._sent)
        self._sent += 1
        accepted = await self.tool.client.send(command, token=self.token, command_id=command_id, dry_run=dry_run)
        if wait and not dry_run and self.tool.runner:
            await self.tool.runner.reached(accepted.position)
        return accepted

    async def ask(self, query: Query, answer: type[A]) -> A:
        """Ask a service."""
        return await self.tool.client.ask(query, answer, token=self.token)

    async def read(self, query: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Read the tool's view: `query(session, …)`, in a thread."""
        return await self.tool.read(query, *args, **kwargs)

    # Forms

    def blank(self, **initial: object) -> Form[Any]:
        """An empty form to show, with what stands in it at first."""
        form = forms.blank(**initial)
        if self.shows_kept:
            form.kept = self._kept_here
        return form

    @property
    def shows_kept(self) -> bool:
        """Whether the page shows again what was typed and not sent."""
        return self.kept is not None and self.request.method == "GET"

    def draw_form(self, action: str) -> None:
        """Told by the templates which form of the page they draw next; none by an empty address."""
        self._drawing = action

    def _kept_here(self) -> forms.Typed:
        if self.kept is None or urlsplit(self._drawing).path != urlsplit(self.kept.action).path:
            return {}
        self._placed = True
        return self.kept.typed

    def form(self, model: type[M], **fixed: object) -> Form[M]:
        """The posted form as a message (a command, or any pydantic model); `fixed` are fields the route knows."""
        return forms.read(model, self.typed, fixed, self.texts)

    async def submit(
        self,
        form: Form[M],
        command: Callable[[M], Command] | None = None,
        *,
        fields: Mapping[str, str] = MappingProxyType({}),
        wait: bool = True,
    ) -> Accepted | None:
        """Send what the form makes (or `command(form.value)`). None where it has errors or was refused.

        The reason is then in the form: show it again. `fields` says which refusal (code) stands beside which field. Who
        may not, and a service that does not answer, become pages.
        """
        if not form.ok:
            return None
        made = command(form.value) if command else form.value
        assert isinstance(made, Command), "say with command= which command the form makes"
        try:
            return await self.send(made, wait=wait)
        except (NotAllowed, Unavailable):
            raise
        except Invalid as invalid:
            form.errors |= forms.word_fields(invalid.facts.get("fields", {}), self.texts)
            if not form.errors:
                form.refusal = say_refusal(invalid.code, invalid.facts, self.lang)
        except Refused as refused:
            said = await self.say(refused)
            if refused.code in fields:
                form.errors[fields[refused.code]] = said
            else:
                form.refusal = said
        return None

    def told(self, done: Accepted, text: str) -> str:
        """What to say of what was done: `text`, or that it changed nothing."""
        return text if done.events else self._("Nothing is changed: it was recorded like this already.")

    async def say(self, refused: Refused) -> str:
        """The refusal as a sentence, with names for the ids it speaks of."""
        ids = set(ids_in(refused.facts))
        names: Mapping[str, str] = {}
        with suppress(Unavailable):
            names = await self.tool.called(ids, self.actor.covers)
        return say_refusal(refused.code, named(refused.facts, names), self.lang)

    # Answering

    def url(self, path: str = "", **query: object) -> str:
        """An address inside the tool: `page.url("/visits/…")`."""
        filled = {name: value for name, value in query.items() if value is not None}
        return f"{self.tool.prefix}{path}" + (f"?{urlencode(filled)}" if filled else "") or "/"

    @property
    def around(self) -> Menu:
        """The tool that the page belongs to for whoever reads it, with its menu."""
        return self.tool.menu_at(self.request.url.path)

    @property
    def menu(self) -> list[NavEntry]:
        return self._navigation.entries

    @property
    def section(self) -> list[NavEntry]:
        """The pages beside this one in the menu."""
        return self._navigation.section

    @property
    def _navigation(self) -> Navigation:
        return Navigation(self.around, self.request.url.path, self.actor if self.signed_in else None)

    @property
    def came_from(self) -> str:
        """The page before this one, where it is one of ours."""
        before = urlsplit(self.request.headers.get("referer", ""))
        ours = before.netloc == self.request.headers.get("host")
        return (before.path or "/") + (f"?{before.query}" if before.query else "") if ours else self.url()

    def render(self, template: str, /, status: int | None = None, **context: object) -> Response:
        """A page. Where its `form` has errors the status is 422, where it was refused 409.

        Such a page, where it answers a POST, is kept, and the browser sent to where it is shown: see `kept_forms`.
        """
        form = context.get("form")
        if status is None:
            status = _status_of(form) if isinstance(form, Form) else 200
        wrong = any(isinstance(one, Form) and one.wrong for one in context.values())
        if self.request.method == "POST" and wrong:
            self.kept = kept_forms.begin(self.request, self.data, self.tool.prefix, self.tool.app.routes)
        elif status != 200:
            self.kept = None
        response = HTMLResponse(self._drawn(template, context), status_code=status)
        if self.shows_kept and not self._placed:
            self.unplaced = True
            response = HTMLResponse(self._drawn(template, context), status_code=status)
        if flash.left(self.request):
            flash.forget(response)
        if self.kept and self.request.method == "POST":
            return self._shown_later(self.kept, response)
        return response

    def _shown_later(self, kept: kept_forms.KeptForm, answer: Response) -> Response:
        there = RedirectResponse(kept.address, status_code=303)
        full, _ = actor_of(self.request, self.tool)
        kept = kept.answered(answer, self.lang, full)
        return there if kept_forms.keep(kept, self.request, there, self.tool.settings) else answer

    def _drawn(self, template: str, context: Mapping[str, object]) -> str:
        jinja, shared = self.tool.templates, {"page": self, "lang": self.lang}
        parts = {name: jinja.get_template(f"canlian/{name}.html").make_module(shared) for name in ("ui", "fields")}
        return jinja.get_template(template).render(**shared, **parts, **context)

    def redirect(self, path: str, *, notice: str | None = None) -> Response:
        """After a POST: go to `path` inside the tool, or to a whole address starting with the tool's prefix."""
        inside = path if path == self.tool.prefix or path.startswith(f"{self.tool.prefix}/") else self.url(path)
        response = RedirectResponse(inside or "/", status_code=303)
        if notice:
            flash.leave(response, notice)
        return response

    @property
    def notice(self) -> tuple[flash.Kind, str] | None:
        return flash.left(self.request)


def _status_of(form: Form[Any]) -> int:
    return 422 if form.errors else 409 if form.refusal else 200


def _uuid(text: str) -> str:
    """The id a form brought; one that is no UUID was not ours and is replaced."""
    try:
        return str(uuid.UUID(text))
    except ValueError:
        return str(uuid.uuid4())


def actor_of(request: Request, tool: Tool) -> tuple[Actor, str]:
    """Who asks, by the token the edge put on the request. Raises BadToken."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        return ANONYMOUS, ""
    return tool.verifier.actor(token), token


def context_of(request: Request, *, data: FormData | None = None, trusting: bool = True) -> Context:
    """The request's context. With `trusting` off a bad token counts as nobody, as error pages need it."""
    tool: Tool = request.app.state.tool
    lang = language(request.scope.get("canlian.lang"))
    try:
        actor, token = actor_of(request, tool)
    except BadToken:
        if trusting:
            raise
        actor, token = ANONYMOUS, ""
    kept = kept_forms.find(request, tool.settings)
    if kept and not kept.is_for(actor):
        kept = None
    return Context(request, tool, actor, token, lang, tool.texts[lang], data or FormData(), kept=kept)


async def _page(request: Request) -> Context:
    kind = request.headers.get("content-type", "")
    is_form = request.method == "POST" and kind.startswith(("application/x-www-form-urlencoded", "multipart/form-data"))
    return context_of(request, data=await request.form() if is_form else None)


Page = Annotated[Context, Depends(_page)]


def require(*roles: Role) -> Any:
    """For `dependencies=[require(Role.STAFF)]` of a router or route: who may see it. No role: whoever signed in.

    The page then is for the communities alone for which one of these roles is held.
    """
    wanted = frozenset(roles)

    async def check(page: Page) -> None:
        if wanted and page.actor.holds(*wanted):
            page.actor = page.actor.as_one_of(wanted)
            return
        if not page.signed_in:
            raise SignInFirst
        if wanted:
            raise NeedsRole(wanted)

    check.roles = wanted  # type: ignore[attr-defined]
    return Depends(check)
