"""The exchange API as a program uses it: commands by role, events after a position."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx

Event = dict[str, Any]
TokenMaker = Callable[..., str]
"""`make_token("--role", "staff", …)` gives the token that `canlian token` prints with these arguments."""


class Refusal(AssertionError):
    """The API's no: its status and its body."""

    def __init__(self, response: httpx.Response) -> None:
        super().__init__(f"{response.status_code} {response.text}")
        self.status = response.status_code
        self.body: dict[str, Any] = response.json() if "json" in response.headers.get("content-type", "") else {}

    @property
    def code(self) -> str:
        return str(self.body.get("code"))


@dataclass
class Api:
    """One system's API. Tokens are made once for each role and actor."""

    url: str
    make_token: TokenMaker
    scope: str = "429999001"
    _tokens: dict[tuple[str, ...], str] = field(default_factory=dict)

    def token(self, role: str, *more: str) -> str:
        asked = ("--role", role, "--community", self.scope, *more)
        if asked not in self._tokens:
            self._tokens[asked] = self.make_token(*asked)
        return self._tokens[asked]

    def send(
        self, name: str, role: str = "staff", /, *, by: tuple[str, ...] = (), key: str | None = None, **fields: Any
    ) -> dict[str, Any]:
        """The answer to one command. Raises Refusal. Waits, with the same key, for a system that is coming back up."""
        headers = {"Authorization": f"Bearer {self.token(role, *by)}", "Idempotency-Key": key or str(uuid4())}
        end = time.monotonic() + 40
        while True:
            try:
                response = httpx.post(
                    f"{self.url}/api/v1/commands/{name}", json=fields, headers=headers, timeout=30, trust_env=False
                )
            except httpx.HTTPError:
                response = None
            if response is not None and response.status_code == httpx.codes.OK:
                answer: dict[str, Any] = response.json()
                return answer
            if response is not None and response.status_code < 500:
                raise Refusal(response)
            assert time.monotonic() < end, f"{name}: {response and response.text}"
            time.sleep(0.2)

    def events(self, after: int = 0, *types: str) -> list[Event]:
        """All events after a position, of these types if any are named."""
        found: list[Event] = []
        while True:
            asked: list[tuple[str, str | int | float | None]] = [
                ("after", after),
                ("limit", 5000),
                *(("type", t) for t in types),
            ]
            response = httpx.get(
                f"{self.url}/api/v1/events",
                params=asked,
                headers={"Authorization": f"Bearer {self.token('staff')}"},
                timeout=60,
                trust_env=False,
            )
            if response.status_code != httpx.codes.OK:
                raise Refusal(response)
            page = [json.loads(line) for line in response.text.splitlines() if line]
            found += page
            reached = int(response.headers["Canlian-Position"])
            if not page or reached <= after:
                return found
            after = reached

    def wait_for(self, name: str, seconds: float = 20, /, **wanted: Any) -> Event:
        """The event of this name whose data hold what is wanted, as soon as it is in the log."""
        end = time.monotonic() + seconds
        while True:
            for event in self.events(0, name):
                if wanted.items() <= event["data"].items():
                    return event
            assert time.monotonic() < end, f"no {name} with {wanted} within {seconds:g} s"
            time.sleep(0.2)

    def overview(self, community: str) -> dict[str, Any]:
        response = httpx.get(
            f"{self.url}/api/v1/communities/{community}",
            headers={"Authorization": f"Bearer {self.token('staff')}"},
            timeout=30,
            trust_env=False,
        )
        if response.status_code != httpx.codes.OK:
            raise Refusal(response)
        overview: dict[str, Any] = response.json()
        return overview
