"""Rows as folds make them, beside the same rows as a session loads them."""

import pytest
from libs.chassis.tests.toy import BoxRow, ToyRow
from sqlalchemy import create_engine
from sqlmodel import Session, select

ROW = {"box_id": "box_1", "label": "盒子", "community": "429999001001"}


def test_a_row_has_its_defaults_and_gives_changed_copies():
    row = BoxRow(**ROW)
    more = row.with_(things=2)
    assert (row.things, more.things, more.label) == (0, 2, "盒子")
    assert more != row
    assert more.with_(things=0) == row


@pytest.mark.parametrize("wrong", [{"box_id": "box_1"}, ROW | {"labl": "盒子"}])
def test_a_misspelt_or_missing_column_is_an_error(wrong: dict[str, str]):
    with pytest.raises(TypeError, match=r"labl|label"):
        BoxRow(**wrong)
    with pytest.raises(TypeError, match="labl"):
        BoxRow(**ROW).with_(labl="盒子")


def test_a_folded_row_can_be_stored_in_a_session_and_equals_what_is_loaded():
    engine = create_engine("sqlite://")
    ToyRow.metadata.create_all(engine)
    with Session(engine) as session:
        session.add(BoxRow(**ROW))
        session.commit()
    with Session(engine) as session:
        loaded = session.exec(select(BoxRow)).one()
        assert loaded == BoxRow(**ROW)
        assert loaded.with_(things=1) == BoxRow(**ROW, things=1)
