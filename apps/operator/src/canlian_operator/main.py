"""The `canlian` command. Each command is a function of a module of its own; here they only get their names."""

import typer

from canlian_operator.demo_data import load_demo
from canlian_operator.doctor import doctor
from canlian_operator.run import run

app = typer.Typer(
    help="残联服务平台 · canlian: run it, fill it, look after it",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


app.command("run")(run)
app.command("doctor")(doctor)
app.command("load-demo")(load_demo)
