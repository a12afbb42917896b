"""Showing a person's file: recorded first, then shown; what cannot be recorded stays hidden.

A page hands over the values it wants to print and prints only those of the `File` it gets back: so what is recorded and
what is shown are the same. Names in lists and headings are not handed over: a list of names is not a file.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, TypeVar

import structlog
from nats.aio.client import Client as Nats
from starlette.responses import Response

from canlian_chassis.bus.client import Accepted, Client, Refused, Unavailable
from canlian_chassis.clock import CLOCK
from canlian_events.ids import derive_uuid
from canlian_events.personal import Sealed
from canlian_events.registry.showing import MAY_LOOK, ShowFile, showing_id_of
from canlian_events.terms import FileField, ShownFor
from canlian_person_file.access_reason import address_of, said_for
from canlian_web.export.sheet import sheet
from canlian_web.forms import Form
from canlian_web.language.term_labels import options
from canlian_web.masking import MASK
from canlian_web.page import Context

log = structlog.get_logger()
PATIENCE = 2.0
"""Seconds that a page waits for the registry before it is shown with everything hidden."""
MANY = 500
"""Showings sent in one message."""
_NOTHING: tuple[object, ...] = (None, "", (), [], frozenset())


@dataclass(frozen=True, slots=True)
class Look:
    """One person's file, and what of it is to be shown."""

    person_id: str
    community: str
    what: frozenset[FileField]


@dataclass(frozen=True)
class File:
    """The values that may be shown: `file.phone`, as they were handed over. Where `hidden`, masked and empty ones."""

    values: dict[str, Any] = field(default_factory=dict)
    hidden: str | None = None
    """Why nothing is shown, in the page's language."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        # a KeyError, which a template does not take for "nothing there"
        value = self.values[name]
        return value if self.hidden is None else _masked(value)


def _masked(value: Any) -> Any:
    """A text by a mask of no particular length, everything else by nothing of its kind."""
    match value:
        case str():
            return MASK * 4
        case list() | tuple() | set() | frozenset() | dict():
            return type(value)()
        case _:
            return value if isinstance(value, Sealed) else None


@dataclass(frozen=True, slots=True)
class Stated:
    """Why a file is looked at, as whoever asked said."""

    why: ShownFor
    words: str = ""


async def shown(page: Context, person_id: str, community: str, why: ShownFor | Stated, /, **values: Any) -> File:
    """The person's values by the codes of `FileField`, once it is recorded that they are shown.

    Nothing is recorded where there is nothing to show. Never raises a refusal: the file is then hidden, and says why.
    """
    files = await shown_each(page, why, {"": Wished(person_id, community, values)})
    return files[""]


@dataclass(frozen=True, slots=True)
class Wished:
    """One of several files that a page wants to show, with the values it would print."""

    person_id: str
    community: str
    values: dict[str, Any]

    @property
    def look(self) -> Look:
        what = frozenset(FileField(name) for name, value in self.values.items() if value not in _NOTHING)
        return Look(self.person_id, self.community, what)


async def shown_each(page: Context, why: ShownFor | Stated, files: Mapping[str, Wished]) -> dict[str, File]:
    """Like `shown`, for several files on one page, recorded together: all are shown, or none is. Keys stay keys."""
    looks = dict.fromkeys(look for file in files.values() if (look := file.look).what)
    hidden = await record(page, looks, why) if looks else None
    return {key: File(file.values, hidden) for key, file in files.items()}


async def record(page: Context, looks: Iterable[Look], why: ShownFor | Stated) -> str | None:
    """Record that these files are about to be shown. None, or why they may not be, in the page's language."""
    reason = why if isinstance(why, Stated) else Stated(why)
    try:
        await tell(page.tool.nats, page.actor.id, page.token, looks, reason)
    except Unavailable:
        log.warning("showing.not_recorded", actor=page.actor.id)
        return page._("Hidden for now: it could not be recorded who looks at this file. Try again in a moment.")
    except Refused as refused:
        return await page.say(refused)
    return None


