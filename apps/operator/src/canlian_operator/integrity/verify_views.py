"""`canlian verify PART`: the log is folded afresh, and every row of the part's views compared."""

import typer

from canlian_chassis.views.check import Check, NoViews, check
from canlian_operator.connection import Link, with_system
from canlian_operator.console import by_language, console, fail
from canlian_operator.projections.rebuild import named, progress_bar, views_or_fail


def verify_views(name: str) -> None:
    """Ends with exit code 1 where a row differs."""
    part = named(name)
    views = views_or_fail(part)

    async def verify(link: Link) -> Check:
        with progress_bar(part.name, await link.log.last_position()) as moved:
            try:
                return await check(views, link.settings, link.nc, lambda reached, _: moved(reached))
            except NoViews:
                fail(f"{part.name} 还没有视图：它从未运行过。", f"{part.name} has no views yet: it has never run.")

    tell(with_system(verify))


def tell(found: Check) -> None:
    where = by_language(f"{found.database}，到位置 {found.position}", f"{found.database}, up to {found.position}")
    console.print(where, markup=False)
    for table in found.tables:
        line = by_language(f"两者都有 {table.rows} 行", f"{table.rows} rows in both")
        if not table.equal:
            line += by_language(
                f"；其中 {table.different} 行不同，另缺 {table.missing} 行，多 {table.extra} 行",
                f"; {table.different} of them differ, {table.missing} are missing, {table.extra} too many",
            )
        mark, style = ("✓", "green") if table.equal else ("✗", "red")
        console.print(f"{mark} {table.name}: {line}", markup=False, style=style)
        for example in table.examples:
            console.print(f"    {example}", markup=False)
    if not found.equal:
        raise typer.Exit(1)
