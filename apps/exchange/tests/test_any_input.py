"""Whatever is sent, the exchange answers as its OpenAPI document says, and never with a fault of its own."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import schemathesis
from apps.exchange.tests.running import STAFF, Api
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.core.result import Ok

from canlian_exchange import callers

_FEW = settings(
    max_examples=2,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
_WITHOUT_END = {"/api/v1/events/stream"}


def try_all(document: dict[str, Any], url: str, token: str) -> list[str]:
    """What went wrong, for a few requests of each operation."""
    wrong: list[str] = []
    schema = schemathesis.openapi.from_dict(document)
    schema.config.update(base_url=url)
    for result in schema.get_all_operations():
        assert isinstance(result, Ok), result
        operation = result.ok()
        if operation.path in _WITHOUT_END:
            continue

        @_FEW
        @given(case=operation.as_strategy())
        def check(case: Any) -> None:
            case.headers = {**(case.headers or {}), "Authorization": f"Bearer {token}"}
            response = case.call()
            known = {int(status) for status in case.operation.definition.raw["responses"]}
            if response.status_code >= 500 and response.status_code != 503:
                wrong.append(f"{case.method} {case.path}: {response.status_code}")
            elif response.status_code not in known | {405, 404}:
                wrong.append(f"{case.method} {case.path}: {response.status_code} is not documented")

        check()
    return wrong


async def test_no_request_that_fits_the_document_is_a_fault(api: Api, monkeypatch: pytest.MonkeyPatch):
    api.tool.client._patience = 0.05
    monkeypatch.setattr(callers, "PATIENCE", 0.05)
    document = (await api.get("/api/openapi.json")).json()
    assert await asyncio.to_thread(try_all, document, api.url, api.token(STAFF)) == []
