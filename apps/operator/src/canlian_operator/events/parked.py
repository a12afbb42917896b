"""`canlian parked`: events that a policy or a view could not take, and what is to become of them."""

from __future__ import annotations

import asyncio
import getpass
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import nats.errors
import typer
from nats.aio.client import Client as Nats

from canlian_chassis.policies.parked import Asked, Parked, Parking, Settled
from canlian_events import subjects
from canlian_operator.connection import Link, with_system
from canlian_operator.console import by_language, fail, moment, note, say

SECONDS_TO_SETTLE = 20.0
_SECONDS_FOR_VIEWS = 1.0
"""How long after the last answer another part's is waited for."""

parked_app = typer.Typer(help="搁置的事件 · Events set aside, because they could not be taken", no_args_is_help=False)
Reason = Annotated[str, typer.Option(help="为什么，会留存 · why; it is kept", show_default=False)]
Service = Annotated[str, typer.Argument(help="哪个服务，如 assistance · which service", show_default=False)]
Which = Annotated[str, typer.Argument(help="位置，或 all · its position, or all", show_default=False)]


@parked_app.callback(invoke_without_command=True)
def parked(
    context: typer.Context,
    settled: Annotated[bool, typer.Option("--settled", help="已处理的 · what was replayed or dropped")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="每行一个 JSON · one JSON object a line")] = False,
) -> None:
    """搁置的事件 · Events that a service's policies, or a part's views, could not take, and why."""
    if context.invoked_subcommand is None:
        with_system(lambda link: _history(link, as_json) if settled else _list(link, as_json))


@parked_app.command("replay")
def replay(service: Service, position: Which, reason: Reason) -> None:
    """重放 · Have it answered again, and after it what was only waiting behind it."""
    with_system(lambda link: _ask(link, service, position, "replay", reason))


@parked_app.command("drop")
def drop(service: Service, position: Which, reason: Reason) -> None:
    """放弃 · Let it be: nothing will follow from it. What waited behind it is answered."""
    with_system(lambda link: _ask(link, service, position, "drop", reason))


async def _list(link: Link, as_json: bool) -> None:
    found = await (await Parking.open(link.nc)).parked()
    skipped = await _skipped(link.nc)
    if as_json:
        for one in found:
            typer.echo(one.model_dump_json())
        for row in skipped:
            typer.echo(json.dumps(row, ensure_ascii=False))
        return
    if not found and not skipped:
        say(by_language("没有搁置的事件。", "Nothing is parked."))
    for one in found:
        say(_lines_of_parked(one))
    for row in skipped:
        say("{view}  @{position}  {type}  {projection}: {error}".format(**row))
    if skipped:
        note(
            "视图跳过的事件不影响其他：修正后升级视图版本，或 canlian rebuild，会重新折入。",
            "What a view left out holds up nothing: mend its fold and raise its version, or `canlian rebuild` it.",
        )


def _lines_of_parked(one: Parked) -> str:
    why = by_language("前面的事件已搁置", "behind an earlier one") if one.behind else one.why
    since = moment(one.since)
    return f"{one.service}  @{one.position}  {one.event}  {one.aggregate_id}  {since}\n    {why}"


async def _skipped(nc: Nats) -> list[dict[str, Any]]:
    """What the running parts' views left out: view, position, projection, type, error."""
    found: list[dict[str, Any]] = []
    inbox = nc.new_inbox()
    answers = await nc.subscribe(inbox)
    await nc.publish(subjects.VIEWS_SKIPPED, reply=inbox)
    try:
        while True:
            message = await answers.next_msg(_SECONDS_FOR_VIEWS)
            if not message.data:
                return []  # no part with views runs
            answer = json.loads(message.data)
            found += [{"view": answer["view"], **row} for row in answer["skipped"]]
    except nats.errors.TimeoutError:
        return sorted(found, key=lambda row: (row["view"], row["position"]))
    finally:
        await answers.unsubscribe()


async def _history(link: Link, as_json: bool) -> None:
    for one in await (await Parking.open(link.nc)).settled():
        say(one.model_dump_json() if as_json else _as_text(one))


def _as_text(settled: Settled) -> str:
    parked, asked = settled.parked, settled.parked.asked
    outcome = {
        "replayed": by_language("已重放", "replayed"),
        "dropped": by_language("已放弃", "dropped"),
        "failed again": by_language("再次失败", "failed again"),
    }[settled.outcome]
    by = f"{asked.by}: {asked.reason}" if asked else ""
    return f"{moment(settled.at)}  {parked.service} @{parked.position} {outcome}  {by}"


async def _ask(link: Link, service: str, position: str, what: Literal["replay", "drop"], reason: str) -> None:
    parking = await Parking.open(link.nc)
    chosen = _chosen(await parking.parked(service), service, position)
    asked = Asked(what=what, reason=reason, by=getpass.getuser(), at=datetime.now(UTC))
    for one in chosen:
        await parking.ask(one, asked)
    settled = await _until_settled(parking, chosen, asked)
    for done in settled:
        say(_as_text(done))
    if len(settled) < len(chosen):
        note(
            f"{service} 还没有处理，运行后即会处理。",
            f"{service} has not done all of it yet: it will as soon as it runs.",
        )
    if any(done.outcome == "failed again" for done in settled):
        raise typer.Exit(1)


def _chosen(parked: Sequence[Parked], service: str, position: str) -> list[Parked]:
    """The event named, or the first of each aggregate for `all`. Ends the command where there is none such."""
    heads = list({one.aggregate_id: one for one in reversed(parked)}.values())
    if position == "all" and heads:
        return heads
    chosen = [one for one in parked if str(one.position) == position]
    if not chosen:
        fail(
            f"{service} 没有搁置位置为 {position} 的事件。用 canlian parked 查看。",
            f"{service} has parked nothing at {position}. See `canlian parked`.",
        )
    first = next(one for one in heads if one.aggregate_id == chosen[0].aggregate_id)
    if first != chosen[0]:
        fail(
            f"同一对象先前的事件 {first.position} 也搁置着，请先处理它。",
            f"An earlier event of the same aggregate is parked, {first.position}: replay or drop that one first.",
        )
    return chosen


async def _until_settled(parking: Parking, chosen: Sequence[Parked], asked: Asked) -> list[Settled]:
    """What came of it, and of what waited behind; not all where the service does not run."""
    places, settled = {one.place for one in chosen}, list[Settled]()
    try:
        async with asyncio.timeout(SECONDS_TO_SETTLE):
            while not places <= {one.parked.place for one in settled}:
                await asyncio.sleep(0.2)
                settled = [one for one in await parking.settled(chosen[0].service) if one.parked.asked == asked]
    except TimeoutError:
        pass
    return settled
