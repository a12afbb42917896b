"""A long row of what canlian asks of a server, chosen by a seed, and the answers in a form that can be compared."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from random import Random
from typing import Any

from nats.aio.client import Client as Nats
from nats.aio.msg import Msg
from nats.js.api import KeyValueConfig

from canlian_chassis.clock import Clock
from canlian_chassis.log.following import consumer_config
from canlian_chassis.log.jetstream import Log
from canlian_chassis.policies.timers import Timers

Told = list[Any]
_TIMES = {"Nats-Time-Stamp", "Description"}
_STATE = ("messages", "first_seq", "last_seq", "num_subjects", "subjects", "consumer_count")
_AT_ONCE = 0.7
"""Seconds in which whatever comes at all has come."""


class Calls:
    """Asks one thing after another; `told` are the answers, without times and names of the server's own making."""

    def __init__(self, nc: Nats, seed: int) -> None:
        self._nc, self._random = nc, Random(seed)
        self.told: Told = []
        self._consumer = ""
        self._numbers = self._batches = 0
        self._given: list[str] = []

    async def make(self, count: int) -> None:
        await Log(self._nc).ensure()
        await Timers("sim", self._nc, Clock()).ensure()
        await self._nc.jetstream().create_key_value(KeyValueConfig(bucket="places", history=1))
        await self._new_consumer()
        kinds: list[tuple[int, Callable[[], Coroutine[Any, Any, None]]]] = [
            (20, self._publish),
            (12, self._batch),
            (6, self._broken_batch),
            (6, self._info),
            (8, self._stored),
            (8, self._direct),
            (5, self._pull),
            (1, self._new_consumer),
            (6, self._value),
            (5, self._timer),
            (3, self._due),
            (2, self._acknowledge),
            (2, self._nobody),
        ]
        for _ in range(count):
            await self._random.choices([kind for _, kind in kinds], [weight for weight, _ in kinds])[0]()

    # --- asking

    async def _ask(self, subject: str, body: bytes = b"", **headers: str) -> Told:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        message = await self._nc._request_new_style(subject, body, timeout=5, headers=named or None)
        return self._note(subject, [body.decode(), headers], [_readable(message, "answer")])

    async def _ask_many(self, subject: str, body: dict[str, Any], ends: Callable[[Msg], bool]) -> list[Msg]:
        inbox = self._nc.new_inbox()
        got: list[Msg] = []
        ended = asyncio.Event()

        async def take(message: Msg) -> None:
            got.append(message)
            if ends(message):
                ended.set()

        subscription = await self._nc.subscribe(inbox, cb=take)
        await self._nc.publish(subject, json.dumps(body).encode(), reply=inbox)
        await asyncio.wait_for(ended.wait(), 5)
        await subscription.unsubscribe()
        # how often it was said that nothing came, and between which messages, is chance
        told = [message for message in got if (message.headers or {}).get("Status") != "100"]
        self._note(subject, body, [_readable(message, inbox) for message in told])
        return got

    def _note(self, subject: str, body: Any, answers: Told) -> Told:
        subject = _without_time(subject.replace(self._consumer or "-", "CONSUMER"))
        self.told.append((subject, body, json.loads(json.dumps(answers).replace(self._consumer or "-", "CONSUMER"))))
        return answers

    def _subject(self) -> str:
        if self._random.random() < 0.2:
            return f"claim.label.{self._random.randint(1, 3)}"
        return f"evt.sim.box.{self._random.randint(1, 4)}.{self._random.choice('xyz')}"

    def _filter(self) -> str:
        number = self._random.randint(1, 5)
        wide = ["evt.>", "evt.sim.*.*.y", "claim.label.1", f"evt.sim.box.{number}.x", "evt.none.>"]
        return f"evt.sim.box.{number}.*" if self._random.random() < 0.5 else self._random.choice(wide)

    async def _last(self, filter_: str) -> int:
        reply = await self._nc.request("$JS.API.STREAM.MSG.GET.LOG", json.dumps({"last_by_subj": filter_}).encode())
        return int(json.loads(reply.data).get("message", {"seq": 0})["seq"])

    async def _expecting(self, subject: str) -> dict[str, str]:
        """What a message to this subject may expect: what is so, or not."""
        if self._random.random() < 0.3:
            return {}
        filter_ = f"{subject.rpartition('.')[0]}.*" if subject.startswith("evt") else subject
        wrong = self._random.choice((0, 0, 0, 1, 7))
        expected = {"Nats_Expected_Last_Subject_Sequence": str(await self._last(filter_) + wrong)}
        return expected if filter_ == subject else expected | {"Nats_Expected_Last_Subject_Sequence_Subject": filter_}

    def _id(self) -> dict[str, str]:
        """A message's id, sometimes one that was there."""
        if self._random.random() < 0.5:
            return {}
        self._numbers += 1
        return {"Nats_Msg_Id": f"m{self._random.randint(1, self._numbers)}"}

    # --- what is asked

    async def _publish(self) -> None:
        subject = self._subject()
        await self._ask(subject, b"body", **await self._expecting(subject), **self._id())

    async def _batch(self) -> None:
        self._batches += 1
        size = self._random.randint(1, 4)
        seen: set[str] = set()
        for number in range(1, size + 1):
            subject = self._subject()
            known = subject.rpartition(".")[0]
            expected = {} if known in seen else await self._expecting(subject)
            seen.add(known)
            await self._in_batch(subject, number, number == size, {**expected, **self._id()})

    async def _in_batch(self, subject: str, number: int, last: bool, more: dict[str, str]) -> None:
        headers = {"Nats_Batch_Id": f"batch{self._batches}", "Nats_Batch_Sequence": str(number), **more}
        await self._ask(subject, b"b", **headers, **({"Nats_Batch_Commit": "1"} if last else {}))

    async def _broken_batch(self) -> None:
        """One that lacks its beginning, or something in the middle."""
        self._batches += 1
        if self._random.random() < 0.5:
            await self._in_batch(self._subject(), 1, False, {})
        await self._in_batch(self._subject(), 3, True, {})

    async def _info(self) -> None:
        stream = self._random.choice(("LOG", "TIMERS", "KV_places", "NONE"))
        wanted = {"subjects_filter": self._random.choice((">", "evt.>", "timer.sim.set.*", "$KV.places.>"))}
        await self._ask(f"$JS.API.STREAM.INFO.{stream}", json.dumps(wanted).encode())

    async def _stored(self) -> None:
        wanted: dict[str, Any] = self._random.choice(
            (
                {"seq": self._random.randint(1, 30)},
                {"last_by_subj": self._filter()},
                {"seq": self._random.randint(1, 30), "next_by_subj": self._filter()},
            )
        )
        await self._ask("$JS.API.STREAM.MSG.GET.LOG", json.dumps(wanted).encode())

    async def _direct(self) -> None:
        wanted: dict[str, Any] = self._random.choice(
            (
                {
                    "seq": self._random.randint(1, 30),
                    "next_by_subj": self._filter(),
                    "batch": self._random.randint(1, 9),
                },
                {"multi_last": [self._filter(), "evt.sim.box.2.*"]},
                {"multi_last": ["evt.sim.box.1.*", "evt.sim.box.3.*"], "up_to_seq": self._random.randint(1, 30)},
                {"start_time": "2020-01-01T00:00:00Z", "next_by_subj": ">", "batch": 1},
            )
        )
        await self._ask_many("$JS.API.DIRECT.GET.LOG", wanted, lambda message: "Status" in (message.headers or {}))

    async def _new_consumer(self) -> None:
        filters = self._random.choice(((), ("evt.>",), ("claim.>", "evt.sim.box.1.*")))
        # from beyond the log's end on, the server counts as pending what comes before it
        config = consumer_config(self._random.randint(0, min(3, await self._last(">"))), filters)
        self._consumer = (await self._nc.jetstream().add_consumer("LOG", config)).name

    async def _pull(self) -> None:
        """All that is there, and how it ends."""
        wanted: dict[str, Any] = {"batch": self._random.randint(1, 30), "no_wait": True}
        if self._random.random() < 0.4:
            wanted = {"batch": 40, "expires": 500_000_000, "idle_heartbeat": 60_000_000}
        left = wanted["batch"]

        def ends(message: Msg) -> bool:
            nonlocal left
            status = (message.headers or {}).get("Status")
            left -= status is None
            return left == 0 or status in ("404", "408")

        await self._ask_many(f"$JS.API.CONSUMER.MSG.NEXT.LOG.{self._consumer}", wanted, ends)

    async def _value(self) -> None:
        subject = f"$KV.places.{self._random.choice('abc')}"
        choice = self._random.randint(1, 3)
        if choice == 1:
            await self._ask(subject, b"put")
        elif choice == 2:
            await self._ask(subject, b"", KV_Operation="PURGE", Nats_Rollup="sub")
        else:
            found = await self._nc.request(
                "$JS.API.STREAM.MSG.GET.KV_places", json.dumps({"last_by_subj": subject}).encode()
            )
            last = int(json.loads(found.data).get("message", {"seq": 0})["seq"])
            expected = str(last + self._random.choice((0, 0, 2)))
            await self._ask(subject, b"cas", Nats_Expected_Last_Subject_Sequence=expected)

    async def _timer(self) -> None:
        subject = f"timer.sim.set.{self._random.choice('kl')}"
        if self._random.random() < 0.3:
            await self._ask("$JS.API.STREAM.PURGE.TIMERS", json.dumps({"filter": subject}).encode())
            return
        at = self._random.choice(("@at 2050-01-01T00:00:00Z", "@at 2050-06-01T00:00:00.5Z", "nonsense"))
        target = self._random.choice(("timer.sim.due", "timer.sim.due", "elsewhere"))
        await self._ask(subject, b"later", Nats_Schedule=at, Nats_Schedule_Target=target, **self._id())

    async def _due(self) -> None:
        """One whose time has come already; then it is taken."""
        past = "@at 2020-01-01T00:00:00Z"
        await self._ask("timer.sim.set.past", b"now", Nats_Schedule=past, Nats_Schedule_Target="timer.sim.due")
        await asyncio.sleep(_AT_ONCE)
        wanted = {"batch": 20, "no_wait": True}
        got = await self._ask_many(
            "$JS.API.CONSUMER.MSG.NEXT.TIMERS.sim", wanted, lambda m: "Status" in (m.headers or {})
        )
        self._given += [message.reply for message in got if message.reply]

    async def _acknowledge(self) -> None:
        if not self._given:
            return
        reply = self._given.pop(self._random.randrange(len(self._given)))
        if self._random.random() < 0.5:
            await self._nc.publish(reply, b'-NAK {"delay": 200000000}')
            await asyncio.sleep(_AT_ONCE)
        else:
            await self._ask(reply)

    async def _nobody(self) -> None:
        await self._ask(
            self._random.choice(("nobody.there", "$JS.API.DIRECT.GET.NONE", "$JS.API.CONSUMER.MSG.NEXT.LOG.x"))
        )


def _readable(message: Msg, inbox: str) -> Any:
    """An answer without what differs from server to server."""
    headers = {str(name): value for name, value in (message.headers or {}).items() if str(name) not in _TIMES}
    headers = {name: value for name, value in headers.items() if "DESCRIPTION" not in name}
    subject = "" if inbox in (message.subject, "answer") else message.subject
    numbers = _without_time(message.reply)
    body: Any = message.data.decode()
    if body.startswith("{"):
        body = _without_times(json.loads(body))
    return [subject, numbers, headers, body]


def _without_time(reply: str) -> str:
    """The subject under which a message is acknowledged."""
    return ".".join(part for number, part in enumerate(reply.split(".")) if number != 7)


def _without_times(said: dict[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = {
        name: said[name] for name in ("error", "stream", "seq", "duplicate", "batch", "count", "purged") if name in said
    }
    if "message" in said:
        kept["message"] = {name: value for name, value in said["message"].items() if name != "time"}
    if "state" in said:
        kept["state"] = {name: said["state"].get(name) for name in _STATE}
    return kept
