"""`canlian token`: who acts, proven, for a program or a person at a terminal."""

import re
from datetime import timedelta
from typing import Annotated

import typer

from canlian_chassis.settings import Settings
from canlian_events.meta import Actor
from canlian_events.terms import UNSCOPED, Role
from canlian_operator.connection import signer
from canlian_operator.console import fail
from canlian_operator.environment import read_settings

_SCOPE = re.compile(r"\d{2,12}")


def token(
    role: Annotated[Role, typer.Option(help="角色 · the role", show_default=False)],
    community: Annotated[
        list[str] | None,
        typer.Option(help="社区代码，或其前几位，可多次 · community code, or its first digits; may be repeated"),
    ] = None,
    actor: Annotated[
        str | None,
        typer.Option(help="工作人员或居民的编号 · the worker's or the person's id", show_default=False),
    ] = None,
    provider: Annotated[str | None, typer.Option(help="服务机构的编号 · the provider's id", show_default=False)] = None,
    hours: Annotated[float, typer.Option(min=0.01, max=24 * 366, help="有效几小时 · hours it is good for")] = 12,
) -> None:
    """签发令牌 · Print a token, and nothing else, to send as `Authorization: Bearer …` to the exchange API."""
    settings = read_settings()
    who = named(role, tuple(community or ()), actor, provider)
    typer.echo(sign(settings, who, hours))


def sign(settings: Settings, who: Actor, hours: float) -> str:
    return signer(settings).sign(who, round(timedelta(hours=hours).total_seconds()))


def named(role: Role, communities: tuple[str, ...], actor: str | None, provider: str | None) -> Actor:
    """The actor that the options name. Ends the command where the role is of no use without what is missing."""
    for code in communities:
        if not _SCOPE.fullmatch(code):
            fail(
                f"社区代码“{code}”不对：应为 12 位数字，或其前几位。",
                f"The community code “{code}” is wrong: 12 digits, or the first of them.",
                code=2,
            )
    if role not in UNSCOPED and not communities:
        fail(
            f"角色 {role} 要用 --community 指明社区。",
            f"The role {role} is held for communities: name them with --community.",
            code=2,
        )
    if role is Role.PROVIDER and not provider:
        fail("服务机构的令牌要用 --provider 指明机构。", "A provider's token needs --provider.", code=2)
    if role is Role.RESIDENT and not actor:
        fail("居民的令牌要用 --actor 指明是谁。", "A resident's token needs --actor, the person's id.", code=2)
    return Actor(actor or provider or f"{role}-at-terminal", frozenset({role}), communities, provider)
