"""`canlian sample`: sheets of made-up people, communities and services, to try an import with."""

from pathlib import Path
from typing import Annotated

import typer

from canlian_operator.console import by_language, say
from canlian_sheets.made_up.subdistrict import make_sample


def sample(
    folder: Annotated[Path, typer.Argument(help="写到哪个目录 · where to write them", show_default=False)],
    people: Annotated[int, typer.Option(min=1, max=200_000, help="花名册人数 · people in the roster")] = 300,
) -> None:
    """样例表格 · Write communities.csv, roster.xlsx and resources.xlsx. Everyone in them is made up."""
    made = make_sample(folder, people)
    say(by_language(f"已写入 {folder}：", f"written to {folder}:"))
    for name in ("communities.csv", "roster.xlsx", "resources.xlsx"):
        say(f"  {folder / name}")
    say(
        by_language(
            f"花名册 {made.rows} 行：应导入 {made.accept}，重复 {made.same_as_earlier}，"
            f"退回 {sum(made.refuse.values())}：",
            f"the roster has {made.rows} rows: {made.accept} to be taken, {made.same_as_earlier} repeated, "
            f"{sum(made.refuse.values())} to be refused:",
        )
    )
    for reason, count in made.refuse.items():
        say(f"  {count:>4}  {reason}")
