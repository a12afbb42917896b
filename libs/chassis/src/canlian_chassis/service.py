"""A service on one page: what it decides, answers and reacts to. Knows no domain word."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from canlian_chassis import logs
from canlian_chassis.decider import Decider
from canlian_chassis.policy import Policy
from canlian_chassis.serving import Serving
from canlian_chassis.settings import Settings
from canlian_chassis.views.runner import Views
from canlian_events.core import Message, Query


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
            app = Serving(self).app
            app.after_startup(_leave_alone_what_stays)
            runner.run(app.run())

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[Service]:
        """The service at work, for as long as the block lasts."""
        app = Serving(self).app
        try:
            await app.start()
            yield self
        finally:
            await app.stop()

    def asyncapi(self) -> dict[str, Any]:
        """The AsyncAPI 3 document: commands and queries received, events told. Needs no server."""
        made: dict[str, Any] = json.loads(Serving(self).app.schema.to_specification().to_json())
        return made


def _leave_alone_what_stays() -> None:
    """What the process has loaded is not looked through for garbage again and again, which each message pays for."""
    gc.collect()
    gc.freeze()


def _loop_factory() -> Any:
    try:
        import uvloop  # noqa: PLC0415 - not on every platform
    except ImportError:
        return None
    return uvloop.new_event_loop
