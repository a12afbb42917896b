"""Ids that mean another."""

from collections.abc import Iterator

import pytest
from sqlalchemy import MetaData
from sqlmodel import Field, Session, create_engine, select

from canlian_chassis.row import Row
from canlian_chassis.views.merged_ids import meaning, meanings, meant, same


class SameRow(Row):
    metadata = MetaData()


class ThingRow(SameRow, table=True):
    __tablename__ = "thing"

    thing_id: str = Field(primary_key=True)
    merged_into: str | None = Field(default=None, index=True)


class NoteRow(SameRow, table=True):
    __tablename__ = "note"

    note_id: str = Field(primary_key=True)
    thing_id: str


@pytest.fixture
def db() -> Iterator[Session]:
    engine = create_engine("sqlite://")
    SameRow.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all([ThingRow(thing_id="a"), ThingRow(thing_id="b", merged_into="a"), ThingRow(thing_id="c")])
        session.add_all([NoteRow(note_id=f"of-{one}", thing_id=one) for one in "abcd"])
        session.commit()
        yield session


def test_an_id_means_its_own_row_or_the_one_it_was_merged_into(db: Session):
    assert {one: getattr(meant(db, ThingRow, one), "thing_id", None) for one in "abcd"} == {
        "a": "a",
        "b": "a",
        "c": "c",
        "d": None,
    }


def test_all_ids_of_one_are_known_by_any_of_them(db: Session):
    assert [same(db, ThingRow, one) for one in "abcd"] == [["a", "b"], ["a", "b"], ["c"], ["d"]]
    assert meanings(db, ThingRow) == {"b": "a"}


def test_a_query_groups_by_what_is_meant(db: Session):
    found = db.exec(select(NoteRow.note_id, meaning(ThingRow, NoteRow.thing_id)).order_by(NoteRow.note_id)).all()
    assert [tuple(line) for line in found] == [("of-a", "a"), ("of-b", "a"), ("of-c", "c"), ("of-d", "d")]
