"""What has changed between two JSON Schemas of the same message, as far as it breaks somebody. Pure.

For both: a field taken away, a new required field, a value no longer allowed, another type. For an event also: a
required field that may now be missing, since whoever reads events counts on it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Schema = dict[str, Any]
_AT_LEAST = ("minLength", "minimum", "exclusiveMinimum", "minItems")
_AT_MOST = ("maxLength", "maximum", "exclusiveMaximum", "maxItems")


def breaking_changes(old: Schema, new: Schema, *, is_event: bool) -> list[str]:
    """Each change that breaks a reader of the event or a sender of the command, in words; none means compatible."""
    return list(_Comparison(old.get("$defs", {}), new.get("$defs", {}), is_event).of(old, new, ""))


@dataclass(frozen=True, slots=True)
class _Comparison:
    old_definitions: dict[str, Schema]
    new_definitions: dict[str, Schema]
    is_event: bool

    def of(self, old: Schema, new: Schema, where: str) -> Iterator[str]:
        old, new = _resolved(old, self.old_definitions), _resolved(new, self.new_definitions)
        if bool(old.get("x-personal")) != bool(new.get("x-personal")):
            yield f"{_name(where)} {'was' if old.get('x-personal') else 'is now'} personal and sealed"
            return
        olds = [_resolved(option, self.old_definitions) for option in old.get("anyOf", [old])]
        news = [_resolved(option, self.new_definitions) for option in new.get("anyOf", [new])]
        if len(olds) == len(news) == 1:
            yield from self._of_one(olds[0], news[0], where)
            return
        for option in olds:
            attempts = [list(self._of_one(option, other, where)) for other in news if _kind(option) == _kind(other)]
            if not attempts:
                yield f"{_name(where)} may no longer be {_kind(option)}"
            elif all(attempts):
                yield from min(attempts, key=len)
        for kind in {_kind(option) for option in news} - {_kind(option) for option in olds} - {"null"}:
            if self.is_event:
                yield f"{_name(where)} may now be {kind}, which readers don't expect"

    def _of_one(self, old: Schema, new: Schema, where: str) -> Iterator[str]:
        if old.get("type") != new.get("type"):
            yield f"{_name(where)} was {_kind(old)} and is now {_kind(new)}"
            return
        yield from _narrowed(old, new, where)
        yield from self._fields(old, new, where)
        if isinstance(old.get("items"), dict) and isinstance(new.get("items"), dict):
            yield from self.of(old["items"], new["items"], f"{where}[]")
        if isinstance(old.get("additionalProperties"), dict) and isinstance(new.get("additionalProperties"), dict):
            yield from self.of(old["additionalProperties"], new["additionalProperties"], f"{where}{{}}")

    def _fields(self, old: Schema, new: Schema, where: str) -> Iterator[str]:
        before, now = old.get("properties", {}), new.get("properties", {})
        prefix = f"{where}." if where else ""
        for name, schema in before.items():
            if name not in now:
                yield f"{prefix}{name} was taken away"
            else:
                yield from self.of(schema, now[name], f"{prefix}{name}")
        was_required, is_required = set(old.get("required", ())), set(new.get("required", ()))
        for name in sorted(is_required - was_required):
            yield f"{prefix}{name} is now required"
        if self.is_event:
            for name in sorted((was_required - is_required) & now.keys()):
                yield f"{prefix}{name} may now be missing"


def _narrowed(old: Schema, new: Schema, where: str) -> Iterator[str]:
    was, is_ = _values(old), _values(new)
    if was is None and is_ is not None:
        yield f"{_name(where)} takes only certain values now"
    if was is not None and is_ is not None:
        for value in was:
            if value not in is_:
                yield f"{_name(where)} may no longer be {value!r}"
    for key in ("pattern", "format"):
        if new.get(key) is not None and old.get(key) != new.get(key):
            yield f"{_name(where)} has another {key}"
    if old.get("format") and not new.get("format"):
        yield f"{_name(where)} has lost its format"
    for key in _AT_LEAST:
        if key in new and (key not in old or new[key] > old[key]):
            yield f"{_name(where)} has a higher {key}"
    for key in _AT_MOST:
        if key in new and (key not in old or new[key] < old[key]):
            yield f"{_name(where)} has a lower {key}"
    if new.get("uniqueItems") and not old.get("uniqueItems"):
        yield f"{_name(where)} may no longer hold a value twice"
    if new.get("additionalProperties") is False and old.get("additionalProperties", True) is not False:
        yield f"{_name(where)} may no longer hold other fields"


def _values(schema: Schema) -> list[Any] | None:
    return [schema["const"]] if "const" in schema else schema.get("enum")


def _kind(schema: Schema) -> str:
    return str(schema.get("title") if schema.get("type") == "object" and "title" in schema else schema.get("type"))


def _resolved(schema: Schema, definitions: dict[str, Schema]) -> Schema:
    while "$ref" in schema:
        rest = {key: value for key, value in schema.items() if key != "$ref"}
        schema = definitions[schema["$ref"].rpartition("/")[2]] | rest
    return schema


def _name(where: str) -> str:
    return where or "the whole"
