"""Personal[T]: a value that travels in the open inside a process and sealed everywhere else.

In memory a personal field holds the plain value, or a `Sealed` where the reader has no key (or the key was destroyed).
This module knows where personal fields are; how they are sealed is the chassis's business.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from canlian_events.core import Message

T = TypeVar("T")


class Sealed(Message):
    """Somebody's personal value, encrypted under the key kept for `about`."""

    about: str
    sealed: str


def unsaid(about: str) -> Sealed:
    """In the place of a value that an event must have, where its person was erased and nothing can be sealed."""
    return Sealed(about=about, sealed="")


class _Mark:
    """Found in a field's annotation, it says: personal."""


Personal = Annotated[T | Sealed, _Mark()]


def opened(value: T | Sealed | None) -> T | None:
    """The plain value, or None where it is sealed or absent."""
    return None if isinstance(value, Sealed) else value


def now_known(said: str | Sealed | None, before: str | None) -> str | None:
    """What is known after an event that says `said`: what it leaves out stays, and an empty text takes away."""
    return before if said is None else opened(said) or None


def _is_personal(annotation: Any) -> bool:
    if get_origin(annotation) is Annotated:
        return any(isinstance(mark, _Mark) for mark in annotation.__metadata__)
    if get_origin(annotation) in (Union, UnionType):
        return any(_is_personal(part) for part in get_args(annotation))
    return False


def _nested(annotation: Any) -> type[Message] | None:
    """The message type inside an annotation such as `tuple[RaisedNeed, ...]`, if it holds personal fields."""
    if isinstance(annotation, type) and issubclass(annotation, Message) and annotation is not Sealed:
        return annotation if personal_fields(annotation) else None
    return next((found for part in get_args(annotation) if (found := _nested(part))), None)


@cache
def personal_fields(cls: type[Message]) -> dict[str, bool]:
    """Field name → True where the value itself is personal, False where a message inside it holds personal fields."""
    found: dict[str, bool] = {}
    for name, field in cls.model_fields.items():
        if any(isinstance(mark, _Mark) for mark in field.metadata) or _is_personal(field.annotation):
            found[name] = True
        elif _nested(field.annotation):
            found[name] = False
    return found


M = TypeVar("M", bound=Message)


def map_personal(message: M, change: Callable[[str, Any], Any], path: str = "") -> M:
    """A copy of `message` with `change(path, value)` in place of every personal value that is not None.

    Returns the message itself where it has none: the usual case costs one dictionary look-up.
    """
    fields = personal_fields(type(message))
    if not fields:
        return message
    update: dict[str, Any] = {}
    for name, whole in fields.items():
        value = getattr(message, name)
        if value is None:
            continue
        update[name] = change(f"{path}{name}", value) if whole else _map_inside(value, change, f"{path}{name}.")
    return message.model_copy(update=update)


def _map_inside(value: Any, change: Callable[[str, Any], Any], path: str) -> Any:
    if isinstance(value, Message):
        return map_personal(value, change, path)
    return type(value)(map_personal(item, change, f"{path}{index}.") for index, item in enumerate(value))
