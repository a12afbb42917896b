"""`canlian as-of`: a part's views as they stood at a position of the log or a date, folded afresh up to there."""

from __future__ import annotations

import asyncio
import csv
import datetime as calendar
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table as Shown
from sqlalchemy import Select, Table, create_engine, func, select
from sqlalchemy.engine import Connection

from canlian_chassis.keys.store import Keys
from canlian_chassis.views.as_of import end_of, fold_in, position_before
from canlian_chassis.views.databases import Views
from canlian_events.calendar import SHANGHAI
from canlian_operator.connection import Link, with_system
from canlian_operator.console import by_language, console, errors, fail, note
from canlian_operator.running.parts import PARTS, views_of
from canlian_web.language.formats import local, now


@dataclass(frozen=True)
class Asked:
    """Where to stop: at a position, or before a moment."""

    position: int | None
    before: calendar.datetime | None


@dataclass(frozen=True)
class Wanted:
    """Of which table (None: of all), of which communities, and how many rows of each are printed."""

    table: str | None
    community: str
    rows: int


def as_of(
    tool: Annotated[
        str, typer.Argument(help="哪一部分，如 federation · which part, e.g. federation", show_default=False)
    ],
    position: Annotated[
        int | None, typer.Option(min=0, help="到日志的这个位置 · up to this position of the log", show_default=False)
    ] = None,
    date: Annotated[
        str | None,
        typer.Option(help="到这天结束（上海），如 2026-03-08 · to the end of this day in Shanghai", show_default=False),
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(help="到此刻之前，如 2026-03-08T12:00+08:00 · up to this moment, ISO 8601", show_default=False),
    ] = None,
    table: Annotated[str | None, typer.Option(help="只看这张表 · only this table", show_default=False)] = None,
    community: Annotated[
        str, typer.Option(help="社区代码，或其前几位 · community code, or its first digits", show_default=False)
    ] = "",
    rows: Annotated[int, typer.Option(min=1, help="每张表显示几行 · rows to print of each table")] = 20,
    out: Annotated[
        Path | None, typer.Option(help="存为 SQLite 文件 · keep it as a SQLite file", show_default=False)
    ] = None,
    csv_: Annotated[
        Path | None,
        typer.Option("--csv", help="每张表存为 CSV，放入此目录 · each table as CSV in this folder", show_default=False),
    ] = None,
    open_: Annotated[
        bool, typer.Option("--open", help="用本机的密钥打开个人信息 · open personal values with the keys held here")
    ] = False,
) -> None:
    """历史视图 · A part's views as they stood at a position or a date. Nothing of the running system is touched.

    Moments are those at which the log recorded the events. Personal values stay sealed without --open.
    """
    asked = read_asked(position, date, at)
    views = _views_of(tool)
    if table is not None and table not in (names := sorted(_tables(views))):
        fail(
            f"没有表“{table}”。有：{', '.join(names)}", f"There is no table “{table}”. There are: {', '.join(names)}", 2
        )
    wanted = Wanted(table, community, rows)
    with tempfile.TemporaryDirectory(prefix="canlian-as-of-") as folder:
        reached, file = with_system(lambda link: _fold(link, views, asked, Path(folder), open_))
        errors.print(by_language(f"{tool}，日志位置 {reached}", f"{tool} at position {reached}"), markup=False)
        with _reading(file) as db:
            if csv_:
                _write(db, views, wanted, csv_)
            elif not out:
                _print(db, views, wanted)
        if out:
            _keep(file, out, wanted)


def read_asked(position: int | None, date: str | None, at: str | None) -> Asked:
    """Exactly one of the three. Ends the command where it is not, or lies in the future."""
    given = [value for value in (position, date, at) if value is not None]
    if len(given) != 1:
        fail(
            "请用 --position、--date、--at 之一说明到何时为止。",
            "Say until when with one of --position, --date, --at.",
            2,
        )
    if position is not None:
        return Asked(position, None)
    text = str(given[0])
    try:
        day = None if date is None else calendar.date.fromisoformat(date)
        moment = calendar.datetime.fromisoformat(text)
    except ValueError:
        fail(f"日期时间“{text}”不对，应如 2026-03-08。", f"“{text}” is no date or time, like 2026-03-08.", 2)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=SHANGHAI)
    if moment > now():
        fail(f"{text} 还没有到。", f"{text} has not come yet.", 2)
    return Asked(None, end_of(day) if day else moment)


