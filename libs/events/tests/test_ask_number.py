"""The number by which a request is followed."""

import pytest

from canlian_events.assistance.ask_number import LENGTH, SIGNS, ask_number, read_number, shown_number

NUMBER = ask_number("need_00000001")


def test_the_same_need_always_has_the_same_number():
    assert ask_number("need_00000001") == NUMBER == "JDJTF6PKGK"


def test_it_has_ten_signs_of_which_none_is_mistaken_for_another():
    assert len(NUMBER) == LENGTH
    assert set(NUMBER) <= set(SIGNS)
    assert set("01IO").isdisjoint(SIGNS)


def test_needs_made_one_after_another_have_numbers_that_are_nothing_alike():
    numbers = {ask_number(f"need_{count:08}") for count in range(5000)}
    assert len(numbers) == 5000
    assert {number[0] for number in numbers} == set(SIGNS)
    assert {number[-1] for number in numbers} == set(SIGNS)


@pytest.mark.parametrize(
    "typed", ["k7m2-9qxd-4f", " K7M2 9QXD 4F ", "Ｋ７Ｍ２－９ＱＸＤ－４Ｆ", "K7M2—9QXD–4F", "k7m29qxd4f"]
)
def test_it_is_read_however_it_was_typed(typed):
    assert read_number(typed) == "K7M29QXD4F"


@pytest.mark.parametrize(
    "typed", ["", "K7M2-9QXD-4", "K7M2-9QXD-4FF", "K7M2-9QXD-40", "K7M2-9QXI-4F", "轮椅轮椅轮椅轮椅轮椅"]
)
def test_what_cannot_be_a_number_is_none(typed):
    assert read_number(typed) is None


def test_it_is_shown_in_groups_that_can_be_read_aloud():
    assert shown_number("K7M29QXD4F") == "K7M2-9QXD-4F"
    assert read_number(shown_number(NUMBER)) == NUMBER
