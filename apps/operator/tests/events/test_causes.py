"""`canlian why` on a log of a few events, asked of a running exchange."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import typer
from apps.exchange.tests.running import Api, serving
from typer.testing import CliRunner

from canlian_chassis.bus.client import connect
from canlian_chassis.bus.wire import event_headers
from canlian_chassis.keys.store import key_folder
from canlian_chassis.log.jetstream import Log, NewEntry
from canlian_chassis.settings import Settings
from canlian_chassis.testing.servers import free_port, nats_server
from canlian_chassis.tokens import Signer
from canlian_events import subjects
from canlian_events.assistance.need import NeedMet, NeedRaised
from canlian_events.assistance.visit import VisitCompleted
from canlian_events.core import Event, encode
from canlian_events.personal import Sealed
from canlian_events.terms import Channel, Domain, Tie
from canlian_operator.events.causes import as_text
from canlian_operator.main import app

HERE = "429999001001"
ANNA, NEED, VISIT, WORKER = "person_00000001", "need_00000001", "visit_00000001", "worker_00000001"
SECRET = "c2VjcmV0"
EVENTS: list[tuple[str, Event, str | None, str]] = [
    (
        "e-visited",
        VisitCompleted(
            visit_id=VISIT,
            person_id=ANNA,
            worker_id=WORKER,
            tie=Tie.FAMILY,
            findings=Sealed(about=ANNA, sealed=SECRET),
        ),
        None,
        f"grid_worker:{WORKER}",
    ),
    (
        "e-raised",
        NeedRaised(need_id=NEED, person_id=ANNA, channel=Channel.VISIT, domain=Domain.RIGHTS),
        "e-visited",
        "policy:policy:assistance",
    ),
    ("e-met", NeedMet(need_id=NEED), None, "social_worker:worker_00000002"),
]


@pytest.fixture
async def api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Api]:
    with nats_server(tmp_path / "nats") as server:
        settings = Settings(nats_url=server.url, data=tmp_path / "var", port=free_port())
        async with connect(settings, "test") as nc:
            log = Log(nc)
            await log.ensure()
            for id, event, cause, actor in EVENTS:
                headers = event_headers(
                    event,
                    id=id,
                    said_at=datetime.now(UTC) - timedelta(hours=3),
                    actor=actor,
                    command=f"c-{id}",
                    digest="d",
                    cause=cause,
                )
                await log.append([NewEntry(subjects.event(event, HERE), headers, encode(event))])
        Signer(key_folder(settings))  # a system that ran has one
        async with serving(settings) as running:
            for name, value in (("NATS_URL", server.url), ("DATA", str(settings.data)), ("EXCHANGE", running.url)):
                monkeypatch.setenv(f"CANLIAN_{name}", value.removeprefix("http://"))
            monkeypatch.setenv("CANLIAN_LANG", "en")
            yield running


async def canlian(*arguments: str) -> tuple[int, str, str]:
    """As a command of its own would: with an event loop of its own, in a thread."""
    done = await asyncio.to_thread(CliRunner().invoke, app, list(arguments))
    return done.exit_code, done.stdout, done.stderr


async def test_an_effect_stands_under_its_cause_and_what_was_asked_for_is_marked(api: Api) -> None:
    code, shown, _ = await canlian("why", "e-raised")
    assert code == 0, shown
    began, visited, followed, raised = shown.splitlines()
    assert began.endswith(f"(recorded +3 h)  grid worker {WORKER}")
    assert visited == f"● Visit completed  VisitCompleted @1  {HERE}  {VISIT} {ANNA}"
    assert followed == "└─ policy of assistance"
    assert raised == f"   ▶ Need raised  NeedRaised @2  {HERE}  {NEED} {ANNA}"
    assert SECRET not in shown
    assert (await canlian("why", "2"))[1] == shown


async def test_of_a_person_every_tree_is_shown_and_how_many_more_there_are(api: Api) -> None:
    _, shown, _ = await canlian("why", ANNA)
    assert [line.split()[-2] for line in shown.splitlines() if "@" in line][::2] == [VISIT, HERE]
    _, shown, noted = await canlian("why", ANNA, "--limit", "1")
    assert "NeedMet" not in shown
    assert "1 more trees" in noted


async def test_as_json_it_is_what_the_exchange_tells(api: Api) -> None:
    _, shown, _ = await canlian("why", "3", "--json")
    assert [tree["events"][0]["name"] for tree in json.loads(shown)["trees"]] == ["NeedMet"]


async def test_what_never_happened_is_said_to_be_unknown(api: Api) -> None:
    code, _, said = await canlian("why", "person_99999999")
    assert (code, "has no event of “person_99999999”" in said) == (1, True)


def test_branches_are_drawn_and_long_gaps_can_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANLIAN_LANG", "zh")

    def step(at: str, *then: object, **more: object) -> dict[str, object]:
        event = {
            "position": 7, "id": "e", "type": "assistance.need.met", "name": "NeedMet", "zh": "需求已满足", "en": "Met",
            "aggregate_id": NEED, "person_id": None, "community": HERE, "actor": "policy:policy:assistance",
            "said_at": at, "at": at, "asked": False, "then": list(then),
        }  # fmt: skip
        return {"command": "c", "cause": None, "events": [event | more]}

    hidden = step("2026-03-03T05:00:00Z", actor=None, aggregate_id=None)
    tree = step("2026-03-01T02:00:00Z", hidden, step("2026-03-01T02:00:09Z", step("2026-03-01T02:01:09Z")))
    assert list(as_text(tree)) == [
        "2026-03-01 10:00:00  系统规则 assistance",
        f"● 需求已满足  NeedMet @7  {HERE}  {NEED}",
        "├─ +2天3小时  （不在您负责的社区）",
        f"│  ● 需求已满足  NeedMet @7  {HERE}",
        "└─ +9秒  系统规则 assistance",
        f"   ● 需求已满足  NeedMet @7  {HERE}  {NEED}",
        "   └─ +1分  系统规则 assistance",
        f"      ● 需求已满足  NeedMet @7  {HERE}  {NEED}",
    ]


def test_without_an_exchange_it_says_where_to_look(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from canlian_operator.connection import Found as System
    from canlian_operator.events.causes import _exchange

    with pytest.raises(typer.Exit):
        _exchange(System(Settings(data=tmp_path)))
