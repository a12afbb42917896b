"""Whether a part is well, for its container's health check; only the standard library, as it runs every few seconds.

healthy.py http://127.0.0.1:8000/          it answers, whatever it says
healthy.py http://127.0.0.1:8000/health 200    it answers with this status
healthy.py --connected canlian-registry    a connection of this name is open at the log's server
"""

import json
import os
import socket
import sys
from http.client import HTTPConnection
from urllib.parse import urlsplit

TIMEOUT = 5


def answers(url: str, wanted: int | None) -> bool:
    status, _ = get(url)
    return status < 500 if wanted is None else status == wanted


def connected(name: str) -> bool:
    """By the address of this container too, as another of the same name may serve beside it."""
    _, body = get(os.environ.get("NATS_MONITOR", "http://nats:8222") + "/connz?limit=4096")
    own = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None)}
    return any(
        connection.get("name") == name and connection.get("ip") in own for connection in json.loads(body)["connections"]
    )


def get(url: str) -> tuple[int, bytes]:
    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname or "", parts.port or 80, timeout=TIMEOUT)
    connection.request("GET", f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/")
    response = connection.getresponse()
    return response.status, response.read()


def main() -> int:
    what, *rest = sys.argv[1:]
    try:
        well = connected(rest[0]) if what == "--connected" else answers(what, int(rest[0]) if rest else None)
    except OSError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
