"""The published schemas are those of the language, and a change that would break somebody is refused."""

from copy import deepcopy
from typing import Any

import pytest

from canlian_events.core import _UPCASTS
from canlian_events.language import COMMANDS, EVENTS
from canlian_events.schema import committed, event_file, generated, problems, text
from canlian_events.schema_changes import breaking_changes

TYPE = "assistance.visit.completed"
FILE = event_file(TYPE, 1)


@pytest.fixture
def schema() -> dict[str, Any]:
    return deepcopy(generated()[FILE])


def changed(schema: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """The schema with fields replaced, or taken away where None."""
    copy = deepcopy(schema)
    for name, value in fields.items():
        if value is None:
            del copy["properties"][name]
        else:
            copy["properties"][name] = value
    return copy


def test_what_is_committed_is_what_the_language_says() -> None:
    before = committed()
    stale = [name for name, now in generated().items() if name not in before or text(before[name]) != text(now)]
    assert stale == [], "run make schemas"


def test_no_published_schema_is_broken_by_the_language_as_it_is() -> None:
    assert problems(committed(), generated(), _UPCASTS) == []


def test_the_schemas_come_out_the_same_every_time() -> None:
    assert {name: text(schema) for name, schema in generated().items()} == {
        name: text(schema) for name, schema in generated().items()
    }


def test_every_personal_field_is_marked_and_shows_its_sealed_form_only_in_events() -> None:
    event = generated()[FILE]
    assert event["properties"]["findings"]["x-personal"] is True
    assert event["$defs"]["RaisedNeed"]["properties"]["words"]["x-personal"] is True
    command = generated()["commands/CompleteVisit.json"]
    assert "Sealed" not in text(command)
    assert command["$defs"]["RaisedNeed"]["properties"]["words"]["x-personal"] is True


def test_codes_come_with_their_chinese_terms() -> None:
    assert generated()[FILE]["$defs"]["Help"]["x-terms"]["illness"] == "帮病"


def test_the_commands_and_events_of_tests_and_examples_are_not_published() -> None:
    contexts = {schema["x-aggregate"].split(".")[0] for schema in generated().values()}
    assert contexts == {"registry", "assistance", "catalog", "evaluation"}
    assert len(generated()) <= len(COMMANDS) + len(EVENTS)


def test_an_optional_field_may_be_added(schema: dict[str, Any]) -> None:
    more = changed(schema, minutes={"anyOf": [{"type": "integer"}, {"type": "null"}], "default": None})
    assert breaking_changes(schema, more, is_event=True) == []


def test_a_code_may_be_added(schema: dict[str, Any]) -> None:
    more = deepcopy(schema)
    more["$defs"]["Tie"]["enum"].append("school")
    assert breaking_changes(schema, more, is_event=True) == []


def test_renaming_a_type_changes_nothing_on_the_wire(schema: dict[str, Any]) -> None:
    other = deepcopy(schema)
    other["$defs"]["FoundNeed"] = other["$defs"].pop("RaisedNeed") | {"title": "FoundNeed"}
    other["properties"]["needs"]["items"] = {"$ref": "#/$defs/FoundNeed"}
    assert breaking_changes(schema, other, is_event=True) == []


def test_a_field_may_not_be_taken_away(schema: dict[str, Any]) -> None:
    assert breaking_changes(schema, changed(schema, helps=None), is_event=True) == ["helps was taken away"]


def test_a_new_field_may_not_be_required(schema: dict[str, Any]) -> None:
    more = changed(schema, minutes={"type": "integer"})
    more["required"].append("minutes")
    assert breaking_changes(schema, more, is_event=True) == ["minutes is now required"]


def test_a_field_may_not_change_its_type(schema: dict[str, Any]) -> None:
    other = changed(schema, worker_id={"type": "integer"})
    assert breaking_changes(schema, other, is_event=True) == ["worker_id was string and is now integer"]


def test_a_code_may_not_be_taken_away(schema: dict[str, Any]) -> None:
    less = deepcopy(schema)
    less["$defs"]["Help"]["enum"].remove("skills")
    assert breaking_changes(schema, less, is_event=True) == ["helps[] may no longer be 'skills'"]


@pytest.mark.parametrize(
    ("field", "narrower", "said"),
    [
        ("visit_id", {"type": "string", "pattern": "^v_"}, "visit_id has another pattern"),
        ("visit_id", {"type": "string", "maxLength": 9}, "visit_id has a lower maxLength"),
        ("visit_id", {"type": "string", "minLength": 9}, "visit_id has a higher minLength"),
        ("visit_id", {"type": "string", "enum": ["a"]}, "visit_id takes only certain values now"),
        ("next_due", {"type": "string", "format": "date"}, "next_due may no longer be null"),
        ("findings", {"type": "string"}, "findings was personal and sealed"),
    ],
)
def test_a_field_may_not_be_narrowed(schema: dict[str, Any], field: str, narrower: dict[str, Any], said: str) -> None:
    assert breaking_changes(schema, changed(schema, **{field: narrower}), is_event=True) == [said]


def test_what_is_inside_a_list_is_looked_at_too(schema: dict[str, Any]) -> None:
    other = deepcopy(schema)
    other["$defs"]["RaisedNeed"]["required"].append("urgency")
    assert breaking_changes(schema, other, is_event=True) == ["needs[].urgency is now required"]


def test_a_required_field_may_be_left_out_of_a_command_but_not_of_an_event(schema: dict[str, Any]) -> None:
    less = deepcopy(schema)
    less["required"].remove("tie")
    assert breaking_changes(schema, less, is_event=False) == []
    assert breaking_changes(schema, less, is_event=True) == ["tie may now be missing"]


def test_a_new_version_needs_an_upcast_from_the_one_before() -> None:
    before = {FILE: generated()[FILE]}
    now = {event_file(TYPE, 2): generated()[FILE]}
    assert problems(before, now, []) == [f"{FILE}: no upcast from version 1; stored events could not be read"]
    assert problems(before, now, [(TYPE, 1)]) == []


def test_what_was_published_may_not_disappear() -> None:
    before = generated()
    now = {name: schema for name, schema in before.items() if name not in (FILE, "commands/CompleteVisit.json")}
    assert [line.split(":")[0] for line in problems(before, now, [])] == ["commands/CompleteVisit.json", FILE]
