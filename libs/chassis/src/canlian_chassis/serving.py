"""A service at work: a FastStream application, with what is begun before its subscribers and ended after them."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from functools import partial
from typing import TYPE_CHECKING, Any

import pydantic_core
import structlog
from faststream import FastStream
from faststream.specification import AsyncAPI
from nats.aio.client import Client as Nats
from nats.aio.msg import Msg
from pydantic import ValidationError

from canlian_chassis import tasks
from canlian_chassis.bus import wire
from canlian_chassis.bus.broker import Broker
from canlian_chassis.bus.telemetry import Telemetry
from canlian_chassis.bus.wire import Answer, BulkCommands, Headers
from canlian_chassis.clock import CLOCK
from canlian_chassis.command.envelope import invalid
from canlian_chassis.command.handler import Handler
from canlian_chassis.decider import Rejected
from canlian_chassis.erasure.enforce import enforce_erasures
from canlian_chassis.keys.store import Keys, key_folder
from canlian_chassis.log.jetstream import Log
from canlian_chassis.policies.lease import Lease
from canlian_chassis.policies.runner import PolicyRunner
from canlian_chassis.policies.timers import TimerRunner, Timers
from canlian_chassis.tokens import BadToken, Signer, Verifier
from canlian_chassis.views.runner import ViewRunner
from canlian_events import subjects
from canlian_events.core import EVENTS

if TYPE_CHECKING:
    from canlian_chassis.service import Question, Service

log = structlog.get_logger()
VERSION = "0.1.0"


class Serving:
    """One run of a service. `app` starts and stops it; without that it describes what it would answer."""

    def __init__(self, service: Service) -> None:
        self._service, self._settings = service, service.settings
        self._verifier = Verifier(key_folder(service.settings))
        self._handler: Handler
        self._view: ViewRunner | None = None
        self._policies: PolicyRunner | None = None
        self._begun = contextlib.AsyncExitStack()
        """What was begun, to be ended in the other order."""
        self._telemetry = Telemetry(service.settings, service.name)
        self.broker = Broker(service.settings, service.name, self._telemetry.middlewares)
        self._subscribe()
        self._tell()
        self.app = FastStream(
            self.broker,
            logger=None,
            specification=AsyncAPI(title=f"canlian {service.name}", version=VERSION),
            on_startup=[self._prepare],
            after_startup=[self._react],
            on_shutdown=[self._leave],
        )

    def _subscribe(self) -> None:
        for decider in self._service.deciders:
            for kind in decider.commands:
                self.broker.answer(subjects.command(kind), kind, partial(self._command, kind.__name__))
        for asked in self._service.questions:
            self.broker.answer(subjects.query(asked.query), asked.query, partial(self._answer, asked))
        self.broker.answer(subjects.commands_in_bulk(self._service.context), BulkCommands, self._bulk)

    def _tell(self) -> None:
        """The events, for the description alone: they are appended to the log, not published by FastStream."""
        whose = {decider.aggregate for decider in self._service.deciders}
        for event in EVENTS.values():
            if event.aggregate in whose:
                subject = subjects.events_of(event.aggregate.context, event.aggregate.name)
                about = (event.__doc__ or "").strip()
                self.broker.publisher(subject, schema=event, title=event.type, description=about)

    async def _prepare(self) -> None:
        """All that an answer needs, before anything is asked."""
        settings, service = self._settings, self._service
        keys = await asyncio.to_thread(Keys.of, settings)
        nc = await self.broker.connect()
        await Log(nc).ensure(settings.replicas)
        if back := await enforce_erasures(Log(nc), keys):
            log.warning("keys.destroyed_again", subjects=back)
        self._begun.push_async_callback(self._telemetry.stop)
        if service.views:
            self._view = ViewRunner(service.views, settings, keys)
            self._begun.push_async_callback(self._view.stop)
            await self._view.start(nc)
        self._handler = Handler(Log(nc), keys, self._verifier, service.deciders, settings.subdistrict, self._view)
        self._keys = keys
        forgetting = asyncio.create_task(self._handler.aggregates.keep_forgetting())
        self._begun.push_async_callback(tasks.stop, forgetting)
        await self._begun.enter_async_context(CLOCK.following(nc, settings))
        self._begun.push_async_callback(self.broker.take_no_more)

    async def _react(self) -> None:
        """Policies, once their commands find somebody; and whoever asks is told that it is ready."""
        nc = await self.broker.connect()
        await self._begun.enter_async_context(self._at_policies(nc))
        await nc.subscribe(f"health.{self._service.name}", cb=self._health)
        self._telemetry.start()
        log.info("service.ready", service=self._service.name)

    @contextlib.asynccontextmanager
    async def _at_policies(self, nc: Nats) -> AsyncIterator[None]:
        """The service's policies and their timers at work, for as long as the block lasts."""
        if not self._service.policies:
            yield
            return
        name, replicas = self._service.name, self._settings.replicas
        signer = Signer(key_folder(self._settings))
        lease, timers = Lease(name, nc, replicas), Timers(name, nc, CLOCK, replicas)
        await timers.ensure()
        policies = PolicyRunner(name, self._service.policies, signer, self._keys, self._view, timers, lease, replicas)
        due = TimerRunner(timers, name, nc, CLOCK, policies.token, lease.check)
        works = (lambda: policies.run(nc), due.send_what_is_due, due.keep_in_step)
        working = asyncio.create_task(lease.run(*works))
        self._policies = policies
        try:
            yield
        finally:
            await tasks.stop(working)
            await lease.give_back()

    async def _leave(self) -> None:
        """Before FastStream closes the connection."""
        await self._begun.aclose()
        log.info("service.stopped", service=self._service.name)

    async def _health(self, message: Msg) -> None:
        connected = self.broker.connection.is_connected
        parts: dict[str, Any] = {"nats": "connected" if connected else "disconnected"}
        ready = connected
        if self._view:
            parts["views"] = self._view.state
            ready = ready and self._view.level
        if self._policies:
            parts["policies"] = self._policies.state
        await message.respond(json.dumps({"status": "ready" if ready else "not ready", "parts": parts}).encode())

    async def _command(self, name: str, body: bytes, headers: Headers) -> bytes:
        return _reply(await self._handler.handle(name, body, headers))

    async def _bulk(self, body: bytes, headers: Headers) -> bytes:
        return pydantic_core.to_json(await self._handler.handle_many(pydantic_core.from_json(body), headers))

    async def _answer(self, asked: Question, body: bytes, headers: Headers) -> bytes:
        """A query's answer, or why there is none."""
        try:
            actor = self._verifier.actor(headers.get(wire.TOKEN, ""))
            if not actor.may_send(asked.query):
                return _reply(Answer(status="not_allowed", code="wrong_role", facts={"needed": sorted(asked.query.by)}))
            query = asked.query.model_validate_json(body)
            assert self._view is not None, "a service with questions has a view"
            return pydantic_core.to_json({"answer": await self._view.read(asked.answer, query, actor)})
        except BadToken as error:
            return _reply(Answer(status="not_allowed", code="bad_token", facts={"why": str(error)}))
        except ValidationError as error:
            return _reply(invalid(error))
        except Rejected as rejected:
            return _reply(Answer(status="refused", code=rejected.code, facts=rejected.facts))
        except Exception:
            log.exception("query.failed", query=asked.query.__name__)
            return _reply(Answer(status="failed", code="failed"))


def _reply(answer: Answer) -> bytes:
    return answer.__pydantic_serializer__.to_json(answer)