def _views_of(name: str) -> Views:
    part = next((part for part in PARTS if part.name == name), None)
    found = views_of(part) if part and part.installed else None
    if found is None:
        known = ", ".join(part.name for part in PARTS)
        fail(f"“{name}”没有视图。有视图的：{known}", f"“{name}” has no views. These have: {known}", 2)
    return found


async def _fold(link: Link, views: Views, asked: Asked, folder: Path, opens: bool) -> tuple[int, Path]:
    last = await link.log.last_position()
    until = asked.position if asked.before is None else await position_before(link.log, asked.before)
    assert until is not None
    if until > last:
        fail(f"日志还没有到 {until}，现在是 {last}。", f"The log has not reached {until}: it is at {last}.", 2)
    if opens and not views.opens:
        note("这一部分的视图不含个人信息，--open 没有作用。", "These views hold nothing personal: --open does nothing.")
    keys = await asyncio.to_thread(Keys.of, link.settings) if opens and views.opens else None
    columns = (TextColumn(views.name), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=errors, disable=not errors.is_terminal, transient=True) as progress:
        bar = progress.add_task(views.name, total=until)
        file = await fold_in(
            folder, views, link.nc, until, keys, lambda reached, _: progress.update(bar, completed=reached)
        )
    return until, file


def _tables(views: Views) -> dict[str, Table]:
    return {table.name: table for table in views.rows.metadata.sorted_tables}


@contextmanager
def _reading(file: Path) -> Iterator[Connection]:
    engine = create_engine(f"sqlite:///{file}")
    try:
        with engine.connect() as db:
            yield db
    finally:
        engine.dispose()


def _chosen(views: Views, wanted: Wanted) -> list[Table]:
    tables = _tables(views)
    return [tables[wanted.table]] if wanted.table else list(tables.values())


def _rows(table: Table, wanted: Wanted) -> Select[Any]:
    """By primary key; of the communities wanted, where the table tells the community."""
    query = select(table).order_by(*table.primary_key)
    if wanted.community and "community" in table.columns:
        return query.where(table.columns["community"].startswith(wanted.community, autoescape=True))
    return query


def _print(db: Connection, views: Views, wanted: Wanted) -> None:
    for table in _chosen(views, wanted):
        query = _rows(table, wanted)
        total = db.scalar(select(func.count()).select_from(query.subquery())) or 0
        whole = bool(wanted.community) and "community" not in table.columns
        title = by_language(f"{table.name}：{total} 行", f"{table.name}, rows: {total}")
        if whole:
            title += by_language("（不分社区）", " (of all communities)")
        shown = Shown(*table.columns.keys(), title=title, title_justify="left", box=None)
        for row in db.execute(query.limit(wanted.rows)):
            shown.add_row(*map(_text, row))
        console.print(shown)
        if total > wanted.rows:
            more = total - wanted.rows
            note(f"另有 {more} 行：--rows、--csv 或 --out。", f"{more} more rows: --rows, --csv or --out.")


def _text(value: Any) -> str:
    if value is None:
        return ""
    return f"{local(value):%Y-%m-%d %H:%M:%S}" if isinstance(value, calendar.datetime) else str(value)


def _write(db: Connection, views: Views, wanted: Wanted, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for table in _chosen(views, wanted):
        file = folder / f"{table.name}.csv"
        with file.open("w", encoding="utf-8-sig", newline="") as text:
            writer = csv.writer(text)
            writer.writerow(table.columns.keys())
            writer.writerows(map(_text, row) for row in db.execute(_rows(table, wanted)))
        console.print(str(file), markup=False)


def _keep(file: Path, out: Path, wanted: Wanted) -> None:
    if wanted.table or wanted.community:
        note(
            "文件里是全部的表和社区；--table、--community 只用于显示和 CSV。",
            "The file holds all tables and communities: --table and --community are for printing and CSV.",
        )
    out.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(file, out)
    console.print(str(out), markup=False)
