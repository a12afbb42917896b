"""`canlian why`: what led to an event and what followed from it, across services, as a tree."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

import typer

from canlian_operator.connection import Found, Link, with_system
from canlian_operator.console import by_language, errors, fail, language, note

if TYPE_CHECKING:
    import httpx

Json = Mapping[str, Any]
_SAID_EARLIER = timedelta(minutes=1)
"""From so much on it is told that the log heard of it later."""


def why(
    what: Annotated[
        str,
        typer.Argument(
            help="事件编号、日志位置，或人员等的编号 · an event's id or position, or a person's, need's … id",
            show_default=False,
        ),
    ],
    limit: Annotated[int, typer.Option(min=1, max=200, help="最多几棵树 · at most so many trees, oldest first")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON · as JSON")] = False,
) -> None:
    """前因后果 · Print the tree of causes and effects an event is in, or every tree that touches a person.

    Shows what happened, who did it, where and when; nothing personal. It asks the exchange.
    """
    found = with_system(lambda link: _ask(link, what, limit))
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
        return
    for number, tree in enumerate(found["trees"]):
        typer.echo("\n" * bool(number) + "\n".join(as_text(tree)))
    if found["more"]:
        note(f"另有 {found['more']} 棵树，用 --limit 多看。", f"{found['more']} more trees: see more with --limit.")
    if not found["whole"]:
        note("树太大，深处的没有全列出。", "A tree is too large: what lies deep in it is left out.")


async def _ask(link: Link, what: str, limit: int) -> Json:
    import httpx  # noqa: PLC0415 - only here

    position = await link.log.last_position()
    headers = {"Authorization": f"Bearer {link.token()}", "Accept-Language": language()}
    async with httpx.AsyncClient(base_url=_exchange(link.found), headers=headers, trust_env=False) as client:
        try:
            query = {"limit": limit, "position": position}
            answer = await client.get(f"/api/v1/why/{quote(what, safe='')}", params=query, timeout=30)
        except httpx.HTTPError as error:
            fail(
                f"exchange 没有应答（{error!r}）。用 canlian doctor 查看。",
                f"The exchange does not answer ({error!r}). See `canlian doctor`.",
            )
    return _read(answer)


def _exchange(found: Found) -> str:
    where = found.parts.get("exchange") or found.address
    if not where:
        fail(
            "不知道 exchange 在哪里：用 CANLIAN_EXCHANGE=主机:端口 指明。",
            "It is not known where the exchange is: say so with CANLIAN_EXCHANGE=host:port.",
        )
    return where if "://" in where else f"http://{where}"


def _read(answer: httpx.Response) -> Json:
    try:
        body: Json = answer.json()
    except ValueError:
        body = {}
    if answer.status_code == 200:
        return body
    said = body.get("message", answer.text[:200])
    errors.print(f"{said} ({body.get('code', answer.status_code)})", markup=False, style="red")
    raise typer.Exit(1)


def as_text(step: Json, since: datetime | None = None, first: str = "", rest: str = "") -> Iterator[str]:
    """The lines of a tree; `first` and `rest` stand before the first and the other lines of it."""
    from canlian_web.language.event_labels import say_actor, say_gap  # noqa: PLC0415 - quick to start without it

    lang = language()
    nodes = step["events"]
    said, at = (datetime.fromisoformat(nodes[0][name]) for name in ("said_at", "at"))
    if since:
        when = say_gap(at - since, lang)
    else:
        late = (
            f" ({by_language('记录于', 'recorded')} {say_gap(at - said, lang)})" if at - said >= _SAID_EARLIER else ""
        )
        when = f"{_clock(said)}{late}"
    actor = next((node["actor"] for node in nodes if node["actor"]), None)
    who = say_actor(actor, lang) if actor else by_language("（不在您负责的社区）", "(in another community)")
    yield first + (f"{when}  {who}" if when else who)
    for node in nodes:
        yield f"{rest}{_event(node)}"
    below = [(step, datetime.fromisoformat(node["at"])) for node in nodes for step in node["then"]]
    for number, (then, cause_at) in enumerate(below, 1):
        last = number == len(below)
        yield from as_text(then, cause_at, f"{rest}{'└─ ' if last else '├─ '}", f"{rest}{'   ' if last else '│  '}")


def _event(node: Json) -> str:
    mark = "▶" if node["asked"] else "●"
    ids = " ".join(filter(None, (node["aggregate_id"], node["person_id"])))
    words = node[language()]
    name = node["name"] or node["type"]
    return f"{mark} {words}  {name} @{node['position']}  {node['community']}  {ids}".rstrip()


def _clock(moment: datetime) -> str:
    from canlian_web.language.formats import local  # noqa: PLC0415 - quick to start without it

    return f"{local(moment):%Y-%m-%d %H:%M:%S}"
