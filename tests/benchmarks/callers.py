"""The other side of a benchmark, in a process of its own: callers that send commands, or publish the same bytes raw.

`python -m tests.benchmarks.callers` reads one `Job` as JSON from its input, says "ready", waits for a line, works, and
prints what it counted.
"""

from __future__ import annotations

import asyncio
import json
import random
import statistics
import sys
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import date
from itertools import count, islice
from pathlib import Path
from typing import Any

import nats
import uvloop
from nats.aio.client import Client as Nats

from canlian_chassis.bus.client import Client
from canlian_chassis.log.jetstream import STREAM
from canlian_chassis.tokens import Signer
from canlian_events.assistance.need import RaiseNeed
from canlian_events.catalog.provider import CorrectProvider
from canlian_events.core import Command
from canlian_events.ids import new_id
from canlian_events.meta import Actor
from canlian_events.registry.person import Certificate, Circumstances, RecordRosterEntry
from canlian_events.terms import Channel, DisabilityClass, Domain, Grade, Role
from canlian_sheets.made_up.people import COMMUNITIES, made_up_people
from canlian_sheets.roster import RosterPerson
from tests.benchmarks import logs

STAFF = Actor("worker_00000001", frozenset({Role.STAFF}), ("429999001",))
WARM_UP = 0.5
WARM_UP_TURNS = 10
"""What does not count: so many turns of each caller, which touch all they will touch, then half a second."""

Work = Callable[[int], AsyncIterator[None]]
"""Given a caller's number: does one thing each time it is asked for the next."""


@dataclass(frozen=True)
class Job:
    """`what` is a name in `COMMANDS` or `RAW`; `messages` are those to publish raw, each with headers and body."""

    what: str
    url: str
    data: str
    callers: int
    seconds: float
    messages: tuple[tuple[dict[str, str], str], ...] = ()


@dataclass(frozen=True)
class Counted:
    """`per_second` of all callers together; `p50` and `p99` of one turn, in milliseconds."""

    per_second: float
    p50: float
    p99: float


async def run(job: Job) -> Counted:
    """Have it done in another process."""
    async with started(job) as process:
        return Counted(**json.loads(await _line_after(process, b"go\n")))


@asynccontextmanager
async def started(job: Job) -> AsyncIterator[asyncio.subprocess.Process]:
    """The process, ready to begin; ended with the block."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.benchmarks.callers",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    try:
        await _line_after(process, json.dumps(asdict(job)).encode() + b"\n")
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _line_after(process: asyncio.subprocess.Process, said: bytes) -> bytes:
    assert process.stdin
    assert process.stdout
    process.stdin.write(said)
    await process.stdin.drain()
    line = await process.stdout.readline()
    if not line:
        raise RuntimeError("a caller ended before its work was done: see its output above")
    return line


def correct_provider(caller: int) -> Command:
    """One event, nothing claimed, nothing looked up: the providers of the log, ten to a caller."""
    turn = next(_turn)
    return CorrectProvider(provider_id=logs.provider(10 * caller + turn % 10), phone=f"027{turn % 10**8:08d}")


def raise_need(_caller: int) -> Command:
    """One event with sealed words; the service looks up the community and the person in its view."""
    return RaiseNeed(
        need_id=new_id("need"),
        person_id=logs.person(next(_turn) % 300),
        community="429999001001",
        channel=Channel.VISIT,
        domain=Domain.DAY_CARE,
        words="老伴住院了，这几天没有人做饭，想请人上门帮忙。",
    )


def correct_by_roster(caller: int) -> Command:
    """Three events: the sheet's row says that the person moved, has another phone and other circumstances."""
    turn = next(_turn)
    number = caller + 64 * (turn % 4)
    return roster_entry(logs.person(number), _people()[number], turn)


def roster_entry(person_id: str, who: RosterPerson, turn: int) -> RecordRosterEntry:
    return RecordRosterEntry(
        person_id=person_id,
        community=list(COMMUNITIES)[turn % len(COMMUNITIES)],
        name=who.name,
        citizen_id=who.citizen_id,
        disability=DisabilityClass(who.disability),
        grade=Grade(who.grade),
        phone=f"199{turn % 10**8:08d}",
        certificate=Certificate(number=f"{who.certificate_number[:20]}B2", issued=date(2025, 3, 1)),
        circumstances=Circumstances(remark=f"第{turn}次核对"),
    )


def _people() -> list[RosterPerson]:
    if not _known:
        _known.extend(islice(made_up_people(10**9, 1, list(COMMUNITIES)), 256))
    return _known


_known: list[RosterPerson] = []
_turn = count(random.randrange(10**8))
"""Not the same as in another process: a command that says what is known already changes nothing."""
COMMANDS: dict[str, Callable[[int], Command]] = {
    "correct_provider": correct_provider,
    "raise_need": raise_need,
    "correct_by_roster": correct_by_roster,
}


