"""docs/rules.md says of every rule with a number where it stands, which test is named after it, and where it is met."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import EnumType
from functools import cache
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from starlette.routing import BaseRoute, Match, Mount

from canlian_chassis.settings import Settings
from canlian_federation.tool import federation
from canlian_neighbours.tool import neighbours

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "rules.md"
LANGUAGE = ROOT / "libs" / "events" / "src" / "canlian_events"
LINK = re.compile(r"\[`([^`]+)`\]\(([^)]+)\)")


@dataclass(frozen=True)
class Named:
    """Something that a cell names, and the file it is said to be in."""

    name: str
    file: Path


@dataclass(frozen=True)
class Rule:
    text: str
    number: str
    constants: list[Named]
    tests: list[Named]
    pages: list[Named]


def rules() -> Iterator[Rule]:
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and cells[0] not in ("rule", "---"):
            text, number, *linked = cells
            yield Rule(text, number, *([Named(*found) for found in linked_in(cell)] for cell in linked))


def linked_in(cell: str) -> Iterator[tuple[str, Path]]:
    for name, address in LINK.findall(cell):
        yield name, (PAGE.parent / address).resolve()


RULES = list(rules())
every_rule = pytest.mark.parametrize("rule", RULES, ids=[rule.text[:60] for rule in RULES])


@cache
def defined_in(file: Path) -> frozenset[str]:
    """The names of a module's own values, classes and functions."""
    found: set[str] = set()
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                found.add(name)
            case ast.Assign() | ast.AnnAssign():
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                found.update(target.id for target in targets if isinstance(target, ast.Name))
    return frozenset(found)


def value_of(named: Named) -> Any:
    package = named.file.relative_to(ROOT).parts
    module = ".".join(Path(*package[package.index("src") + 1 :]).with_suffix("").parts)
    return getattr(import_module(module), named.name)


def missing(named: list[Named]) -> list[str]:
    return [
        f"{one.name} in {one.file}" for one in named if not one.file.is_file() or one.name not in defined_in(one.file)
    ]


@every_rule
def test_where_a_rule_stands_and_its_tests_exist(rule: Rule) -> None:
    assert rule.constants
    assert rule.tests
    assert missing(rule.constants) == []
    assert missing(rule.tests) == []
    assert all(one.name.startswith("test_") for one in rule.tests)


@every_rule
def test_a_number_is_the_one_of_the_code(rule: Rule) -> None:
    said = set(map(int, re.findall(r"\d+", rule.number)))
    for one in rule.constants:
        match value_of(one):
            case bool():
                continue
            case int() as value:
                assert value in said, f"{one.name} is {value}"
            case EnumType() as codes:
                assert len(codes) in said, f"{one.name} has {len(codes)} codes"


@pytest.fixture(scope="module")
def routes(tmp_path_factory: pytest.TempPathFactory) -> list[BaseRoute]:
    """Of the two tools in which people meet the registry's rules."""
    settings = Settings(data=tmp_path_factory.mktemp("data"))
    return [route for tool in (federation(settings), neighbours(settings)) for route in tool.app.routes]


def test_the_pages_exist(routes: list[BaseRoute]) -> None:
    def opens(address: str) -> bool:
        asked = {"type": "http", "method": "GET", "path": address, "root_path": "", "headers": []}
        return any(route.matches(asked)[0] is Match.FULL for route in routes if not isinstance(route, Mount))

    met = [page for rule in RULES for page in rule.pages]
    assert not opens("/federation/no-such-page/at/all")
    assert [rule.text for rule in RULES if not rule.pages] == []
    assert [page.name for page in met if not opens(page.name)] == []
    assert [str(page.file) for page in met if not page.file.is_file() or page.file.suffix != ".html"] == []


def test_no_number_of_the_domain_is_left_out() -> None:
    """A constant of the language that says it comes from the domain or a law has a row."""
    told = {one.name for rule in RULES for one in rule.constants}
    assert [name for file in sorted(LANGUAGE.rglob("*.py")) for name in sourced(file) if name not in told] == []


def sourced(file: Path) -> Iterator[str]:
    """The values whose docstring names their source."""
    body = ast.parse(file.read_text(encoding="utf-8")).body
    for value, words in pairwise(body):
        match value, words:
            case (
                ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str() as text)),
            ) if "Source: " in text:
                yield name
