"""The trees of causes and effects: grown from events in any order, and found again in a view's index."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import MetaData
from sqlmodel import Session, create_engine

from canlian_chassis.projection import fold_all
from canlian_chassis.row import Row
from canlian_events.assistance.need import NeedAssigned, NeedMet, NeedRaised
from canlian_events.assistance.visit import VisitCompleted
from canlian_events.core import Event
from canlian_events.evaluation.feedback import FeedbackAsked
from canlian_events.meta import Meta
from canlian_events.registry.person import ConsentGiven
from canlian_events.terms import Channel, Domain, Occasion, Purpose, Tie
from canlian_overview.trail import Found, trail
from canlian_overview.tree import Happened, Step, grow, veiled

HERE, THERE = "429999001001", "429999001002"
ANNA, BO = "person_00000001", "person_00000002"
NEED, VISIT, FEEDBACK, WORKER = "need_00000001", "visit_00000001", "feedback_00000001", "worker_00000001"
START = datetime(2026, 3, 1, 2, tzinfo=UTC)


def happened(position: int, cause: int | None = None, command: int | None = None, community: str = HERE) -> Happened:
    moment = START + timedelta(hours=position)
    return Happened(
        id=f"e{position}",
        position=position,
        type="assistance.need.met",
        aggregate_id=NEED,
        about=ANNA,
        community=community,
        command=f"c{position if command is None else command}",
        cause=None if cause is None else f"e{cause}",
        actor="social_worker:worker_00000001",
        said_at=moment,
        at=moment,
    )


@st.composite
def logs(draw: st.DrawFn) -> list[Happened]:
    """Up to thirty events: each begins something, belongs to the command before it, or answers an earlier event."""
    found: list[Happened] = []
    for position in range(1, draw(st.integers(0, 30)) + 1):
        match draw(st.sampled_from(["begins", "beside", "answers"])):
            case "beside" if found:
                before = found[-1]
                cause = int(before.cause[1:]) if before.cause else None
                found.append(happened(position, cause, int(before.command[1:])))
            case "answers" if found:
                found.append(happened(position, draw(st.integers(1, position - 1))))
            case _:
                found.append(happened(position))
    return found


@given(logs(), st.randoms(use_true_random=False))
def test_events_in_any_order_grow_to_the_same_trees(log: list[Happened], chance: Any):
    shuffled = [*log, *log[:3]]
    chance.shuffle(shuffled)
    trees = grow(shuffled)
    assert trees == grow(log)
    assert sorted((event for tree in trees for event in tree), key=lambda event: event.position) == log
    assert [tree.first.position for tree in trees] == sorted(tree.first.position for tree in trees)


@given(logs())
def test_each_step_stands_under_its_cause_with_the_events_of_its_command(log: list[Happened]):
    def check(step: Step, cause: str | None) -> None:
        assert {event.event.cause for event in step.nodes} == {cause}
        assert len({event.event.command for event in step.nodes}) == 1
        for node in step.nodes:
            for below in node.then:
                check(below, node.event.id)

    for tree in grow(log):
        check(tree, None)


def test_what_followed_from_something_unknown_is_a_tree_of_its_own():
    trees = grow([happened(1), happened(5, cause=3)])
    assert [tree.first.id for tree in trees] == ["e1", "e5"]


def test_what_happened_where_one_may_not_look_keeps_its_place_and_loses_its_ids():
    (tree,) = grow([happened(1), happened(2, cause=1, community=THERE), happened(3, cause=2)])
    seen = list(veiled(tree, lambda community: community == HERE))
    assert [event.position for event in seen] == [1, 2, 3]
    assert [event.seen for event in seen] == [True, False, True]
    assert (seen[1].id, seen[1].aggregate_id, seen[1].about, seen[1].actor) == ("", "", None, "")
    assert seen[1].type == "assistance.need.met"


class TestRow(Row):
    __test__ = False
    metadata = MetaData()


TRAIL = trail(TestRow)
EVENTS: Sequence[tuple[Event, str, int | None, int, str]] = [
    # event, community, position of its cause, number of its command, actor
    (VisitCompleted(visit_id=VISIT, person_id=ANNA, worker_id=WORKER, tie=Tie.FAMILY), HERE, None, 1, "grid_worker:w"),
    (NeedRaised(need_id=NEED, person_id=ANNA, channel=Channel.VISIT, domain=Domain.RIGHTS), HERE, 1, 2, "policy:p"),
    (NeedAssigned(need_id=NEED, worker_id=WORKER), HERE, None, 3, "staff:s"),
    (NeedMet(need_id=NEED), HERE, None, 4, "social_worker:w"),
    (FeedbackAsked(
        feedback_id=FEEDBACK, person_id=ANNA, occasion=Occasion.VISIT, occasion_id=VISIT
    ), THERE, 4, 5, "policy:e"),
    (ConsentGiven(person_id=BO, purpose=Purpose.VISITS), THERE, None, 6, "staff:s"),
    (ConsentGiven(person_id=BO, purpose=Purpose.CONTACT), THERE, None, 6, "staff:s"),
]  # fmt: skip


@pytest.fixture
def db() -> Iterator[Session]:
    """The index over the events above, at positions from 1."""
    recorded = [
        (
            event,
            Meta(
                id=f"e{at}",
                position=at,
                at=START + timedelta(hours=at),
                said_at=START,
                actor=actor,
                community=community,
                command=f"c{command}",
                cause=None if cause is None else f"e{cause}",
            ),
        )
        for at, (event, community, cause, command, actor) in enumerate(EVENTS, 1)
    ]
    engine = create_engine("sqlite://")
    TestRow.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all(row for table in fold_all([TRAIL.projection], recorded).values() for row in table.values())
        session.flush()
        yield session


def positions(found: Found | None) -> list[list[int]]:
    assert found is not None
    return [[event.position for event in tree] for tree in found.trees]


@pytest.mark.parametrize("what", ["e1", "1", "e2", "2"])
def test_an_event_is_shown_in_its_whole_tree_by_id_or_position(db: Session, what: str):
    assert positions(TRAIL.of(db, what)) == [[1, 2]]


def test_a_persons_trees_are_those_of_the_persons_needs_too_and_of_nobody_else(db: Session):
    assert positions(TRAIL.of(db, ANNA)) == [[1, 2], [3], [4, 5]]


def test_the_events_of_one_command_stand_together(db: Session):
    assert positions(TRAIL.of(db, "6")) == [[6, 7]]


def test_more_trees_than_asked_for_are_counted(db: Session):
    found = TRAIL.of(db, ANNA, trees=1)
    assert found is not None
    assert (positions(found), found.more, found.whole) == ([[1, 2]], 2, True)


def test_a_tree_that_is_too_large_says_that_it_is_not_whole(db: Session, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("canlian_overview.trail.LARGEST", 0)
    found = TRAIL.of(db, "1")
    assert found is not None
    assert (positions(found), found.whole) == ([[1]], False)


def test_times_are_told_in_utc(db: Session):
    found = TRAIL.of(db, "1")
    assert found
    assert found.trees[0].first.at == START + timedelta(hours=1)


def test_nothing_by_a_name_is_told_apart_from_nothing_one_may_see(db: Session):
    assert TRAIL.of(db, "e99") is None
    assert TRAIL.of(db, "9" * 30) is None
    hidden = TRAIL.of(db, BO, may_see=lambda community: community == HERE)
    assert hidden == Found([], elsewhere=THERE)
