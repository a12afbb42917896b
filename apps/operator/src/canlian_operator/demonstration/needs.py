"""The needs of the demonstration: every way one can come in, and every end it can have."""

from collections.abc import Iterable, Iterator

from canlian_events.assistance.assessment import CompleteAssessment, StartAssessment
from canlian_events.assistance.instruments import SERVICE_NEEDS, WG_SS, Instrument
from canlian_events.assistance.need import AssignNeed, CloseNeed, RaiseNeed
from canlian_events.catalog.referral import (
    AcceptReferral,
    CompleteService,
    DeclineReferral,
    LapseReferral,
    RecordSession,
    ReferPerson,
    StartService,
    WaitlistReferral,
    WithdrawReferral,
)
from canlian_events.evaluation.feedback import GiveFeedback, ReplyToFeedback, feedback_on
from canlian_events.meta import Actor
from canlian_events.terms import Channel, DeclineReason, Domain, NeedCloseReason, Outcome, Urgency
from canlian_operator.demonstration import words
from canlian_operator.demonstration.cast import GRID_WORKERS, SOCIAL_WORKERS, STAFF, front_desk, of_community, resident
from canlian_operator.demonstration.history import Neighbour, Offer, Planner, Story, small_service

ENDS: dict[str, int] = {
    "new": 10,
    "assigned": 12,
    "assessed": 10,
    "referred": 10,
    "silent": 4,
    "declined": 6,
    "withdrawn referral": 3,
    "lapsed": 2,
    "accepted": 7,
    "under way": 14,
    "met": 34,
    "partly met": 6,
    "unhappy": 5,
    "withdrawn": 4,
    "not ours": 2,
}
"""How many needs end where."""
_REFERRED = frozenset(ENDS) - {"new", "assigned", "assessed", "withdrawn", "not ours"}
_OVER = ("met", "partly met", "unhappy")
_WAITING = 3
_DECLINES = (DeclineReason.NO_STAFF, DeclineReason.TOO_FAR, DeclineReason.UNREACHABLE)
_CHANNELS = (
    Channel.NEIGHBOURS,
    Channel.WALK_IN,
    Channel.HOTLINE,
    Channel.NEIGHBOURS,
    Channel.PETITION,
    Channel.REFERRED_IN,
    Channel.NEIGHBOURS,
    Channel.VISIT,
)
ANONYMOUS_ASKS = 4


def needs(planner: Planner, people: Iterable[Neighbour], anonymous: Actor) -> Iterator[Story]:
    """One story a person, and some of people whom nobody knows yet."""
    pool = iter(people)
    ends = [end for end, count in ENDS.items() for _ in range(count)]
    for number, end in enumerate(ends):
        person = next(pool)
        offer = planner.offer_for(person) if end in _REFERRED else None
        lacks_offer = end in _REFERRED and offer is None
        yield _need(planner, number, person, "assessed" if lacks_offer else end, offer)
    yield from _full_service(planner, pool)
    for number in range(ANONYMOUS_ASKS):
        yield _asked_by_nobody_known(planner, number, next(pool), anonymous)


def residents_own(planner: Planner, person: Neighbour) -> Iterator[Story]:
    """The needs of whoever signs in as a resident: one to rate, one under way, one just asked."""
    for number, (end, domain) in enumerate(
        (("met, not rated", Domain.ASSISTIVE_DEVICES), ("under way", Domain.REHABILITATION), ("new", Domain.RIGHTS))
    ):
        offer = planner.offer_for(person, domain) or planner.offer_for(person)
        yield _need(planner, 900 + number, person, end, offer, domain)


