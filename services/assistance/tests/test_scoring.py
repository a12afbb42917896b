"""What answers come to, and that the shipped instruments are what their sources say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canlian_assistance.assessment.scoring import score
from canlian_events.assistance.instruments import INSTRUMENTS, SERVICE_NEEDS, WG_SS, Instrument, instrument, offered
from canlian_events.terms import Domain

INSTRUMENT = pytest.mark.parametrize("form", INSTRUMENTS.values(), ids=lambda form: form.code)


def forms(form: Instrument) -> st.SearchStrategy[dict[str, int]]:
    return st.fixed_dictionaries({item.code: st.sampled_from(item.allowed) for item in form.items})


def test_the_short_set_asks_its_six_questions_in_their_order():
    codes = [item.code for item in WG_SS.items]
    assert codes == ["seeing", "hearing", "walking", "remembering", "self_care", "communicating"]
    assert all(item.allowed == (1, 2, 3, 4) for item in WG_SS.items)


def test_the_checklist_asks_about_the_nine_domains():
    assert [item.domain for item in SERVICE_NEEDS.items] == list(Domain)
    assert all(item.allowed == (0, 1, 2) for item in SERVICE_NEEDS.items)


@INSTRUMENT
def test_an_instrument_is_worded_in_both_languages(form: Instrument):
    assert form.zh
    assert form.en
    assert all(item.zh and item.en for item in form.items)
    assert all(choice.zh and choice.en for item in form.items for choice in item.choices)
    assert all(level.zh and level.en for level in form.levels)
    assert instrument(form.code, form.version) is form
    assert form in offered()


@given(forms(WG_SS))
def test_a_disability_is_one_item_or_more_with_a_lot_of_difficulty(answers: dict[str, int]):
    result = score(WG_SS, answers)
    assert (result.level == "disability") == any(answer in (3, 4) for answer in answers.values())
    assert set(result.explained) == {code for code, answer in answers.items() if answer in (3, 4)}
    assert result.score == len(result.explained)
    assert result.needs == ()


@given(forms(SERVICE_NEEDS))
def test_the_needed_domains_and_no_others_become_needs(answers: dict[str, int]):
    result = score(SERVICE_NEEDS, answers)
    found = {need.domain.value: 2 if need.urgency == "urgent" else 1 for need in result.needs}
    assert found == {code: answer for code, answer in answers.items() if answer}
    assert result.level == ["none", "needed", "urgent"][max(answers.values())]


@INSTRUMENT
def test_every_level_a_result_can_have_is_worded(form: Instrument):
    worst, best = ({item.code: pick(item.allowed) for item in form.items} for pick in (max, min))
    assert {form.level(score(form, answers).level) for answers in (worst, best)} <= set(form.levels)
