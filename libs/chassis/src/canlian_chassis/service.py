"""Wires one service: its deciders, queries and policies onto the bus and the log. Knows no domain word."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import pydantic_core
import structlog
from nats.aio.client import Client as Nats
from pydantic import ValidationError

from canlian_chassis import logs, tasks
from canlian_chassis.bus import wire
from canlian_chassis.bus.client import open_connection
from canlian_chassis.bus.wire import Answer, Headers
from canlian_chassis.clock import CLOCK
from canlian_chassis.command.envelope import invalid
from canlian_chassis.command.handler import Handler
from canlian_chassis.decider import Decider, Rejected
from canlian_chassis.erasure import enforce as erasing
from canlian_chassis.keys.store import Keys, key_folder
from canlian_chassis.listening import Listening
from canlian_chassis.log.jetstream import Log
from canlian_chassis.policies.lease import Lease
from canlian_chassis.policies.runner import PolicyRunner
from canlian_chassis.policies.timers import TimerRunner, Timers
from canlian_chassis.policy import Policy
from canlian_chassis.settings import Settings
from canlian_chassis.tokens import BadToken, Signer, Verifier
from canlian_chassis.views.runner import ViewRunner, Views
from canlian_events import subjects
from canlian_events.core import Message, Query

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Question:
    """A query a service answers: `answer(session, query, actor)` reads the service's own view."""

    query: type[Query]
    answer: Callable[..., Message]


def question(query: type[Query]) -> Callable[[Callable[..., Message]], Question]:
    """Declare the function below as the answer to a query."""

    def declare(answer: Callable[..., Message]) -> Question:
        return Question(query, answer)

    return declare


class Service:
    """One service. `run()` until stopped; `asyncapi()` describes what it takes and tells."""

    def __init__(
        self,
        name: str,
        *,
        context: str,
        deciders: Sequence[Decider[Any, Any, Any]],
        policies: Sequence[Policy] = (),
        questions: Sequence[Question] = (),
        views: Views | None = None,
        settings: Settings | None = None,
    ) -> None:
        self.name, self.context = name, context
        self.deciders, self.policies, self.questions, self.views = deciders, policies, questions, views
        self.settings = settings or Settings()

    def run(self) -> None:
        """Serve until SIGINT or SIGTERM."""
        logs.configure(self.name, self.settings.log_level)
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        stop, ready = asyncio.Event(), asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)

        async def serve() -> None:
            async with self.running():
                log.info("service.ready", service=self.name)
                ready.set()
                await stop.wait()

        serving, stopping = asyncio.create_task(serve()), asyncio.create_task(stop.wait())
        await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if ready.is_set() or serving.done():
            await serving
        else:
            # still waiting for a server that may never come
            await tasks.stop(serving)
        await tasks.stop(stopping)
        log.info("service.stopped", service=self.name)

    @contextlib.asynccontextmanager
    async def running(self) -> Any:
        """The service at work, for as long as the block lasts."""
        keys = await asyncio.to_thread(Keys.of, self.settings)
        nc = await open_connection(self.settings, self.name)
        await Log(nc).ensure(self.settings.replicas)
        if back := await erasing.enforce(Log(nc), keys):
            log.warning("keys.destroyed_again", subjects=back)
        runner = ViewRunner(self.views, self.settings, keys) if self.views else None
        if runner:
            await runner.start(nc)
        signer = Signer(key_folder(self.settings))
        handler = Handler(
            Log(nc), keys, Verifier(key_folder(self.settings)), self.deciders, self.settings.subdistrict, runner
        )
        listening = Listening(nc, self.name)
        forgetting = asyncio.create_task(handler.aggregates.keep_forgetting())
        try:
            async with CLOCK.following(nc, self.settings):
                await self._listen(listening, handler, runner)
                async with self._reacting(nc, signer, keys, runner) as policies:
                    await nc.subscribe(f"health.{self.name}", cb=self._health(nc, runner, policies))
                    yield self
        finally:
            await listening.stop()
            await tasks.stop(forgetting)
            if runner:
                await runner.stop()
            await nc.close()

    @contextlib.asynccontextmanager
    async def _reacting(
        self, nc: Nats, signer: Signer, keys: Keys, runner: ViewRunner | None
    ) -> AsyncIterator[PolicyRunner | None]:
        """The service's policies and their timers at work, for as long as the block lasts."""
        if not self.policies:
            yield None
            return
        replicas = self.settings.replicas
        lease, timers = Lease(self.name, nc, replicas), Timers(self.name, nc, CLOCK, replicas)
        await timers.ensure()
        policies = PolicyRunner(self.name, self.policies, signer, keys, runner, timers, lease, replicas)
        due = TimerRunner(timers, self.name, nc, CLOCK, policies.token, lease.check)
        works = (lambda: policies.run(nc), due.send_what_is_due, due.keep_in_step)
        working = asyncio.create_task(lease.run(*works))
        try:
            yield policies
        finally:
            await tasks.stop(working)
            await lease.give_back()

    async def _listen(self, listening: Listening, handler: Handler, runner: ViewRunner | None) -> None:
        for decider in self.deciders:
            for kind in decider.commands:
                await listening.listen(subjects.command(kind), partial(_command, handler, kind.__name__))
        verifier = Verifier(key_folder(self.settings))
        for asked in self.questions:
            await listening.listen(subjects.query(asked.query), partial(_answer, asked, runner, verifier))
        await listening.listen(subjects.commands_in_bulk(self.context), partial(_bulk, handler))

    def _health(self, nc: Nats, runner: ViewRunner | None, policies: PolicyRunner | None) -> Any:
        async def take(message: Any) -> None:
            parts: dict[str, Any] = {"nats": "connected" if nc.is_connected else "disconnected"}
            ready = nc.is_connected
            if runner:
                parts["views"] = runner.state
                ready = ready and runner.level
            if policies:
                parts["policies"] = policies.state
            await message.respond(json.dumps({"status": "ready" if ready else "not ready", "parts": parts}).encode())

        return take

    def asyncapi(self) -> dict[str, Any]:
        """The AsyncAPI 3 document: commands and queries received, events told. Needs no server."""
        from canlian_chassis import asyncapi  # noqa: PLC0415 - a service at work needs no FastStream

        return asyncapi.document(
            self.name,
            [decider.aggregate for decider in self.deciders],
            [kind for decider in self.deciders for kind in decider.commands],
            [asked.query for asked in self.questions],
        )


async def _command(handler: Handler, name: str, body: bytes, headers: Headers) -> bytes:
    return _reply(await handler.handle(name, body, headers))


async def _bulk(handler: Handler, body: bytes, headers: Headers) -> bytes:
    return pydantic_core.to_json(await handler.handle_many(pydantic_core.from_json(body), headers))


async def _answer(
    asked: Question, runner: ViewRunner | None, verifier: Verifier, body: bytes, headers: Headers
) -> bytes:
    """A query's answer, or why there is none."""
    try:
        actor = verifier.actor(headers.get(wire.TOKEN, ""))
        if not actor.may_send(asked.query):
            return _reply(Answer(status="not_allowed", code="wrong_role", facts={"needed": sorted(asked.query.by)}))
        query = asked.query.model_validate_json(body)
        assert runner is not None, "a service with questions has a view"
        return pydantic_core.to_json({"answer": await runner.read(asked.answer, query, actor)})
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


def _loop_factory() -> Any:
    try:
        import uvloop  # noqa: PLC0415 - not on every platform
    except ImportError:
        return None
    return uvloop.new_event_loop
