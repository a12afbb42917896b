"""The only place that builds or reads a NATS subject."""

from __future__ import annotations

from canlian_events.core import Aggregate, Command, Event, Query

EVENTS = "evt.>"
CLAIMS = "claim.>"
TIMERS = "timer.>"
VIEWS_SKIPPED = "views.skipped"
"""Asks every part for the events its views could not fold."""
EVERYTHING = ">"
"""As a filter: all that is in a stream."""
HEADS = "head.>"


def event(event: Event, community: str) -> str:
    """`evt.<context>.<aggregate>.<id>.<community>`: where one event is stored."""
    kind = event.aggregate
    return f"evt.{kind.context}.{kind.name}.{event.aggregate_id}.{community}"


def history(kind: Aggregate, aggregate_id: str) -> str:
    """Every event of one aggregate, whatever community it happened in."""
    return f"evt.{kind.context}.{kind.name}.{aggregate_id}.*"


def history_of(subject: str) -> str:
    """`history` of the aggregate that an event's subject names."""
    return f"{subject.rpartition('.')[0]}.*"


def events_of(context: str = "*", kind: str = "*", community: str = "*") -> str:
    """The events of a context, an aggregate, a community, or all of them."""
    return f"evt.{context}.{kind}.*.{community}"


def claim(kind: str, blinded: str) -> str:
    """`claim.<kind>.<blinded value>`: who holds a value that only one may hold."""
    return f"claim.{kind}.{blinded}"


GUARD = "claim.guard"
"""Says nothing: a message that is stored with events only where an aggregate that they rest on has not moved on."""
ERASURES = "claim.erased.*"
"""Whose personal data was destroyed: one message each, stored with the event that said so."""


def erasure(data_subject: str) -> str:
    """`claim.erased.<data subject>`: says for ever that this key must not come back."""
    return f"claim.erased.{data_subject}"


def head(day: str) -> str:
    """`head.<day>`: where the signed heads of a day (`2026-11-24`) are kept."""
    return f"head.{day}"


def erased(subject: str) -> str:
    """The data subject an erasure's subject names."""
    return subject.rpartition(".")[2]


def is_event(subject: str) -> bool:
    return subject.startswith("evt.")


def community_of(subject: str) -> str:
    """The community an event's subject ends with."""
    return subject.rpartition(".")[2]


def aggregate_id_of(subject: str) -> str:
    """The id of the aggregate an event's subject names."""
    return subject.split(".")[3]


def timer(service: str, key: str) -> str:
    """`timer.<service>.set.<key>`: where a timer waits for its time; `*` for all of a service's."""
    return f"timer.{service}.set.{key}"


def timers_due(service: str) -> str:
    """`timer.<service>.due`: where a service's timers go when their time has come."""
    return f"timer.{service}.due"


def command(cls: type[Command]) -> str:
    """`cmd.<context>.<aggregate>.<Command>`: where a service listens for one command."""
    return f"cmd.{cls.aggregate.context}.{cls.aggregate.name}.{cls.__name__}"


def commands_in_bulk(context: str) -> str:
    """`cmd.<context>.bulk`: many commands in one message, as an import sends them."""
    return f"cmd.{context}.bulk"


def query(cls: type[Query]) -> str:
    """`qry.<context>.<Query>`: where a service answers one query."""
    return f"qry.{cls.context}.{cls.__name__}"


def views_state(part: str) -> str:
    """`views.<part>.state`: how far a part's views are."""
    return f"views.{part}.state"


def views_rebuild(part: str) -> str:
    """`views.<part>.rebuild`: asks a part to fill its views again."""
    return f"views.{part}.rebuild"
