"""`canlian demo`: the loop the platform exists for, walked on the running system and told step by step."""

import asyncio
import json
from datetime import date, datetime
from typing import Annotated, Any

import typer

from canlian_chassis.bus.client import Refused
from canlian_events.calendar import SHANGHAI
from canlian_events.evaluation.feedback import FeedbackGiven
from canlian_events.evaluation.rates import CommunityRates, StatedRate
from canlian_events.evaluation.rates import Rates as YearRates
from canlian_operator.connection import Link, with_system
from canlian_operator.console import by_language, console, say
from canlian_operator.demonstration.await_events import Witness
from canlian_operator.demonstration.narration import Narrator, StepFailed
from canlian_operator.demonstration.need_loop import DOMAIN, Loop
from canlian_operator.demonstration.stage import Stage, bring_on, set_stage

_LOOKS = 50


def demo(as_json: Annotated[bool, typer.Option("--json", help="输出 JSON · as JSON")] = False) -> None:
    """演示 · Walk the loop on the running system: a need, its assessment, a referral, the service, its rating; a visit.

    Each step is printed with its place in the log, who did it and what caused it. It adds one made-up person each time.
    """
    narrator = Narrator(quiet=as_json)
    rates = with_system(lambda link: walk(link, narrator))
    if as_json:
        typer.echo(
            json.dumps(
                {"ok": not narrator.failed, "steps": narrator.as_json(), "rates": rates}, ensure_ascii=False, indent=2
            )
        )
    elif not narrator.failed:
        done = by_language(f"全部 {len(narrator.steps)} 步完成", f"all {len(narrator.steps)} steps are done")
        console.print(f"\n✓ {done}", markup=False, style="bold green")
    if narrator.failed:
        raise typer.Exit(1)


async def walk(link: Link, narrator: Narrator) -> dict[str, Any]:
    """The chapters, each as far as it goes; and the community's rates before and after."""
    async with Witness(link.nc, await link.log.last_position()) as witness:
        stage = await set_stage(link)
        before = await rates_of(link, stage)
        loop = Loop(link, witness, narrator, await bring_on(stage, narrator, DOMAIN))
        for chapter in (_need, Loop.visit):
            try:
                await chapter(loop)
            except StepFailed:
                continue
            except Refused as refused:
                narrator.step(by_language("没有完成", "not done"), ok=False, detail=refused.code)
        rated = sum(FeedbackGiven.__name__ in step.events for step in narrator.steps)
        after = await rates_of(link, stage, before.satisfaction.denominator + rated)
    if not narrator.quiet:
        _print_rates(stage, before, after)
    shown = {"before": before, "after": after}
    return {"community": stage.community} | {
        name: rates.model_dump(mode="json", exclude={"services"}) for name, rates in shown.items()
    }


async def _need(loop: Loop) -> None:
    await loop.collect()
    referral_id = await loop.refer()
    await loop.provide(referral_id)


async def rates_of(link: Link, stage: Stage, at_least: int = 0) -> YearRates:
    """The community's rates of the year, asked again for a moment while fewer than `at_least` have rated."""
    today = datetime.now(SHANGHAI).date()
    query = CommunityRates(community=stage.community, start=date(today.year, 1, 1), end=today)
    for _ in range(_LOOKS):
        rates = await link.client.ask(query, YearRates, token=link.token())
        if rates.satisfaction.denominator >= at_least:
            break
        await asyncio.sleep(0.1)
    return rates


def _print_rates(stage: Stage, before: YearRates, after: YearRates) -> None:
    title = by_language(f"社区 {stage.community} 今年的比率", f"rates of community {stage.community}, this year")
    console.print(f"\n{title}", markup=False, style="bold")
    for name, was, is_ in (
        (by_language("参与率", "participation"), before.participation, after.participation),
        (by_language("满意率", "satisfaction"), before.satisfaction, after.satisfaction),
    ):
        say(f"  {name}  {stated(was)} → {stated(is_)}")


def stated(rate: StatedRate) -> str:
    """With numerator and denominator; a rate of too few is not said."""
    few = rate.too_few or rate.percent is None
    percent = by_language("样本太少", "too few") if few else f"{rate.percent:.1f} %"
    return f"{percent} ({rate.numerator}/{rate.denominator})"
