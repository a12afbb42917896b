"""What a service knows of one aggregate: how it decides, and how it remembers. Declarations only, all pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from canlian_events.core import Aggregate, Command, Event
from canlian_events.meta import Actor

if TYPE_CHECKING:
    from sqlmodel import Session

C = TypeVar("C", bound=Command)
S = TypeVar("S")
E = TypeVar("E", bound=Event)


class Rejected(Exception):
    """The answer is no: a code, and the facts its wording needs. An answer, not a failure."""

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(code)
        self.code, self.facts = code, facts


class Ref(NamedTuple):
    """One aggregate: its kind and its id."""

    aggregate: Aggregate
    id: str


@dataclass(frozen=True, slots=True)
class Given:
    """What a decision may look at beside the command and the aggregate's own state.

    `at` is when the person acted (UTC). `community` is where the command applies,
    `before` where the aggregate was last, None for a new one. `facts` is what the decider's `facts`
    query found in the service's view; `beside` holds the fresh states of the aggregates its `beside` named.
    """

    by: Actor
    at: datetime
    community: str
    before: str | None = None
    facts: Any = None
    beside: Mapping[Ref, Any] = field(default_factory=dict)


class Claim(NamedTuple):
    """A value that only one aggregate may hold. `taken` is the refusal's code where another holds it.

    `value` is blinded before it is written; `release` gives it back.
    """

    kind: str
    value: str
    taken: str
    release: bool = False


def _no_claims(_: Any) -> Iterable[Claim]:
    return ()


def _alone(_command: Any, _state: Any) -> Iterable[Ref]:
    return ()


def community_named(command: Command) -> str | None:
    """Where the command says it applies: its field `community`, if it has one."""
    # not by getattr: for a model without the field that takes twenty times as long
    return command.__dict__.get("community")


@dataclass(frozen=True, slots=True)
class Decider(Generic[C, S, E]):
    """Three functions and what they need.

    decide(command, state, given) → the events, none for "nothing to change"; raises Rejected.
    evolve(state, event) → the state after the event.
    community(command) → where its events happen; None for where the aggregate was last.
    claims(event) → what the event claims or releases.
    facts(session, command, state) → what it needs from the service's own view.
    beside(command, state) → other aggregates of the same service whose fresh state it needs; it may return events of
    those too, and all are stored in one batch, or none.
    """

    aggregate: Aggregate
    commands: Sequence[type[Command]]
    decide: Callable[[C, S, Given], Sequence[Event]]
    evolve: Callable[[S, E], S]
    initial: S
    community: Callable[[C], str | None] = community_named
    claims: Callable[[Event], Iterable[Claim]] = _no_claims
    facts: Callable[[Session, C, S], Any] | None = None
    beside: Callable[[C, S], Iterable[Ref]] = _alone

    def fold(self, events: Iterable[E], state: S | None = None) -> S:
        """The state after these events, from `state` or from the beginning."""
        state = self.initial if state is None else state
        for event in events:
            state = self.evolve(state, event)
        return state
