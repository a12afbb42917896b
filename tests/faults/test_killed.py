"""Real processes killed while they work: nothing acknowledged is lost, nothing is doubled, the views come out right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.journeys import loop
from tests.support.api import Api
from tests.support.fresh import VIEWS, differences
from tests.support.people import HERE, new_person
from tests.support.system import System, api_of, running_system

COMMANDS = 60


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """A system of this module's own, which may be hurt."""
    with running_system(tmp_path_factory.mktemp("hurt") / "data") as system:
        loop.open_communities(api_of(system))
        yield system


@pytest.fixture(scope="module")
def api(own: System) -> Api:
    return api_of(own)


def register_many(api: Api) -> dict[str, dict[str, Any]]:
    """Key → answer of many registrations, sent by four callers at once, each until it is answered."""
    api.token("staff")

    def one(key: str) -> tuple[str, dict[str, Any]]:
        return key, api.send("RegisterPerson", key=key, **new_person())

    with ThreadPoolExecutor(4) as pool:
        return dict(pool.map(one, (str(uuid4()) for _ in range(COMMANDS))))


def each_is_in_the_log_once(api: Api, answers: dict[str, dict[str, Any]]) -> None:
    stored = Counter(event["id"] for event in api.events(0, "PersonRegistered"))
    acknowledged = [event["id"] for answer in answers.values() for event in answer["events"]]
    assert len(acknowledged) == COMMANDS
    assert {stored[id_] for id_ in acknowledged} == {1}


def views_are_right(own: System, *parts: str) -> None:
    for part in parts or VIEWS:
        assert differences(part, own.nats_url, own.data) == {}, part


def kill_in_the_middle(own: System, part: str, api: Api) -> dict[str, dict[str, Any]]:
    """Answers to many commands, during which the part is killed, and once more when it is back."""
    with ThreadPoolExecutor(1) as pool:
        answers = pool.submit(register_many, api)
        for _ in range(2):
            old = own.kill(part)
            own.until_restarted(part, old)
        done = answers.result(timeout=120)
    own.until_healthy()
    return done


@pytest.mark.parametrize("part", ["nats-server", "registry", "exchange"])
def test_killed_in_the_middle_of_commands(own: System, api: Api, part: str):
    answers = kill_in_the_middle(own, part, api)
    each_is_in_the_log_once(api, answers)
    views_are_right(own)


def test_a_tool_killed_in_the_middle_of_a_batch(own: System, api: Api):
    sample = own.data.parent / "sample"
    assert own.command("sample", str(sample), "--people", "400").returncode == 0
    assert own.command("import", "communities", str(sample / "communities.csv")).returncode == 0
    with ThreadPoolExecutor(1) as pool:
        imported = pool.submit(own.command, "import", "roster", str(sample / "roster.xlsx"), "--json")
        for _ in range(2):
            old = own.kill("federation")
            own.until_restarted("federation", old)
        assert imported.result(timeout=120).returncode == 0
    own.until_healthy()
    views_are_right(own, "federation", "exchange")


def test_a_deleted_view_is_folded_again(own: System, api: Api):
    for file in (own.data / "views").glob("*"):
        file.unlink()
    register_many(api)
    own.until_healthy()
    views_are_right(own)


def test_all_killed_at_once_carries_on_from_the_data(tmp_path: Path):
    with running_system(tmp_path / "data") as system:
        api = api_of(system)
        loop.open_communities(api)
        person = loop.register(api)
        assert system.process
        system.process.kill()
        system.process.wait(timeout=10)
    with running_system(tmp_path / "data") as system:
        api = api_of(system)
        assert [e["data"]["person_id"] for e in api.events(0, "PersonRegistered")] == [person["person_id"]]
        assert api.overview(HERE)["figures"]["persons"]["value"] == 1
        views_are_right(system)
