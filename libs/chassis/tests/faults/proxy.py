"""A line between a part and the server that can be cut, go dead, be read slowly, or deliver everything twice."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
from collections.abc import AsyncIterator

_DELIVERY = re.compile(rb"(H?MSG) [^\r\n]* (\d+)\r\n")


class Line:
    """`url` is where the part connects. All that is set here holds for connections there are and those to come."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._serving: set[asyncio.Task[None]] = set()
        self._open: set[asyncio.StreamWriter] = set()
        self._dead: set[asyncio.StreamWriter] = set()
        self._clear = asyncio.Event()
        self._clear.set()
        self.twice = False
        """Whether each message of the server is delivered twice."""
        self.url = ""

    def cut(self) -> None:
        """Close every connection; the next one is let through."""
        for writer in self._open:
            writer.close()

    def stop(self) -> None:
        """Nothing comes through any more, either way, and nobody is told: a half-open connection, a stuck reader."""
        self._clear.clear()

    def go_on(self) -> None:
        self._clear.set()

    def lose(self) -> None:
        """The connections there are go dead without a word; the next one is let through."""
        self._dead |= self._open

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._serving.add(asyncio.create_task(self._serve(reader, writer)))

    async def close(self) -> None:
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        narrow = socket.socket()
        narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16_384)  # so that little waits on its way
        narrow.connect(("127.0.0.1", self.port))
        there, back = await asyncio.open_connection(sock=narrow, limit=4096)
        self._open |= {writer, back}
        passing = [asyncio.create_task(self._pass(reader, back)), asyncio.create_task(self._deliver(there, writer))]
        try:
            await asyncio.wait(passing, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in passing:
                task.cancel()
            for end in (writer, back):
                self._open.discard(end)
                end.close()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                await self._clear.wait()
                if writer not in self._dead:
                    writer.write(data)
                await writer.drain()

    async def _deliver(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self.twice:
            await self._pass(reader, writer)
            return
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while line := await reader.readuntil(b"\n"):
                found = _DELIVERY.fullmatch(line)
                if found:
                    line += await reader.readexactly(int(found[2]) + 2)
                writer.write(line * 2 if found else line)
                await writer.drain()


@contextlib.asynccontextmanager
async def line_to(port: int, *, twice: bool = False) -> AsyncIterator[Line]:
    line = Line(port)
    line.twice = twice
    server = await asyncio.start_server(line.accept, "127.0.0.1", 0, limit=4096)
    line.url = f"nats://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield line
    finally:
        server.close()
        await line.close()