def _need(
    planner: Planner, number: int, person: Neighbour, end: str, offer: Offer | None, domain: Domain | None = None
) -> Story:
    chance = planner.chance
    story = Story.begin(f"need-{number}", planner.today, _age(planner, end), chance.randint(8, 16))
    domain = offer.details.domain if offer else domain or chance.choice(list(Domain))
    need_id, worker = story.id("need"), of_community(SOCIAL_WORKERS, person.community).actor
    channel = Channel.NEIGHBOURS if number >= 900 else _CHANNELS[number % len(_CHANNELS)]
    _raise(story, planner, person, channel, domain)
    if end == "new":
        return story
    story.later(hours=chance.randint(1, 30))
    story.say(worker, AssignNeed(need_id=need_id, worker_id=worker.id))
    if end in ("withdrawn", "not ours"):
        story.later(days=chance.randint(1, 5))
        reason = NeedCloseReason.WITHDRAWN if end == "withdrawn" else NeedCloseReason.NOT_OURS
        story.say(worker, CloseNeed(need_id=need_id, reason=reason))
    elif end != "assigned":
        _assess(story, planner, person, worker, SERVICE_NEEDS, domain)
        if number % 4 == 0 and planner.today.year - person.entry.birth_date.year > WG_SS.min_age + 1:
            _assess(story, planner, person, worker, WG_SS, domain)
        if offer:
            _refer(story, planner, person, worker, offer, end)
    return story


def _age(planner: Planner, end: str) -> int:
    """How many days ago it began: what has come to its end began earlier."""
    low, high = {"new": (1, 4), "assigned": (2, 12), "assessed": (3, 14), "referred": (4, 8), "silent": (15, 25)}.get(
        end, (14, 42)
    )
    return planner.chance.randint(low, high)


def _raise(story: Story, planner: Planner, person: Neighbour, channel: Channel, domain: Domain) -> None:
    by = {
        Channel.NEIGHBOURS: resident(person.id),
        Channel.WALK_IN: of_community(SOCIAL_WORKERS, person.community).actor,
        Channel.REFERRED_IN: of_community(SOCIAL_WORKERS, person.community).actor,
        Channel.VISIT: of_community(GRID_WORKERS, person.community).actor,
    }.get(channel, STAFF.actor)
    urgency = Urgency.URGENT if planner.chance.random() < 0.12 else Urgency.NORMAL
    story.say(
        by,
        RaiseNeed(
            need_id=story.id("need"),
            person_id=person.id,
            community=person.community,
            channel=channel,
            domain=domain,
            words=planner.chance.choice(words.NEEDS[domain]),
            urgency=urgency,
        ),
    )


def _asked_by_nobody_known(planner: Planner, number: int, near: Neighbour, anonymous: Actor) -> Story:
    """Somebody without an account, by the picture of a domain and a few words."""
    story = Story.begin(f"asker-{number}", planner.today, number + 1, 10 + number)
    domain = planner.chance.choice(list(Domain))
    story.say(
        anonymous,
        RaiseNeed(
            need_id=story.id("need"),
            person_id=story.id("asker"),
            community=near.community,
            channel=Channel.NEIGHBOURS,
            domain=domain,
            words=planner.chance.choice(words.NEEDS[domain]),
            contact=f"19900{planner.chance.randrange(10**6):06d}",
        ),
    )
    return story


def _assess(story: Story, planner: Planner, person: Neighbour, worker: Actor, form: Instrument, domain: Domain) -> None:
    chance, id_ = planner.chance, story.id("assessment", form.code)
    story.later(days=chance.randint(1, 3))
    if form is SERVICE_NEEDS:
        answers = {item.code: int(item.domain == domain) for item in form.items}
        if chance.random() < 0.15:
            answers[chance.choice(list(Domain)).value] = 1
    else:
        answers = {item.code: chance.choice((1, 1, 2, 3)) for item in form.items}
    story.say(
        worker,
        StartAssessment(
            assessment_id=id_,
            person_id=person.id,
            community=person.community,
            instrument=form.code,
            instrument_version=form.version,
            need_id=story.id("need"),
        ),
    )
    story.say(worker, CompleteAssessment(assessment_id=id_, answers=answers))


