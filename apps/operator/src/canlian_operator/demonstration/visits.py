"""The visits of the demonstration: made, missed, cancelled, due today, overdue and to come."""

from collections.abc import Iterable, Iterator
from datetime import timedelta

from canlian_events.assistance.visit import CancelVisit, CompleteVisit, MissVisit, RaisedNeed, ScheduleVisit
from canlian_events.terms import Domain, Help, Tie
from canlian_operator.demonstration import words
from canlian_operator.demonstration.cast import CODES, GRID_WORKERS, SOCIAL_WORKERS, VOLUNTEERS, Worker, of_community
from canlian_operator.demonstration.history import Neighbour, Planner, Story
from canlian_operator.demonstration.needs import rate

ENDS: dict[str, int] = {"made": 26, "missed": 4, "cancelled": 2, "due today": 3, "overdue": 3, "to come": 8}
_TO_PLAY: tuple[str, ...] = ("due today",) * 4 + ("overdue",) * 2 + ("to come",) * 2 + ("made",) * 3
"""What whoever signs in as a volunteer finds: the first volunteer's list."""


def visits(planner: Planner, people: Iterable[Neighbour]) -> Iterator[Story]:
    everybody = list(people)
    near = [person for person in everybody if person.community in CODES[:2]]
    number = 0
    for end, person in zip(_TO_PLAY, near, strict=False):
        yield _visit(planner, number, person, of_community(VOLUNTEERS, person.community), end)
        number += 1
    others = (person for person in everybody if person not in near[: len(_TO_PLAY)])
    for end in (end for end, count in ENDS.items() for _ in range(count)):
        person = next(others)
        visitors = VOLUNTEERS if number % 3 else GRID_WORKERS
        yield _visit(planner, number, person, of_community(visitors, person.community), end)
        number += 1


def _visit(planner: Planner, number: int, person: Neighbour, visitor: Worker, end: str) -> Story:
    chance = planner.chance
    low, high = {"due today": (0, 0), "overdue": (2, 12), "to come": (-20, -2)}.get(end, (3, 36))
    due = planner.today - timedelta(days=chance.randint(low, high))
    asked = max((planner.today - due).days + chance.randint(3, 6), 1)
    story = Story.begin(f"visit-{number}", planner.today, asked, chance.randint(9, 15))
    visit_id, worker = story.id("visit"), of_community(SOCIAL_WORKERS, person.community).actor
    story.say(
        worker,
        ScheduleVisit(
            visit_id=visit_id,
            person_id=person.id,
            community=person.community,
            worker_id=visitor.id,
            due=due,
            look_for=chance.choice(words.LOOK_FOR),
        ),
    )
    if end not in ("made", "missed", "cancelled"):
        return story
    story.later(days=(due - story.now.date()).days)
    if end == "missed":
        story.say(visitor.actor, MissVisit(visit_id=visit_id, why=chance.choice(words.MISSED)))
    elif end == "cancelled":
        story.say(worker, CancelVisit(visit_id=visit_id, why="住院期间由医院照护，出院后再约"))
    else:
        _make(story, planner, person, visitor)
    return story


def _make(story: Story, planner: Planner, person: Neighbour, visitor: Worker) -> None:
    chance, visit_id = planner.chance, story.id("visit")
    found: tuple[RaisedNeed, ...] = ()
    if chance.random() < 0.3:
        domain = chance.choice(list(Domain))
        found = (RaisedNeed(domain=domain, words=chance.choice(words.NEEDS[domain])),)
    next_due = story.now.date() + timedelta(days=chance.choice((14, 30, 30, 60)))
    story.say(
        visitor.actor,
        CompleteVisit(
            visit_id=visit_id,
            tie=chance.choice(list(Tie)),
            helps=frozenset(chance.sample(list(Help), chance.randint(1, 2))),
            findings=chance.choice(words.FINDINGS),
            needs=found,
            next_due=next_due if chance.random() < 0.5 else None,
        ),
    )
    if chance.random() < 0.75:
        worker = of_community(SOCIAL_WORKERS, person.community).actor
        rate(story, planner, person, worker, visit_id, "met")
