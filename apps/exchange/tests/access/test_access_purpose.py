"""Personal values over HTTP: opened for a stated reason, and only once it is recorded whose file is read and why."""

from __future__ import annotations

from pathlib import Path

import pytest
from apps.exchange.tests.events.test_stream import heard
from apps.exchange.tests.running import GRID_WORKER_HERE, HERE, PROGRAM, STAFF, THERE, Api, person

from canlian_chassis.bus.client import Unavailable
from canlian_events import schema
from canlian_events.core import decode
from canlian_events.language import EVENTS
from canlian_events.personal import map_personal, personal_fields
from canlian_events.terms import FileField
from canlian_exchange.access.access_purpose import fields_of, is_of_a_file
from canlian_person_file import disclosure

GOLDEN = Path(schema.__file__).parents[2] / "tests" / "golden" / "events"


@pytest.fixture
async def people(api: Api) -> Api:
    for number, community in enumerate((HERE, THERE), 1):
        assert (await api.send("RegisterPerson", person(number, community=community))).status_code == 200
    return api


async def showings(api: Api) -> list[dict[str, object]]:
    return [event["data"] | {"actor": event["actor"]} for event in await api.events(type="FileShown")]


async def test_whose_file_was_read_what_of_it_by_whom_and_why_is_recorded_once(people: Api):
    await people.events(STAFF)
    await people.events(PROGRAM, type="PersonRegistered")
    assert await showings(people) == [], "what is sealed is not shown"
    for _ in range(2):
        [event] = await people.events(GRID_WORKER_HERE, type="PersonRegistered", why="visit")
        assert event["data"]["name"] == "张建国1"
    [shown] = await showings(people)
    assert (shown["person_id"], shown["actor"]) == (event["data"]["person_id"], f"grid_worker:{GRID_WORKER_HERE.id}")
    assert (shown["what"], shown["why"]) == (["citizen_id", "name", "phone"], "visit")


async def test_many_files_are_recorded_together_and_showings_do_not_beget_showings(people: Api):
    for _ in range(2):
        await people.events(STAFF, why="other", words="核对登记")
    found = await showings(people)
    assert len(found) == 2
    assert all(isinstance(shown["words"], dict) for shown in found), "the words of a showing stay sealed"
    [(_, event)] = await heard(people, 1, who=GRID_WORKER_HERE, type="PersonRegistered", why="exchange")
    assert event["data"]["name"] == "张建国1", "a stream opens them too"
    assert len(await showings(people)) == 3


async def test_a_reason_that_is_none_is_refused(people: Api):
    for who, query, status, code in (
        (PROGRAM, {"why": "exchange"}, 403, "showing.no_reason"),
        (GRID_WORKER_HERE, {"why": "oversight"}, 403, "showing.no_reason"),
        (STAFF, {"why": "other"}, 422, "showing.no_words"),
        (STAFF, {"why": "curious"}, 422, "invalid"),
    ):
        answer = await people.get("/api/v1/events", who, **query)
        assert (answer.status_code, answer.json()["code"]) == (status, code), query


async def test_what_cannot_be_recorded_is_not_told(people: Api, monkeypatch: pytest.MonkeyPatch):
    async def nobody(*_: object) -> None:
        raise Unavailable

    monkeypatch.setattr(disclosure, "_send", nobody)
    answer = await people.get("/api/v1/events", STAFF, type="PersonRegistered", why="exchange")
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert "张建国" not in answer.text


def test_every_personal_field_of_the_language_is_a_part_of_the_file() -> None:
    found: set[FileField] = set()
    for kind in EVENTS.values():
        path = GOLDEN / f"{kind.type}.v{kind.version}.json"
        if personal_fields(kind) and path.exists():
            event = map_personal(decode(kind.type, kind.version, path.read_bytes()), lambda _path, _value: "…")
            if is_of_a_file(event):
                found |= fields_of(event)
    shown_otherwise = {FileField.DISABILITY, FileField.ACCESS_NEEDS, FileField.RECORD}
    assert found == set(FileField) - shown_otherwise, "those are no personal fields of an event"
