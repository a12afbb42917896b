"""What the commands say: Chinese or English by the terminal's language, plain text where nobody is at a terminal.

Short lines are said in both languages at once; longer ones in the language of `--lang`, CANLIAN_LANG or LANG.
"""

from datetime import datetime
from typing import Literal, NoReturn

import typer
from rich.console import Console

from canlian_events.calendar import SHANGHAI
from canlian_operator.variables import set_variable, variable

Lang = Literal["zh", "en"]

console = Console(highlight=False, soft_wrap=True)
errors = Console(stderr=True, highlight=False, soft_wrap=True)
_VARIABLE = "CANLIAN_LANG"


def language() -> Lang:
    """Chinese, unless English was asked for."""
    asked = next((value for name in (_VARIABLE, "LC_ALL", "LC_MESSAGES", "LANG") if (value := variable(name))), "")
    return "en" if asked.lower().startswith("en") else "zh"


def speak(lang: Lang) -> None:
    """For the rest of this process, and what it starts."""
    set_variable(_VARIABLE, lang)


def by_language(chinese: str, english: str) -> str:
    return chinese if language() == "zh" else english


def moment(at: datetime) -> str:
    """On the federation's clock, wherever the terminal is."""
    return f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}"


def say(text: str) -> None:
    console.print(text, markup=False)


def note(chinese: str, english: str) -> None:
    """Beside the result, so on stderr: what a program reads on stdout stays clean."""
    errors.print(by_language(chinese, english), markup=False)


def fail(chinese: str, english: str, code: int = 1) -> NoReturn:
    errors.print(f"{chinese}\n{english}", markup=False, style="red")
    raise typer.Exit(code)
