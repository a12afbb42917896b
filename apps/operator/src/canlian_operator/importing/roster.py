"""`canlian import roster` and `canlian import undo`: however many rows, a stopped import goes on where it was."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from canlian_chassis.bus.client import Refused
from canlian_chassis.keys.store import Keys
from canlian_events.calendar import SHANGHAI
from canlian_events.ids import derive
from canlian_events.registry.roster_import import StartImport
from canlian_operator.connection import Link, with_system
from canlian_operator.console import by_language, errors, fail, note, say
from canlian_operator.importing.command import (
    SHOWN_ROWS,
    AsJson,
    DryRun,
    File,
    RefusedTo,
    both_wordings,
    import_app,
    known_communities,
    tell,
    write_refused,
)
from canlian_sheets.importer import RowStore, Undone, Wanted, bring_in, read_into, undo_import
from canlian_sheets.importer.row_store import Phase
from canlian_sheets.outcomes import Unreadable
from canlian_sheets.reasons import reason_words

TRIES = 1000
"""How often one sheet may be brought in again."""
Told = Callable[[int, int], None]


class Rate(ProgressColumn):
    """Rows a second."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:,.0f}/s" if task.speed else "")


def _bar(quiet: bool) -> Progress:
    """On stderr, and only where somebody looks: stdout is for the counts."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), Rate(), TimeRemainingColumn())
    return Progress(*columns, console=errors, disable=quiet or not errors.is_terminal, transient=True)


@import_app.command("roster")
def roster(file: File, dry_run: DryRun = False, as_json: AsJson = False, refused: RefusedTo = None) -> None:
    """导入花名册 · Register or correct the certificate holders of a roster. The same sheet again changes nothing."""
    with TemporaryDirectory(prefix="canlian-import-") as folder:
        _roster(file, Path(folder) / "rows.db", dry_run=dry_run, as_json=as_json, refused=refused)


def _roster(file: Path, rows: Path, *, dry_run: bool, as_json: bool, refused: Path | None) -> None:
    done = {"rows": 0, "of": 0}

    async def work(link: Link) -> str:
        places, today = await known_communities(link), datetime.now(SHANGHAI).date().isoformat()
        with _bar(as_json) as bar:
            reading = bar.add_task(by_language("读表", "reading"), total=None)
            try:
                wanted = Wanted(str(file), file.name, str(rows), places, today)
                await read_into(wanted, lambda n: bar.update(reading, completed=n))
            except Unreadable as unreadable:
                fail(*reason_words(unreadable.code, unreadable.facts))
            bar.remove_task(reading)
            task = bar.add_task(file.name, total=None)

            def progress(number: int, of: int) -> None:
                done.update(rows=number, of=of)
                bar.update(task, completed=number, total=of)

            try:
                return await _send(link, file, rows, dry_run, progress)
            except (Refused, asyncio.CancelledError):
                bar.stop()
                note(
                    f"中途停止：已完成 {done['rows']}/{done['of']} 行。再运行一次即可接着导入，已完成的行不会重复。",
                    f"Stopped: {done['rows']} of {done['of']} rows are done. "
                    "Run it again to carry on; nothing is done twice.",
                )
                raise

    import_id = with_system(work)
    phase: Phase = "tried" if dry_run else "done"
    with closing(RowStore(rows)) as store:
        counts = store.counts(phase)
        if as_json:
            typer.echo(json.dumps(counts, ensure_ascii=False))
        else:
            tell(counts, lambda reason: store.refused_for(phase, reason, SHOWN_ROWS), dry_run=dry_run)
        number = sum(counts["refused"].values())
        if refused:
            write_refused(refused, store.refused(phase), store.about().header)
            note(f"退回的 {number} 行已写入 {refused}", f"{number} refused rows are written to {refused}")
        elif number and not as_json:
            note(
                "加上 --refused 文件.xlsx，可得到退回的行和原因，改好后再导入。",
                "With --refused FILE.xlsx you get the refused rows and why, to mend and bring in again.",
            )
    changed = counts["created"] + counts["updated"]
    if changed and phase == "done" and not as_json:
        note(f"要撤销这次导入：canlian import undo {import_id}", f"To undo it: canlian import undo {import_id}")


async def _send(link: Link, file: Path, rows: Path, dry_run: bool, progress: Told) -> str:
    keys = await asyncio.to_thread(Keys.of, link.settings)
    sheet = keys.digest("sheet", await asyncio.to_thread(file.read_bytes))
    store = RowStore(rows)
    try:
        import_id = await _unfinished(link, sheet, store)
        await bring_in(link.client, link.token, keys, store, import_id, sheet, dry_run=dry_run, progress=progress)
        return import_id
    finally:
        store.close()


async def _unfinished(link: Link, sheet: str, store: RowStore) -> str:
    """The id of the sheet's import that was stopped on the way, or of a new one: the n-th of this sheet."""
    for n in range(TRIES):
        import_id = derive("import", sheet, n)
        try:
            start = StartImport(import_id=import_id, sheet=sheet, rows=store.total())
            await link.client.send(start, token=link.token(), dry_run=True)
            return import_id
        except Refused as refused:
            if refused.code not in ("import.finished", "import.undone", "import.another_sheet"):
                raise
    raise Refused("import.finished", {})


@import_app.command("undo")
def undo(
    import_id: Annotated[str, typer.Argument(metavar="IMPORT", help="import_…", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """撤销一次导入 · Take back what an import did, but for rows after which something else happened."""

    async def work(link: Link) -> Undone:
        with _bar(as_json) as bar:
            task = bar.add_task(by_language("撤销", "undoing"), total=None)
            return await undo_import(link.client, link.token, import_id, lambda rows: bar.update(task, completed=rows))

    undone = with_system(work)
    if as_json:
        kept = [{"row": row.row, "reason": row.code} for row in undone.kept]
        typer.echo(json.dumps({"withdrawn": undone.withdrawn, "restored": undone.restored, "kept": kept}))
        return
    say(
        by_language(
            f"已撤销：{undone.withdrawn} 人不再登记，{undone.restored} 人恢复原样，{len(undone.kept)} 行保持不变。",
            f"Undone: {undone.withdrawn} are no longer registered, {undone.restored} are as before, "
            f"{len(undone.kept)} rows stay.",
        )
    )
    for row in undone.kept[:10]:
        where = by_language(f"第 {row.row} 行：", f"row {row.row}: ")
        say(f"  {where}{by_language(*both_wordings(row.code, {}))}")
