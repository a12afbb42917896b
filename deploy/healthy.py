"""Whether a part is well, for its container's health check; only the standard library, as it runs every few seconds.

healthy.py http://127.0.0.1:8000/health    it answers with 200
healthy.py nats://nats:4222 registry       the service says, over the log's server, that it is ready
"""

import json
import os
import socket
import sys
from http.client import HTTPConnection
from urllib.parse import SplitResult, urlsplit

TIMEOUT = 5


def answers(url: SplitResult) -> bool:
    connection = HTTPConnection(url.hostname or "", url.port or 80, timeout=TIMEOUT)
    connection.request("GET", url.path or "/")
    return connection.getresponse().status == 200


def service_answers(url: SplitResult, service: str) -> bool:
    """A request and its answer, in NATS' own text protocol."""
    inbox = f"_INBOX.healthy.{os.getpid()}.{socket.gethostname()}"
    asked = f'CONNECT {{"verbose":false}}\r\nSUB {inbox} 1\r\nPUB health.{service} {inbox} 0\r\n\r\n'
    with socket.create_connection((url.hostname or "", url.port or 4222), TIMEOUT) as server:
        server.sendall(asked.encode())
        with server.makefile("rb") as lines:
            for line in lines:
                if line.startswith(b"MSG "):
                    answer = json.loads(lines.read(int(line.split()[-1])))
                    return bool(answer["status"] == "ready")
    return False


def main() -> int:
    url, *service = sys.argv[1:]
    parts = urlsplit(url)
    try:
        well = service_answers(parts, service[0]) if service else answers(parts)
    except OSError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