async def tell(nc: Nats | None, actor_id: str, token: str, looks: Iterable[Look], reason: Stated) -> None:
    """Record the showings at the registry. Raises the first refusal, or Unavailable.

    Looking again within a quarter of an hour is the same showing: it has the same ids, and the service's first answer.
    """
    if nc is None:
        raise Unavailable
    now = CLOCK.now()
    commands = [_command(actor_id, look, reason, now) for look in looks]
    await _send(Client(nc, PATIENCE), token, [(derive_uuid(command.showing_id), command) for command in commands])


def _command(actor_id: str, look: Look, reason: Stated, now: datetime) -> ShowFile:
    why, words = reason.why, reason.words
    id_ = showing_id_of(actor_id, look.person_id, look.community, look.what, why, words, now)
    return ShowFile(
        showing_id=id_,
        person_id=look.person_id,
        community=look.community,
        what=look.what,
        why=why,
        words=words or None,
    )


async def _send(client: Client, token: str, commands: Sequence[tuple[str, ShowFile]]) -> None:
    if len(commands) == 1:
        [(id_, command)] = commands
        await client.send(command, token=token, command_id=id_)
        return
    for start in range(0, len(commands), MANY):
        part = commands[start : start + MANY]
        for answer in await client.send_many("registry", part, token=token, timeout=PATIENCE + len(part) / 100):
            if not isinstance(answer, Accepted):
                raise answer


def stated(page: Context, among: Collection[ShownFor] = frozenset(ShownFor)) -> Stated | None:
    """The reason that was just given for this address; None where there is none, or none of these."""
    said = said_for(page.request)
    if said is None or said.why not in among or (said.why == ShownFor.OTHER and not said.words):
        return None
    return Stated(ShownFor(said.why), said.words)


def ask_why(page: Context, title: str, among: Collection[ShownFor], back: str) -> Response:
    """A page that asks why the file is looked at and comes back to this address, with what else it holds.

    `among` are the reasons that fit here; only those of the actor's roles are offered.
    """
    offered = [why for why in among if page.actor.holds(*MAY_LOOK[why])]
    said = said_for(page.request)
    form: Form[Any] = page.blank(why=said.why, words=said.words) if said else page.blank()
    if said:
        wrong = {"words": page._("Say in a few words why you look at the file")} if said.why == ShownFor.OTHER else {}
        form.errors = wrong or {"why": page._("Choose why you look at the file")}
    response = page.render(
        "person_file/why.html",
        title=title,
        form=form,
        reasons=[choice for choice in options(ShownFor, page.lang) if choice[0] in offered],
        other=ShownFor.OTHER in offered,
        back=back,
        to=address_of(page.request),
    )
    response.headers["Cache-Control"] = "no-store"
    return response


def not_recorded(page: Context, title: str, hidden: str) -> Response:
    """Instead of what would leave canlian unrecorded."""
    return page.render("canlian/error.html", status=503, title=title, text=hidden, try_again=True)


class AboutSomebody(Protocol):
    """A row of a list of persons, or of what concerns them."""

    @property
    def person_id(self) -> str: ...
    @property
    def community(self) -> str: ...


FOR_LISTS = (ShownFor.CASEWORK, ShownFor.REPORT, ShownFor.APPEAL, ShownFor.OVERSIGHT, ShownFor.OTHER)
"""Why a list of people is taken away."""
R = TypeVar("R", bound=AboutSomebody)


async def sheet_about(
    page: Context,
    name: str,
    columns: Sequence[str],
    rows: Sequence[R],
    cells: Callable[[R], Sequence[Any]],
    *,
    what: Collection[FileField],
    back: str,
    why: ShownFor | None = None,
) -> Response:
    """The list as a sheet, once it is recorded that these parts of each person's file leave in it; else a page says
    why not. Without `why` the page asks.
    """
    reason = Stated(why) if why else stated(page, FOR_LISTS)
    if reason is None:
        return ask_why(page, page._("Download: %(list)s", list=name), FOR_LISTS, back)
    looks = dict.fromkeys(Look(row.person_id, row.community, frozenset(what)) for row in rows)
    if hidden := await record(page, looks, reason):
        return not_recorded(page, name, hidden)
    return sheet(name, columns, [cells(row) for row in rows], page.lang)
