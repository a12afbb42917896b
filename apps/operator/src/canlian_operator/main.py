"""The `canlian` command. Each command is a function of a module of its own; here they only get their names."""

from typing import Annotated

import typer

from canlian_operator.accounts import account_app
from canlian_operator.asyncapi import asyncapi
from canlian_operator.demo import demo
from canlian_operator.demo_data import load_demo
from canlian_operator.doctor import doctor
from canlian_operator.events import events_app
from canlian_operator.importing import import_app
from canlian_operator.rebuild import rebuild
from canlian_operator.run import run
from canlian_operator.sample import sample
from canlian_operator.speech import Lang, speak
from canlian_operator.token import token
from canlian_operator.why import why

app = typer.Typer(
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


app.command("run")(run)
app.command("doctor")(doctor)
app.command("load-demo")(load_demo)
app.command("demo")(demo)
app.command("sample")(sample)
app.add_typer(import_app, name="import")
app.command("token")(token)
app.add_typer(account_app, name="account")
app.add_typer(events_app, name="events")
app.command("why")(why)
app.command("rebuild")(rebuild)
app.command("asyncapi")(asyncapi)
