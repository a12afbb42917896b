"""The edge as it runs: its own process, a real Caddy in front, and a small upstream in the place of every tool."""

import json
import subprocess
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import httpx

from canlian_accounts import Accounts
from canlian_chassis.tokens import Verifier
from canlian_events.terms import Role

PASSWORD = "correct horse"
TOOLS = ("NEIGHBOURS", "VOLUNTEER", "SOCIAL_WORKER", "PROVIDER", "FEDERATION", "EXCHANGE")


class Upstream(BaseHTTPRequestHandler):
    """Says what reached it; /api/stream sends two lines, a second apart."""

    def do_GET(self) -> None:
        if self.path == "/health":
            return self.answer({"status": "ready", "parts": {}})
        if self.path == "/api/stream":
            return self.stream()
        return self.answer({"path": self.path, "headers": {k.lower(): v for k, v in self.headers.items()}})

    def do_POST(self) -> None:
        left = int(self.headers.get("content-length", 0))
        while left > 0:
            left -= len(self.rfile.read(min(left, 1 << 20)))
        self.do_GET()

    def answer(self, body: object) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def stream(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        for line in (b"data: 1\n\n", b"data: 2\n\n"):
            self.wfile.write(line)
            self.wfile.flush()
            time.sleep(1)

    def log_message(self, *_: object) -> None:
        """Silent."""


@dataclass
class System:
    address: str
    edge: str
    accounts: Accounts
    verifier: Verifier

    def browser(self, **headers: str) -> httpx.Client:
        return httpx.Client(base_url=self.address, headers=headers, timeout=15, trust_env=False)

    def signed_in(self, login: str) -> httpx.Client:
        client = self.browser()
        assert client.post("/sign-in", data={"login": login, "password": PASSWORD}).status_code == 303
        return client


def wait_until_ready(system: System, processes: list[subprocess.Popen[bytes]], log: Path) -> None:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline and all(process.poll() is None for process in processes):
        try:
            if httpx.get(f"{system.address}/health", trust_env=False).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.1)
    raise AssertionError(f"the edge did not start: {log.read_text()}")


def fill(accounts: Accounts) -> None:
    accounts.upsert_account(
        "Social.Worker",
        actor_id="worker_0000000001",
        roles=[Role.SOCIAL_WORKER],
        communities=["429999001003"],
        display_name="王芳",
        password=PASSWORD,
    )
    demos = {
        "canlian": ("worker_0000000011", [Role.STAFF, Role.COMMISSIONER], ["429999001"], "李建国"),
        "shegong": ("worker_0000000012", [Role.SOCIAL_WORKER], ["429999001003", "429999001004"], "王芳"),
        "wangge": ("worker_0000000013", [Role.GRID_WORKER], ["429999001003"], "赵敏"),
        "zhuren": ("worker_0000000014", [Role.DIRECTOR], ["429999001003"], "孙丽"),
        "zhiyuanzhe": ("worker_0000000015", [Role.VOLUNTEER], ["429999001003"], "陈明"),
        "jigou": ("provider_0000000001", [Role.PROVIDER], [], "阳光家园"),
        "jumin": ("person_0000000001", [Role.RESIDENT], ["429999001003"], "周奶奶"),
        "lingdao": ("worker_0000000016", [Role.LEADER], ["429999001"], "吴书记"),
    }
    for login, (actor, roles, communities, name) in demos.items():
        provider = actor if Role.PROVIDER in roles else None
        accounts.ensure_demo_account(
            login, actor_id=actor, roles=roles, communities=communities, provider_id=provider, display_name=name
        )
