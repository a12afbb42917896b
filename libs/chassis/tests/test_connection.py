"""The bus's connection reads headers as nats-py does, only faster."""

import pytest
from nats.aio.client import Client

from canlian_chassis.bus.client import Connection

HEADERS = {
    "as the server writes them": b"Nats-Msg-Id: 7d1b\r\nce-time: 2026-11-24T08:00:00+00:00\r\n\r\n",
    "no space after the colon, or a tab": b"One:1\r\nTwo:\t2 \r\n\r\n",
    "a value that is no ASCII": "Canlian-Why: 回访 电话\r\n\r\n".encode(),
    "a value with colons, and none": b"ce-source: /canlian/registry:x\r\nEmpty:\r\n\r\n",
    "what is no header": b"nothing\r\nbad name: 1\r\nGood: 2\r\n\r\n",
    "bytes that are no text": b"Name: \xff\xfe\r\n\r\n",
}


@pytest.mark.parametrize("raw", HEADERS.values(), ids=HEADERS.keys())
def test_headers_are_read_as_nats_py_reads_them(raw: bytes) -> None:
    assert Connection._parse_header_lines(raw) == Client._parse_header_lines(raw)
