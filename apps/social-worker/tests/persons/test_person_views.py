"""What a person's file comes to, and how it is found."""

from __future__ import annotations

from sqlmodel import Session
from tests.support.social_worker_folds import (
    HERE,
    PERSON,
    THERE,
    person,
    put,
    rows,
)

from canlian_events.personal import Sealed
from canlian_events.registry.person import ConsentGiven, ConsentWithdrawn, PersonMoved
from canlian_events.terms import (
    Purpose,
)
from canlian_social_worker.persons.views import PersonRow, search_persons


def test_consent_is_known_by_purpose_and_ends_when_it_is_withdrawn():
    given = ConsentGiven(person_id=PERSON, purpose=Purpose.SHARE_WITH_PROVIDER)
    withdrawn = ConsentWithdrawn(person_id=PERSON, purpose=Purpose.SHARE_WITH_PROVIDER)
    agreed, not_any_more = rows(person(), given)[PersonRow][PERSON], rows(person(), given, withdrawn)[PersonRow][PERSON]
    assert isinstance(agreed, PersonRow)
    assert isinstance(not_any_more, PersonRow)
    assert agreed.shares
    assert not not_any_more.shares


def test_a_person_is_found_by_name_or_phone_and_passes_to_the_new_community_with_a_move(db: Session):
    put(db, person())
    assert search_persons(db, [HERE], "秀兰")[1] == search_persons(db, [HERE], "13800000001")[1] == 1
    assert search_persons(db, [HERE], "%")[1] == 0
    put(db, person(), PersonMoved(person_id=PERSON, from_community=HERE, to_community=THERE))
    assert (search_persons(db, [HERE], "秀兰")[1], search_persons(db, [THERE], "秀兰")[1]) == (0, 1)


def test_a_name_that_is_sealed_stays_out_of_the_view():
    sealed = Sealed(about=PERSON, sealed="…")
    row = rows(person(name=sealed))[PersonRow][PERSON]
    assert isinstance(row, PersonRow)
    assert row.name is None
