"""How the made-up subdistrict is organised: its households, associations, bodies and training, with a gap in each.

Gaps are there to be found: a community without an association, a presidium below its quotas, who lacks a session.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from itertools import islice

from canlian_events.calendar import SHANGHAI
from canlian_events.registry.association import AdmitMember, FoundAssociation, HoldActivity, NameChair
from canlian_events.registry.body import ConfirmComposition, NominateMember, OpenTerm
from canlian_events.registry.household import FormHousehold, NameCarer, Relative
from canlian_events.registry.training import PlanTraining, RecordAttendance, RecordOnlineCourse
from canlian_events.terms import BodyKind, Category, DisabilityClass, Kinship, Position, SpecialKind
from canlian_operator.demonstration.cast import (
    CODES,
    DIRECTORS,
    GRID_WORKERS,
    SOCIAL_WORKERS,
    STAFF,
    VOLUNTEERS,
    Worker,
)
from canlian_operator.demonstration.history import Neighbour, Story

HOUSEHOLDS = 24
_FOUNDED = CODES[:-1]
"""The last community still lacks its association."""
_YEARS = 5
_BY = STAFF.actor
_RELATIVES = ("丁秋兰", "任国华", "沈月英")
_ACTIVITIES = ("社区残疾人趣味运动会", "手工编织活动", "健康讲座")


def organisation(people: Sequence[Neighbour], today: date) -> Iterator[Story]:
    """Everything staff set up in the last weeks, in stories that do not wait for each other."""
    yield from households(people, today)
    yield from associations(people, today)
    yield congress(people, today)
    yield presidium(people, today)
    yield training(today)


def households(people: Sequence[Neighbour], today: date) -> Iterator[Story]:
    """Those whose guardian the roster names live with them, and are cared for by them."""
    for person in islice((p for p in people if p.entry.guardian_name), HOUSEHOLDS):
        story = Story.begin(f"household {person.id}", today, 38, 10)
        household, guardian = story.id("household"), story.id("relative")
        born = person.entry.birth_date
        young = today.year - born.year < 50
        relative = Relative(
            relative_id=guardian,
            name=person.entry.guardian_name or "",
            kinship=Kinship.PARENT if young else Kinship.CHILD,
            birth_date=date(born.year + (-27 if young else 26), born.month, 15),
            phone=person.entry.guardian_phone,
        )
        story.say(
            _BY,
            FormHousehold(
                household_id=household, community=person.community, persons=(person.id,), relatives=(relative,)
            ),
        )
        story.say(_BY, NameCarer(household_id=household, person_id=person.id, carer_id=guardian))
        yield story


def associations(people: Sequence[Neighbour], today: date) -> Iterator[Story]:
    """One in each community but one, chaired by its director, and one of the five special ones."""
    for number, code in enumerate(_FOUNDED):
        here = [person for person in people if person.community == code]
        story = Story.begin(f"association {code}", today, 35, 9)
        association = story.id("association")
        chair = next(worker for worker in DIRECTORS if code in worker.scopes)
        story.say(_BY, FoundAssociation(association_id=association, community=code))
        story.say(_BY, NameChair(association_id=association, chair_id=chair.id))
        for person in here[:6]:
            story.say(_BY, AdmitMember(association_id=association, member_id=person.id))
        story.later(days=10)
        held = HoldActivity(
            association_id=association,
            activity_id=story.id("activity"),
            title=_ACTIVITIES[number % len(_ACTIVITIES)],
            on=story.now.date(),
            attendees=frozenset(person.id for person in here[2 : 8 + number]),
            others=number,
        )
        story.say(_BY, held)
        yield story
    story = Story.begin("association blind", today, 34, 9)
    blind = [person for person in people if _kind(person) is SpecialKind.BLIND]
    association = story.id("association")
    story.say(_BY, FoundAssociation(association_id=association, special=SpecialKind.BLIND))
    story.say(_BY, NameChair(association_id=association, chair_id=blind[0].id))
    for person in blind[:8]:
        story.say(_BY, AdmitMember(association_id=association, member_id=person.id))
    yield story


def congress(people: Sequence[Neighbour], today: date) -> Story:
    """Twenty delegates, just within the quotas: 15 are disabled or relatives, 13 role models or from the front line."""
    story = Story.begin("congress", today, 30, 14)
    body = _open(story, BodyKind.CONGRESS)
    for number, person in enumerate(_of_every_kind(people, 12)):
        standing = Category.ROLE_MODEL if number < 4 else Category.GRASS_ROOTS
        _nominate(story, body, person.id, Position.DELEGATE, {standing} if number < 11 else set())
    for number, name in enumerate(_RELATIVES):
        kind = SpecialKind.PSYCHIATRIC if number else SpecialKind.INTELLECTUAL
        _nominate(story, body, story.id("member", number), Position.DELEGATE, {Category.RELATIVE}, name, kind)
    outside = story.id("member", "organisation")
    _nominate(story, body, outside, Position.DELEGATE, {Category.SOCIAL_ORGANISATION}, "钟立群")
    for worker in VOLUNTEERS[:2]:
        _nominate(story, body, worker.id, Position.DELEGATE, {Category.VOLUNTEER})
    for worker in GRID_WORKERS[:2]:
        _nominate(story, body, worker.id, Position.DELEGATE, {Category.GRASS_ROOTS})
    story.later(days=2)
    story.say(_BY, ConfirmComposition(body_id=body))
    return story


def presidium(people: Sequence[Neighbour], today: date) -> Story:
    """Under way: nominations that do not meet the quotas yet."""
    story = Story.begin("presidium", today, 6, 15)
    body = _open(story, BodyKind.PRESIDIUM)
    _nominate(story, body, STAFF.id, Position.CHAIR, set())
    for person in _of_every_kind(people, 4):
        _nominate(story, body, person.id, Position.MEMBER, {Category.GRASS_ROOTS})
    _nominate(story, body, VOLUNTEERS[0].id, Position.MEMBER, {Category.VOLUNTEER})
    return story


def training(today: date) -> Story:
    """A session most came to, an online course some passed, and one that is still to come."""
    story = Story.begin("training", today, 28, 9)
    first, second, online = (story.id("training", name) for name in ("first", "second", "online"))
    meant = [*GRID_WORKERS, *SOCIAL_WORKERS]
    kinds = frozenset(worker.kind for worker in meant)
    begins = datetime.combine(story.now.date() + timedelta(days=2), time(9), SHANGHAI)
    story.say(
        _BY, PlanTraining(training_id=first, title="残疾人工作政策培训", starts=begins, place="街道会议室", kinds=kinds)
    )
    story.later(days=3)
    story.say(_BY, RecordAttendance(training_id=first, workers=_ids(meant[1:-1])))
    story.later(days=7)
    yesterday, passed = story.now.date() - timedelta(days=1), _ids(meant[1:6])
    story.say(_BY, RecordOnlineCourse(training_id=online, title="无障碍沟通网课", on=yesterday, workers=passed))
    soon = datetime.combine(today + timedelta(days=9), time(14), SHANGHAI)
    story.say(
        _BY, PlanTraining(training_id=second, title="康复与辅具知识培训", starts=soon, place="街道会议室", kinds=kinds)
    )
    return story


def _open(story: Story, kind: BodyKind) -> str:
    body, begins = story.id("body"), story.now.date()
    ends = date(begins.year + _YEARS, begins.month, 1)
    story.say(_BY, OpenTerm(body_id=body, kind=kind, begins=begins, ends=ends))
    return body


def _nominate(
    story: Story,
    body: str,
    member: str,
    position: Position,
    categories: set[Category],
    name: str | None = None,
    represents: SpecialKind | None = None,
) -> None:
    seat = story.id("seat", member)
    story.say(
        _BY,
        NominateMember(
            body_id=body,
            seat_id=seat,
            member_id=member,
            name=name,
            categories=frozenset(categories),
            represents=represents,
            position=position,
        ),
    )


def _of_every_kind(people: Sequence[Neighbour], number: int) -> list[Neighbour]:
    """Adults, of each of the five kinds in turn, so that none is missing among five or more."""
    by_kind = {kind: [p for p in people if _kind(p) is kind and p.entry.birth_date.year < 2000] for kind in SpecialKind}
    turns = zip(*by_kind.values(), strict=False)
    return list(islice((person for turn in turns for person in turn), number))


def _kind(person: Neighbour) -> SpecialKind | None:
    return SpecialKind.of(DisabilityClass(person.entry.disability))


def _ids(workers: Sequence[Worker]) -> tuple[str, ...]:
    return tuple(worker.id for worker in workers)
