"""The rates as a question: who may ask, and what the answer states."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from sqlmodel import Session, create_engine

from canlian_chassis.decider import Rejected
from canlian_evaluation.questions import community_rates
from canlian_evaluation.views import OVERVIEW, EvaluationRow
from canlian_events.evaluation.rates import CommunityRates, Rates, StatedRate
from canlian_events.meta import Actor
from canlian_events.terms import Role

HERE = "429999001001"
STAFF = Actor("worker_00000001", frozenset({Role.STAFF}), ("429999001",))
GRID_WORKER = Actor("worker_00000002", frozenset({Role.GRID_WORKER}), (HERE,))
QUESTION = CommunityRates(community=HERE, start=date(2026, 1, 1), end=date(2026, 11, 24))


@pytest.fixture
def session() -> Iterator[Session]:
    engine = create_engine("sqlite://")
    EvaluationRow.metadata.create_all(engine)
    tables, day = OVERVIEW.tables, date(2026, 3, 1)
    here: dict[str, Any] = {"community": HERE, "person_id": "person_00000001", "event_id": "event-1", "position": 1}
    with Session(engine) as session:
        session.add(tables.person(**here, registered_on=day, since=day, disability=1, sex="female", birth_year=1960))
        session.add(
            tables.participation(
                **here, kind="service", occasion_id="referral_1", service_id="service_00000001", on=day
            )
        )
        session.add(
            tables.feedback(
                **here,
                feedback_id="feedback_1",
                occasion="visit",
                occasion_id="visit_1",
                asked_on=day,
                given_on=day,
                score=3,
            )
        )
        session.flush()
        yield session


def answer(session: Session, question: CommunityRates, actor: Actor) -> Rates:
    given = community_rates.answer(session, question, actor)
    assert isinstance(given, Rates)
    return given


def test_the_answer_states_numerators_and_denominators(session: Session):
    rates = answer(session, QUESTION, GRID_WORKER)
    assert rates.participation == StatedRate(numerator=1, denominator=1, percent=100.0, too_few=False)
    assert rates.satisfaction == StatedRate(numerator=0, denominator=1, percent=0.0, too_few=True)
    [service] = rates.services
    assert (service.service_id, service.participation.numerator) == ("service_00000001", 1)


def test_a_grid_worker_asks_about_their_community_and_not_the_whole_subdistrict(session: Session):
    whole = QUESTION.model_copy(update={"community": "429999001"})
    assert answer(session, whole, STAFF).participation.denominator == 1
    with pytest.raises(Rejected) as refused:
        community_rates.answer(session, whole, GRID_WORKER)
    assert refused.value.code == "wrong_community"


def test_a_period_that_runs_backwards_is_refused(session: Session):
    backwards = QUESTION.model_copy(update={"end": date(2025, 1, 1)})
    with pytest.raises(Rejected) as refused:
        community_rates.answer(session, backwards, GRID_WORKER)
    assert refused.value.code == "rates.period_backwards"
