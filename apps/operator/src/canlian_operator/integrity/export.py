"""`canlian events export`: the log as a file, a line a message, exact enough to work its chain out again."""

from __future__ import annotations

import base64
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import pydantic_core
import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from canlian_chassis.log.chain import Head
from canlian_chassis.log.following import follow
from canlian_chassis.log.heads import Heads
from canlian_chassis.log.jetstream import Entry
from canlian_events import subjects
from canlian_operator.connection import Link, with_system
from canlian_operator.console import by_language, console, errors, fail

_LONGEST_LINE = 32 * 1024 * 1024
_FIRST = b'{"position":'
"""How every line begins."""
_FIELDS = {"position", "subject", "recorded_ns", "headers"}


def export(
    file: Annotated[Path, typer.Argument(help="写入的文件 · the file to write, *.ndjson", show_default=False)],
) -> None:
    """导出日志 · Write all messages of the log to a file, a line each; a file that is there is gone on with.

    The signed heads go beside it, as FILE.heads, for `canlian verify log --export FILE`.
    """
    after = _reached(file)
    with_system(lambda link: _export(link, file, after))


async def _export(link: Link, file: Path, after: int) -> None:
    position = after
    with file.open("ab", buffering=1 << 20) as out, progress(by_language("导出", "export")) as moved:
        until = await link.log.last_position()
        async for batch in everything(link, after, until):
            out.writelines(map(as_line, batch))
            position = batch[-1].position
            moved(position, until)
        out.flush()
        os.fsync(out.fileno())
    heads = heads_file(file)
    with heads.open("wb") as out:
        async for _, head in Heads(link.nc).all():
            if head.position <= position:
                out.write(head.model_dump_json().encode() + b"\n")
    done = by_language(
        f"{file} 已写至位置 {position}；签名在 {heads}",
        f"{file} is written up to position {position}; heads in {heads}",
    )
    console.print(f"✓ {done}", markup=False, style="green")


def heads_file(file: Path) -> Path:
    """Where the heads of an export are."""
    return file.with_name(f"{file.name}.heads")


async def everything(link: Link, after: int, until: int) -> AsyncIterator[list[Entry]]:
    """All messages above `after` up to the end of the log, which was at `until`, in batches none of which is empty."""
    position = after
    if position >= until:
        return
    async for batch in follow(link.nc, after, (subjects.EVERYTHING,)):
        if batch:
            position = batch[-1].position
            yield batch
        if position >= until:
            return
        if not batch or batch[-1].pending == 0:
            # the end, or a server that is slow or gone for a moment: it says which when it is asked
            found, _ = await link.log.page(subjects.EVERYTHING, position, 1)
            if not found:
                return


def as_line(entry: Entry) -> bytes:
    """The body is given as text where it is text, else as base64 in `body64`."""
    told: dict[str, Any] = {
        "position": entry.position,
        "subject": entry.subject,
        "recorded_ns": entry.recorded_ns,
        "headers": dict(entry.headers),
    }
    try:
        told["body"] = entry.body.decode()
    except UnicodeDecodeError:
        told["body64"] = base64.b64encode(entry.body).decode()
    return pydantic_core.to_json(told) + b"\n"


def read_line(line: bytes) -> Entry:
    """Raises ValueError where it is no whole line of an export."""
    told = pydantic_core.from_json(line)
    if not isinstance(told, dict) or not line.endswith(b"\n"):
        raise ValueError("not a line of an export")
    match told:
        case {"body": str(text)} if told.keys() == _FIELDS | {"body"}:
            body = text.encode()
        case {"body64": str(text)} if told.keys() == _FIELDS | {"body64"}:
            body = base64.b64decode(text, validate=True)
        case _:
            raise ValueError("not the fields of a message")
    position, subject, recorded, headers = (told[name] for name in ("position", "subject", "recorded_ns", "headers"))
    numbers = type(position) is int and type(recorded) is int and 0 < position < 2**63 and 0 <= recorded < 2**63
    texts = isinstance(headers, dict) and all(isinstance(value, str) for value in (subject, *headers.values()))
    if not numbers or not texts:
        raise ValueError("not the values of a message")
    return Entry(subject, position, recorded, headers, body)


def read_heads(file: Path) -> Iterator[Head]:
    """Raises ValueError where a line is no head."""
    with file.open("rb") as lines:
        for line in lines:
            yield Head.model_validate_json(line)


def _reached(file: Path) -> int:
    """The position of the last whole line; what was broken off after it is taken away. Ends where it is no export."""
    if not file.exists():
        if not file.absolute().parent.is_dir():
            fail(f"没有文件夹 {file.absolute().parent}。", f"There is no folder {file.absolute().parent}.", code=2)
        return 0
    with file.open("r+b") as out:
        size = out.seek(0, os.SEEK_END)
        out.seek(max(size - _LONGEST_LINE, 0))
        end = out.read()
        whole, newline, torn = end.rpartition(b"\n")
        try:
            position = read_line(whole.rpartition(b"\n")[2] + b"\n").position if newline else 0
            if not newline and torn[: len(_FIRST)] != _FIRST[: len(torn)]:
                raise ValueError
        except ValueError:
            fail(
                f"{file} 不是日志导出文件，未改动。请换一个文件名。",
                f"{file} is no export of a log, and was left as it is. Choose another name.",
                code=2,
            )
        out.truncate(size - len(torn))
    return position


@contextmanager
def progress(text: str) -> Iterator[Any]:
    """Gives `moved(reached, all)`. Shown on stderr, at a terminal only."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=errors, disable=not errors.is_terminal, transient=True) as bar:
        task = bar.add_task(text, total=None)
        yield lambda reached, all_: bar.update(task, completed=reached, total=all_)
