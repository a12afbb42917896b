"""The running system, found from another terminal and worked with.

It is where CANLIAN_NATS_URL says, else where `canlian run` on the same CANLIAN_DATA wrote that it is.
"""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import nats.errors
import typer
from nats.aio.client import Client as Nats

from canlian_chassis import logs
from canlian_chassis.bus.client import Client, Refused, Unavailable, open_connection
from canlian_chassis.log.jetstream import Log
from canlian_chassis.settings import Settings
from canlian_chassis.tokens import Signer
from canlian_events.meta import Actor
from canlian_events.terms import Role
from canlian_operator.console import errors, fail, language
from canlian_operator.environment import read_settings
from canlian_operator.running.parts import PARTS
from canlian_operator.running.system import running
from canlian_operator.variables import variable
from canlian_web.language.refusals import say_refusal

T = TypeVar("T")

OPERATOR = Actor("operator", frozenset({Role.OPERATOR}))
SECONDS_TO_CONNECT = 4.0
INTERRUPTED = 130
"""The exit code of a command that was ended with Ctrl-C."""


@dataclass(frozen=True)
class Found:
    """`settings` name the running system's log and data; `address` is where people go, None where no edge runs."""

    settings: Settings
    address: str | None = None
    parts: Mapping[str, str] = field(default_factory=dict)
    """Part → host:port, for those that are known."""


@dataclass(frozen=True)
class Link:
    """A connection to the running system."""

    found: Found
    nc: Nats
    client: Client
    log: Log

    @property
    def settings(self) -> Settings:
        return self.found.settings

    def token(self, actor: Actor = OPERATOR, seconds: int = 3600) -> str:
        return signer(self.settings).sign(actor, seconds)


def find_system() -> Found:
    """Ends the command, saying how to start a system, where none runs."""
    settings = read_settings()
    if "nats_url" in settings.model_fields_set:
        parts = {part.name: where for part in PARTS if (where := variable(part.variable))}
        return Found(settings, parts=parts)
    data = settings.data.absolute()
    system = running(data)
    if system is None:
        fail(
            f"{data} 上没有系统在运行。先用 make run 启动，或用 CANLIAN_DATA、CANLIAN_NATS_URL 指明系统所在。",
            f"No system runs on {data}. Start one with `make run`, or say where it is "
            "with CANLIAN_DATA or CANLIAN_NATS_URL.",
        )
    parts = {name: part.address for name, part in system.parts.items() if part.address}
    return Found(settings.model_copy(update={"nats_url": system.nats_url, "data": data}), system.address, parts)


def signer(settings: Settings) -> Signer:
    """Ends the command where no system ever ran on this data: a key made now would be nobody's."""
    folder = settings.key_folder
    if not (folder / "signing.pem").exists():
        fail(
            f"{folder} 里没有签名密钥。请用 CANLIAN_DATA 指明系统的数据目录。",
            f"There is no signing key in {folder}. Name the system's data folder with CANLIAN_DATA.",
        )
    return Signer(folder)


def with_system(work: Callable[[Link], Awaitable[T]]) -> T:
    """What `work` gives. Every way in which it can fail ends in a sentence and an exit code."""
    logs.configure("operator", "error")
    try:
        return asyncio.run(_linked(find_system(), work))
    except Unavailable:
        fail(
            "服务没有应答。用 canlian doctor 查看哪一部分没有运行。",
            "A service did not answer. `canlian doctor` shows which part does not run.",
        )
    except Refused as refused:
        lang = language()
        errors.print(f"{say_refusal(refused.code, refused.facts, lang)} ({refused.code})", markup=False, style="red")
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None
    except BrokenPipeError:
        # whoever read our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(0) from None


async def _linked(found: Found, work: Callable[[Link], Awaitable[T]]) -> T:
    try:
        async with asyncio.timeout(SECONDS_TO_CONNECT):
            nc = await open_connection(found.settings, "operator")
    except TimeoutError:
        fail(
            f"连接不上 {found.settings.nats_url}。系统在运行吗？用 make run 启动。",
            f"Nothing answers at {found.settings.nats_url}. Is the system running? Start it with `make run`.",
        )
    try:
        return await work(Link(found, nc, Client(nc), Log(nc)))
    except nats.errors.Error as error:
        fail(f"与系统的连接断了：{error}", f"The connection to the system was lost: {error}")
    finally:
        await nc.close()
