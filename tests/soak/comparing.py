"""After the soak: what was acknowledged beside what the log holds, every view beside a fresh fold, what follows from
each event beside what came of it, and the timers that wait beside those that ought to.

`python -m tests.soak.comparing --nats URL --data FOLDER [--newer]` reads a ledger from stdin and prints the findings.
It is a process of its own because one process speaks one release's language.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import json
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from nats.aio.client import Client as Nats
from sqlalchemy import func, select

from canlian_chassis.bus.client import Accepted, Client, Unavailable, connect
from canlian_chassis.keys.store import Keys, key_folder
from canlian_chassis.log.jetstream import Entry, Log
from canlian_chassis.policies.parked import Parking
from canlian_chassis.policies.timers import STREAM, Waiting
from canlian_chassis.settings import Settings
from canlian_chassis.tokens import Signer
from canlian_chassis.views.check import kept_store
from canlian_events import subjects
from canlian_events.ids import derive_uuid
from canlian_events.meta import Actor
from canlian_events.terms import Role
from tests.soak.consequences import Consequences, Due, consequences, services, still_waiting
from tests.soak.findings import Findings
from tests.soak.sending import Ledger, Stored
from tests.support.fresh import VIEWS, differences, views_of

AT_ONCE = 200
ROOT = Path(__file__).parents[2]


async def compare(ledger: Ledger, nats_url: str, data: Path, newer: bool = False) -> Findings:
    """With `newer` in the language of the newer release that was made for the test."""
    arguments = ["--nats", nats_url, "--data", str(data), *(["--newer"] if newer else [])]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        __name__,
        *arguments,
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    acknowledged = {id_: stored.events for id_, stored in ledger.acknowledged.items()}
    given = json.dumps({"acknowledged": acknowledged, "refused": list(ledger.refused)})
    told, _ = await process.communicate(given.encode())
    assert process.returncode == 0, "the comparison failed: see above"
    return Findings(**json.loads(told))


async def _compare(ledger: Ledger, settings: Settings) -> Findings:
    found = Findings()
    async with connect(settings, "soak") as nc:
        entries = await Log(nc).read(subjects.EVENTS)
        _compare_log(found, entries, ledger)
        parking = await Parking.open(nc)
        found.parked = [f"{p.place}: {p.event}: {p.why}" for p in await parking.parked()]
        expected = consequences(entries, Keys.of(settings), services())
        found.unchecked = dict(expected.unchecked)
        await _compare_consequences(found, expected, entries, nc, Signer(key_folder(settings)))
        await _compare_timers(found, expected, nc)
    for part in VIEWS:
        tables = await asyncio.to_thread(differences, part, settings.nats_url, settings.data)
        found.different += [f"{part}.{table}: {rows}" for table, rows in tables.items()]
        found.rows[part], skipped = await asyncio.to_thread(_count, part, settings)
        if skipped:
            found.skipped[part] = skipped
    return found


def _compare_log(found: Findings, entries: Iterable[Entry], ledger: Ledger) -> None:
    stored: dict[str, list[tuple[str, int]]] = {}
    ids: Counter[str] = Counter()
    for entry in entries:
        id_ = entry.headers["ce-id"]
        ids[id_] += 1
        stored.setdefault(entry.headers["ce-command"], []).append((id_, entry.position))
    found.events = sum(ids.values())
    found.doubled = [id_ for id_, times in ids.items() if times > 1]
    for command, answer in ledger.acknowledged.items():
        own = set(answer.events)
        # an answer names the events of the command's own aggregate; others of the same batch are in the log beside them
        if not own <= set(stored.get(command, [])):
            found.lost.append(command)
    for command, events in stored.items():
        if {id_ for id_, _ in events} != {derive_uuid(command, index) for index in range(len(events))}:
            found.half.append(command)
    found.refused_but_stored = [command for command in ledger.refused if command in stored]


async def _compare_consequences(
    found: Findings, expected: Consequences, entries: Iterable[Entry], nc: Nats, signer: Signer
) -> None:
    """What follows is found in the log by the id that its command must have had. One of which nothing is there may
    have been refused, or have had nothing to change: so it is asked again, without storing anything."""
    by_command: dict[str, str | None] = {e.headers["ce-command"]: e.headers.get("ce-cause") for e in entries}
    found.consequences = len(expected.due)
    absent = {id_: due for id_, due in expected.due.items() if by_command.get(id_) != due.event}
    for due, answer in await _ask_again(absent, Client(nc), signer):
        if isinstance(answer, Unavailable) or (isinstance(answer, Accepted) and answer.events):
            found.not_followed.append(f"{due.policy} @{due.position}: {type(due.command).__name__} {answer!r}")
    known = expected.due.keys() | expected.later
    for command, cause in by_command.items():
        if cause is not None and cause not in expected.half_known and command not in known:
            found.unexplained.append(f"command {command} because of {cause}")


async def _ask_again(
    absent: Mapping[str, Due], client: Client, signer: Signer
) -> list[tuple[Due, Accepted | Exception]]:
    answers: list[tuple[Due, Accepted | Exception]] = []
    for service in {due.service for due in absent.values()}:
        token = signer.sign(Actor(f"policy:{service.name}", frozenset({Role.POLICY})))
        by_context: dict[str, list[tuple[str, Due]]] = {}
        for id_, due in absent.items():
            if due.service is service:
                by_context.setdefault(due.command.aggregate.context, []).append((id_, due))
        for context, asked in by_context.items():
            for start in range(0, len(asked), AT_ONCE):
                some = asked[start : start + AT_ONCE]
                commands = [(id_, due.command) for id_, due in some]
                said = await client.send_many(context, commands, token=token, dry_run=True)
                answers += zip((due for _, due in some), said, strict=True)
    return answers


async def _compare_timers(found: Findings, expected: Consequences, nc: Nats) -> None:
    """A timer of a policy whose facts are not known is left out: which those are, its own message says."""
    waiting = await _timers(nc)
    ought = still_waiting(expected.timers)
    found.timers = len(ought)
    for place, timer in ought.items():
        what = f"{'.'.join(place)} of {timer.policy} @{timer.position}"
        there = waiting.get(place)
        if there is None:
            found.timers_missing.append(what)
        elif (there.id, there.at) != (timer.id, timer.at):
            found.timers_other.append(f"{what}: {there.at} because of {there.cause}")
    found.timers_superfluous = [
        f"{'.'.join(place)} of {there.policy} because of {there.cause}"
        for place, there in waiting.items()
        if place not in ought and there.policy not in expected.unchecked
    ]


async def _timers(nc: Nats) -> dict[tuple[str, str], Waiting]:
    """Service and key → what waits."""
    js = nc.jetstream(timeout=10)
    info = await js.stream_info(STREAM, subjects_filter=subjects.timer("*", "*"))
    names = list(info.state.subjects or {})
    found: dict[tuple[str, str], Waiting] = {}
    for start in range(0, len(names), AT_ONCE):
        some = names[start : start + AT_ONCE]
        messages = await asyncio.gather(*(js.get_last_msg(STREAM, name, direct=True) for name in some))
        for name, message in zip(some, messages, strict=True):
            _, service, _, key = name.split(".")
            found[service, key] = Waiting.model_validate_json(message.data or b"")
    return found


def _count(part: str, settings: Settings) -> tuple[int, int]:
    """Rows of the part's views, and events they could not fold."""
    store = kept_store(views_of(part), settings)
    with store.engine.connect() as db:
        tables = store.views.rows.metadata.sorted_tables
        rows = sum(db.scalar(select(func.count()).select_from(table)) or 0 for table in tables)
    skipped = len(store.skipped())
    store.close()
    return rows, skipped


def _ledger(told: Mapping[str, Any]) -> Ledger:
    acknowledged = {
        id_: Stored(tuple((event, position) for event, position in events))
        for id_, events in told["acknowledged"].items()
    }
    return Ledger(acknowledged=acknowledged, refused=dict.fromkeys(told["refused"], ""))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak.comparing")
    parser.add_argument("--nats", required=True, help="the URL of the log's server")
    parser.add_argument("--data", type=Path, required=True, help="CANLIAN_DATA of the system")
    parser.add_argument("--newer", action="store_true", help="in the language of the newer release")
    asked = parser.parse_args()
    if asked.newer:
        importlib.import_module("tests.soak.newer.rules").bring_in_all()
    ledger = _ledger(json.load(sys.stdin))
    found = asyncio.run(_compare(ledger, Settings(nats_url=asked.nats, data=asked.data)))
    sys.stdout.write(json.dumps(asdict(found), ensure_ascii=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