def send_commands(nc: Nats, job: Job) -> Work:
    client, token = Client(nc, patience=60.0), Signer(Path(job.data) / "keys").sign(STAFF, seconds=3600)
    make = COMMANDS[job.what]

    async def work(caller: int) -> AsyncIterator[None]:
        while True:
            accepted = await client.send(make(caller), token=token)
            assert accepted.events, "a command that changes nothing measures nothing"
            yield

    return work


def publish_one(nc: Nats, job: Job) -> Work:
    """With the expectation a service has: nothing came since on any subject of the aggregate."""
    js = nc.jetstream(timeout=30)
    headers, body = job.messages[0]

    async def work(caller: int) -> AsyncIterator[None]:
        subject, filter_ = subject_of_nobody()
        last = 0
        while True:
            expected = _expecting(headers, filter_, last)
            last = (await js.publish(subject, body.encode(), headers=expected)).seq
            yield

    return work


def publish_batch(nc: Nats, job: Job) -> Work:
    async def work(caller: int) -> AsyncIterator[None]:
        subject, filter_ = subject_of_nobody()
        last = 0
        while True:
            last = await append_batch(nc, subject, filter_, last, job.messages)
            yield

    return work


async def append_batch(
    nc: Nats, subject: str, filter_: str, last: int, messages: tuple[tuple[dict[str, str], str], ...]
) -> int:
    """One atomic batch; the position of its last message."""
    batch = uuid.uuid4().hex
    for number, (given, body) in enumerate(messages, 1):
        headers = _expecting(given, filter_, last) if number == 1 else given | {"Nats-Msg-Id": str(uuid.uuid4())}
        headers |= {"Nats-Batch-Id": batch, "Nats-Batch-Sequence": str(number)}
        if number < len(messages):
            await nc.publish(subject, body.encode(), headers=headers)
    reply = await nc.request(subject, body.encode(), timeout=30, headers=headers | {"Nats-Batch-Commit": "1"})
    return int(json.loads(reply.data)["seq"])


def ask_and_publish(nc: Nats, job: Job) -> Work:
    """What a command cannot do without: one request to another process and its reply, and one publish."""
    publishing = publish_one(nc, job)

    async def work(caller: int) -> AsyncIterator[None]:
        publish = publishing(caller)
        while True:
            await nc.request("echo", job.messages[0][1].encode(), timeout=30)
            await anext(publish)
            yield

    return work


def echo(nc: Nats, _: Job) -> Work:
    async def answer(message: Any) -> None:
        await message.respond(message.data)

    async def work(_: int) -> AsyncIterator[None]:
        await nc.subscribe("echo", cb=answer)
        await asyncio.Event().wait()
        yield

    return work


RAW = {
    "publish_one": publish_one,
    "publish_batch": publish_batch,
    "ask_and_publish": ask_and_publish,
    "echo": echo,
}


def subject_of_nobody() -> tuple[str, str]:
    """A subject nobody wrote to, of the length of a true one, and the filter of its aggregate."""
    id_ = f"need_{uuid.uuid4().hex}"
    return f"evt.assistance.need.{id_}.429999001001", f"evt.assistance.need.{id_}.*"


def _expecting(headers: dict[str, str], filter_: str, last: int) -> dict[str, str]:
    return headers | {
        "Nats-Msg-Id": str(uuid.uuid4()),
        "Nats-Expected-Stream": STREAM,
        "Nats-Expected-Last-Subject-Sequence": str(last),
        "Nats-Expected-Last-Subject-Sequence-Subject": filter_,
    }


async def work_for(job: Job, say: Callable[[str], None], go: Callable[[], Awaitable[str]]) -> Counted:
    nc = await nats.connect(job.url)
    try:
        work = RAW.get(job.what, send_commands)(nc, job)
        say("ready")
        await go()
        warm = asyncio.Barrier(job.callers)
        took: list[float] = []

        async def call(caller: int) -> None:
            turns = work(caller)
            for _ in range(WARM_UP_TURNS):
                await anext(turns)
            await warm.wait()
            now = time.perf_counter()
            begin = now + WARM_UP
            end = begin + job.seconds
            while now < end:
                await anext(turns)
                before, now = now, time.perf_counter()
                if begin <= before and now < end:
                    took.append(now - before)

        await asyncio.gather(*(call(number) for number in range(job.callers)))
        cuts = statistics.quantiles(took, n=100)
        return Counted(len(took) / job.seconds, cuts[49] * 1000, cuts[98] * 1000)
    finally:
        await nc.close()


def main() -> None:
    fields = json.loads(sys.stdin.readline())
    job = Job(**fields | {"messages": tuple((h, b) for h, b in fields["messages"])})

    async def go() -> str:
        return await asyncio.to_thread(sys.stdin.readline)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        counted = runner.run(work_for(job, lambda text: print(text, flush=True), go))  # noqa: T201
    print(json.dumps(asdict(counted)), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
