"""`canlian import`: sheets into the running system, with progress, counts and the refused rows given back."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from canlian_operator.connection import Link, with_system
from canlian_operator.console import by_language, console, errors, fail, note, say
from canlian_operator.demonstration.stage import open_communities
from canlian_sheets.communities import read_communities
from canlian_sheets.giving_back import refused_sheet
from canlian_sheets.importer import (
    ImportInterrupted,
    ImportResult,
    RowOutcome,
    import_communities,
    import_resources,
    refused_rows,
)
from canlian_sheets.outcomes import Outcome, Refused, Unreadable
from canlian_sheets.reasons import REASONS, reason_words
from canlian_sheets.resources import read_resources
from canlian_web.language.refusals import say_refusal

SHOWN_ROWS = 10

import_app = typer.Typer(help="导入表格 · Bring sheets in", no_args_is_help=True)

File = Annotated[
    Path, typer.Argument(exists=True, dir_okay=False, readable=True, help=".xlsx、.xls、.csv", show_default=False)
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="只试算，不写入 · only try, change nothing")]
AsJson = Annotated[bool, typer.Option("--json", help="只输出计数的 JSON · print only the counts, as JSON")]
RefusedTo = Annotated[
    Path | None,
    typer.Option("--refused", help="把退回的行写成表格 · write the refused rows to this .xlsx", show_default=False),
]

Read = Callable[[Link, bytes, str], Awaitable[Outcome[Any]]]
RefusedFor = Callable[[str], Sequence[RowOutcome]]
"""The first rows that were refused for a reason, in the sheet's order."""
Send = Callable[[Link, Outcome[Any], bool, Callable[[int, int], None]], Awaitable[ImportResult]]


@import_app.command("communities")
def communities(file: File, dry_run: DryRun = False, as_json: AsJson = False, refused: RefusedTo = None) -> None:
    """导入社区 · Open the communities of a list, with their directors and grid workers. Goes before the others."""

    async def read(_: Link, data: bytes, name: str) -> Outcome[Any]:
        return read_communities(data, name)

    async def send(link: Link, sheet: Outcome[Any], dry: bool, progress: Callable[[int, int], None]) -> ImportResult:
        return await import_communities(link.client, link.token, sheet, dry_run=dry, progress=progress)

    bring_in(file, read, send, dry_run=dry_run, as_json=as_json, refused=refused)


@import_app.command("resources")
def resources(file: File, dry_run: DryRun = False, as_json: AsJson = False, refused: RefusedTo = None) -> None:
    """导入服务资源 · Register the providers of a resource list, and list their services."""

    async def read(link: Link, data: bytes, name: str) -> Outcome[Any]:
        return read_resources(data, name, await known_communities(link))

    async def send(link: Link, sheet: Outcome[Any], dry: bool, progress: Callable[[int, int], None]) -> ImportResult:
        return await import_resources(link.client, link.token, sheet, dry_run=dry, progress=progress)

    bring_in(file, read, send, dry_run=dry_run, as_json=as_json, refused=refused)


async def known_communities(link: Link) -> dict[str, str]:
    """Name → code. Says so where there are none: every row would be refused."""
    known = await open_communities(link)
    if not known:
        note(
            "系统里还没有社区。先运行 canlian import communities FILE。",
            "No community is open yet. Run `canlian import communities FILE` first.",
        )
    return known


