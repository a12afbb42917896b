"""The codes of the shared tables in words: Chinese stands on the code, English is here or the code made readable."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from enum import Enum
from typing import Any, TypeVar

from canlian_events import terms
from canlian_web.language.i18n import Lang

T = TypeVar("T", bound=Enum)

# Keyed by table, since codes of different tables are equal to each other: Occasion.VISIT == Channel.VISIT.
_ENGLISH: dict[type[Enum], dict[str | int, str]] = {
    terms.Role: {
        "staff": "federation staff",
        "leader": "leading group",
        "director": "community director",
        "provider": "service provider",
        "anonymous": "not signed in",
        "policy": "the system",
        "program": "a program",
    },
    terms.WorkerKind: {"staff": "federation staff", "director": "community director"},
    terms.DisabilityClass: {
        1: "visual",
        2: "hearing",
        3: "speech",
        4: "physical",
        5: "intellectual",
        6: "psychiatric",
        7: "multiple",
    },
    terms.Grade: {1: "grade 1", 2: "grade 2", 3: "grade 3", 4: "grade 4"},
    terms.Domain: {
        "rehabilitation": "rehabilitation guidance",
        "psychological": "psychological support",
        "education": "education and training",
        "employment": "sheltered employment",
        "rights": "rights protection",
        "culture_sport": "culture and sport",
    },
    terms.Hardship: {
        "multiple_disabled": "several disabled members",
        "aged_and_disabled": "old age and disability",
        "orphaned_or_severe": "orphaned or severely disabled",
        "multiple_disabilities": "multiple disabilities",
    },
    terms.HardshipFact: {
        "disabled": "has a disability",
        "aged": "has a disability and is 60 or over",
        "only_carer_aged": "their only carer is 60 or over",
        "orphan": "an orphan with a disability",
        "severe": "grade 1 or 2",
        "class_seven": "multiple disabilities (class 7)",
    },
    terms.MergeGround: {
        "mistyped": "a number was typed wrongly",
        "renumbered": "the police corrected the citizen ID",
        "certified_twice": "the person was certified twice",
    },
    terms.Kinship: {"other": "another relative or friend"},
    terms.MemberLeftWhy: {"mistake": "recorded by mistake", "erased": "their data was erased"},
    terms.Help: {
        "poverty": "help with poverty",
        "emergency": "help in an emergency",
        "illness": "help with illness",
        "morale": "moral support",
        "skills": "help with skills",
        "hardship": "help out of hardship",
    },
    terms.Tie: {
        "area": "through the area",
        "street": "through the street",
        "department": "through a department",
        "community": "through the community",
        "family": "through the family",
        "heart": "heart to heart",
    },
    terms.Channel: {
        "neighbours": "neighbours platform",
        "hotline": "hotline 12385",
        "petition": "online petition",
    },
    terms.AccessFeature: {"companion": "companion to a clinic", "online": "online service", "transport": "pick-up"},
    terms.Purpose: {
        "share_with_provider": "sharing data with the provider of a referral",
        "visits": "visits at home",
        "contact": "calls and messages",
    },
    terms.FileField: {
        "citizen_id": "citizen ID number",
        "certificate": "certificate number",
        "contact": "how to reach them",
        "disability": "class and grade of disability",
        "record": "what was done for them",
        "words": "their words",
        "notes": "workers' notes",
    },
    terms.ShownFor: {
        "casework": "to know how they are and plan help",
        "need": "to look after a need",
        "visit": "to visit them",
        "call": "to call them",
        "assessment": "to assess them",
        "referral": "to look after a referral",
        "service": "to serve them",
        "feedback": "to answer feedback",
        "appeal": "to answer an appeal",
        "own": "their own request",
        "oversight": "to check the work",
        "report": "to make a list or report",
        "exchange": "for another system",
    },
    terms.ErasureGround: {
        "request": "the person asked for it",
        "consent_withdrawn": "consent was withdrawn",
        "purpose_over": "the purpose is reached, or cannot be, or no longer needs it",
        "kept_long_enough": "the time to keep it is over",
        "unlawful": "it was handled unlawfully or against an agreement",
    },
    terms.NeedCloseReason: {
        "met": "need met",
        "withdrawn": "withdrawn by the person",
        "not_ours": "not for us to do",
        "duplicate": "recorded twice",
        "erased": "personal data erased",
    },
    terms.DeclineReason: {"no_staff": "not enough staff", "unreachable": "person cannot be reached"},
    terms.Outcome: {"met": "need met", "not_met": "need not met"},
    terms.RaterKind: {"person": "disabled people and families", "grass_roots": "grass-roots organisations"},
    terms.ProviderKind: {"medical": "medical institution", "womens_federation": "women's federation"},
    terms.SpecialKind: {
        "physical": "physically disabled",
        "intellectual": "intellectually disabled and relatives",
        "psychiatric": "psychiatrically disabled and relatives",
    },
    terms.Position: {"board_director": "director of the board", "vice_board_director": "vice director of the board"},
    terms.Category: {
        "relative": "relative of a disabled person",
        "grass_roots": "grass-roots front line",
        "department_head": "head of the department that carries disability work",
        "party_secretary": "secretary of the party work committee",
        "office_director": "director of the subdistrict office",
    },
    terms.VacancyReason: {"office_changed": "change of office"},
    terms.Employment: {"unable": "unable to work"},
    terms.Schooling: {
        "none": "no schooling",
        "primary": "primary school",
        "junior": "junior middle school",
        "senior": "senior middle school",
        "vocational": "vocational school",
    },
}


def tables() -> list[type[Enum]]:
    """Every code table that has Chinese terms."""
    return [
        table
        for _, table in inspect.getmembers(terms, inspect.isclass)
        if issubclass(table, Enum) and table.__module__.startswith(terms.__name__) and len(table)
    ]


def say(term: Any, lang: Lang) -> str:
    """A code in words; several, joined; nothing, as a dash. What is no code is shown as it is."""
    if term is None:
        return "—"
    if isinstance(term, Enum):
        return _chinese(term) if lang == "zh" else _english(term)
    if isinstance(term, Iterable) and not isinstance(term, str):
        return say_several(term, lang)
    return str(term)


def say_several(items: Iterable[Any], lang: Lang) -> str:
    worded = [say(item, lang) for item in _in_order(items)]
    return ("、" if lang == "zh" else ", ").join(worded) or "—"


def _in_order(items: Iterable[Any]) -> Iterable[Any]:
    """A set of codes in the order of their table, whatever order the set has."""
    if isinstance(items, set | frozenset) and all(isinstance(item, Enum) for item in items):
        return sorted(items, key=_place)
    return items


def _place(term: Enum) -> tuple[str, int]:
    return type(term).__name__, [*type(term)].index(term)


def options(table: type[T], lang: Lang) -> list[tuple[str, str]]:
    """The codes of a table with their words, in the table's order: for radios, checkboxes and selects."""
    return [(str(term.value), _capital(say(term, lang))) for term in table]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _chinese(term: Enum) -> str:
    return str(getattr(term, "zh", term.value))


def _english(term: Enum) -> str:
    worded = _ENGLISH.get(type(term), {}).get(term.value)
    return worded or str(term.value).replace("_", " ")
