"""Commands, events and queries: how they are declared, registered, encoded and read back.

An event's wire name is its `type=` ("assistance.visit.scheduled"), never its Python name or module, so code may move
without touching what is stored. The first two words of the type name the aggregate, and the aggregate's id is the
field `<aggregate>_id`, unless the aggregate says otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any, ClassVar, Self, TypeVar, get_args, get_origin

import pydantic_core
from pydantic import BaseModel, ConfigDict

from canlian_events.terms import Role

Body = dict[str, Any]
T = TypeVar("T")


class Message(BaseModel):
    """Frozen, and closed to unknown fields: a misspelt field is an error, not silence."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    def __init_subclass__(cls, **_: Any) -> None:
        """Class keywords are read once the fields are known, in `__pydantic_init_subclass__`."""

    @classmethod
    def from_(cls, source: Message, **more: Any) -> Self:
        """A message with the fields it shares with `source`, and `more`; what `more` names wins."""
        shared = {name: getattr(source, name) for name in cls.model_fields if name in type(source).model_fields}
        return cls(**(shared | more))


@dataclass(frozen=True, slots=True, eq=False)
class Aggregate:
    """What commands are addressed to and events happen to: `assistance.visit`, known by `visit_id`.

    There is one object of each, so comparing and hashing cost nothing.
    """

    context: str
    name: str
    id_field: str

    @property
    def full_name(self) -> str:
        return f"{self.context}.{self.name}"

    def __str__(self) -> str:
        return self.full_name


AGGREGATES: dict[str, Aggregate] = {}
COMMANDS: dict[str, type[Command]] = {}
QUERIES: dict[str, type[Query]] = {}
EVENTS: dict[str, type[Event]] = {}
EVENT_NAMES: dict[str, type[Event]] = {}
_UPCASTS: dict[tuple[str, int], Callable[[Body], Body]] = {}


def aggregate(full_name: str, id_field: str | None = None) -> Aggregate:
    """Declare an aggregate by its context and name; done once, in the module that holds its language."""
    context, name = full_name.split(".")
    known_by = id_field or f"{name.replace('-', '_')}_id"
    declared = AGGREGATES.setdefault(full_name, Aggregate(context, name, known_by))
    if declared.id_field != known_by:
        raise TypeError(f"aggregate {full_name} is declared twice")
    return declared


class Command(Message):
    """What may be asked of an aggregate. `by` lists the roles that may ask; the service checks it.

    `anywhere`: whatever communities the role is held for; the rules say who may, as where workers act for themselves.
    """

    aggregate: ClassVar[Aggregate]
    by: ClassVar[frozenset[Role]]
    anywhere: ClassVar[bool]

    @classmethod
    def __pydantic_init_subclass__(  # type: ignore[override]
        cls, *, to: Aggregate, by: Iterable[Role], anywhere: bool = False, **kwargs: Any
    ) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        cls.aggregate, cls.by, cls.anywhere = to, frozenset(by), anywhere
        if to.id_field not in cls.model_fields:
            raise TypeError(f"{cls.__name__} lacks {to.id_field}")
        _register(COMMANDS, cls.__name__, cls)

    @property
    def aggregate_id(self) -> str:
        return str(getattr(self, self.aggregate.id_field))


class Query(Message):
    """What may be asked of a service without changing anything."""

    context: ClassVar[str]
    by: ClassVar[frozenset[Role]]

    @classmethod
    def __pydantic_init_subclass__(cls, *, of: str, by: Iterable[Role], **kwargs: Any) -> None:  # type: ignore[override]
        super().__pydantic_init_subclass__(**kwargs)
        cls.context, cls.by = of, frozenset(by)
        _register(QUERIES, cls.__name__, cls)


