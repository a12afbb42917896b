"""What the demonstration tells as it goes: each step with its place in the log, who did it, and what caused it."""

from collections import Counter
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from canlian_events.core import Event
from canlian_events.meta import Actor, Recorded
from canlian_events.terms import Role
from canlian_operator.console import by_language, console


class StepFailed(Exception):
    """A step did not come out as it should: the rest of its chapter makes no sense."""


@dataclass(frozen=True)
class Step:
    """`position` is None where nothing was stored: a question, a refusal, a failure."""

    number: int
    title: str
    ok: bool
    who: str = ""
    roles: tuple[str, ...] = ()
    position: int | None = None
    events: tuple[str, ...] = ()
    caused_by: str | None = None
    detail: str = ""


@dataclass
class Narrator:
    """Prints each step when it comes, unless `quiet`; keeps them all."""

    quiet: bool = False
    steps: list[Step] = field(default_factory=list)

    def chapter(self, chinese: str, english: str) -> None:
        if not self.quiet:
            console.print(f"\n{by_language(chinese, english)}", markup=False, style="bold")

    def step(self, title: str, *, ok: bool = True, by: Actor | None = None, **more: Any) -> Step:
        who = {"who": by.id, "roles": tuple(sorted(by.roles))} if by else {}
        step = Step(len(self.steps) + 1, title, ok, **(who | more))
        self.steps.append(step)
        if not self.quiet:
            _print(step)
        return step

    def caused(self, title: str, recorded: Recorded[Event], cause: Recorded[Event] | None) -> Step:
        """A step that nobody at a terminal took: a policy did, and `cause` is the event it answered."""
        roles, _, who = recorded.meta.actor.partition(":")
        return self.step(
            title,
            who=who,
            roles=tuple(roles.split("+")),
            position=recorded.meta.position,
            events=(type(recorded.event).__name__,),
            caused_by=f"{type(cause.event).__name__} @{cause.meta.position}" if cause else None,
        )

    def beside(self, detail: str) -> None:
        """Said of the step before."""
        self.steps[-1] = replace(self.steps[-1], detail=detail)
        if not self.quiet:
            console.print(f"        {detail}", markup=False)

    @property
    def failed(self) -> list[Step]:
        return [step for step in self.steps if not step.ok]

    def as_json(self) -> list[dict[str, Any]]:
        return [asdict(step) for step in self.steps]


def _print(step: Step) -> None:
    mark, style = ("✓", "green") if step.ok else ("✗", "red")
    counted = (name if count == 1 else f"{name} ×{count}" for name, count in Counter(step.events).items())
    events = f"{', '.join(counted)} @{step.position}" if step.position else ""
    console.print(f" {mark} {step.number:>2}  {step.title}", style=style, markup=False, end="")
    console.print("".join(f"  {part}" for part in (events, _who(step)) if part), style="dim", markup=False)
    if step.caused_by:
        console.print(f"        ⤷ {by_language('起因', 'because of')} {step.caused_by}", style="dim", markup=False)
    for line in filter(None, step.detail.split("\n")):
        console.print(f"        {line}", markup=False)


def _who(step: Step) -> str:
    roles = "、".join(by_language(Role(role).zh, role) for role in step.roles)
    return f"{roles} {step.who}".strip()
