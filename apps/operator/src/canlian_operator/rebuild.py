"""`canlian rebuild`: a part's views thrown away and folded again from the log, while the system runs.

The part notices within a second or so that its database is gone, and begins from the first event.
"""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Protocol
from urllib.parse import quote

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from sqlalchemy import create_engine, text
from sqlalchemy.engine import Engine
from sqlalchemy.exc import SQLAlchemyError

from canlian_chassis.settings import Settings
from canlian_operator.parts import PARTS, Part
from canlian_operator.reaching import Link, with_system
from canlian_operator.ready import Health
from canlian_operator.speech import by_language, console, fail, say

_VIEWS_NAMES = {"services-catalog": "catalog"}
"""Where a part's views are not called as the part is."""
LOOK_EVERY = 0.1
SECONDS_WITHOUT_PROGRESS = 30.0


def rebuild(
    tool: Annotated[
        str, typer.Argument(help="哪一部分，如 volunteer · which part, e.g. volunteer", show_default=False)
    ],
) -> None:
    """重建视图 · Throw away a part's views, and wait until they are folded again from the whole log."""
    part = next((part for part in PARTS if part.name == tool), None)
    if part is None:
        known = ", ".join(part.name for part in PARTS)
        fail(f"没有名为“{tool}”的部分。可选：{known}", f"There is no part called {tool}. There are: {known}", code=2)
    with_system(lambda link: rebuild_part(link, part))


async def rebuild_part(link: Link, part: Part) -> None:
    database = database_of(link.settings, part)
    if not await asyncio.to_thread(lambda: database.there):
        fail(
            f"{part.name} 没有视图可重建：它没有视图，或从未运行过。",
            f"{part.name} has no views to rebuild: it keeps none, or has never run.",
        )
    began, level_at = time.monotonic(), await link.log.last_position()
    say(by_language(f"删除 {part.name} 的视图：{database}", f"dropping the views of {part.name}: {database}"))
    await asyncio.to_thread(database.drop)
    await _until_level(database, part, level_at)
    seconds = time.monotonic() - began
    await _verify(link, part)
    done = by_language(
        f"已重建：日志的 {level_at} 个位置，用时 {seconds:.1f} 秒，/health 确认已就绪",
        f"rebuilt: {level_at} positions of the log in {seconds:.1f} s, and /health says ready",
    )
    console.print(f"✓ {part.name} {done}", markup=False, style="green")


class ViewDatabase(Protocol):
    """The databases of one part's views, all versions. Its methods block."""

    @property
    def there(self) -> bool: ...

    def drop(self) -> None: ...

    def position(self) -> int:
        """Up to where the newest is filled; -1 where there is none."""


def database_of(settings: Settings, part: Part) -> ViewDatabase:
    prefix = f"{_VIEWS_NAMES.get(part.name, part.name).replace('-', '_')}_v"
    url = settings.views_url
    return Schemas(create_engine(url), prefix) if url else Files(settings.data / "views", prefix)


@dataclass(frozen=True)
class Files:
    """SQLite files, with what SQLite keeps beside them."""

    folder: Path
    prefix: str

    def __str__(self) -> str:
        return f"{self.folder}/{self.prefix}*.sqlite"

    @property
    def there(self) -> bool:
        return bool(self._databases())

    def drop(self) -> None:
        for file in self.folder.glob(f"{self.prefix}*.sqlite*"):
            file.unlink(missing_ok=True)

    def position(self) -> int:
        positions = [
            _checkpoint(f"sqlite:///file:{quote(str(file.resolve()))}?mode=ro&uri=true") for file in self._databases()
        ]
        return max(positions, default=-1)

    def _databases(self) -> list[Path]:
        return sorted(self.folder.glob(f"{self.prefix}*.sqlite"))


@dataclass(frozen=True)
class Schemas:
    """Schemas of a Postgres database."""

    engine: Engine
    prefix: str

    def __str__(self) -> str:
        return f"{self.engine.url.render_as_string()}, {self.prefix}*"

    @property
    def there(self) -> bool:
        return bool(self._schemas())

    def drop(self) -> None:
        with self.engine.begin() as db:
            for schema in self._schemas():
                db.execute(text(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE'))

    def position(self) -> int:
        url = self.engine.url.render_as_string(hide_password=False)
        return max((_checkpoint(url, f'"{schema}".') for schema in self._schemas()), default=-1)

    def _schemas(self) -> list[str]:
        query = text("SELECT schema_name FROM information_schema.schemata WHERE starts_with(schema_name, :prefix)")
        with self.engine.connect() as db:
            return list(db.scalars(query, {"prefix": self.prefix}))


def _checkpoint(url: str, schema: str = "") -> int:
    with _opened(url) as engine:
        try:
            with engine.connect() as db:
                return db.scalar(text(f"SELECT position FROM {schema}checkpoint")) or 0
        except SQLAlchemyError:
            return 0  # not yet made whole


@contextmanager
def _opened(url: str) -> Iterator[Engine]:
    engine = create_engine(url)
    try:
        yield engine
    finally:
        engine.dispose()


async def _until_level(database: ViewDatabase, part: Part, level_at: int) -> None:
    """Shows how far it is. Gives up where nothing moves: the part is not running."""
    columns = (TextColumn(part.name), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress:
        bar = progress.add_task(part.name, total=level_at)
        reached, moved = -1, time.monotonic()
        while reached < level_at:
            now = await asyncio.to_thread(database.position)
            if now > reached:
                reached, moved = now, time.monotonic()
                progress.update(bar, completed=max(reached, 0))
            if time.monotonic() - moved > SECONDS_WITHOUT_PROGRESS:
                fail(
                    f"{part.name} 没有开始重建，它在运行吗？视图已删除，启动后会自动重建。",
                    f"{part.name} does not fill its views: is it running? They are dropped, "
                    "and filled again when it starts.",
                )
            await asyncio.sleep(LOOK_EVERY)


async def _verify(link: Link, part: Part) -> None:
    async with Health(link.settings.nats_url) as health:
        until = time.monotonic() + SECONDS_WITHOUT_PROGRESS
        while not await health.of_part(part, link.found.parts.get(part.name, "")):
            if time.monotonic() > until:
                fail(
                    f"{part.name} 的视图已重建，但它仍未就绪。用 canlian doctor 查看。",
                    f"The views of {part.name} are rebuilt, but it does not become ready. See `canlian doctor`.",
                )
            await asyncio.sleep(LOOK_EVERY)
