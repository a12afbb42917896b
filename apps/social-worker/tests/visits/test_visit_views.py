"""What visits come to, and which lists they stand in."""

from __future__ import annotations

from datetime import timedelta

from sqlmodel import Session
from tests.support.social_worker_folds import (
    HERE,
    PERSON,
    SCHEDULED,
    TODAY,
    VISIT,
    WORKER,
    put,
    rows,
)

from canlian_events.assistance.visit import VisitCompleted, VisitFellDue, VisitMissed
from canlian_events.terms import (
    Tie,
)
from canlian_social_worker.visits.views import VisitList, VisitRow, VisitStatus, listed_visits


def test_visits_stand_in_the_list_of_what_is_to_be_done_about_them(db: Session):
    owed = VisitFellDue(visit_id="visit_00000002", person_id=PERSON, due=TODAY - timedelta(days=2))
    put(db, SCHEDULED, owed)

    def listed(which: VisitList) -> list[str]:
        return [row.visit_id for row in listed_visits(db, [HERE], which, TODAY)]

    assert listed(VisitList.TODAY) == [VISIT]
    assert listed(VisitList.OVERDUE) == listed(VisitList.DUE) == ["visit_00000002"]
    assert listed(VisitList.OWED) == ["visit_00000002", VISIT]


def test_a_visit_says_what_came_of_it():
    done = VisitCompleted(visit_id=VISIT, person_id=PERSON, worker_id=WORKER, tie=Tie.FAMILY, findings="一切好")
    completed = rows(SCHEDULED, done)[VisitRow][VISIT]
    missed = rows(SCHEDULED, VisitMissed(visit_id=VISIT, person_id=PERSON, why="不在家"))[VisitRow][VISIT]
    assert isinstance(completed, VisitRow)
    assert isinstance(missed, VisitRow)
    assert (completed.status, completed.text) == (VisitStatus.COMPLETED, "一切好")
    assert (missed.status, missed.text) == (VisitStatus.MISSED, "不在家")
