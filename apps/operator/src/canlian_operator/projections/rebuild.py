"""`canlian rebuild`: a part's views folded again from the log beside those that are read, which are then dropped.

A running part does it itself, asked over the bus. For a part that does not run, or runs an older release than this one,
it is done here, so that the part is level the moment it starts.
"""

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import nats.errors
import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from canlian_operator.connection import Link, with_system
from canlian_operator.console import by_language, console, fail, say
from canlian_operator.running.parts import PARTS, Part, views_of

LOOK_EVERY = 0.1
SECONDS_WITHOUT_PROGRESS = 30.0


def rebuild(
    tool: Annotated[
        str, typer.Argument(help="哪一部分，如 volunteer · which part, e.g. volunteer", show_default=False)
    ],
) -> None:
    """重建视图 · Fold a part's views again from the whole log beside those in use, and switch. Nobody need stop."""
    part = named(tool)
    with_system(lambda link: rebuild_part(link, part))


def named(name: str) -> Part:
    """The part; ends the command where there is none."""
    part = next((part for part in PARTS if part.name == name), None)
    if part is None:
        known = ", ".join(part.name for part in PARTS)
        fail(f"没有名为“{name}”的部分。可选：{known}", f"There is no part called {name}. There are: {known}", code=2)
    return part


def views_or_fail(part: Part) -> Any:
    """The declaration of the part's views; ends the command where it keeps none."""
    views = views_of(part)
    if views is None:
        fail(f"{part.name} 没有视图。", f"{part.name} keeps no views.")
    return views


async def rebuild_part(link: Link, part: Part) -> None:
    views = views_or_fail(part)
    began, last = time.monotonic(), await link.log.last_position()
    before = await _state(link, views.name)
    with progress_bar(part.name, last) as moved:
        if before and (before.get("version"), before.get("extent")) == views.database().release:
            read = await _asked(link, views.name, before, moved)
        else:
            read = await _here(link, views, last, moved)
    seconds = time.monotonic() - began
    done = by_language(
        f"已重建：日志的 {last} 个位置，用时 {seconds:.1f} 秒，{read}",
        f"rebuilt: {last} positions of the log in {seconds:.1f} s, {read}",
    )
    console.print(f"✓ {part.name} {done}", markup=False, style="green")


@contextmanager
def progress_bar(name: str, total: int) -> Iterator[Callable[[int], None]]:
    """Gives the function to call with each position that is reached."""
    columns = (TextColumn(name), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress:
        bar = progress.add_task(name, total=total)
        yield lambda position: progress.update(bar, completed=position)


async def _asked(link: Link, name: str, before: dict[str, Any], moved: Callable[[int], None]) -> str:
    """Asks the running part, and waits until it reads what it has folded."""
    from canlian_chassis.bus import wire  # noqa: PLC0415 - as everything heavy here
    from canlian_events import subjects  # noqa: PLC0415

    answer = await link.nc.request(subjects.views_rebuild(name), headers={wire.TOKEN: link.token()}, timeout=5)
    if refused := json.loads(answer.data).get("refused"):
        fail(f"{name} 拒绝了：{refused}", f"{name} refused: {refused}")
    reached, changed = -1, time.monotonic()
    while True:
        state = await _state(link, name) or {}
        if state.get("generation", 0) > before["generation"] and state["version"] >= before["version"]:
            return by_language("正在使用新的视图", "and the new views are in use")
        now = (state.get("filling") or {}).get("position", 0)
        if now > reached:
            reached, changed = now, time.monotonic()
            moved(now)
        if time.monotonic() - changed > SECONDS_WITHOUT_PROGRESS:
            fail(
                f"{name} 没有进展。原有视图照常使用。用 canlian doctor 查看。",
                f"{name} does not get on. Its views stay in use as they are. See `canlian doctor`.",
            )
        await asyncio.sleep(LOOK_EVERY)


async def _here(link: Link, views: Any, last: int, moved: Callable[[int], None]) -> str:
    from canlian_chassis.views.backfill import fill_beside  # noqa: PLC0415

    say(by_language("该部分未运行此版本，在此填充", "the part does not run this version: filling its views here"))
    name = await fill_beside(views, link.settings, link.nc, last, lambda reached, _: moved(reached))
    return by_language(f"{name} 将在启动时使用", f"and {name} is there for when it starts")


async def _state(link: Link, name: str) -> dict[str, Any] | None:
    """How far the running part's views are; None where it does not run."""
    from canlian_events import subjects  # noqa: PLC0415

    try:
        found: dict[str, Any] = json.loads((await link.nc.request(subjects.views_state(name), timeout=2)).data)
    except (nats.errors.NoRespondersError, nats.errors.TimeoutError):
        return None
    return found
