"""Loading the demonstration, which was killed in the middle: what all other tests here walk through."""

from __future__ import annotations

from typing import Any

from tests.browser.demonstration import Made


def ids(made: Made, type_: str, field: str) -> list[Any]:
    return [event["data"][field] for event in made.events if event["type"] == type_]


def test_a_demonstration_broken_off_goes_on_and_is_there_once(made: Made) -> None:
    people = ids(made, "registry.person.registered", "person_id")
    assert len(people) == len(set(people)) == 300
    asked = ids(made, "assistance.need.raised", "need_id")
    assert len(asked) == len(set(asked)) > 0


def test_a_demonstration_that_is_there_is_not_loaded_again(made: Made) -> None:
    first, second = made.ends
    assert first == second == made.events[-1]["position"]
