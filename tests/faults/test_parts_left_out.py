"""A system with only some of its parts: what is there works, and says what is not."""

from __future__ import annotations

from pathlib import Path

import httpx

from tests.journeys import loop
from tests.support.people import HERE, new_id
from tests.support.system import api_of, running_system

SOME = ["registry", "assistance", "exchange", "volunteer", "edge"]


def test_the_parts_that_run_work_without_the_others(tmp_path: Path):
    with running_system(tmp_path / "data", SOME) as system:
        api = api_of(system)
        loop.open_communities(api)
        person = loop.register(api)
        need = new_id("need")
        who = {"person_id": person["person_id"]}
        api.send("RaiseNeed", need_id=need, community=HERE, channel="walk_in", domain="rights", **who)
        figures = api.overview(HERE)["figures"]
        assert (figures["persons"]["value"], figures["needs_open"]["value"]) == (1, 1)

        health = httpx.get(f"{system.url}/health", trust_env=False).json()
        assert set(SOME) <= set(health["parts"])
        missing = httpx.get(f"{system.url}/provider", trust_env=False)
        assert missing.status_code in {502, 503}
        assert "Try again" in missing.text
