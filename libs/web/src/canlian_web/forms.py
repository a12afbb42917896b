"""A form as it was filled in: what was typed, what is wrong with it in words, and the message it makes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError
from starlette.datastructures import FormData, UploadFile

from canlian_web.language.i18n import Texts

M = TypeVar("M", bound=BaseModel)
Typed = Mapping[str, str | list[str]]
COMMAND_ID = "command_id"
SHOWN_TO = "shown_to"
"""For whom a form was drawn, in words that tell it only to who knows: see `kept_forms`."""

_MANY = (list, tuple, set, frozenset)


@dataclass
class Form(Generic[M]):
    """`typed` is what the browser sent, `errors` maps a field to what is wrong, `refusal` is about the whole form.

    `labels` are what the page called its fields, noted while they are drawn, for the summary of errors.
    """

    typed: Typed = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    refusal: str | None = None
    made: M | None = None
    labels: dict[str, str] = field(default_factory=dict)
    kept: Callable[[], Typed] | None = None
    """What was kept of the form of the page that is being drawn: it goes before `typed`."""

    @property
    def ok(self) -> bool:
        return self.made is not None and not self.errors and self.refusal is None

    @property
    def value(self) -> M:
        """The message the form makes. Only where `ok`."""
        assert self.made is not None, "the form has errors: look at .ok first"
        return self.made

    @property
    def wrong(self) -> bool:
        return bool(self.errors) or self.refusal is not None

    def text(self, name: str) -> str:
        """What stands in a field, for showing it again."""
        said = self._shown().get(name, "")
        return said if isinstance(said, str) else "".join(said[:1])

    def chosen(self, name: str) -> list[str]:
        """What is chosen in a field of several choices."""
        said = self._shown().get(name, [])
        return [said] if isinstance(said, str) else said

    def _shown(self) -> Typed:
        return (self.kept() if self.kept else None) or self.typed

    def error(self, name: str) -> str | None:
        return self.errors.get(name)

    def in_order(self) -> list[tuple[str, str]]:
        """Field and what is wrong with it, in the order the page draws its fields; the rest follows."""
        places = {name: place for place, name in enumerate(self.labels)}
        return sorted(self.errors.items(), key=lambda wrong: places.get(wrong[0], len(places)))

    def other_errors(self, shown: Iterable[str]) -> list[str]:
        """Errors of fields that the page does not show."""
        known = set(shown)
        return [text for name, text in self.errors.items() if name not in known]


def blank(**initial: object) -> Form[Any]:
    """A form nobody has filled in yet, with what should stand in it at first."""
    typed: dict[str, str | list[str]] = {}
    for name, value in initial.items():
        if value is not None:
            typed[name] = [str(item) for item in value] if isinstance(value, _MANY) else str(value)
    return Form(typed)


def typed_in(data: FormData) -> dict[str, str | list[str]]:
    """The text fields of a posted form; one that was sent several times is a list."""
    found: dict[str, str | list[str]] = {}
    for name in data:
        if name not in (COMMAND_ID, SHOWN_TO):
            texts = [value for value in data.getlist(name) if not isinstance(value, UploadFile)]
            if texts:
                found[name] = texts[0] if len(texts) == 1 else texts
    return found


def read(model: type[M], typed: Typed, fixed: Mapping[str, object], texts: Texts) -> Form[M]:
    """Make the message from what was typed and what the route knows (`fixed`, which wins).

    An empty field counts as not filled in; a field of the message that holds several takes one choice or many. Fields
    the message does not have are not its business.
    """
    given: dict[str, object] = {}
    for name, info in model.model_fields.items():
        said = typed.get(name)
        if isinstance(said, str):
            said = said.strip()
        if said in (None, "", [], [""]):
            continue
        given[name] = [said] if _holds_several(info.annotation) and isinstance(said, str) else said
    try:
        return Form(typed, made=model.model_validate(given | dict(fixed)))
    except ValidationError as error:
        return Form(typed, errors=field_errors(error, texts))


def _holds_several(annotation: Any) -> bool:
    return get_origin(annotation) in _MANY or any(_holds_several(part) for part in get_args(annotation))


def field_errors(error: ValidationError, texts: Texts) -> dict[str, str]:
    """Field → what is wrong with it, the first thing found."""
    found: dict[str, str] = {}
    for item in error.errors(include_url=False):
        name = str(item["loc"][0]) if item["loc"] else ""
        found.setdefault(name, say_error(item["type"], item.get("ctx", {}), texts))
    return found


def say_error(kind: str, facts: Mapping[str, Any], texts: Texts) -> str:
    """A pydantic error type in words that say what to enter."""
    _ = texts.say
    match kind:
        case "missing" | "none_required" | "too_short":
            return _("Fill this in")
        case "string_too_long":
            return _("Use at most %(number)s characters", number=facts.get("max_length"))
        case "string_too_short":
            return _("Use at least %(number)s characters", number=facts.get("min_length"))
        case "enum" | "literal_error":
            return _("Choose one of the options")
        case "greater_than_equal" | "greater_than":
            return _("Enter a number from %(number)s on", number=facts.get("ge", facts.get("gt")))
        case "less_than_equal" | "less_than":
            return _("Enter a number up to %(number)s", number=facts.get("le", facts.get("lt")))
        case _ if kind.startswith(("int", "float", "decimal")):
            return _("Enter a number, in digits")
        case _ if kind.startswith(("date", "time")):
            return _("Enter a real date, such as 2026-03-08")
        case "string_pattern_mismatch":
            return _("This has the wrong shape: check it for missing or extra characters")
        case _:
            return _("This is not right: check it and enter it again")


def word_fields(fields: Mapping[str, Any], texts: Texts) -> dict[str, str]:
    """The fields of a service's `Invalid`, in words; what the service said in English is not shown in Chinese."""
    wrong = texts.say("This is not right: check it and enter it again")
    missing = texts.say("Fill this in")
    return {name: missing if "required" in str(said).lower() else wrong for name, said in fields.items()}
