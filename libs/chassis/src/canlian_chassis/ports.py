"""Ports for programs that are started a moment later, or again after they ended."""

from __future__ import annotations

import socket
import sys

LOOPBACK = "127.0.0.1"


class HeldPort:
    """A free loopback port, given to nobody else until `release`: neither to a listener nor to a connection going out.

    It stays bound without listening. A server that allows its address to be used again (SO_REUSEADDR, which servers
    set) may listen there all the same, and while none does, a connection is refused at once. Only Linux allows that;
    elsewhere the port is free when it is chosen, and no more.
    """

    def __init__(self) -> None:
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind((LOOPBACK, 0))
        self.number: int = self._socket.getsockname()[1]
        self.address = f"{LOOPBACK}:{self.number}"
        if sys.platform != "linux":
            self.release()

    def release(self) -> None:
        self._socket.close()
