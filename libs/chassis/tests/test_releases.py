"""Two releases of a service side by side: what the older process cannot read, it leaves to the newer one."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from libs.chassis.tests.processes import STAFF, Process
from libs.chassis.tests.toy import MakeBox, PutIn, ThingsPut, box, shelf

from canlian_chassis.bus import wire
from canlian_chassis.bus.client import Client, Invalid, Unavailable, connect
from canlian_chassis.keys.store import key_folder
from canlian_chassis.log.jetstream import Log, NewEntry
from canlian_chassis.service import Service
from canlian_chassis.settings import Settings
from canlian_chassis.tokens import Signer
from canlian_events import subjects
from canlian_events.core import encode, extent


@contextmanager
def newer_process(settings: Settings, *more: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process of the newer release's service, for the length of the block."""
    environment = {**os.environ, "CANLIAN_NATS_URL": settings.nats_url, "CANLIAN_DATA": str(settings.data)}
    with subprocess.Popen(
        [sys.executable, "-m", "libs.chassis.tests.newer_release", *more], env=environment
    ) as process:
        try:
            yield process
        finally:
            process.terminate()


def older_service(settings: Settings) -> Service:
    return Service("toy", context="toy", deciders=[box, shelf], settings=settings)


async def until_of_version(log: Log, version: str) -> None:
    async with asyncio.timeout(20):
        while version not in {e.headers["ce-dataversion"] for e in await log.read(subjects.EVENTS)}:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_commands_are_done_whichever_of_both_is_asked_first(settings: Settings):
    token = Signer(key_folder(settings)).sign(STAFF)
    async with older_service(settings).running(), connect(settings, "test") as nc:
        client, log = Client(nc), Log(nc)
        await client.send(MakeBox(box_id="box_1", label="tea"), token=token)
        with newer_process(settings):
            stop = asyncio.create_task(until_of_version(log, "2"))
            while not stop.done():  # each may go to either
                await client.send(PutIn(box_id="box_1", things=1), token=token)
            await stop
            put = [await client.send(PutIn(box_id="box_1", things=1), token=token) for _ in range(30)]
            many = [(f"many-{n}", PutIn(box_id="box_1", things=1)) for n in range(30)]
            put += await client.send_many("toy", many, token=token)  # type: ignore[arg-type]
        assert [len(answer.events) for answer in put] == [1] * 60
        versions = [e.headers["ce-dataversion"] for e in await log.read(subjects.EVENTS)]
        assert versions[:1] + versions[-60:] == ["1"] + ["2"] * 60
        patient = Client(nc, patience=1)
        with pytest.raises(Unavailable):  # the newer one has ended
            await patient.send(PutIn(box_id="box_1", things=1), token=token)
        await patient.send(MakeBox(box_id="box_2", label="rice"), token=token)


async def test_a_command_that_does_not_fit_is_invalid_unless_a_newer_release_says_it(settings: Settings):
    async with connect(settings, "test") as nc:
        await Log(nc).ensure()
        process = Process(nc, settings, [box, shelf])
        await process.do(MakeBox(box_id="box_1", label="tea"))
        token = {wire.TOKEN: process._token, wire.COMMAND: "put"}
        fits, body = b'{"box_id": "box_1", "things": 1}', b'{"box_id": "box_1", "things": 1, "why": "asked"}'
        for name, of in (("PutIn", body), ("LabelAnew", body)):
            for known, status, code in (
                (extent(), "invalid", "invalid" if name == "PutIn" else "unknown_command"),
                (extent() - 1, "invalid", "invalid" if name == "PutIn" else "unknown_command"),
                (extent() + 1, "failed", wire.OLDER_RELEASE),
            ):
                answer = await process.handler.handle(name, of, token | {wire.EXTENT: str(known)})
                assert (answer.status, answer.code) == (status, code)
        right = await process.handler.handle("PutIn", fits, token | {wire.EXTENT: str(extent() + 1)})
        assert right.status == "accepted"


async def test_what_nobody_knows_is_told_to_the_one_who_asked_when_patience_ends(settings: Settings):
    token = Signer(key_folder(settings)).sign(STAFF)
    async with older_service(settings).running(), connect(settings, "test") as nc:
        with pytest.raises(Invalid):
            await Client(nc).send_raw(PutIn, b'{"box_id": "box_1", "why": "asked"}', token=token)
        newer = Client(nc, patience=0.5)
        newer._extent = str(extent() + 1)
        with pytest.raises(Unavailable):
            await newer.send_raw(PutIn, b'{"box_id": "box_1", "why": "asked"}', token=token)


@pytest.mark.parametrize("type_", [ThingsPut.type, "toy.box.painted"])
async def test_an_aggregate_with_an_event_of_a_newer_release_is_left_alone_and_others_are_not(
    settings: Settings, type_: str
):
    async with connect(settings, "test") as nc:
        await Log(nc).ensure()
        process = Process(nc, settings, [box, shelf])
        await process.do(MakeBox(box_id="box_1", label="tea"))
        newer = ThingsPut(box_id="box_1", things=1)
        headers = wire.event_headers(
            newer, id="e1", said_at=datetime.now(UTC), actor=STAFF.stamp, command="c1", digest="d", cause=None
        )
        headers |= {"ce-type": type_, "ce-dataversion": "2"}
        await process.log.append([NewEntry(subjects.event(newer, "429999001001"), headers, encode(newer))])
        for _ in range(2):
            answer = await process.do(PutIn(box_id="box_1", things=1))
            assert (answer.status, answer.code) == ("failed", wire.OLDER_RELEASE)
        assert (await process.do(MakeBox(box_id="box_2", label="rice"))).status == "accepted"
