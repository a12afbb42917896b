"""A service as FastStream frames it: what it describes is what it hears, and its end loses nothing."""

from __future__ import annotations

import asyncio
import gzip
import socket
from typing import Any

import httpx
import pytest
from libs.chassis.tests.test_service import STAFF
from libs.chassis.tests.toy import MakeBox, box, shelf, views

from canlian_chassis.bus import broker
from canlian_chassis.bus.client import Accepted, Client, Unavailable, connect
from canlian_chassis.command.handler import Handler
from canlian_chassis.keys.store import key_folder
from canlian_chassis.ports import HeldPort
from canlian_chassis.service import Service
from canlian_chassis.settings import Settings
from canlian_chassis.tokens import Signer


def toy(settings: Settings) -> Service:
    return Service("toy", context="toy", deciders=[box, shelf], views=views, settings=settings)


def described(service: Service) -> dict[str, list[str]]:
    """The addresses by what is done with them: `receive` or `send`."""
    document = service.asyncapi()
    found: dict[str, list[str]] = {"receive": [], "send": []}
    for operation in document["operations"].values():
        channel = document["channels"][operation["channel"]["$ref"].rpartition("/")[2]]
        found[operation["action"]].append(channel["address"])
    return found


async def test_whatever_asyncapi_says_is_heard_is_answered_and_whatever_it_says_is_told_is_told(settings: Settings):
    service = toy(settings)
    told = asyncio.Queue[str]()

    async def hear(message: Any) -> None:
        await told.put(message.subject)

    async with service.running(), connect(settings, "test") as nc:
        addresses = described(service)
        assert len(addresses["receive"]) == len(set(addresses["receive"])) > 5
        for address in addresses["receive"]:
            assert (await nc.request(address, b"[]", timeout=5)).data  # NoRespondersError where nobody hears it
        for address in set(addresses["send"]):
            await nc.subscribe(address, cb=hear)
        await Client(nc).send(MakeBox(box_id="box_1", label="tea"), token=Signer(key_folder(settings)).sign(STAFF))
        assert (await told.get()).startswith("evt.toy.box.box_1.")


async def test_what_is_under_way_when_a_service_ends_is_answered_and_nothing_more_is_taken(
    settings: Settings, monkeypatch
):
    going_on, slow = asyncio.Event(), Handler.handle

    async def handle(self: Handler, *args: Any) -> Any:
        going_on.set()
        await asyncio.sleep(0.3)
        return await slow(self, *args)

    monkeypatch.setattr(Handler, "handle", handle)
    token = Signer(key_folder(settings)).sign(STAFF)
    async with connect(settings, "test") as nc:
        async with toy(settings).running():
            first = asyncio.create_task(Client(nc).send(MakeBox(box_id="box_1", label="tea"), token=token))
            await going_on.wait()
        assert (await first).events
        second = asyncio.create_task(Client(nc).send(MakeBox(box_id="box_2", label="salt"), token=token))
        await asyncio.sleep(0.3)
        async with toy(settings).running():
            assert (await second).events


async def test_two_processes_share_the_commands_and_one_may_end_under_load(settings: Settings):
    token = Signer(key_folder(settings)).sign(STAFF)
    async with connect(settings, "test") as nc, toy(settings).running():
        client = Client(nc, patience=4)
        async with toy(settings).running():
            sent = [
                asyncio.create_task(client.send(MakeBox(box_id=f"box_{n}", label=f"tea {n}"), token=token))
                for n in range(200)
            ]
            await sent[0]
        assert all(answer.events for answer in await asyncio.gather(*sent))


async def test_requests_beyond_what_may_wait_are_dropped_and_done_when_asked_again(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(broker, "AT_ONCE", 1)
    monkeypatch.setattr(broker, "MOST_WAITING", 100)
    token = Signer(key_folder(settings)).sign(STAFF)
    makes = {f"make-{n}": MakeBox(box_id=f"box_{n}", label=f"tea {n}") for n in range(20)}
    async with connect(settings, "test") as nc, toy(settings).running():
        hurried = Client(nc, patience=1)
        sent = [hurried.send(make, token=token, command_id=id_) for id_, make in makes.items()]
        answers = await asyncio.gather(*sent, return_exceptions=True)
        assert {type(answer) for answer in answers} == {Accepted, Unavailable}
        for id_, make in makes.items():
            assert (await Client(nc).send(make, token=token, command_id=id_)).events


async def test_a_service_whose_port_for_metrics_is_taken_serves_without(settings: Settings):
    token = Signer(key_folder(settings)).sign(STAFF)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        measured = settings.model_copy(update={"metrics_port": taken.getsockname()[1]})
        async with connect(settings, "test") as nc, toy(measured).running():
            assert (await Client(nc).send(MakeBox(box_id="box_1", label="tea"), token=token)).events


async def test_prometheus_reads_how_many_commands_were_handled(settings: Settings):
    measured = settings.model_copy(update={"metrics_port": HeldPort().number})
    token = Signer(key_folder(settings)).sign(STAFF)
    async with connect(settings, "test") as nc, toy(measured).running():
        await Client(nc).send(MakeBox(box_id="box_1", label="tea"), token=token)
        async with httpx.AsyncClient() as http:
            figures = (await http.get(f"http://127.0.0.1:{measured.metrics_port}/metrics")).text
    assert "canlian_received_processed_messages_duration_seconds_count{" in figures
    assert "canlian_received_messages_total{" in figures
    [line] = [one for one in figures.splitlines() if one.startswith("canlian_received_processed_messages_total{")]
    assert 'app_name="toy"' in line
    assert 'handler="cmd.toy.box.MakeBox"' in line
    assert line.endswith(" 1.0")


async def test_a_trace_of_each_command_goes_to_the_collector(settings: Settings):
    received: list[bytes] = []

    async def collect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        [length] = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        received.append(await reader.readexactly(int(length.partition(b":")[2])))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    token = Signer(key_folder(settings)).sign(STAFF)
    async with await asyncio.start_server(collect, "127.0.0.1", 0) as collector:
        port = collector.sockets[0].getsockname()[1]
        traced = settings.model_copy(update={"traces_url": f"http://127.0.0.1:{port}/v1/traces"})
        async with connect(settings, "test") as nc, toy(traced).running():
            await Client(nc).send(MakeBox(box_id="box_1", label="tea"), token=token)
    told = gzip_or_plain(b"".join(received))
    assert b"cmd.toy.box.MakeBox" in told
    assert token.encode() not in told
    assert b"tea" not in told


def gzip_or_plain(body: bytes) -> bytes:
    return gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body
