"""What bears on hardship of the members' own files, which lie beside the household when something is decided."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from canlian_chassis.decider import Given, Ref
from canlian_events.numbers import BadNumber, CitizenId
from canlian_events.personal import opened
from canlian_events.registry.duplicates import PERSON
from canlian_registry.household.hardship import Disabled, Member
from canlian_registry.household.state import Formed
from canlian_registry.person.file import File


@dataclass(frozen=True, slots=True)
class KnownPerson:
    community: str
    birth_date: date | None
    disabled: Disabled
    same_as: str | None = None
    """The file that this one, a duplicate, was merged into."""


def person_of(state: Any) -> KnownPerson | None:
    """Somebody registered and alive; None for nobody, and for whom was erased or has died."""
    if not isinstance(state, File) or state.died_on is not None:
        return None
    disabled = Disabled(state.disability, state.grade, bool(state.circumstances.orphan))
    return KnownPerson(state.community, _born(state), disabled, state.into)


def _born(file: File) -> date | None:
    """From the citizen ID. Where that cannot be opened, the last day of the known year makes nobody old too soon."""
    try:
        return CitizenId.read(opened(file.citizen_id) or "").birth_date
    except BadNumber:
        return date(file.birth_year, 12, 31)


def living_here(household: Formed, given: Given) -> Iterator[Member]:
    """The members as the rules of hardship see them: not who lives elsewhere by now, nor anybody by two files."""
    persons = {id_: person_of(given.beside[Ref(PERSON, id_)]) for id_ in household.persons}
    merged = {id_: known.same_as for id_, known in persons.items() if known and known.same_as in persons}

    def one(id_: str) -> str:
        return merged.get(id_) or id_

    for id_, person in persons.items():
        if person is None or person.community != given.community or id_ in merged:
            continue
        carers = frozenset(one(carer) for cared_for, carer in household.carers if one(cared_for) == id_)
        yield Member(id_, person.birth_date, person.disabled, carers)
    for id_, relative in household.relatives.items():
        yield Member(id_, relative.born)
