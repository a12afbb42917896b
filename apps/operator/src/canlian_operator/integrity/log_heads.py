"""`canlian heads`: the signed heads of the log's chain, and one day's to be printed."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated

import typer

from canlian_chassis.log.chain import Head
from canlian_chassis.log.heads import Heads
from canlian_events.calendar import SHANGHAI
from canlian_operator.connection import Link, with_system
from canlian_operator.console import fail, moment, note, say

LAST_SHOWN = 20


def heads(
    day: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="某日的指纹，供打印存档 · a day's head, to print", show_default=False),
    ] = None,
    daily: Annotated[bool, typer.Option("--daily", help="每日最后一个 · each day's last")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="全部，每行一个 JSON · all of them, one JSON a line")] = False,
) -> None:
    """日志签名 · The signed heads of the log: the last ones, each day's, or one day's to be printed."""
    if day:
        with_system(lambda link: _print(link, day))
    else:
        with_system(lambda link: _list(link, daily, as_json))


async def _list(link: Link, daily: bool, as_json: bool) -> None:
    last: deque[Head] = deque(maxlen=None if as_json and daily else LAST_SHOWN)
    async for _, head in Heads(link.nc).all():
        if daily and last and last[-1].day == head.day:
            last.pop()
        if as_json and not daily:
            typer.echo(head.model_dump_json())
        last.append(head)
    for head in last if not as_json or daily else ():
        typer.echo(head.model_dump_json() if as_json else as_text(head))
    if not last:
        fail(
            "还没有签名：接口服务启动一分钟内会签第一个。",
            "There is no head yet: the exchange signs the first within a minute.",
        )


async def _print(link: Link, day: datetime) -> None:
    found, is_over = await Heads(link.nc).last(day.date()), day.date() < datetime.now(SHANGHAI).date()
    if found is None and not is_over:
        fail(
            f"{day:%Y-%m-%d} 还没有过完，也还没有签名。次日再打印。",
            f"{day:%Y-%m-%d} is not over, and has no head yet. Print it on the day after.",
        )
    if found is None:
        fail(
            f"{day:%Y-%m-%d} 没有签名：当天日志中没有新内容。可用 canlian heads --daily 查看。",
            f"There is no head of {day:%Y-%m-%d}: nothing was recorded. See `canlian heads --daily`.",
        )
    say("\n".join(sheet(found.head, is_over)))
    if not is_over:
        note(
            f"{day:%Y-%m-%d} 还没有过完：这不是当天最后的指纹。次日再打印存档。",
            f"{day:%Y-%m-%d} is not over: this is not the day's last head. Print it on the day after to keep it.",
        )


def as_text(head: Head) -> str:
    return f"{head.position:>10}  {moment(head.moment)}  {head.hash}"


def sheet(head: Head, is_over: bool = True) -> Iterator[str]:
    """What is printed: in both languages, and every value such that it can be compared by eye."""
    yield "残联服务平台 · 事件日志每日指纹"
    yield "canlian · the event log's head of the day"
    yield ""
    yield f"日期 · day              {head.day}" + ("" if is_over else "（当日未完 · not over）")
    yield f"位置 · position         {head.position}"
    yield f"记录时间 · recorded     {moment(head.moment)} (Asia/Shanghai)"
    yield "                        " + head.at
    yield from _grouped("指纹 · fingerprint      ", head.groups)
    yield from _grouped("公钥 · public key       ", head.key_groups)
    yield "签名 · signature"
    yield f"  {head.signature}"
    yield ""
    yield "从第 1 条到此位置的全部内容都在这个指纹之下，任何改动都会使它不同。"
    yield "Everything up to this position is under this fingerprint; any change makes it another."
    yield f"核对 · to check:  canlian verify log  &&  canlian heads --day {head.day}"


def _grouped(title: str, groups: list[str]) -> Iterator[str]:
    """Four to a line."""
    for line in range(0, len(groups), 4):
        yield (title if line == 0 else " " * 24) + " ".join(groups[line : line + 4])
