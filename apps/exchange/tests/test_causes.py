"""Why something happened, for programs."""

from __future__ import annotations

from datetime import UTC, datetime

from apps.exchange.tests.running import GRID_WORKER_HERE, HERE, THERE, Api, person

from canlian_chassis.bus.wire import event_headers
from canlian_chassis.log.jetstream import Log, NewEntry
from canlian_events import subjects
from canlian_events.assistance.need import NeedMet, NeedRaised
from canlian_events.core import Event, encode
from canlian_events.terms import Channel

NEED = "need_00000001"


async def append(api: Api, id: str, event: Event, cause: str | None, community: str = HERE) -> int:
    """An event as a policy's command would have left it."""
    assert api.tool.nats
    headers = event_headers(
        event,
        id=id,
        said_at=datetime.now(UTC),
        actor="policy:policy:assistance" if cause else "social_worker:worker_00000001",
        command=f"command of {id}",
        digest="d",
        cause=cause,
    )
    entry = NewEntry(subjects.event(event, community), headers, encode(event))
    return (await Log(api.tool.nats).append([entry]))[0]


async def test_an_event_stands_in_its_tree_with_actors_times_and_words(api: Api):
    done = (await api.send("RegisterPerson", person())).json()
    registered = done["events"][-1]["id"]
    id_ = (await api.events(type="PersonRegistered"))[-1]["data"]["person_id"]
    raised = NeedRaised(need_id=NEED, person_id=id_, channel=Channel.VISIT)
    position = await append(api, "e-raised", raised, registered)
    position = await append(api, "e-met", NeedMet(need_id=NEED), "e-raised")
    for what in ("e-met", str(position)):
        why = (await api.get(f"/api/v1/why/{what}", position=position)).json()
        (tree,) = why["trees"]
        root = tree["events"][-1]
        assert (root["id"], root["name"], root["zh"], root["en"]) == (
            registered,
            "PersonRegistered",
            "登记建档",
            "Person registered",
        )
        assert root["actor"].startswith("staff:")
        (raised_step,) = root["then"]
        assert (raised_step["cause"], raised_step["command"]) == (registered, "command of e-raised")
        (met,) = raised_step["events"][0]["then"][0]["events"]
        assert (met["id"], met["asked"], raised_step["events"][0]["asked"]) == ("e-met", True, False)
        assert met["at"] >= met["said_at"]
        assert (why["more"], why["whole"]) == (0, True)
    assert "张建国" not in str(why)


async def test_of_a_person_there_are_all_trees_and_how_many_more(api: Api):
    raised = NeedRaised(need_id=NEED, person_id="person_00000001", channel=Channel.VISIT)
    await append(api, "e1", raised, None)
    position = await append(api, "e2", NeedMet(need_id=NEED), None)
    why = (await api.get("/api/v1/why/person_00000001", position=position, limit=1)).json()
    assert ([tree["events"][0]["id"] for tree in why["trees"]], why["more"]) == (["e1"], 1)


async def test_who_works_in_one_community_is_told_of_others_only_that_something_followed(api: Api):
    raised = NeedRaised(need_id=NEED, person_id="person_00000001", channel=Channel.VISIT)
    await append(api, "e1", raised, None)
    position = await append(api, "e2", NeedMet(need_id=NEED), "e1", THERE)
    why = (await api.get("/api/v1/why/e1", GRID_WORKER_HERE, position=position)).json()
    (there,) = why["trees"][0]["events"][0]["then"][0]["events"]
    assert (there["zh"], there["id"], there["aggregate_id"], there["actor"]) == ("需求已满足", None, None, None)
    refused = await api.get("/api/v1/why/e2", GRID_WORKER_HERE)
    assert (refused.status_code, refused.json()["code"]) == (403, "wrong_community")


async def test_what_never_happened_is_404(api: Api):
    answer = await api.get("/api/v1/why/person_99999999")
    assert (answer.status_code, answer.json()["code"]) == (404, "nothing_happened")
