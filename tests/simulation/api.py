"""What is asked of the model's JetStream: `$JS.API…`, with the answers of nats-server 2.15."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from tests.simulation.consumers import Consumer
from tests.simulation.protocol import Message, covers, status
from tests.simulation.streams import Reply, Stored, Stream, nanoseconds, read_time, written

if TYPE_CHECKING:
    from tests.simulation.model_server import ModelServer

_TYPE = "io.nats.jetstream.api.v1."
_STREAM_DEFAULTS: dict[str, Any] = {
    "retention": "limits",
    "max_msgs_per_subject": -1,
    "discard": "old",
    "storage": "file",
    "num_replicas": 1,
    "duplicate_window": 120_000_000_000,
    "allow_direct": False,
    "allow_rollup_hdrs": False,
    "deny_delete": False,
    "deny_purge": False,
    "max_consumers": -1,
    "max_msgs": -1,
    "max_bytes": -1,
    "max_age": 0,
    "max_msg_size": -1,
}


def encode(reply: Reply) -> bytes:
    return json.dumps(reply).encode()


def handle(server: ModelServer, message: Message) -> bool:
    """Answer a request; False where nobody listens to its subject."""
    words = message.subject.split(".")[2:]
    name = ".".join(words[:2])
    for prefix, (kind, answer) in _ANSWERS.items():
        if message.subject.startswith(f"$JS.API.{prefix}."):
            rest = message.subject.removeprefix(f"$JS.API.{prefix}.").split(".")
            reply = answer(server, rest, json.loads(message.body or "{}"))
            server.answer(message.reply, body=encode({"type": _TYPE + kind, **reply}))
            return True
    if name == "DIRECT.GET":
        return _direct(server, message, words[2], ".".join(words[3:]))
    if message.subject.startswith("$JS.API.CONSUMER.MSG.NEXT."):
        consumer = server.consumers.get((words[3], words[4]))
        if consumer:
            consumer.ask(message.reply, json.loads(message.body or "{}"))
        return consumer is not None
    return False


def _error(code: int, err_code: int, description: str) -> Reply:
    return {"error": {"code": code, "err_code": err_code, "description": description}}


_NO_STREAM = _error(404, 10059, "stream not found")
_NO_CONSUMER = _error(404, 10014, "consumer not found")
_NO_MESSAGE = _error(404, 10037, "no message found")


def _create_stream(server: ModelServer, rest: Sequence[str], request: dict[str, Any]) -> Reply:
    given = {name: value for name, value in request.items() if value is not None}
    config = _STREAM_DEFAULTS | given
    if config["max_msgs_per_subject"] == 0:
        config["max_msgs_per_subject"] = -1
    if config.get("allow_msg_schedules"):
        config["allow_rollup_hdrs"] = True
    there = server.streams.get(rest[0])
    if there and there.config != config:
        return _error(400, 10058, "stream name already in use with a different configuration")
    stream = there or server.add_stream(config)
    return {**_described(server, stream, {}), "did_create": there is None}


def _update_stream(server: ModelServer, rest: Sequence[str], request: dict[str, Any]) -> Reply:
    stream = server.streams.get(rest[0])
    if stream is None:
        return _NO_STREAM
    stream.config |= {name: value for name, value in request.items() if value is not None}
    return _described(server, stream, {})


def _stream_info(server: ModelServer, rest: Sequence[str], request: dict[str, Any]) -> Reply:
    stream = server.streams.get(rest[0])
    return _NO_STREAM if stream is None else _described(server, stream, request)


def _described(server: ModelServer, stream: Stream, request: dict[str, Any]) -> Reply:
    first = stream.messages.get(stream.first_seq)
    state: dict[str, Any] = {
        "messages": len(stream.messages),
        "bytes": sum(len(m.body) + len(m.block) + len(m.subject) + 22 for m in stream.messages.values()),
        "first_seq": stream.first_seq,
        "first_ts": written(first.ns if first else 0),
        "last_seq": stream.last_seq,
        "last_ts": written(stream.last_ns),
        "consumer_count": sum(1 for name, _ in server.consumers if name == stream.name),
    }
    if stream.by_subject:
        state["num_subjects"] = len(stream.by_subject)
    if (filter_ := request.get("subjects_filter")) and (counts := stream.counts(filter_)):
        state["subjects"] = counts
    created = written(stream.created)
    return {"config": stream.config, "created": created, "state": state, "ts": written(nanoseconds(server.now()))}


def _purge(server: ModelServer, rest: Sequence[str], request: dict[str, Any]) -> Reply:
    stream = server.streams.get(rest[0])
    if stream is None:
        return _NO_STREAM
    if stream.config["deny_purge"]:
        return {**_error(500, 10110, "stream purge not permitted"), "purged": 0}
    purged = stream.purge(request.get("filter") or ">", request.get("seq", 0), request.get("keep", 0))
    return {"success": True, "purged": purged}


def _stored(server: ModelServer, rest: Sequence[str], request: dict[str, Any]) -> Reply:
    stream = server.streams.get(rest[0])
    if stream is None:
        return _NO_STREAM
    found = _find(stream, request)
    if found is None:
        return _NO_MESSAGE
    message = {"subject": found.subject, "seq": found.seq, "time": written(found.ns)}
    if found.block:
        message["hdrs"] = base64.b64encode(found.block).decode()
    if found.body:
        message["data"] = base64.b64encode(found.body).decode()
    return {"message": message}


def _find(stream: Stream, request: dict[str, Any]) -> Stored | None:
    if last := request.get("last_by_subj"):
        return stream.last(last)
    if following := request.get("next_by_subj"):
        return stream.next(request.get("seq", 1) - 1, (following,))
    return stream.messages.get(request.get("seq", 0))


def _create_consumer(server: ModelServer, rest: Sequence[str], request: dict[str, Any]) -> Reply:
    stream = server.streams.get(rest[0])
    if stream is None:
        return _NO_STREAM
    config: dict[str, Any] = {n: v for n, v in request["config"].items() if v is not None}
    name = config.get("durable_name") or config.get("name") or server.new_name()
    there = server.consumers.get((stream.name, name))
    if there is None:
        there = Consumer(server, stream, name, config)
        server.add_consumer(there)
    return there.info()


def _consumer_info(server: ModelServer, rest: Sequence[str], _request: dict[str, Any]) -> Reply:
    consumer = server.consumers.get((rest[0], rest[1]))
    return consumer.info() if consumer else _NO_CONSUMER


def _delete_consumer(server: ModelServer, rest: Sequence[str], _request: dict[str, Any]) -> Reply:
    consumer = server.consumers.get((rest[0], rest[1]))
    if consumer is None:
        return _NO_CONSUMER
    server.forget_consumer(consumer)
    return {"success": True}


_Answer = Callable[["ModelServer", Sequence[str], dict[str, Any]], Reply]
_ANSWERS: dict[str, tuple[str, _Answer]] = {
    "STREAM.CREATE": ("stream_create_response", _create_stream),
    "STREAM.UPDATE": ("stream_update_response", _update_stream),
    "STREAM.INFO": ("stream_info_response", _stream_info),
    "STREAM.PURGE": ("stream_purge_response", _purge),
    "STREAM.MSG.GET": ("stream_msg_get_response", _stored),
    "CONSUMER.CREATE": ("consumer_create_response", _create_consumer),
    "CONSUMER.DURABLE.CREATE": ("consumer_create_response", _create_consumer),
    "CONSUMER.INFO": ("consumer_info_response", _consumer_info),
    "CONSUMER.DELETE": ("consumer_delete_response", _delete_consumer),
}


def _direct(server: ModelServer, message: Message, name: str, subject: str) -> bool:
    """Messages as they are stored, with what is told of them in their headers; several end with a status."""
    stream = server.streams.get(name)
    if stream is None or not stream.config["allow_direct"]:
        return False
    request = json.loads(message.body or "{}")
    if subject or not ("batch" in request or "multi_last" in request):
        found = _find(stream, {"last_by_subj": subject} if subject else request)
        if found is None:
            server.answer(message.reply, status("404 Message Not Found"))
        else:
            server.answer(message.reply, _with(stream, found, {}), found.body)
        return True
    many, rest, more = _many(stream, request)
    if not many:
        server.answer(message.reply, status("404 No Results" if "multi_last" in request else "404 Message Not Found"))
        return True
    before = 0
    for number, found in enumerate(many):
        told = {"Nats-Num-Pending": str(rest + len(many) - number - 1), "Nats-Last-Sequence": str(before)}
        server.answer(message.reply, _with(stream, found, told), found.body)
        before = found.seq
    server.answer(message.reply, status("204 EOB", Nats_Num_Pending=rest, Nats_Last_Sequence=before, **more))
    return True


def _many(stream: Stream, request: dict[str, Any]) -> tuple[list[Stored], int, dict[str, object]]:
    """The messages, how many more there are, and what else the end says."""
    if filters := request.get("multi_last"):
        up_to = request.get("up_to_seq") or stream.last_seq
        found = [] if up_to > stream.last_seq else stream.last_of_each(filters, up_to)
        return found, 0, {"Nats_UpTo_Sequence": up_to}
    following = request.get("next_by_subj", ">")
    found = list(stream.above(max(request.get("seq", 1), 1) - 1, (following,)))
    if since := request.get("start_time"):
        found = [message for message in found if message.ns >= read_time(since)]
    size: int = request["batch"]
    return found[:size], len(found[size:]), {}


def _with(stream: Stream, found: Stored, told: dict[str, str]) -> bytes:
    told = {
        "Nats-Stream": stream.name,
        "Nats-Subject": found.subject,
        "Nats-Sequence": str(found.seq),
        "Nats-Time-Stamp": written(found.ns),
        **told,
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in told.items()).encode()
    return b"".join((found.block[:-2] or b"NATS/1.0\r\n", lines, b"\r\n"))


__all__ = ["covers", "encode", "handle"]
