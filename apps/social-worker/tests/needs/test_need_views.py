"""What needs come to: which lists they stand in, how old they are, what they wait for."""

from __future__ import annotations

from datetime import timedelta

from sqlmodel import Session
from tests.support.social_worker_folds import (
    ELSEWHERE,
    HERE,
    NEED,
    RAISED,
    REFERRAL,
    TODAY,
    WORKER,
    put,
    rows,
)

from canlian_events.assistance.need import NeedAssigned, NeedMet, NeedReopened
from canlian_social_worker.needs.detail import NextStep, next_step
from canlian_social_worker.needs.views import NeedFilter, NeedRow, NeedStatus, listed_needs


def test_a_new_need_is_held_by_nobody_and_one_that_is_assigned_is_not_new(db: Session):
    put(db, RAISED)
    assert len(listed_needs(db, [HERE], NeedFilter(holder="nobody"))) == 1
    put(db, RAISED, NeedAssigned(need_id=NEED, worker_id=WORKER))
    assert listed_needs(db, [HERE], NeedFilter(holder="nobody")) == []
    assert len(listed_needs(db, [HERE], NeedFilter(holder=WORKER))) == 1


def test_nobody_sees_the_needs_of_other_communities(db: Session):
    put(db, RAISED, community=ELSEWHERE)
    assert listed_needs(db, ["429999001"], NeedFilter()) == []
    assert listed_needs(db, [], NeedFilter()) == []


def test_a_need_is_found_by_its_number_however_it_was_typed(db: Session):
    put(db, RAISED)
    number = listed_needs(db, [HERE], NeedFilter())[0].number
    assert len(listed_needs(db, [HERE], NeedFilter(number=number.lower()))) == 1
    assert listed_needs(db, [HERE], NeedFilter(number="那个")) == []


def test_a_need_that_is_met_counts_no_more_days_and_a_reopened_one_does():
    met = rows(RAISED, NeedMet(need_id=NEED))[NeedRow][NEED]
    assert isinstance(met, NeedRow)
    assert (met.status, met.age(TODAY + timedelta(days=9))) == (NeedStatus.MET, 0)
    again = rows(RAISED, NeedMet(need_id=NEED), NeedReopened(need_id=NEED, why="没解决"))[NeedRow][NEED]
    assert isinstance(again, NeedRow)
    assert (again.in_hand, again.reopened, again.age(TODAY + timedelta(days=9))) == (True, True, 9)


def test_what_a_need_waits_for_first():
    def step(**changes: object) -> NextStep:
        row = rows(RAISED)[NeedRow][NEED]
        assert isinstance(row, NeedRow)
        return next_step(row.with_(**changes))

    assert step(person_id="asker_00000001") is NextStep.IDENTIFY
    assert step(domain=None) is NextStep.CLASSIFY
    assert step() is NextStep.MATCH
    assert step(referrals=[REFERRAL], status=NeedStatus.REFERRED) is NextStep.WAIT
    assert step(status=NeedStatus.MET) is NextStep.NOTHING
