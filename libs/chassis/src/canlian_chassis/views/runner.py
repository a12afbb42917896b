"""A tool's views at work: pages read one database, while it is kept level with the log and another is filled beside.

A new version of the folds, or a rebuild on request, is filled in a database of its own. It takes the other's place when
it holds as much of the log, and the other is dropped: no page waits, none sees rows that are half there. Several
processes of a tool may share the databases; each looks every second at what the others have done.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence
from typing import Any, Concatenate, ParamSpec, TypeVar

import nats.errors
import structlog
from nats.aio.client import Client as Nats
from nats.aio.subscription import Subscription
from sqlalchemy.exc import DatabaseError
from sqlmodel import Session

from canlian_chassis import tasks
from canlian_chassis.keys.store import Keys, key_folder
from canlian_chassis.settings import Settings
from canlian_chassis.tokens import Verifier
from canlian_chassis.views import requests as view_requests
from canlian_chassis.views.databases import DatabaseName, Databases, Found, Views
from canlian_chassis.views.follower import Follower
from canlian_chassis.views.store import ViewStore

__all__ = ["ViewRunner", "Views"]

log = structlog.get_logger()
P = ParamSpec("P")
T = TypeVar("T")

_GRACE = 60.0
"""Seconds after which nobody is taken to fold a database that stands still behind ours."""
_TRIES = 50


class ViewRunner:
    """Keeps one tool's views level with the log, and lets pages read them."""

    def __init__(self, views: Views, settings: Settings, keys: Keys | None = None) -> None:
        self.views = views
        self._keys = keys or (Keys.of(settings) if views.opens else None)
        self._replicas = settings.replicas
        self._verifier = Verifier(key_folder(settings))
        self._databases = Databases(settings, views.name)
        self._subscriptions: list[Subscription] = []
        self._current: Follower | None = None
        self._next: Follower | None = None
        self._retired: list[Follower] = []
        self._dropped: set[DatabaseName] = set()
        self._stood: dict[DatabaseName, tuple[int, float]] = {}
        self._rebuild_wanted = self._outdated = False
        self._look, self._moved = asyncio.Event(), asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def position(self) -> int:
        """Up to where the log is in what pages read."""
        return self._current.position if self._current else 0

    @property
    def behind(self) -> int:
        return self._current.behind if self._current else 0

    @property
    def level(self) -> bool:
        return self._current is not None and self._current.level

    @property
    def complete(self) -> bool:
        """Whether what pages read held the whole log once; else it is being filled under their eyes."""
        return self._current is not None and self._current.complete

    @property
    def state(self) -> dict[str, Any]:
        """What pages read: version, extent, generation, position, behind, level, and the event at which it waits for a
        newer release, if it does. In `filling` the same of what follows.
        """
        nothing = {"position": 0, "behind": 0, "level": False, "waits_for": None}
        read = self._current.state if self._current else nothing
        return read | {"filling": self._next.state if self._next else None}

    async def start(self, nc: Nats) -> None:
        """Begin to follow the log; returns at once. Pages may read what is there. Raises DatabaseError."""
        await self._arrange(nc)
        self._subscriptions = await view_requests.answer(
            nc, self.views.name, self._verifier, lambda: self.state, self.rebuild, self._skipped
        )
        self._task = asyncio.create_task(self._run(nc), name=f"views-{self.views.name}")

    async def stop(self) -> None:
        for subscription in self._subscriptions:
            with contextlib.suppress(nats.errors.Error):
                await subscription.unsubscribe()
        await tasks.stop(self._task)
        for follower in filter(None, (self._current, self._next, *self._retired)):
            await follower.stop()
            follower.store.close()
        self._databases.close()

    async def read(self, query: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The result of `query(session, …)`, run in a thread on the view of one moment; rows stay readable after it."""

        def run(store: ViewStore) -> T:
            with Session(store.reading, expire_on_commit=False) as session:
                return query(session, *args, **kwargs)

        for left in reversed(range(_TRIES)):
            follower = self._current
            assert follower is not None, "started first"
            follower.readers += 1
            try:
                return await asyncio.to_thread(run, follower.store)
            except DatabaseError:
                # another process took it away when it switched: read what it switched to
                if left == 0 or not (follower is not self._current or await asyncio.to_thread(follower.store.is_gone)):
                    raise
                self._look.set()
                await asyncio.sleep(0.1)
            finally:
                follower.readers -= 1
        raise AssertionError("unreachable")

    async def reached(self, position: int, timeout: float = 2.0) -> bool:
        """Wait, bounded, until everything up to `position` is in the view."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                while self.position < position:
                    await self._moved.wait()
        return self.position >= position

    def rebuild(self) -> None:
        """Fill the views again beside, and switch when level. What is being filled already comes first."""
        self._rebuild_wanted = True
        self._look.set()

    async def _skipped(self) -> list[dict[str, Any]]:
        return await asyncio.to_thread(self._current.store.skipped) if self._current else []

    async def _run(self, nc: Nats) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._look.wait(), 1.0)
            self._look.clear()
            try:
                await self._arrange(nc)
            except DatabaseError as error:
                log.warning("view.databases_unavailable", view=self.views.name, error=repr(error)[:200])
            except Exception:
                log.exception("view.failed", view=self.views.name)

    async def _arrange(self, nc: Nats) -> None:
        """Look at what databases there are, and follow those that should be."""
        for follower in filter(None, (self._current, self._next)):
            await follower.notice_gone()
        found = await asyncio.to_thread(self._databases.all)
        self._outdated |= self._current is not None and self._current.waits_for is not None
        starting = self._current is None
        serve, fill = choose(self.views.database(), found, starting=starting, outdated=self._outdated)
        if self._current is None or self._current.gone:
            await self._replace(await self._follower(serve, nc))
        elif serve != self._current.store.name:
            fill = serve
        await self._begin_rebuild_if_due(found, fill, nc)
        for retired in list(self._retired):
            await self._retire(retired)
        await self._tidy(found)

    async def _begin_rebuild_if_due(self, found: Sequence[Found], fill: DatabaseName | None, nc: Nats) -> None:
        if self._next and self._next.gone:
            self._retired.append(self._next)
            self._next = None
        assert self._current is not None
        store = self._current.store
        due = self._rebuild_wanted or store.holds_erased or store.is_mixed
        if fill is None and self._next is None and due and self._current.complete:
            self._rebuild_wanted = False
            mine = [f.name.generation for f in found if f.name.kind == self.views.database().kind]
            fill = self.views.database(1 + max(mine, default=0))
            log.info("view.rebuilding", view=self.views.name, database=str(fill))
        if fill and fill != self._current.store.name and (self._next is None or self._next.store.name != fill):
            if self._next:
                self._retired.append(self._next)
            self._next = await self._follower(fill, nc)
            self._on_move()

    async def _follower(self, name: DatabaseName, nc: Nats) -> Follower:
        follower = Follower(ViewStore(self.views, self._databases, name, self._keys), self._on_move, self._replicas)
        await follower.start(nc)
        return follower

    async def _replace(self, by: Follower) -> None:
        if self._current:
            self._retired.append(self._current)
        self._current = by
        self._on_move()

    def _on_move(self) -> None:
        current, following = self._current, self._next
        if current and following and following.complete and following.position >= current.position:
            log.info("view.switched", view=self.views.name, to=str(following.store.name), position=following.position)
            self._retired.append(current)
            self._current, self._next = following, None
            self._look.set()
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()
        if any(follower and follower.gone for follower in (self._current, self._next)):
            self._look.set()

    async def _retire(self, follower: Follower) -> None:
        """Let go of what is read no more, once the last page has finished with it."""
        await follower.stop()
        if follower.readers:
            return
        self._retired.remove(follower)
        assert self._current is not None
        if not follower.gone and follower.store.name.age < self._current.store.name.age:
            await asyncio.to_thread(follower.store.drop)
        else:
            follower.store.close()

    async def _tidy(self, found: Sequence[Found]) -> None:
        """Drop what older releases, or rebuilds that were cut short, have left behind; never what is of a newer one."""
        current, own = self._current, self.views.database()
        if not (current and current.complete and current.store.name.kind == own.kind):
            return
        in_use = {follower.store.name for follower in (current, self._next, *self._retired) if follower}
        for there in found:
            name = there.name
            readable = name.fingerprint == own.fingerprint
            is_older = name.age < current.store.name.age if readable else name.release <= own.release
            # who reads other columns can't read ours in their place
            due = is_older and (readable or self._stands_still(there))
            if due and name not in in_use | self._dropped:
                await asyncio.to_thread(self._databases.drop, name)
                self._dropped.add(name)
                log.info("view.dropped", view=self.views.name, database=str(name))

    def _stands_still(self, there: Found) -> bool:
        now = time.monotonic()
        position, since = self._stood.get(there.name, (-1, now))
        if there.position != position or position >= self.position:
            self._stood[there.name] = there.position, now
            return False
        return now - since > _GRACE


def choose(
    own: DatabaseName, found: Sequence[Found], *, starting: bool, outdated: bool = False
) -> tuple[DatabaseName, DatabaseName | None]:
    """Which database to read, and which to fill beside it, if any. `own` names release and columns of this process.

    Read is what is complete, of another release too as long as the columns are the same. A release that is older than
    what it finds fills its own only when it starts: somebody went back to it. While it runs, it is on its way out; and
    where it is outdated, by an event that it can't read, it leaves its own for that of the newer one.
    """
    mine = [there.name for there in found if there.name.kind == own.kind]
    newest = max(mine, key=lambda name: name.age, default=own)
    readable = [there.name for there in found if there.complete and there.name.fingerprint == own.fingerprint]
    if outdated:
        readable = [name for name in readable if name.release > own.release] or readable
    if not readable:
        return newest, None
    best = max(readable, key=lambda name: (name.release == own.release, name.age))
    if best.release == own.release:
        return best, newest if newest.generation > best.generation else None
    return best, newest if starting or best.release < own.release else None
