"""What happened, who did it and how long after, in both languages."""

from datetime import timedelta

import pytest

from canlian_events.language import EVENTS
from canlian_web.language.event_labels import event_words, say_actor, say_event, say_gap, say_roles, say_who
from canlian_web.language.i18n import Lang


def test_every_event_has_words_in_both_languages_and_no_words_are_left_over() -> None:
    # not those of the toy language that the chassis is tested with
    ours = {type for type in EVENTS if not type.startswith("toy.")}
    assert event_words().keys() == ours, "words for events are in canlian_web/language/event_labels.toml"
    for texts in event_words().values():
        assert any("\u4e00" <= character <= "\u9fff" for character in texts["zh"])
        assert texts["en"].isascii()


def test_an_event_of_a_newer_canlian_is_called_by_its_type() -> None:
    assert say_event("moon.phase.waned", "en") == "moon.phase.waned"


@pytest.mark.parametrize(
    ("stamp", "zh", "en"),
    [
        ("grid_worker:worker_1", "网格员 worker_1", "grid worker worker_1"),
        ("leader+staff:worker_2", "领导小组、残联工作人员 worker_2", "leading group, federation staff worker_2"),
        ("policy:policy:assistance", "系统规则 assistance", "policy of assistance"),
        ("wizard:w", "wizard w", "wizard w"),
    ],
)
def test_who_acted_is_said_by_role_and_id_and_a_policy_by_its_service(stamp: str, zh: str, en: str) -> None:
    assert (say_actor(stamp, "zh"), say_actor(stamp, "en")) == (zh, en)


def test_who_acted_is_called_by_name_where_there_is_one() -> None:
    names = {"worker_1": "王芳"}
    assert say_who("grid_worker:worker_1", "zh", names) == "王芳"
    assert say_who("grid_worker:worker_2", "zh", names) == "网格员 worker_2"
    assert say_who("resident:person_1", "en", names) == "the person"


def test_as_what_somebody_acted_is_said_without_saying_who() -> None:
    assert say_roles("leader+staff:worker_2", "zh") == "领导小组、残联工作人员"
    assert say_roles("resident:person_1", "en") == "the person"


@pytest.mark.parametrize(
    ("gap", "zh", "en"),
    [
        (timedelta(milliseconds=900), "", ""),
        (timedelta(seconds=-5), "", ""),
        (timedelta(seconds=5), "+5秒", "+5 s"),
        (timedelta(minutes=3, seconds=2), "+3分2秒", "+3 min 2 s"),
        (timedelta(hours=51, minutes=9), "+2天3小时", "+2 d 3 h"),
        (timedelta(days=2, minutes=5), "+2天", "+2 d"),
    ],
)
def test_a_gap_is_said_in_its_two_largest_units(gap: timedelta, zh: str, en: str) -> None:
    languages: list[Lang] = ["zh", "en"]
    assert [say_gap(gap, lang) for lang in languages] == [zh, en]
