"""The language is spoken: each command is taken by one service, each event is told by the service of its context."""

from collections import Counter

import pytest

from canlian_assistance.app import service as assistance
from canlian_catalog.app import service as catalog
from canlian_chassis.service import Service
from canlian_evaluation.app import service as evaluation
from canlian_events.language import AGGREGATES, COMMANDS, EVENTS, QUERIES
from canlian_exchange.documentation.language import commands, events
from canlian_registry.app import service as registry

SERVICES = [registry, assistance, catalog, evaluation]
CONTEXTS = {service.context for service in SERVICES}


def test_each_command_is_taken_by_exactly_one_service() -> None:
    taken = Counter(kind.__name__ for service in SERVICES for d in service.deciders for kind in d.commands)
    ours = {name for name, kind in COMMANDS.items() if kind.aggregate.context in CONTEXTS}
    assert taken.keys() == ours
    assert set(taken.values()) == {1}


def test_each_aggregate_has_its_rules_in_the_service_of_its_context() -> None:
    ruled = {(service.context, str(d.aggregate)) for service in SERVICES for d in service.deciders}
    assert ruled == {(a.context, name) for name, a in AGGREGATES.items() if a.context in CONTEXTS}


def test_each_query_is_answered_by_the_service_of_its_context() -> None:
    answered = {(service.context, asked.query.__name__) for service in SERVICES for asked in service.questions}
    assert answered == {(kind.context, name) for name, kind in QUERIES.items() if kind.context in CONTEXTS}


def test_the_exchange_speaks_the_whole_language() -> None:
    assert set(commands()) == {kind for kind in COMMANDS.values() if kind.aggregate.context in CONTEXTS}
    assert set(events()) == {kind for kind in EVENTS.values() if kind.aggregate.context in CONTEXTS}


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: str(service.name))
def test_a_services_asyncapi_tells_all_its_commands_and_events(service: Service) -> None:
    text = str(service.asyncapi())
    assert [kind.__name__ for d in service.deciders for kind in d.commands if kind.__name__ not in text] == []
    told = [kind for kind in EVENTS.values() if kind.aggregate.context == service.context]
    assert [kind.type for kind in told if kind.type not in text] == []
