"""Whether parts are ready, asked of each: a tool over HTTP at /health, a service over the log's server."""

import json
from collections.abc import Collection
from datetime import timedelta
from types import TracebackType
from typing import Self

import httpx
import nats.errors
from nats.aio.client import Client as Nats

from canlian_chassis.bus.client import open_connection
from canlian_chassis.clock import read_ahead
from canlian_chassis.policies.parked import Parking
from canlian_chassis.settings import Settings
from canlian_operator.running.parts import Kind, Part

PATIENCE = 5.0


class Health:
    """Asks over connections that it keeps for as long as the `async with` block lasts."""

    def __init__(self, nats_url: str) -> None:
        self._settings = Settings(nats_url=nats_url)
        self._http = httpx.AsyncClient(timeout=PATIENCE, trust_env=False)
        self._nats: Nats | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()
        if self._nats:
            await self._nats.close()

    async def of_part(self, part: Part, address: str) -> bool:
        if part.kind is Kind.TOOL:
            return await self.of_url(f"http://{address}/health")
        return await self.of_service(part.name)

    async def of_url(self, url: str) -> bool:
        try:
            return (await self._http.get(url)).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    async def of_all(self, address: str, besides: Collection[str]) -> bool:
        """What the edge says of every part, besides some."""
        try:
            answer = await self._http.get(f"{address}/health")
            parts = {} if answer.status_code == httpx.codes.OK else answer.json()["parts"]
            return all(part["status"] == "ready" for name, part in parts.items() if name not in besides)
        except (httpx.HTTPError, ValueError, LookupError, TypeError, AttributeError):
            return False

    async def clock_ahead(self) -> timedelta:
        """How far ahead of the real time the system's clock was moved, as tests do."""
        return await read_ahead(await self._connection())

    async def parked(self) -> int:
        """How many events the services' policies have set aside."""
        return len(await (await Parking.open(await self._connection())).parked())

    async def _connection(self) -> Nats:
        self._nats = self._nats or await open_connection(self._settings, "operator")
        return self._nats

    async def of_service(self, name: str) -> bool:
        nc = await self._connection()
        try:
            answer = await nc.request(f"health.{name}", timeout=1)
        except nats.errors.Error:
            return False
        return bool(json.loads(answer.data)["status"] == "ready")
