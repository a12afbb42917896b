"""The `canlian` command. Each command has a module of its own, imported when it is called: not all need a database."""

from collections.abc import Callable
from importlib import import_module
from typing import Annotated, Any

import typer
import typer.main
from typer.core import TyperGroup

from canlian_operator.speech import Lang, speak

COMMANDS = {
    "run": "canlian_operator.run:run",
    "doctor": "canlian_operator.doctor:doctor",
    "load-demo": "canlian_operator.demo_data:load_demo",
    "demo": "canlian_operator.demo:demo",
    "sample": "canlian_operator.sample:sample",
    "import": "canlian_operator.importing_roster:import_app",
    "token": "canlian_operator.token:token",
    "accounts": "canlian_operator.accounts:accounts_app",
    "events": "canlian_operator.events:events_app",
    "why": "canlian_operator.why:why",
    "as-of": "canlian_operator.as_of:as_of",
    "parked": "canlian_operator.parked:parked_app",
    "rebuild": "canlian_operator.rebuild:rebuild",
    "heads": "canlian_operator.log_heads:heads",
    "verify": "canlian_operator.verify:verify",
    "erase": "canlian_operator.erasures:erase",
    "erasures": "canlian_operator.erasures:erasures_app",
    "keys": "canlian_operator.master_keys:keys_app",
    "asyncapi": "canlian_operator.asyncapi:asyncapi",
}
"""Name → where its function, or the Typer with its subcommands, is; in the order of the help."""


class Commands(TyperGroup):
    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
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
