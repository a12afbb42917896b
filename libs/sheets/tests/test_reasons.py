"""Every reason has words, in both languages."""

import ast
import string
from pathlib import Path

import pytest

import canlian_sheets
from canlian_sheets.outcomes import Problem, Unreadable
from canlian_sheets.reasons import FILE_REASONS, MENDS, REASONS, mend_words, reason_words

SOURCES = [Path(path) / name for path in canlian_sheets.__path__ for name in ("",)]


def named_in_the_code(function: str) -> set[str]:
    names: set[str] = set()
    for path in (file for folder in SOURCES for file in folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
                called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                if called == function:
                    names.add(str(node.args[0].value))
    return names


def test_every_reason_given_has_words() -> None:
    certificate = {
        "short_cert",
        "long_cert",
        "bad_characters",
        "bad_check",
        "bad_birth",
        "bad_class",
        "bad_grade",
        "bad_suffix",
    }
    assert named_in_the_code("refuse") | certificate == set(REASONS)


def test_every_reason_for_a_file_has_words() -> None:
    assert named_in_the_code("Unreadable") | {"locked", "broken"} == set(FILE_REASONS)


@pytest.mark.parametrize("reason", [*REASONS, *FILE_REASONS])
def test_both_languages_say_the_same_facts(reason: str) -> None:
    wordings = (REASONS | FILE_REASONS)[reason]
    facts = [{name for _, name, _, _ in string.Formatter().parse(wording) if name} for wording in wordings]
    assert facts[0] == facts[1]
    assert all(wording.endswith(("。", ".")) for wording in wordings)
    assert all(wording for wording in reason_words(reason, {}))


def test_facts_stand_in_the_words() -> None:
    assert "17" in reason_words("short_cert", {"length": 17})[0]


def test_every_mend_has_words() -> None:
    for mend in MENDS:
        assert all(mend_words(f"name.{mend}"))


def test_a_reason_without_words_cannot_be_given() -> None:
    with pytest.raises(KeyError):
        Problem("because", {})
    with pytest.raises(KeyError):
        Unreadable("because")
