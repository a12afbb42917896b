"""What a person asks to have corrected, as sentences."""

from services.registry.tests.people import ID, REGISTERED, SOMEBODY_ELSE, STAFF, THEMSELVES

from canlian_chassis.testing.deciders import given
from canlian_events.registry.person import (
    CorrectionRequested,
    CorrectionSettled,
    CorrectPerson,
    PersonCorrected,
    RequestCorrection,
    SettleCorrection,
)
from canlian_registry.person.decider import person

ASK = RequestCorrection(person_id=ID, words="我的名字写错了一个字")
ASKED = CorrectionRequested(person_id=ID, words="我的名字写错了一个字")
DONE = SettleCorrection(person_id=ID, corrected=True)
DECLINE = SettleCorrection(person_id=ID, corrected=False, why="与身份证一致")


def test_a_person_asks_for_what_they_cannot_correct_alone():
    here = given(person, REGISTERED)
    here.when(ASK, by=THEMSELVES).then(ASKED)
    here.when(ASK, by=SOMEBODY_ELSE).refused("person.not_yours")
    here.when(ASK.model_copy(update={"words": ""}), by=THEMSELVES).refused("person.no_words")
    given(person, REGISTERED, ASKED).when(ASK, by=THEMSELVES).unchanged()
    other = ASK.model_copy(update={"words": "住址也不对"})
    given(person, REGISTERED, ASKED).when(other, by=THEMSELVES).then(CorrectionRequested.from_(other))


def test_nobody_gives_themselves_another_name():
    rename = CorrectPerson(person_id=ID, name="另名")
    given(person, REGISTERED).when(rename, by=THEMSELVES).refused("person.name_on_request")
    given(person, REGISTERED).when(rename, by=STAFF).then(PersonCorrected(person_id=ID, name="另名"))
    moved = CorrectPerson(person_id=ID, address="新路1号")
    given(person, REGISTERED).when(moved, by=THEMSELVES).then(PersonCorrected(person_id=ID, address="新路1号"))


def test_staff_settle_it_with_a_correction_or_a_reason():
    asked = given(person, REGISTERED, ASKED)
    renamed = PersonCorrected(person_id=ID, name="王秀岚")
    given(person, REGISTERED, ASKED, renamed).when(DONE, by=STAFF).then(CorrectionSettled(person_id=ID, corrected=True))
    asked.when(DECLINE, by=STAFF).then(CorrectionSettled(person_id=ID, corrected=False, why="与身份证一致"))
    asked.when(DECLINE.model_copy(update={"why": ""}), by=STAFF).refused("person.no_reason")
    settled = CorrectionSettled(person_id=ID, corrected=True)
    given(person, REGISTERED, ASKED, settled).when(DONE, by=STAFF).refused("person.correction_not_requested")
    given(person, REGISTERED, ASKED, settled).when(ASK, by=THEMSELVES).then(ASKED)


def test_nothing_is_said_to_be_corrected_that_was_not_since_it_was_asked():
    renamed = PersonCorrected(person_id=ID, name="王秀岚")
    given(person, REGISTERED, ASKED).when(DONE, by=STAFF).refused("person.nothing_corrected")
    given(person, REGISTERED, renamed, ASKED).when(DONE, by=STAFF).refused("person.nothing_corrected")
    settled = CorrectionSettled(person_id=ID, corrected=True)
    again = given(person, REGISTERED, ASKED, renamed, settled, ASKED)
    again.when(DONE, by=STAFF).refused("person.nothing_corrected")
