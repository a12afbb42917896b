"""Made-up people for the journeys, in a region code that is not assigned."""

from __future__ import annotations

import random
from datetime import date
from typing import Any
from uuid import uuid4

from canlian_events.numbers import make_citizen_id

HERE, THERE = "429999001001", "429999001002"


def new_person(community: str = HERE) -> dict[str, Any]:
    """The fields of a RegisterPerson for somebody who was never registered before."""
    born = date(random.randint(1940, 2005), random.randint(1, 12), random.randint(1, 28))
    return {
        "person_id": new_id("person"),
        "community": community,
        "name": "林秀英",
        "citizen_id": make_citizen_id("429999", born, random.randint(1, 999)),
        "disability": 4,
        "grade": 2,
        "phone": "19900000001",
        "address": "和平街1号2单元301室",
    }


def new_id(prefix: str) -> str:
    return f"{prefix}_{uuid4().hex}"
