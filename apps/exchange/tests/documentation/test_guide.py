"""What docs/api.md tells to type, typed."""

from __future__ import annotations

import asyncio
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from string import Template

import httpx
import pytest
from apps.exchange.tests.running import STAFF, Api, registry, serving

from canlian_chassis.settings import Settings
from canlian_exchange.integrity import chain_signing
from canlian_web.language.formats import today

GUIDE = (Path(__file__).parents[4] / "docs" / "api.md").read_text(encoding="utf-8")
OPENED_BEFORE = "OpenCommunity"
TODAY = "$(TZ=Asia/Shanghai date +%F)"


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)


def typed(api: Api) -> list[list[str]]:
    """The arguments of every curl of the guide, in order, as a shell would pass them on."""
    lines = "\n".join(blocks("sh")).replace("\\\n", " ").replace(TODAY, str(today())).splitlines()
    known = {"URL": api.url, "TOKEN": api.token(STAFF)}
    return [shlex.split(Template(line).substitute(known))[1:] for line in lines if line.startswith("curl ")]


async def curl(arguments: list[str]) -> httpx.Response:
    """As curl does: -d is a POST. Of a stream only the beginning is read."""
    headers: dict[str, str] = {}
    body: str | None = None
    url = ""
    rest = iter(arguments)
    for argument in rest:
        match argument:
            case "-H":
                name, _, value = next(rest).partition(": ")
                headers[name] = value
            case "-d":
                body = next(rest)
            case "-X":
                assert next(rest) == "POST"
            case "-o":
                next(rest)
            case "-i" | "-N":
                pass
            case _:
                url = argument
    async with httpx.AsyncClient(trust_env=False, timeout=20) as client:
        method = "GET" if body is None else "POST"
        async with client.stream(method, url, headers=headers, content=body) as response:
            if not url.endswith("/stream"):
                await response.aread()
            return response


async def test_every_line_of_the_guide_works_in_the_order_it_is_told(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(chain_signing, "SECONDS", 0.05)
    async with registry(settings), serving(settings) as api:
        commands = sorted(typed(api), key=lambda arguments: OPENED_BEFORE not in str(arguments))
        assert len(commands) > 10
        for arguments in commands:
            answer = await curl(arguments)
            while "/heads" in arguments[-1] and answer.status_code in {404, 503}:  # soon, says the guide
                await asyncio.sleep(0.05)
                answer = await curl(arguments)
            assert answer.status_code == 200, (arguments, answer.status_code)


async def test_the_program_of_the_guide_reads_every_event(api: Api):
    [program] = blocks("python")
    environment = os.environ | {"URL": api.url, "TOKEN": api.token(STAFF), "NO_PROXY": "*"}
    ran = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=60
    )
    assert ran.returncode == 0, ran.stderr
    assert len(ran.stdout.splitlines()) == len(await api.events()) == 2


def test_the_sizes_and_statuses_of_the_guide_are_those_of_the_code():
    from canlian_exchange.access.permissions import READERS
    from canlian_exchange.commands.dispatch import MAX_BODY

    assert f"{MAX_BODY // 1024} KiB" in GUIDE
    for role in READERS:
        assert f"`{role}`" in GUIDE
