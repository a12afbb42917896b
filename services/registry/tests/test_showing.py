"""The rules of showing a person's file, as sentences."""

from typing import Any

import pytest
from services.registry.tests.people import ANOTHER_ID, HERE, ID, REGISTERED, STAFF, THEMSELVES, THERE

from canlian_chassis.testing.deciders import NOON, given
from canlian_events.meta import Actor
from canlian_events.registry.person import ConsentGiven, ConsentWithdrawn
from canlian_events.registry.showing import MAY_LOOK, SAME_LOOK, SEES, FileShown, ShowFile, showing_id_of
from canlian_events.terms import FileField, Purpose, Role, ShownFor
from canlian_registry.person.decider import person
from canlian_registry.showing.decider import beside, showing

SHOW = ShowFile(
    showing_id="showing_00000001",
    person_id=ID,
    community=HERE,
    what=frozenset({FileField.PHONE}),
    why=ShownFor.CALL,
)
SHOWN = FileShown.from_(SHOW)


def who(role: Role) -> Actor:
    return Actor("worker_00000007", frozenset({role}), (HERE,))


def changed(**fields: Any) -> ShowFile:
    return SHOW.model_copy(update=fields)


def test_a_showing_says_what_was_shown_and_why():
    given(showing).when(SHOW, by=STAFF).then(SHOWN)


def test_the_same_showing_again_is_one_showing():
    given(showing, SHOWN).when(SHOW, by=STAFF).unchanged()


def test_a_showings_id_is_not_used_for_another():
    given(showing, SHOWN).when(changed(person_id=ANOTHER_ID), by=STAFF).refused("showing.another")


@pytest.mark.parametrize(
    ("role", "why"),
    [
        (Role.VOLUNTEER, ShownFor.CALL),
        (Role.PROVIDER, ShownFor.VISIT),
        (Role.STAFF, ShownFor.OWN),
        (Role.RESIDENT, ShownFor.CASEWORK),
        (Role.DIRECTOR, ShownFor.CALL),
        (Role.GRID_WORKER, ShownFor.OVERSIGHT),
    ],
)
def test_a_role_without_such_a_reason_is_refused(role: Role, why: ShownFor):
    given(showing).when(changed(why=why), by=who(role)).refused("showing.no_reason", shown_for=why)


@pytest.mark.parametrize(
    ("role", "why", "field"),
    [
        (Role.VOLUNTEER, ShownFor.VISIT, FileField.PHONE),
        (Role.PROVIDER, ShownFor.SERVICE, FileField.ADDRESS),
        (Role.DIRECTOR, ShownFor.NEED, FileField.CONTACT),
        (Role.COMMISSIONER, ShownFor.OVERSIGHT, FileField.CITIZEN_ID),
    ],
)
def test_a_role_is_shown_no_more_than_it_needs(role: Role, why: ShownFor, field: FileField):
    more = changed(why=why, what=frozenset({field, FileField.NOTES}))
    given(showing).when(more, by=who(role)).refused("showing.too_much", file_fields=[field])


def test_a_role_that_has_no_such_reason_lends_no_fields():
    both = Actor("worker_00000007", frozenset({Role.DIRECTOR, Role.RESIDENT}), (HERE,))
    given(showing).when(changed(why=ShownFor.NEED), by=both).refused("showing.too_much")


def test_residents_look_at_their_own_file_only():
    own = changed(why=ShownFor.OWN)
    given(showing).when(own, by=THEMSELVES).then(FileShown.from_(own))
    given(showing).when(changed(why=ShownFor.OWN, person_id=ANOTHER_ID), by=THEMSELVES).refused("showing.not_yours")


def test_another_reason_is_said_in_words():
    given(showing).when(changed(why=ShownFor.OTHER), by=STAFF).refused("showing.no_words")
    said = changed(why=ShownFor.OTHER, words="家属来电核实")
    given(showing).when(said, by=STAFF).then(FileShown.from_(said))


def test_every_reason_is_somebodys_and_everybody_who_looks_has_one():
    assert MAY_LOOK.keys() == set(ShownFor)
    assert {role for roles in MAY_LOOK.values() for role in roles} == SEES.keys() == ShowFile.by


def test_the_same_look_within_a_quarter_of_an_hour_has_one_id_and_any_other_look_its_own():
    def id_(**other: Any) -> str:
        said: dict[str, Any] = {
            "actor_id": STAFF.id,
            "person_id": ID,
            "community": HERE,
            "what": SHOW.what,
            "why": SHOW.why,
        }
        return showing_id_of(**(said | {"words": "", "at": NOON} | other))

    assert id_() == id_(at=NOON + SAME_LOOK / 2)
    others: list[dict[str, Any]] = [
        {"at": NOON + SAME_LOOK},
        {"actor_id": "worker_00000009"},
        {"person_id": ANOTHER_ID},
        {"community": THERE},
        {"what": frozenset({FileField.ADDRESS})},
        {"why": ShownFor.VISIT},
        {"words": "家属来电"},
    ]
    assert len({id_()} | {id_(**other) for other in others}) == 1 + len(others)


GIVEN = ConsentGiven(person_id=ID, purpose=Purpose.CONTACT)
WITHDRAWN = ConsentWithdrawn(person_id=ID, purpose=Purpose.CONTACT)


def test_nobody_is_called_who_took_their_consent_to_calls_back():
    called = given(showing).beside_of(person, REGISTERED, GIVEN, WITHDRAWN)
    called.when(SHOW, by=STAFF).refused("showing.no_contact")
    called.when(changed(why=ShownFor.CASEWORK), by=STAFF).then(FileShown.from_(changed(why=ShownFor.CASEWORK)))
    for history in ((), (GIVEN,), (GIVEN, WITHDRAWN, GIVEN)):
        given(showing).beside_of(person, REGISTERED, *history).when(SHOW, by=STAFF).then(SHOWN)


def test_a_file_is_looked_up_only_where_somebody_is_to_be_called():
    assert [ref.id for ref in beside(SHOW, None)] == [ID]
    assert list(beside(changed(why=ShownFor.CASEWORK), None)) == []
    assert list(beside(changed(person_id="asker_00000001"), None)) == []
