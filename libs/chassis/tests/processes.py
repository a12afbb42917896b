"""Handlers as two processes of a service would have them, and what happens between two steps of one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

from nats.aio.client import Client as Nats

from canlian_chassis.bus import wire
from canlian_chassis.bus.wire import Answer
from canlian_chassis.command.facts import View
from canlian_chassis.command.handler import Handler
from canlian_chassis.decider import Decider
from canlian_chassis.keys.store import Keys, key_folder
from canlian_chassis.log.jetstream import Log
from canlian_chassis.settings import Settings
from canlian_chassis.tokens import Signer, Verifier
from canlian_events.core import Command, encode
from canlian_events.ids import new_id
from canlian_events.meta import Actor
from canlian_events.terms import Role

STAFF = Actor("worker_00000001", frozenset({Role.STAFF}), ("429999",))


class Process:
    """What one process of a service has: its own memory, and its own key store on the same database."""

    def __init__(
        self,
        nc: Nats,
        settings: Settings,
        deciders: Iterable[Decider[Any, Any, Any]],
        view: View | None = None,
        by: Actor = STAFF,
    ) -> None:
        self.keys, self.log = Keys.of(settings), Log(nc)
        self._token = Signer(key_folder(settings)).sign(by)
        verifier = Verifier(key_folder(settings))
        self.handler = Handler(self.log, self.keys, verifier, deciders, settings.subdistrict, view)

    async def do(self, command: Command, id: str | None = None, **headers: str) -> Answer:
        told = {wire.TOKEN: self._token, wire.COMMAND: id or new_id("command")} | headers
        return await self.handler.handle(type(command).__name__, encode(command), told)

    async def do_all(self, commands: Sequence[tuple[str, Command]]) -> list[Answer]:
        items = [{"id": id_, "name": type(c).__name__, "body": encode(c).decode()} for id_, c in commands]
        return await self.handler.handle_many(items, {wire.TOKEN: self._token})

    def before_storing(self, happens: Callable[[], Awaitable[object]]) -> None:
        """Once, between what this process next decides and its being stored."""
        append = self.handler._appending.append

        async def later(entries: Any) -> list[int]:
            self.handler._appending.append = append  # type: ignore[method-assign]
            await happens()
            return await append(entries)

        self.handler._appending.append = later  # type: ignore[method-assign]

    def after_asking_where(self, happens: Callable[[], Awaitable[object]]) -> None:
        """Once, after this process next asked which subjects an aggregate has, and before it reads them."""
        last_positions = self.log.last_positions

        async def asked(filters: Sequence[str]) -> dict[str, int]:
            self.log.last_positions = last_positions  # type: ignore[method-assign]
            found = await last_positions(filters)
            await happens()
            return found

        self.log.last_positions = asked  # type: ignore[method-assign]
