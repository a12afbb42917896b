"""A held port is there for the program it was chosen for, and for nobody else."""

from __future__ import annotations

import asyncio
import socket
import sys

import pytest

from canlian_chassis.ports import LOOPBACK, HeldPort

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a port be held")


async def test_its_program_listens_there_ends_and_listens_again():
    port = HeldPort()
    for _ in range(2):
        server = await asyncio.start_server(lambda _, writer: writer.close(), LOOPBACK, port.number)
        reader, writer = await asyncio.open_connection(LOOPBACK, port.number)
        assert await reader.read() == b""
        writer.close()
        server.close()
        await server.wait_closed()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(LOOPBACK, port.number)
    port.release()


def test_nobody_else_is_given_it():
    port = HeldPort()
    with socket.socket() as other, pytest.raises(OSError, match="in use"):
        other.bind((LOOPBACK, port.number))
    port.release()
    with socket.socket() as other:
        other.bind((LOOPBACK, port.number))
