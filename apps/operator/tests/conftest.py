"""Stand-ins for every part, so that what `canlian run` does is tested without what the parts do."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.system import System, running_system

from canlian_operator.running import fork_server
from canlian_operator.running.parts import PARTS, Kind

SHARED = [name for name in fork_server.SHARED if name.startswith(("canlian_chassis", "canlian_web"))]

SERVICE = """
import asyncio, os, nats

async def answer(message):
    await message.respond(b'{"status": "ready"}')

async def serve():
    connection = await nats.connect(os.environ["CANLIAN_NATS_URL"], max_reconnect_attempts=-1)
    await connection.subscribe("health.%s", cb=answer)
    await asyncio.Event().wait()

asyncio.run(serve())
"""

TOOL = """
import json, os, sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

if __package__ in os.environ.get("STAND_IN_DIES", "").split(","):
    sys.exit("a stand-in that dies")

class Answer(BaseHTTPRequestHandler):
    def do_GET(self):
        dies = os.environ.get("STAND_IN_DIES", "").removeprefix("canlian_")
        ill = dies and self.path == "/health"
        parts = {dies: {"status": "not ready"}, "volunteer": {"status": "ready"}}
        self.send_response(503 if ill else 200)
        self.end_headers()
        self.wfile.write(json.dumps({"parts": parts}).encode() if ill else __package__.encode())

ThreadingHTTPServer((os.environ["CANLIAN_HOST"], int(os.environ["CANLIAN_PORT"])), Answer).serve_forever()
"""

CADDYFILE = """
{
    admin off
}
http://:{$CANLIAN_PORT} {
    bind {$CANLIAN_HOST}
    handle /volunteer* {
        reverse_proxy {$CANLIAN_VOLUNTEER}
    }
    handle {
        reverse_proxy {$CANLIAN_EDGE}
    }
}
"""


SITE = f"""
import sys
from types import ModuleType

sys.modules |= {{name: ModuleType(name) for name in {SHARED}}}
"""
"""Stand-ins need nothing of what real parts share, and importing that takes longer than all of a test."""


@pytest.fixture(scope="session")
def stand_ins(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for PYTHONPATH with a package for each part."""
    folder = tmp_path_factory.mktemp("stand-ins")
    for part in PARTS:
        package = folder / part.module
        package.mkdir()
        (package / "__init__.py").touch()
        (package / "__main__.py").write_text(SERVICE % part.name if part.kind is Kind.SERVICE else TOOL)
    (folder / "sitecustomize.py").write_text(SITE)
    (folder / "canlian_edge" / "Caddyfile").write_text(CADDYFILE)
    return folder


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, stand_ins: Path) -> Iterator[System]:
    """A whole system of stand-ins that runs, for tests that leave it as it is."""
    with running_system(tmp_path_factory.mktemp("whole") / "data", (), {"PYTHONPATH": str(stand_ins)}) as system:
        yield system


@pytest.fixture
def system(tmp_path: Path, stand_ins: Path) -> Iterator[System]:
    """A system of stand-ins, not started: of all parts, unless a test names fewer."""
    system = System(tmp_path / "data", environment={"PYTHONPATH": str(stand_ins)})
    yield system
    if system.process and system.process.poll() is None:
        system.stop()
