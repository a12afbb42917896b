"""The demonstration's history, as it is planned."""

from collections import Counter
from datetime import date, datetime
from pathlib import Path

import pytest

from canlian_chassis.keys.store import Keys
from canlian_chassis.settings import Settings
from canlian_events.assistance.visit import CompleteVisit, ScheduleVisit
from canlian_events.calendar import SHANGHAI
from canlian_events.catalog.referral import AcceptReferral, CompleteService, ReferPerson
from canlian_events.evaluation.feedback import GiveFeedback, feedback_on
from canlian_events.terms import Channel
from canlian_operator.demonstration.cast import VOLUNTEERS
from canlian_operator.demonstration.seed_data import Plan, make_plan

TODAY = date(2026, 11, 24)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    data: Path = tmp_path_factory.mktemp("data")
    return Keys.of(Settings(data=data))


@pytest.fixture(scope="module")
def plan(keys: Keys) -> Plan:
    return make_plan(keys, TODAY)


def test_the_same_day_gives_the_same_history(plan: Plan, keys: Keys) -> None:
    again = make_plan(keys, TODAY)
    assert [list(story.commands()) for story in again.stories] == [list(story.commands()) for story in plan.stories]


@pytest.mark.parametrize("today", [TODAY, date(2026, 1, 3), date(2028, 2, 29)])
def test_every_story_goes_forward_and_has_happened(keys: Keys, today: date) -> None:
    for story in make_plan(keys, today).stories:
        times = [deed.at for deed in story.deeds]
        assert times == sorted(times)
        assert times[-1].astimezone(SHANGHAI).date() < today


def test_no_two_commands_have_one_id(plan: Plan) -> None:
    ids = Counter(id_ for story in plan.stories for id_, _ in story.commands())
    assert ids.most_common(1)[0][1] == 1


def test_no_service_is_given_more_people_than_it_has_places(plan: Plan) -> None:
    places = {row.value.service.name: row.value.service.weekly_places for row in plan.resources.accepted}
    commands = [deed.command for story in plan.stories for deed in story.deeds]
    accepted = {c.referral_id for c in commands if isinstance(c, AcceptReferral)}
    taken = Counter(c.service_id for c in commands if isinstance(c, ReferPerson) and c.referral_id in accepted)
    assert max(taken.values()) <= max(places.values())
    assert len(accepted) > 40


def test_needs_come_in_by_every_channel_a_command_can_name(plan: Plan) -> None:
    channels = {getattr(deed.command, "channel", None) for story in plan.stories for deed in story.deeds}
    assert channels - {None} == set(Channel) - {Channel.ASSESSMENT}


def test_enough_is_rated_in_some_communities_for_a_rate_to_show(plan: Plan) -> None:
    community = {person.id: person.community for person in plan.people}
    rated: Counter[str] = Counter()
    for story in plan.stories:
        person = next((p for deed in story.deeds if (p := getattr(deed.command, "person_id", None))), "")
        rated[community.get(person, "")] += sum(isinstance(deed.command, GiveFeedback) for deed in story.deeds)
    assert sum(count >= 5 for count in rated.values()) >= 3


def test_the_volunteer_who_signs_in_has_visits_today(plan: Plan) -> None:
    commands = [deed.command for story in plan.stories for deed in story.deeds]
    done = {c.visit_id for c in commands if isinstance(c, CompleteVisit)}
    today = [c for c in commands if isinstance(c, ScheduleVisit) and c.due == TODAY and c.visit_id not in done]
    assert [visit.worker_id for visit in today].count(VOLUNTEERS[0].id) >= 3


def test_the_resident_who_signs_in_has_something_to_rate(plan: Plan) -> None:
    own = [s for s in plan.stories if getattr(s.deeds[0].command, "person_id", None) == plan.resident.id]
    commands = [deed.command for story in own for deed in story.deeds]
    completed = {feedback_on(c.referral_id) for c in commands if isinstance(c, CompleteService)}
    assert completed - {c.feedback_id for c in commands if isinstance(c, GiveFeedback)}


def test_it_begins_before_anything_in_it_is_said(plan: Plan) -> None:
    first: datetime = min(deed.at for story in plan.stories for deed in story.deeds)
    assert plan.begin < first
