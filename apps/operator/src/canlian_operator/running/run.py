"""`canlian run`: a whole system, or some of its parts, as child processes of this one."""

import asyncio
from collections.abc import Mapping
from typing import Annotated

import typer

from canlian_chassis.settings import Settings
from canlian_operator.console import console, fail, say
from canlian_operator.environment import read_settings
from canlian_operator.running.launch import Launch, Plan, StartFailed
from canlian_operator.running.parts import PARTS, Kind, UnknownParts, chosen
from canlian_operator.running.programs import MissingProgram, is_free
from canlian_operator.running.system import AlreadyRunning, end_leftovers, hold


def run(
    parts: Annotated[
        list[str] | None,
        typer.Argument(
            help="只运行这些部分，不写则全部 · only these parts; all of them by default", show_default=False
        ),
    ] = None,
) -> None:
    """启动系统 · Start the system: the log, the services, the tools and the one address in front of them.

    CANLIAN_PORT (8000), CANLIAN_DATA (./var) and CANLIAN_DEMO=0 (no demonstration data) change what it does;
    with CANLIAN_NATS_URL it uses that server instead of starting one. Ctrl-C stops everything.
    """
    plan = plan_from(read_settings(), parts or [])
    try:
        lock = hold(plan.data)
    except AlreadyRunning as error:
        fail(
            f"{plan.data} 上已有系统在运行（进程 {error.pid}）。先停止它，或用 CANLIAN_DATA 换一个目录。",
            f"A system already runs on {plan.data} (process {error.pid}). "
            "Stop it, or choose another folder with CANLIAN_DATA.",
        )
    except OSError as error:
        fail(
            f"无法写入数据目录：{error}。用 CANLIAN_DATA 换一个目录。",
            f"The data folder cannot be written: {error}. Choose another with CANLIAN_DATA.",
        )
    with lock:
        for name in end_leftovers(plan.data):
            say(f"结束上次遗留的进程 {name} · ended {name}, left over from a run that was killed")
        check_port(plan)
        try:
            launch = Launch(plan, say)
            asyncio.run(launch.run(lambda: welcome(plan, launch.addresses)))
        except MissingProgram as error:
            fail(
                f"找不到程序 {error}，请重新运行 make run。", f"The program {error} is not there: run `make run` again."
            )
        except StartFailed as error:
            fail(f"无法启动：{error}", f"It could not start; above is the end of the log. All logs: {plan.data}/logs")


def plan_from(settings: Settings, names: list[str]) -> Plan:
    try:
        parts = chosen(names)
    except UnknownParts as error:
        known = ", ".join(part.name for part in PARTS)
        fail(f"没有这个部分：{error}。可选：{known}", f"There is no part called {error}. There are: {known}")
    for part in parts:
        if not part.installed:
            say(f"{part.name} 未安装，略过 · {part.name} is not installed here and left out")
    parts = [part for part in parts if part.installed]
    if not parts:
        fail("没有可运行的部分。", "Nothing is left to run.")
    return Plan(
        data=settings.data.absolute(),
        host=settings.host,
        port=settings.port,
        parts=parts,
        nats_url=settings.nats_url if "nats_url" in settings.model_fields_set else None,
        demo=settings.demo and not names,
    )


def check_port_number(port: int) -> None:
    if not 0 < port < 65536:
        fail(f"CANLIAN_PORT={port} 不是端口号。", f"CANLIAN_PORT={port} is no port: 1 to 65535.")


def check_port(plan: Plan) -> None:
    check_port_number(plan.port)
    if plan.edge and not is_free(plan.host, plan.port):
        other = f"CANLIAN_PORT={plan.port + 10} make run"
        fail(
            f"端口 {plan.port} 已被别的程序占用。换一个端口：{other}",
            f"Port {plan.port} on {plan.host} is in use by another program. Choose another port: {other}",
        )


def welcome(plan: Plan, addresses: Mapping[str, str]) -> None:
    """Without the edge each tool is told by its own address."""
    tools = [(part.name, f"http://{addresses[part.name]}") for part in plan.parts if part.kind is Kind.TOOL]
    rows = [
        *([("网址 · address", plan.address)] if plan.address else tools),
        ("数据 · data", str(plan.data)),
        ("日志 · logs", f"{plan.data}/logs/<part>.log"),
        ("停止 · stop", "Ctrl-C"),
    ]
    if plan.demo:
        from canlian_operator.demonstration.accounts import sign_in_names  # noqa: PLC0415 - quick to start without it

        rows += [(f"登录 · sign in as {name}", who) for name, who in sign_in_names()]
    say("")
    console.print("残联服务平台已就绪 · canlian is ready", style="bold green")
    for label, value in rows:
        say(f"  {label}: {value}")
