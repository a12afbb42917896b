"""`canlian doctor`: whether this machine can run the system, and how the one that runs is doing."""

import asyncio
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import typer
from rich.console import Console

from canlian_chassis.settings import Settings
from canlian_operator.environment import read_settings
from canlian_operator.running.parts import PARTS
from canlian_operator.running.programs import CADDY, NATS, MissingProgram, binary, is_free
from canlian_operator.running.readiness import Health
from canlian_operator.running.run import check_port_number
from canlian_operator.running.system import RunningSystem, running

FREE_BYTES_WANTED = 2_000_000_000


@dataclass(frozen=True)
class Finding:
    """`mend` says what to do; empty when all is well."""

    what: str
    mend: str = ""


def doctor() -> None:
    """检查 · Check this machine, the data folder and, when it runs, each part. Exits 1 if something is wrong."""
    settings = read_settings()
    check_port_number(settings.port)
    data = settings.data.absolute()
    system = running(data)
    findings = [*of_machine(), *of_folder(data)]
    findings += asyncio.run(of_system(system)) if system else of_rest(settings, data)
    console = Console(highlight=False, soft_wrap=True)
    for finding in findings:
        mark, style = ("✗", "red") if finding.mend else ("✓", "green")
        console.print(f"{mark} {finding.what}", style=style, markup=False)
        if finding.mend:
            console.print(f"    {finding.mend}", markup=False)
    if any(finding.mend for finding in findings):
        raise typer.Exit(1)


def of_machine() -> Iterator[Finding]:
    yield Finding(f"Python {sys.version.split()[0]}")
    for name in (NATS, CADDY):
        try:
            yield Finding(f"{name}: {binary(name)}")
        except MissingProgram:
            yield Finding(f"{name}", "没有这个程序，请运行 uv sync · it is not there: run `uv sync`")
    for part in PARTS:
        if not part.installed:
            yield Finding(f"{part.name}：未安装，不会运行 · not installed, so it does not run")


def of_folder(data: Path) -> Iterator[Finding]:
    existing = next(folder for folder in (data, *data.parents) if folder.exists())
    if not os.access(existing, os.W_OK):
        yield Finding(f"{data}", "不可写，用 CANLIAN_DATA 换一个 · not writable: choose another with CANLIAN_DATA")
    free = shutil.disk_usage(existing).free
    what = f"{data}： {free / 1e9:.1f} GB 可用 · free"
    yield Finding(what, "" if free > FREE_BYTES_WANTED else "磁盘快满了 · the disk is nearly full: make room")


def of_rest(settings: Settings, data: Path) -> list[Finding]:
    stopped = Finding(f"{data}：系统未运行 · no system runs on it")
    if is_free(settings.host, settings.port):
        return [stopped, Finding(f"端口 {settings.port} 空闲 · port {settings.port} is free")]
    mend = "已被占用，用 CANLIAN_PORT 换一个 · in use: choose another with CANLIAN_PORT"
    return [stopped, Finding(f"端口 · port {settings.port}", mend)]


async def of_system(system: RunningSystem) -> list[Finding]:
    findings = [Finding(f"系统运行中，进程 {system.pid} · running as process {system.pid}: {system.address or ''}")]
    kinds = {part.name: part for part in PARTS}
    async with Health(system.nats_url) as health:
        for name, process in system.parts.items():
            if process.state != "running":
                findings.append(Finding(f"{name}: {process.state}", f"日志 · its log: {process.log}"))
            elif name in kinds and not await health.of_part(kinds[name], process.address or ""):
                findings.append(Finding(f"{name}：未就绪 · not ready", f"日志 · its log: {process.log}"))
            else:
                again = f", 重启过 {process.restarts} 次 · restarted {process.restarts}×" if process.restarts else ""
                findings.append(Finding(f"{name}：进程 · process {process.pid}{again}"))
        if parked := await health.parked():
            mend = "用 canlian parked 查看并处理 · `canlian parked` says why"
            findings.append(Finding(f"{parked} 个事件被搁置 · {parked} events are set aside", mend))
        if ahead := await health.clock_ahead():
            what = f"时钟比实际快 {ahead} · the clock is {ahead} ahead of the real time"
            mend = "仅供测试：CANLIAN_MOVABLE_CLOCK · only tests should do this: see CANLIAN_MOVABLE_CLOCK"
            findings.append(Finding(what, mend))
    return findings
