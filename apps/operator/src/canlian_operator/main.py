"""The `canlian` command. Each command has a module of its own, imported when it is called: not all need a database."""

from collections.abc import Callable
from importlib import import_module
from typing import Annotated, Any

import typer
import typer.main
from typer.core import TyperCommand, TyperGroup

from canlian_operator.console import Lang, speak

COMMANDS = {
    "run": (
        "canlian_operator.running.run:run",
        "启动系统 · Start the system: the log, the services, the tools and the one address in front of them.",
    ),
    "doctor": (
        "canlian_operator.running.doctor:doctor",
        "检查 · Check this machine, the data folder and, when it runs, each part. Exits 1 if something is wrong.",
    ),
    "load-demo": (
        "canlian_operator.demonstration.seed_data:load_demo",
        "载入演示数据 · Fill an empty log with the demonstration; does nothing when the log has other events.",
    ),
    "demo": (
        "canlian_operator.demonstration.command:demo",
        "演示 · Walk the loop on the running system: a need, its assessment, a referral, the service, its rating; "
        "a visit.",
    ),
    "sample": (
        "canlian_operator.importing.sample:sample",
        "样例表格 · Write communities.csv, roster.xlsx and resources.xlsx. Everyone in them is made up.",
    ),
    "import": ("canlian_operator.importing.roster:import_app", "导入表格 · Bring sheets in"),
    "token": (
        "canlian_operator.access.token:token",
        "签发令牌 · Print a token, and nothing else, to send as `Authorization: Bearer …` to the exchange API.",
    ),
    "accounts": ("canlian_operator.access.accounts:accounts_app", "登录账号 · Accounts to sign in with"),
    "events": ("canlian_operator.events.tail:events_app", "事件日志 · The event log"),
    "why": (
        "canlian_operator.events.causes:why",
        "前因后果 · Print the tree of causes and effects an event is in, or every tree that touches a person.",
    ),
    "as-of": (
        "canlian_operator.projections.as_of:as_of",
        "历史视图 · A part's views as they stood at a position or a date. Nothing of the running system is touched.",
    ),
    "parked": (
        "canlian_operator.events.parked:parked_app",
        "搁置的事件 · Events set aside, because they could not be taken",
    ),
    "rebuild": (
        "canlian_operator.projections.rebuild:rebuild",
        "重建视图 · Fold a part's views again from the whole log beside those in use, and switch. Nobody need stop.",
    ),
    "heads": (
        "canlian_operator.integrity.log_heads:heads",
        "日志签名 · The signed heads of the log: the last ones, each day's, or one day's to be printed.",
    ),
    "verify": (
        "canlian_operator.integrity.verify:verify",
        "核对 · Check what is there against what should be; exits 1 where they differ.",
    ),
    "erase": (
        "canlian_operator.erasure.command:erase",
        "删除个人信息 · Destroy a person's data for ever, and print the certificate.",
    ),
    "erasures": (
        "canlian_operator.erasure.command:erasures_app",
        "个人信息删除 · Erasures: listed, certified, checked, enforced",
    ),
    "keys": ("canlian_operator.access.master_keys:keys_app", "密钥库 · The key store"),
    "asyncapi": (
        "canlian_operator.events.asyncapi:asyncapi",
        "AsyncAPI 文档 · Write the AsyncAPI document of each service that is installed, as <service>.json.",
    ),
}
"""Name → where its function, or the Typer with its subcommands, is, and what the list of commands says of it; in the
order of the list. The words stand here too, because asking every module for its own takes seconds."""


class Commands(TyperGroup):
    _listing = False

    def format_help(self, ctx: Any, formatter: Any) -> None:
        self._listing = True
        try:
            super().format_help(ctx, formatter)
        finally:
            self._listing = False

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return None
        where, says = COMMANDS[cmd_name]
        if self._listing:
            return TyperCommand(cmd_name, help=says)
        module, _, name = where.partition(":")
        found = getattr(import_module(module), name)
        command = typer.main.get_group(found) if isinstance(found, typer.Typer) else _alone(cmd_name, found)
        command.name = cmd_name
        return command


def _alone(name: str, function: Callable[..., None]) -> Any:
    one = typer.Typer(add_completion=False)
    one.command(name)(function)
    return typer.main.get_command(one)


app = typer.Typer(
    cls=Commands,
    help="残联服务平台 · canlian: run it, fill it, look after it",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def canlian(
    lang: Annotated[Lang | None, typer.Option(help="语言 · language; else that of LANG", show_default=False)] = None,
) -> None:
    """残联服务平台 · canlian: run it, fill it, look after it."""
    if lang:
        speak(lang)
