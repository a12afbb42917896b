"""Requests made from the exchange's own OpenAPI document: such as fit it, and such as do not.

Every answer must be one the document knows, and look as it says. Afterwards the log must hold what was accepted, and
nothing else. `python -m apps.exchange.tests.fuzzing --for 300 --seed 7` goes on for as long as wanted.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import randrange
from typing import Any

import requests
import schemathesis
from apps.exchange.tests.running import HERE, STAFF, Api, open_communities, serving
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from canlian_assistance.app import service as assistance
from canlian_catalog.app import service as catalog
from canlian_chassis.log.following import look_at_entry
from canlian_chassis.log.jetstream import Log
from canlian_chassis.service import Service
from canlian_chassis.settings import Settings
from canlian_chassis.testing.servers import free_port, nats_server
from canlian_evaluation.app import service as evaluation
from canlian_events import subjects
from canlian_exchange.access import callers
from canlian_registry.app import service as registry

SERVICES = (registry, assistance, catalog, evaluation)
WITHOUT_END = {"/api/v1/events/stream"}
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
_ID = re.compile(r"([a-z]+)_[0-9a-z]{8,}")
_COMMUNITY = re.compile(r"\d{12}")


@asynccontextmanager
async def whole(settings: Settings) -> AsyncIterator[Api]:
    """Every service and the exchange, in this process."""
    async with AsyncExitStack() as stack:
        for one in SERVICES:
            own = Service(
                one.name,
                context=one.context,
                deciders=one.deciders,
                policies=one.policies,
                questions=one.questions,
                views=one.views,
                settings=settings,
            )
            await stack.enter_async_context(own.running())
        await open_communities(settings)
        yield await stack.enter_async_context(serving(settings))


@dataclass
class Tried:
    """`told`: ids of the events in accepted answers."""

    wrong: Counter[str] = field(default_factory=Counter)
    answers: Counter[int] = field(default_factory=Counter)
    told: set[str] = field(default_factory=set)


class Fuzzer:
    def __init__(self, document: dict[str, Any], url: str, token: str) -> None:
        self._schema = schemathesis.openapi.from_dict(document)
        self._schema.config.update(base_url=url)
        self._session = requests.Session()
        self._session.trust_env = False
        self._token = token
        self.tried = Tried()

    def run(self, examples: int, number: int) -> None:
        """So many requests of each operation that fit, and as many that do not."""
        for result in self._schema.get_all_operations():
            assert isinstance(result, Ok), result
            operation = result.ok()
            if operation.path not in WITHOUT_END:
                for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
                    self._try(operation, mode, examples, number)

    def _try(self, operation: Any, mode: GenerationMode, examples: int, number: int) -> None:
        @seed(number)
        @settings(
            max_examples=examples,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def one(case: Any) -> None:
            case.body = steer(case.body)
            self._ask(case)

        try:
            one()
        except Exception as error:  # what cannot be generated at all is no finding
            if type(error).__name__ != "Unsatisfiable":
                raise

    def _ask(self, case: Any) -> None:
        case.headers = {**dict(case.headers or {}), "Authorization": f"Bearer {self._token}"}
        response = case.call(session=self._session)
        self.tried.answers[response.status_code] += 1
        if response.status_code in (404, 405) and "{" in case.operation.path:
            return  # a made-up part of an address may be no address at all
        try:
            case.validate_response(response, checks=_checks(response.status_code))
        except FailureGroup as group:
            for failure in group.exceptions:
                self._note(case, response, failure)
        except Failure as failure:
            self._note(case, response, failure)
        dry = {name.lower(): value for name, value in dict(case.headers or {}).items()}.get("dry-run")
        if response.status_code == 200 and case.method == "POST" and dry not in ("1", "true"):
            self.tried.told |= {event["id"] for event in response.json()["events"]}

    def _note(self, case: Any, response: Any, failure: BaseException) -> None:
        said = " ".join(str(failure).split())[:300]
        self.tried.wrong[f"{case.method} {case.operation.path} {response.status_code}: {said}"] += 1


def _checks(status: int) -> list[Any]:
    """Nobody answering in time is no fault where the document says that it may be."""
    return [check for check in CHECKS if not (status == 503 and check is not_a_server_error)]


def steer(body: Any) -> Any:
    """The same, in a community there is and about a few things, so that commands meet each other."""
    match body:
        case dict():
            return {name: steer(part) for name, part in body.items()}
        case list():
            return [steer(part) for part in body]
        case str() if found := _ID.fullmatch(body):
            return f"{found[1]}_fuzz{sum(body.encode()) % 3:08d}"
        case str() if _COMMUNITY.fullmatch(body):
            return HERE
        case _:
            return body


async def unaccounted(api: Api, after: int, told: set[str]) -> list[str]:
    """Events that no accepted answer told of, nor followed from another event; and those told of and not there."""
    assert api.tool.nats is not None
    found = [look_at_entry(entry) for entry in await Log(api.tool.nats).read(subjects.EVENTS, after)]
    own = {meta.id: type(event).__name__ for event, meta in found if meta.cause is None and STAFF.id in meta.actor}
    # a read that opens personal values records that it did
    strange = [name for id_, name in own.items() if id_ not in told and name != "FileShown"]
    return strange + [f"told and not stored: {id_}" for id_ in told - {meta.id for _, meta in found}]


async def fuzz(api: Api, examples: int, number: int, until: float = 0.0) -> tuple[Tried, list[str]]:
    """One round, and more until the moment (of the monotonic clock) has come."""
    document = (await api.get("/api/openapi.json")).json()
    fuzzer = Fuzzer(document, api.url, api.token(STAFF, 24 * 3600))
    assert api.tool.nats is not None
    after = await Log(api.tool.nats).last_position()
    await asyncio.to_thread(fuzzer.run, examples, number)
    while time.monotonic() < until:
        number += 1
        await asyncio.to_thread(fuzzer.run, examples, number)
    return fuzzer.tried, await unaccounted(api, after, fuzzer.tried.told)


async def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m apps.exchange.tests.fuzzing", description=__doc__)
    parser.add_argument("--for", dest="seconds", type=float, default=300)
    parser.add_argument("--seed", type=int, default=randrange(10_000))
    asked = parser.parse_args()
    callers.PATIENCE = 0.2
    with tempfile.TemporaryDirectory(prefix="canlian-fuzz-") as folder, nats_server(Path(folder) / "nats") as nats:
        async with whole(Settings(nats_url=nats.url, data=Path(folder) / "var", port=free_port())) as api:
            tried, strange = await fuzz(api, 5, asked.seed, time.monotonic() + asked.seconds)
    say = sys.stdout.write
    say(f"seed {asked.seed}; answers {dict(sorted(tried.answers.items()))}; {len(tried.told)} events accepted\n")
    for wrong, times in tried.wrong.most_common():
        say(f"{times:5} × {wrong}\n")
    for name in strange:
        say(f"in the log and not accepted: {name}\n")
    return 1 if tried.wrong or strange else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
