"""Events as JSON lines: which, for whom, sealed or open, and where to go on."""

from __future__ import annotations

from typing import Any

import pytest
from apps.exchange.tests.running import GRID_WORKER_HERE, HERE, PROGRAM, STAFF, THERE, Api, actor, person

from canlian_chassis.settings import Settings
from canlian_events.meta import Actor
from canlian_events.terms import Role


@pytest.fixture
async def people(api: Api) -> Api:
    """Two persons here, one there."""
    for number, community in enumerate((HERE, HERE, THERE), 1):
        done = await api.send("RegisterPerson", person(number, community=community))
        assert done.status_code == 200, done.text
    return api


@pytest.mark.asyncio(loop_scope="module")
async def test_an_event_tells_what_happened_where_when_and_by_whom(standing: Api):
    [first, *_] = await standing.events(type="PersonRegistered")
    told = {"position", "id", "type", "name", "version", "at", "said_at", "actor", "community", "command", "cause"}
    assert first.keys() == told | {"data"}
    assert (first["type"], first["name"], first["version"]) == ("registry.person.registered", "PersonRegistered", 1)
    assert (first["community"], first["actor"], first["cause"]) == (HERE, f"staff:{STAFF.id}", None)
    assert first["at"].endswith("Z")
    assert first["data"]["disability"] == 4


@pytest.mark.asyncio(loop_scope="module")
async def test_events_are_one_a_line_in_the_order_of_the_log(standing: Api):
    response = await standing.get("/api/v1/events")
    assert response.headers["content-type"] == "application/x-ndjson"
    events = await standing.events()
    assert len(response.text.splitlines()) == len(events) == 5
    positions = [event["position"] for event in events]
    assert positions == sorted(positions)


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    ("wanted", "number"),
    [
        ({"type": "registry.person.registered"}, 3),
        ({"type": "registry.person"}, 3),
        ({"type": "registry"}, 5),
        ({"type": "PersonRegistered"}, 3),
        ({"type": ["PersonRegistered", "registry.community"]}, 5),
        ({"type": "VisitCompleted"}, 0),
        ({"community": HERE}, 3),
        ({"community": "429999001"}, 5),
        ({"community": HERE, "type": "PersonRegistered"}, 2),
        ({"limit": 2}, 2),
    ],
)
async def test_only_those_asked_for_are_told(standing: Api, wanted: dict[str, Any], number: int):
    assert len(await standing.events(**wanted)) == number


@pytest.mark.asyncio(loop_scope="module")
async def test_a_reader_goes_on_after_the_position_it_was_told_until_nothing_is_left(standing: Api):
    seen, after = [], 0
    for _ in range(10):
        response = await standing.get("/api/v1/events", after=after, limit=2)
        seen += response.text.splitlines()
        if int(response.headers["Canlian-Position"]) == after:
            break
        after = int(response.headers["Canlian-Position"])
    assert len(seen) == len(set(seen)) == 5


@pytest.mark.asyncio(loop_scope="module")
async def test_an_empty_page_moves_on_too(standing: Api):
    empty = await standing.get("/api/v1/events", type="VisitCompleted")
    assert empty.text == ""
    last = (await standing.events())[-1]["position"]
    assert int(empty.headers["Canlian-Position"]) >= last


async def test_staff_who_say_why_read_personal_values_in_the_open_and_everybody_else_sealed(people: Api):
    [mine, *_] = await people.events(STAFF, type="PersonRegistered", why="oversight")
    [theirs, *_] = await people.events(PROGRAM, type="PersonRegistered")
    [unsaid, *_] = await people.events(STAFF, type="PersonRegistered")
    assert unsaid == theirs
    assert mine["data"]["name"] == "张建国1"
    assert theirs["data"]["name"].keys() == {"about", "sealed"}
    assert "张建国" not in str(theirs)
    assert {k: v for k, v in mine.items() if k != "data"} == {k: v for k, v in theirs.items() if k != "data"}


async def test_a_program_whose_token_has_a_role_that_may_reads_them_in_the_open(people: Api):
    both = Actor("program-2", frozenset({Role.PROGRAM, Role.SOCIAL_WORKER}), (HERE,))
    assert [event["data"]["name"] for event in await people.events(both, type="PersonRegistered", why="exchange")] == [
        "张建国1",
        "张建国2",
    ]


async def test_who_works_in_one_community_sees_only_its_events(people: Api):
    events = await people.events(GRID_WORKER_HERE, why="visit")
    assert {event["community"] for event in events} == {HERE}
    assert events[-1]["data"]["name"] == "张建国2"


@pytest.mark.asyncio(loop_scope="module")
async def test_the_operator_sees_all_communities_and_nothing_personal(standing: Api):
    events = await standing.events(actor(Role.OPERATOR))
    assert {event["community"] for event in events} == {HERE, THERE}
    assert "张建国" not in str(events)


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("role", [Role.RESIDENT, Role.VOLUNTEER, Role.PROVIDER])
async def test_who_has_no_business_with_the_log_is_403(standing: Api, role: Role):
    answer = await standing.get("/api/v1/events", actor(role, HERE))
    assert (answer.status_code, answer.json()["code"]) == (403, "wrong_role")


@pytest.mark.asyncio(loop_scope="module")
async def test_asking_for_a_community_of_others_is_403(standing: Api):
    answer = await standing.get("/api/v1/events", GRID_WORKER_HERE, community=THERE)
    assert (answer.status_code, answer.json()["code"]) == (403, "wrong_community")


@pytest.mark.asyncio(loop_scope="module")
async def test_an_unknown_type_names_those_near_it(standing: Api):
    answer = await standing.get("/api/v1/events", type="VisitComplete")
    assert answer.status_code == 422
    assert "VisitCompleted" in answer.json()["fields"]["type"]


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    "query", [{"after": -1}, {"after": "x"}, {"limit": 0}, {"limit": 10_001}, {"community": "Wuhan"}, {"after": 2**63}]
)
async def test_a_query_out_of_range_names_the_parameter(standing: Api, query: dict[str, Any]):
    answer = await standing.get("/api/v1/events", **query)
    assert answer.status_code == 422
    assert answer.json()["fields"].keys() == query.keys()


@pytest.mark.asyncio(loop_scope="module")
async def test_a_position_beyond_the_end_of_the_log_is_an_empty_page(standing: Api):
    answer = await standing.get("/api/v1/events", after=2**62)
    assert (answer.status_code, answer.text, answer.headers["Canlian-Position"]) == (200, "", str(2**62))


async def test_personal_values_stay_sealed_when_the_key_is_gone(people: Api, settings: Settings):
    keys = await people.tool.app.state.exchange.keys()
    keys._held.clear()
    with keys._engine.begin() as db:
        db.exec_driver_sql("DELETE FROM subject_key WHERE subject LIKE 'person_%'")
    events = await people.events(STAFF, type="PersonRegistered", why="exchange")
    assert all("sealed" in event["data"]["name"] for event in events)
    assert await people.events(STAFF, type="FileShown") == [], "what stays sealed is not shown"
