"""Everything that can be said, in one import: loads every aggregate's module so that the registries are full."""

from canlian_events.assistance import assessment, need, visit
from canlian_events.catalog import matching, provider, referral, service
from canlian_events.core import AGGREGATES, COMMANDS, EVENT_NAMES, EVENTS, QUERIES
from canlian_events.evaluation import feedback, rates
from canlian_events.registry import (
    association,
    body,
    community,
    household,
    person,
    roster_import,
    showing,
    training,
    worker,
)

__all__ = [
    "AGGREGATES",
    "COMMANDS",
    "EVENTS",
    "EVENT_NAMES",
    "QUERIES",
    "assessment",
    "association",
    "body",
    "community",
    "feedback",
    "household",
    "matching",
    "need",
    "person",
    "provider",
    "rates",
    "referral",
    "roster_import",
    "service",
    "showing",
    "training",
    "visit",
    "worker",
]
