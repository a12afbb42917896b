"""One body for each event version, as the log holds it: written once, then frozen.

`python libs/events/tests/golden/make.py` writes those that are missing. It never writes one again: what was stored
once must be read for ever.
"""

from __future__ import annotations

import json
import sys
from datetime import date
from enum import Enum
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from canlian_events.core import Event, Message
from canlian_events.language import EVENTS
from canlian_events.personal import Sealed, personal_fields

FOLDER = Path(__file__).parent / "events"
PERSON = "person_0199c1f0a4b2d5e86f7a9b0c1d2e"
TWIN = "person_0199c1f0a4b2d5e86f7a9b0c1d2f"
OURS = {"registry", "assistance", "catalog", "evaluation"}

# a field's value by its name, where the type alone does not say what a real one looks like
VALUES: dict[str, Any] = {
    "person_id": PERSON,
    "asker_id": "asker_0199c1f0a4b2d5e86f7a9b0c1d2e",
    "member_id": PERSON,
    "carer_id": "relative_0199c1f0a4b2d5e86f7a9b0c1d2e",
    "persons": [PERSON],
    "community": "429999001003",
    "from_community": "429999001003",
    "to_community": "429999001007",
    "communities": ["429999001003", "429999001007"],
    "starts": "2026-03-09T06:30:00Z",
    "chair_id": "worker_0199c1f0a4b2d5e86f7a9b0c1d2e",
    "attendees": [PERSON],
    "begins": "2026-12-01",
    "ends": "2031-11-30",
    "fills": "seat_0199c1f0a4b2d5e86f7a9b0c1d2f",
    "birth_year": 1958,
    "due": "2026-03-08",
    "next_due": "2026-06-08",
    "issued": "2021-05-20",
    "expires": "2031-05-20",
    "on": "2026-03-09",
    "instrument": "wg-ss",
    "instrument_version": "2016",
    "item": "seeing",
    "level": "severe",
    "explained": ["seeing", "walking"],
    "occasion_id": "visit_0199c1f0a4b2d5e86f7a9b0c1d2e",
    "scope": "429999001",
    "score": 4,
    "sessions": 12,
    "places": 20,
    "age_from": 16,
    "age_to": 59,
    "fee": 500,
    "hours": "周一至周五 8:30-17:00",
    "number": "FW-0012",
    "name": "阳光家园",
    "phone": "027-85550000",
    "address": "幸福路12号",
    "why": "改期",
    "code": "free_places",
    "facts": {"free": 3, "of": 20},
    "sheet": "9f86d081884c7d659a2feaa0c55ad015",
    "columns": ["name", "certificate_number", "community"],
    "refused": {"bad_id": 3},
    "kept": {"person.changed_since": 2},
    "low_income": True,
    "ethnicity": "汉族",
    "duplicate": TWIN,
    "into": TWIN,
    "apart_from": TWIN,
    "other": TWIN,
}


def sample(event: type[Event]) -> dict[str, Any]:
    """A body with every field filled in, personal ones sealed."""
    return _filled(event, event.about or event.aggregate.id_field)


def _filled(message: type[Message], about: str) -> dict[str, Any]:
    personal = personal_fields(message)
    body: dict[str, Any] = {}
    for name, field in message.model_fields.items():
        if personal.get(name):
            subject = (
                PERSON
                if about in ("person_id", "member_id")
                else f"{about.removesuffix('_id')}_0199c1f0a4b2d5e86f7a9b0c1d2e"
            )
            body[name] = {"about": subject, "sealed": "c2VhbGVkIHVuZGVyIHRoZSBwZXJzb24ncyBrZXk="}
        else:
            body[name] = _value(name, field.annotation, about)
    return body


def _value(name: str, annotation: Any, about: str) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return list(annotation)[-1].value
    if name in VALUES:
        return VALUES[name]
    origin, parts = get_origin(annotation), [p for p in get_args(annotation) if p not in (type(None), Ellipsis, Sealed)]
    if origin in (Union, UnionType, Annotated):
        return _value(name, parts[0], about)
    if origin in (tuple, frozenset, list):
        return [_value(name, parts[0], about)]
    if parts:
        return parts[0]
    if issubclass(annotation, Message):
        return _filled(annotation, about)
    plain = {int: 3, bool: True, date: "2026-03-08", float: 0.5}
    return plain.get(annotation, f"{name.removesuffix('_id')}_0199c1f0a4b2d5e86f7a9b0c1d2e")


def main() -> int:
    for event in EVENTS.values():
        path = FOLDER / f"{event.type}.v{event.version}.json"
        if event.aggregate.context in OURS and not path.exists():
            event.model_validate_json(json.dumps(sample(event)))
            path.write_text(json.dumps(sample(event), ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