def _refer(story: Story, planner: Planner, person: Neighbour, worker: Actor, offer: Offer, end: str) -> None:
    chance, referral_id, desk = planner.chance, story.id("referral"), front_desk(offer.provider_id)
    story.later(hours=chance.randint(2, 24))
    story.say(
        worker,
        ReferPerson(
            referral_id=referral_id,
            person_id=person.id,
            community=person.community,
            service_id=offer.id,
            need_id=story.id("need"),
            note=chance.choice(words.REFERRAL_NOTES),
        ),
    )
    story.later(days=chance.randint(1, 2))
    match end:
        case "referred" | "silent":
            return
        case "declined":
            reason = chance.choice(_DECLINES)
            said = words.DECLINED[_DECLINES.index(reason)]
            story.say(desk, DeclineReferral(referral_id=referral_id, reason=reason, words=said))
        case "waitlisted":
            story.say(desk, WaitlistReferral(referral_id=referral_id))
        case "withdrawn referral":
            story.say(worker, WithdrawReferral(referral_id=referral_id, why="本人改变了主意"))
        case "lapsed":
            story.later(days=8)
            story.say(worker, LapseReferral(referral_id=referral_id))
        case _:
            planner.take(offer)
            story.say(desk, AcceptReferral(referral_id=referral_id))
            if end != "accepted":
                _provide(story, planner, person, worker, desk, end)


def _provide(story: Story, planner: Planner, person: Neighbour, worker: Actor, desk: Actor, end: str) -> None:
    chance, referral_id = planner.chance, story.id("referral")
    story.later(days=chance.randint(1, 3))
    story.say(desk, StartService(referral_id=referral_id, on=story.now.date()))
    days = set()
    for session in range(chance.randint(2, 4)):
        day = story.now.date()
        if day not in days:
            days.add(day)
            attended = session == 0 or chance.random() < 0.85
            note = chance.choice(words.SESSION_NOTES) if attended else None
            story.say(desk, RecordSession(referral_id=referral_id, on=day, attended=attended, note=note))
        story.later(days=chance.randint(1, 4))
    if end.startswith(_OVER):
        outcome = Outcome.PARTLY_MET if end == "partly met" else Outcome.MET
        story.say(desk, CompleteService(referral_id=referral_id, outcome=outcome))
        rate(story, planner, person, worker, referral_id, end)


def rate(story: Story, planner: Planner, person: Neighbour, worker: Actor, occasion_id: str, end: str) -> None:
    """Most say what they think, some through their social worker; whoever complains gets an answer."""
    chance, feedback_id = planner.chance, feedback_on(occasion_id)
    if end == "met, not rated" or (end == "met" and chance.random() < 0.15):
        return
    score, said = {
        "met": (chance.choice((5, 5, 5, 4, 4, 3)), chance.choice(words.PRAISE)),
        "partly met": (chance.choice((3, 4)), chance.choice(words.MILD)),
        "unhappy": (chance.choice((1, 2)), chance.choice(words.COMPLAINTS)),
    }[end]
    story.later(hours=chance.randint(3, 48))
    by = worker if chance.random() < 0.25 else resident(person.id)
    give = GiveFeedback(feedback_id=feedback_id, score=score, words=said)
    story.say(by, give, not_yet="feedback.not_asked")
    if end == "unhappy":
        story.later(hours=5)
        story.say(worker, ReplyToFeedback(feedback_id=feedback_id, words=chance.choice(words.REPLIES)))


def _full_service(planner: Planner, pool: Iterator[Neighbour]) -> Iterator[Story]:
    """A small service that is full, and those who wait for a place in it."""
    offer = small_service(planner.offers)
    for number, end in enumerate(["under way"] * offer.places + ["waitlisted"] * _WAITING):
        person = next(person for person in pool if offer.suits(person, planner.today.year))
        yield _need(planner, 800 + number, person, end, offer)
