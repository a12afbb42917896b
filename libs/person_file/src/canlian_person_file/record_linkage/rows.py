"""What is kept of each file to compare it by: its rows, and how events become them."""

from __future__ import annotations

import types
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, cast

from sqlalchemy import Index
from sqlmodel import Field

from canlian_chassis.projection import Projection, projection
from canlian_chassis.row import Row
from canlian_events.meta import Meta
from canlian_events.personal import opened
from canlian_events.registry.duplicates import FoundDistinct, MergedInto, MergedIntoUndone
from canlian_events.registry.person import (
    PersonCorrected,
    PersonErased,
    PersonMoved,
    PersonRegistered,
    RegistrationWithdrawn,
)
from canlian_person_file.record_linkage.comparison_keys import (
    Traits,
    address_key,
    born,
    name_key,
    phone_key,
    plain,
    sound_of,
)


class TraitsShape(Row):
    """Texts are "" where nothing is known or can be read."""

    person_id: str = Field(primary_key=True)
    community: str = Field(index=True)
    name: str = ""
    surname: str = ""
    sound: str = ""
    birth_date: date | None = None
    birth_year: int
    phone: str = ""
    address: str = ""
    citizen_id: str = ""
    merged_into: str | None = Field(default=None, index=True)
    changed: int = Field(default=0, index=True)
    """The position of the last event about it."""

    @property
    def traits(self) -> Traits:
        return Traits(self.name, self.sound, self.birth_date, self.phone, self.address, self.citizen_id)


class DistinctShape(Row):
    """A pair found to be two persons; `person_id` is the lesser of the ids."""

    person_id: str = Field(primary_key=True)
    other: str = Field(primary_key=True)


_SEEN = ("community", "merged_into", "person_id")
INDEXED = (
    ("birth_date", "surname", "sound", "phone", "address", *_SEEN),
    ("sound", "birth_year", *_SEEN),
    ("phone", "surname", *_SEEN),
    ("address", "sound", *_SEEN),
)
"""Each holds all that one way of looking for pairs reads, so that the rows themselves are not."""


def table_of(name: str, shape: type[Row], base: type[Row], table: str, indexed: Sequence[tuple[str, ...]]) -> type[Row]:
    names: dict[str, Any] = {
        "__tablename__": table,
        "__module__": base.__module__,
        "__doc__": shape.__doc__,
        "__table_args__": tuple(Index(f"{table}_{columns[0]}", *columns) for columns in indexed),
    }
    made = types.new_class(
        base.__name__.removesuffix("Row") + name, (shape, base), {"table": True}, lambda space: space.update(names)
    )
    return cast("type[Row]", made)


_News = (
    PersonRegistered
    | PersonCorrected
    | PersonMoved
    | MergedInto
    | MergedIntoUndone
    | RegistrationWithdrawn
    | PersonErased
)


def traits_told(table: type[TraitsShape]) -> Projection:
    @projection(table, key=lambda event: event.person_id)
    def likeness(row: TraitsShape | None, event: _News, meta: Meta) -> TraitsShape | None:
        told = _registered(table, event) if isinstance(event, PersonRegistered) else row and _told(row, event)
        return told and told.with_(changed=meta.position)

    return likeness


def _registered(table: type[TraitsShape], event: PersonRegistered) -> TraitsShape:
    number = plain(opened(event.citizen_id)).upper()
    return table(
        person_id=event.person_id,
        community=event.community,
        **_named(opened(event.name)),
        birth_date=born(number),
        birth_year=event.birth_year,
        phone=phone_key(opened(event.phone)),
        address=address_key(opened(event.address)),
        citizen_id=number,
    )


def _told(row: TraitsShape, event: _News) -> TraitsShape:
    match event:
        case PersonCorrected():
            return row.with_(**_corrected(event))
        case PersonMoved():
            address = opened(event.address)
            return row.with_(
                community=event.to_community, address=row.address if address is None else address_key(address)
            )
        case MergedInto():
            return row.with_(merged_into=event.into)
        case MergedIntoUndone():
            return row.with_(merged_into=None)
        case PersonErased() | RegistrationWithdrawn():
            # blank, so that it is seen that it changed
            return row.with_(**_NOTHING, merged_into=None)
        case PersonRegistered():
            raise AssertionError("folded above")


def _corrected(event: PersonCorrected) -> dict[str, Any]:
    name, phone, address = opened(event.name), opened(event.phone), opened(event.address)
    changed: dict[str, Any] = _named(name) if name else {}
    if phone is not None:
        changed["phone"] = phone_key(phone)
    if address is not None:
        changed["address"] = address_key(address)
    return changed


def _named(name: str | None) -> dict[str, str]:
    key = name_key(name)
    return {"name": key, "surname": key[:1], "sound": sound_of(name)}


_NOTHING: Mapping[str, Any] = {
    **_named(None),
    "community": "",
    "birth_date": None,
    "birth_year": 0,
    "phone": "",
    "address": "",
    "citizen_id": "",
}


def distinct_told(table: type[DistinctShape]) -> Projection:
    @projection(table, key=lambda event: in_order(event.person_id, event.other))
    def found_distinct(_row: DistinctShape | None, event: FoundDistinct, _: Meta) -> DistinctShape:
        one, other = in_order(event.person_id, event.other)
        return table(person_id=one, other=other)

    return found_distinct


def in_order(one: str, other: str) -> tuple[str, str]:
    return (one, other) if one < other else (other, one)
