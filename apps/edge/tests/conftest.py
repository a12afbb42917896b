import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest
from apps.edge.tests.system import TOOLS, System, Upstream, fill, wait_until_ready

import canlian_edge
from canlian_accounts import Accounts
from canlian_chassis.settings import Settings
from canlian_chassis.testing.servers import NatsServer, free_port, nats_server
from canlian_chassis.tokens import Verifier


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsServer]:
    with nats_server(tmp_path_factory.mktemp("nats")) as running:
        yield running


@pytest.fixture(scope="session")
def upstream() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture(scope="session")
def system(server: NatsServer, upstream: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """Every tool but the provider's is there; no service is."""
    data = tmp_path_factory.mktemp("data")
    port, edge_port = free_port(), free_port()
    addresses = {f"CANLIAN_{tool}": upstream for tool in TOOLS} | {
        "CANLIAN_PROVIDER": "127.0.0.1:1",
        "CANLIAN_EDGE": f"127.0.0.1:{edge_port}",
    }
    shared = os.environ | addresses | {"CANLIAN_DATA": str(data), "CANLIAN_NATS_URL": server.url, "CANLIAN_DEMO": "1"}
    shared |= {"CANLIAN_PARTS": "edge,neighbours,volunteer", "CANLIAN_HOST": "127.0.0.1"}
    accounts = Accounts(Settings(data=data, demo=True))
    fill(accounts)
    caddyfile = Path(canlian_edge.__path__[0]) / "Caddyfile"
    caddy = [str(Path(sys.executable).parent / "caddy"), "run", "--config", str(caddyfile), "--adapter", "caddyfile"]
    commands = [
        ([sys.executable, "-m", "canlian_edge"], {"CANLIAN_PORT": str(edge_port)}),
        (caddy, {"CANLIAN_PORT": str(port), "XDG_DATA_HOME": str(data), "XDG_CONFIG_HOME": str(data)}),
    ]
    log = (data / "log").open("w+")
    processes = [subprocess.Popen(line, env=shared | more, stdout=log, stderr=log) for line, more in commands]
    system = System(f"http://127.0.0.1:{port}", addresses["CANLIAN_EDGE"], accounts, Verifier(data / "keys"))
    try:
        wait_until_ready(system, processes, data / "log")
        yield system
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(timeout=10)