def bring_in(file: Path, read: Read, send: Send, *, dry_run: bool, as_json: bool, refused: Path | None) -> None:
    """Read the sheet, send it, say what became of it. Exits 0 though rows were refused: that is what the counts say."""
    data, done = file.read_bytes(), {"rows": 0, "of": 0}

    async def work(link: Link) -> tuple[Outcome[Any], ImportResult]:
        sheet = await _readable(read(link, data, file.name))
        with _progress(as_json) as bar:
            task = bar.add_task(file.name, total=len(sheet.accepted))

            def progress(rows: int, of: int) -> None:
                done.update(rows=rows, of=of)
                bar.update(task, completed=rows, total=of)

            try:
                return sheet, await send(link, sheet, dry_run, progress)
            except ImportInterrupted as interrupted:
                _say_stopped(done)
                raise interrupted.__cause__ or interrupted from None
            except asyncio.CancelledError:
                bar.stop()
                _say_stopped(done)
                raise

    sheet, result = with_system(work)
    rows = refused_rows(sheet, result)
    if refused:
        write_refused(refused, rows, sheet.header)
    if as_json:
        typer.echo(json.dumps(result.counts(), ensure_ascii=False))
    else:
        tell(result.counts(), lambda reason: [row for row in result.rows if row.reason == reason], dry_run=dry_run)
    if refused:
        note(f"退回的 {len(rows)} 行已写入 {refused}", f"{len(rows)} refused rows are written to {refused}")
    elif rows and not as_json:
        note(
            "加上 --refused 文件.xlsx，可得到退回的行和原因，改好后再导入。",
            "With --refused FILE.xlsx you get the refused rows and why, to mend and bring in again.",
        )


async def _readable(reading: Awaitable[Outcome[Any]]) -> Outcome[Any]:
    try:
        return await reading
    except Unreadable as unreadable:
        fail(*reason_words(unreadable.code, unreadable.facts))


def _progress(quiet: bool) -> Progress:
    """On stderr, and only where somebody looks: stdout is for the counts."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=errors, disable=quiet or not errors.is_terminal, transient=True)


def _say_stopped(done: dict[str, int]) -> None:
    note(
        f"中途停止：已完成 {done['rows']}/{done['of']} 行。再运行一次即可接着导入，已完成的行不会重复。",
        f"Stopped: {done['rows']} of {done['of']} rows are done. Run it again to carry on; nothing is done twice.",
    )


def tell(counts: Mapping[str, Any], refused_for: RefusedFor, *, dry_run: bool) -> None:
    """The counts, and by reason the refused rows: of many it is enough to know the first."""
    if dry_run:
        say(by_language("试算结果，没有写入任何内容：", "a dry run: nothing was changed"))
    labels = {
        "rows": ("共", "rows"),
        "created": ("新增", "created"),
        "updated": ("更新", "updated"),
        "unchanged": ("未变", "unchanged"),
    }
    for name, words in labels.items():
        say(f"  {by_language(*words):<10}{counts[name]:>7}")
    refused = counts["refused"]
    say(f"  {by_language('退回', 'refused'):<10}{sum(refused.values()):>7}")
    for line in refused_lines(refused, refused_for):
        console.print(f"    {line}", markup=False)


def refused_lines(counts: Mapping[str, int], refused_for: RefusedFor) -> Iterator[str]:
    """By reason: how many, which rows, and for one of them what to do."""
    for reason, count in counts.items():
        rows = refused_for(reason)[:SHOWN_ROWS]
        shown = ", ".join(str(row.row_no) for row in rows) + ("…" if count > SHOWN_ROWS else "")
        where = by_language(f"第 {shown} 行", f"row {shown}" if count == 1 else f"rows {shown}")
        yield f"{count:>5}  {reason}  ({where}) {wording(reason, rows[0].facts)}"


def wording(reason: str, facts: Any) -> str:
    """A reason of the sheet's reader, or a code of a service."""
    return by_language(*both_wordings(reason, facts))


def write_refused(file: Path, rows: Iterable[Refused], header: Sequence[str]) -> None:
    """All that were refused, by the sheet's reader or by a service, to mend and bring in again."""
    try:
        file.write_bytes(refused_sheet(rows, header, both_wordings))
    except OSError as error:
        fail(f"无法写入 {file}：{error}", f"{file} cannot be written: {error}")


def both_wordings(reason: str, facts: Any) -> tuple[str, str]:
    if reason in REASONS:
        return reason_words(reason, facts)
    return say_refusal(reason, facts, "zh"), say_refusal(reason, facts, "en")