class Event(Message):
    """What happened to an aggregate. Personal fields are sealed under the key of the person `about` names.

    After an event with `erases` that key is destroyed: nothing sealed for that person can be read any more.
    """

    type: ClassVar[str]
    version: ClassVar[int]
    aggregate: ClassVar[Aggregate]
    about: ClassVar[str | None]
    erases: ClassVar[bool]

    @classmethod
    def __pydantic_init_subclass__(  # type: ignore[override]
        cls, *, type: str, version: int = 1, about: str | None = None, erases: bool = False, **kwargs: Any
    ) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        cls.type, cls.version, cls.about, cls.erases = type, version, about, erases
        cls.aggregate = AGGREGATES[type.rpartition(".")[0]]
        for field in filter(None, (cls.aggregate.id_field, about)):
            if field not in cls.model_fields:
                raise TypeError(f"{cls.__name__} lacks {field}")
        if erases and about is None:
            raise TypeError(f"{cls.__name__} erases, and does not say whom it is about")
        _register(EVENTS, type, cls)
        _register(EVENT_NAMES, cls.__name__, cls)

    @property
    def aggregate_id(self) -> str:
        return str(getattr(self, self.aggregate.id_field))

    @property
    def data_subject(self) -> str | None:
        """Whose personal data this event holds: the id their key is kept under."""
        return None if self.about is None else getattr(self, self.about)


def _register(table: dict[str, type[T]], name: str, cls: type[T]) -> None:
    if name in table and table[name].__module__ != cls.__module__:
        raise TypeError(f"{name} is declared in {table[name].__module__} and in {cls.__module__}")
    table[name] = cls


def upcast(event: type[Event], since: int) -> Callable[[Callable[[Body], Body]], Callable[[Body], Body]]:
    """Mark a function that turns the body of version `since` into the body of version `since + 1`."""

    def register(function: Callable[[Body], Body]) -> Callable[[Body], Body]:
        _UPCASTS[event.type, since] = function
        return function

    return register


class UnknownEvent(Exception):
    """The log holds a type or version that this language does not have: a newer canlian wrote it."""

    def __init__(self, type: str, version: int) -> None:
        super().__init__(f"unknown event {type} version {version}; upgrade this part of canlian")
        self.type, self.version = type, version


@cache
def _load_all() -> None:
    """What this release knows is the whole language, however little of it the process has imported."""
    import_module("canlian_events.language")


def knows(type: str, version: int) -> bool:
    """Whether this language has the event; where it has not, a newer release wrote it."""
    _load_all()
    return type in EVENTS and version <= EVENTS[type].version


def extent(types: Iterable[str] | None = None) -> int:
    """How much there is of the language, or of some of its events: of two releases the one with more is the newer.

    What was released is never taken back, so each field, message and version that is added makes it larger.
    """
    if types is not None:
        return sum(EVENTS[type].version for type in types)
    _load_all()
    messages = (*COMMANDS.values(), *QUERIES.values(), *EVENTS.values())
    return sum(1 + len(message.model_fields) for message in messages) + sum(event.version for event in EVENTS.values())


def encode(message: Message) -> bytes:
    """The message as JSON; fields that hold their default of None are left out.

    The same message gives the same bytes in every process: a set, whose order is chance, is written sorted.
    """
    if _holds_sets(type(message)):
        return pydantic_core.to_json(_in_order(message.model_dump(exclude_none=True)))
    return message.__pydantic_serializer__.to_json(message, exclude_none=True)


def plain(message: Message) -> Body:
    """The message as JSON values, the same in every process, as a view's row may hold it: sets are sorted."""
    values: Body = pydantic_core.to_jsonable_python(_in_order(message.model_dump()))
    return values


@cache
def _holds_sets(annotation: Any) -> bool:
    if get_origin(annotation) in (set, frozenset):
        return True
    is_message = isinstance(annotation, type) and issubclass(annotation, Message)
    parts: Iterable[Any] = (
        (f.annotation for f in annotation.model_fields.values()) if is_message else get_args(annotation)
    )
    return any(_holds_sets(part) for part in parts)


def _in_order(value: Any) -> Any:
    if isinstance(value, set | frozenset):
        return sorted(map(_in_order, value), key=str)
    if isinstance(value, dict):
        return {name: _in_order(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_in_order(part) for part in value]
    return value


def decode(type: str, version: int, body: bytes) -> Event:
    """The event, brought up to the current version by its upcasts.

    Raises UnknownEvent, or pydantic.ValidationError where the body does not fit.
    """
    cls = EVENTS.get(type)
    if cls is None or version > cls.version:
        raise UnknownEvent(type, version)
    if version == cls.version:
        return cls.__pydantic_validator__.validate_json(body)  # type: ignore[no-any-return]
    old: Body = pydantic_core.from_json(body)
    for since in range(version, cls.version):
        old = _UPCASTS[type, since](old)
    return cls.model_validate(old)
