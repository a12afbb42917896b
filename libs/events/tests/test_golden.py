"""What was stored once is read for ever: a body of every version of every event."""

import json
import re
from pathlib import Path

import pytest

from canlian_events.assistance.visit import CompleteVisit
from canlian_events.core import decode, encode
from canlian_events.language import EVENTS
from canlian_events.personal import map_personal

GOLDEN = sorted((Path(__file__).parent / "golden" / "events").glob("*.json"))
NAME = re.compile(r"(?P<type>.+)\.v(?P<version>\d+)\.json")
OURS = {"registry", "assistance", "catalog", "evaluation"}


def parts(path: Path) -> tuple[str, int]:
    match = NAME.fullmatch(path.name)
    assert match, path
    return match["type"], int(match["version"])


def test_every_version_of_every_event_has_a_stored_body() -> None:
    stored = {parts(path) for path in GOLDEN}
    ours = [event for event in EVENTS.values() if event.aggregate.context in OURS]
    missing = [(e.type, v) for e in ours for v in range(1, e.version + 1) if (e.type, v) not in stored]
    assert missing == [], "write them with: python libs/events/tests/golden/make.py"


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_a_stored_body_is_still_read_and_loses_nothing(path: Path) -> None:
    type_, version = parts(path)
    body = path.read_bytes()
    event = decode(type_, version, body)
    assert event.type == type_
    if version == event.version:
        written, stored = json.loads(encode(event)), json.loads(body)
        assert {name: written[name] for name in stored} == stored
    assert decode(type_, event.version, encode(event)) == event


NOT_SEALED_THEN = {"assistance.need.reopened.v1"}
"""What became personal in a later version."""


@pytest.mark.parametrize("path", [p for p in GOLDEN if p.stem not in NOT_SEALED_THEN], ids=lambda path: path.stem)
def test_what_is_personal_in_a_stored_body_is_sealed_for_the_one_it_is_about(path: Path) -> None:
    event = decode(*parts(path), path.read_bytes())
    subjects: list[str] = []
    map_personal(event, lambda _, value: subjects.append(value.about) or value)  # type: ignore[func-returns-value]
    assert set(subjects) <= {event.data_subject}


def test_a_set_is_written_in_the_same_order_by_every_process() -> None:
    """Its own order differs from process to process, and a command's digest must not."""
    body = b'{"visit_id": "visit_00000001", "tie": "area", "helps": ["skills", "hardship", "poverty", "morale"]}'
    command = CompleteVisit.model_validate_json(body)
    assert json.loads(encode(command))["helps"] == ["hardship", "morale", "poverty", "skills"]
