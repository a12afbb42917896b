"""Why something happened, as the federation looks at it."""

from __future__ import annotations

import re

from apps.federation.tests.bench import LEADER, OPERATOR, STAFF, Bench

from canlian_chassis.bus.wire import event_headers
from canlian_chassis.log.jetstream import Log, NewEntry
from canlian_events import subjects
from canlian_events.assistance.need import NeedMet, NeedRaised
from canlian_events.core import Event, encode
from canlian_events.meta import Actor
from canlian_events.registry.community import OpenCommunity
from canlian_events.terms import Channel, Role
from canlian_web.language.formats import now

HERE, ELSEWHERE = "429999001001", "429999003001"
NEED, ANNA = "need_00000001", "person_00000001"
RESIDENT = Actor(ANNA, frozenset({Role.RESIDENT}), (HERE,))


async def append(bench: Bench, id: str, event: Event, cause: str | None = None, community: str = HERE) -> int:
    """An event of another service, as it or a policy's command left it."""
    actor = "policy:policy:assistance" if cause else "social_worker:worker_00000005"
    headers = event_headers(event, id=id, said_at=now(), actor=actor, command=f"c-{id}", digest="d", cause=cause)
    assert bench.tool.nats
    assert bench.tool.runner
    entry = NewEntry(subjects.event(event, community), headers, encode(event))
    (position,) = await Log(bench.tool.nats).append([entry])
    assert await bench.tool.runner.reached(position)
    return position


async def raised(bench: Bench) -> None:
    await append(bench, "e-raised", NeedRaised(need_id=NEED, person_id=ANNA, channel=Channel.VISIT))


async def test_an_event_is_shown_under_its_cause_and_marked(bench: Bench):
    await bench.send(OpenCommunity(community=HERE, name="此社区"))
    await raised(bench)
    position = await append(bench, "e-met", NeedMet(need_id=NEED), "e-raised")
    async with bench.as_(STAFF) as client:
        page = await client.get(f"/federation/why/{position}")
        assert page.status_code == 200
        cause, effect = page.text.index("Need raised</span>"), page.text.index("Need met</span>")
        assert cause < page.text.index('<ol aria-label="Because of it">') < effect
        asked = re.findall(r'Asked for: </span>\s*<span class="tree__what">([^<]*)<', page.text)
        assert asked == ["Need met"]
        for said in ("policy of assistance", "social worker worker_00000005", "此社区", f"/federation/why/{ANNA}"):
            assert said in page.text
        assert "需求已满足" in (await client.get("/federation/why/e-met?lang=zh")).text


async def test_of_a_person_there_is_every_tree_and_the_form_leads_there(bench: Bench):
    await raised(bench)
    await append(bench, "e-met", NeedMet(need_id=NEED))
    async with bench.as_(LEADER) as client:
        page = await client.get(f"/federation/why?of={ANNA}")
        assert str(page.url).endswith(f"/federation/why/{ANNA}")
        assert page.text.count('<section class="card">') == 2


async def test_the_lists_behind_figures_lead_to_why_each_thing_counts(bench: Bench):
    opened = await bench.send(OpenCommunity(community=HERE, name="此社区"))
    async with bench.as_(STAFF) as client:
        listed = await client.get("/federation/behind/communities_without_director")
        assert f'href="/federation/why/{opened.events[0].id}"' in listed.text
        assert "Community opened" in (await client.get(f"/federation/why/{opened.events[0].id}")).text
        assert "Community opened" in (await client.get(f"/federation/why/{HERE}")).text


async def test_of_another_federations_communities_nothing_is_told_but_that_something_followed(bench: Bench):
    await raised(bench)
    position = await append(bench, "e-met", NeedMet(need_id=NEED), "e-raised", ELSEWHERE)
    async with bench.as_(STAFF) as client:
        page = await client.get("/federation/why/e-raised")
        assert "in another community" in page.text
        assert f"/federation/why/{position}" not in page.text
        assert (await client.get(f"/federation/why/{position}")).status_code == 403


async def test_what_never_happened_is_said_to_be_unknown(bench: Bench):
    async with bench.as_(STAFF) as client:
        page = await client.get("/federation/why/person_99999999")
        assert page.status_code == 404
        assert "Nothing in the log has this number" in page.text


async def test_it_is_for_the_federation_alone(bench: Bench):
    async with bench.as_(RESIDENT) as resident, bench.as_(OPERATOR) as operator:
        assert (await resident.get("/federation/why")).status_code == 403
        assert (await operator.get("/federation/why")).status_code == 403
