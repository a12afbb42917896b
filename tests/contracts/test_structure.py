"""What holds for the whole tree and import-linter cannot see."""

import ast
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCES = sorted(path for group in ("libs", "services", "apps") for path in ROOT.glob(f"{group}/*/src/**/*.py"))
CHASSIS = ROOT / "libs/chassis/src/canlian_chassis"
EVENTS = ROOT / "libs/events/src/canlian_events"

SUBJECT = re.compile(r"^(evt|claim|cmd)\.")
ENVIRONMENT = {"environ", "getenv", "environb"}
READERS = {
    CHASSIS / "settings.py",
    ROOT / "apps/operator/src/canlian_operator/variables.py",  # a command reads its terminal's language, and hands on
}
# where it happened and on whose behalf (community, subdistrict, an actor's provider) are envelope, not domain
DOMAIN_WORDS = re.compile(
    r"(?<![a-z])(person|household|visit|referral|volunteer|certificate|disabilit\w*|disabled|feedback|assessment|"
    r"hardship)s?(?![a-z])",
    re.IGNORECASE,
)
FILES_A_FOLDER, LINES_A_MODULE, LINES_A_FUNCTION = 16, 350, 50
IMPURE_CALLS = {"now", "utcnow", "today", "uuid1", "uuid4", "urandom", "monotonic", "perf_counter", "print", "open"}


def test_there_is_something_to_look_at() -> None:
    assert len(SOURCES) > 15


def test_subjects_are_built_and_parsed_in_one_module() -> None:
    elsewhere = [
        f"{where}: {value}"
        for path in SOURCES
        if path != EVENTS / "subjects.py"
        for where, value in strings(path)
        if SUBJECT.match(value)
    ]
    assert elsewhere == []


def test_the_environment_is_read_in_one_module() -> None:
    readers = [
        at(path, node)
        for path in SOURCES
        if path not in READERS
        for node in ast.walk(tree(path))
        if (isinstance(node, ast.Attribute) and node.attr in ENVIRONMENT and name_of(node.value) == "os")
        or (isinstance(node, ast.ImportFrom) and node.module == "os" and any(a.name in ENVIRONMENT for a in node.names))
    ]
    assert readers == []


def test_the_chassis_knows_no_word_of_the_domain() -> None:
    known = [
        f"{path.relative_to(ROOT)}: {found.group()}"
        for path in CHASSIS.rglob("*.py")
        for word in identifiers(path)
        if (found := DOMAIN_WORDS.search(word.replace("_", " ")))
    ]
    assert known == []


def test_the_events_need_only_pydantic() -> None:
    allowed = sys.stdlib_module_names | {"pydantic", "pydantic_core", "annotated_types", "typing_extensions"}
    others = [
        f"{where}: {name}"
        for path in EVENTS.rglob("*.py")
        for where, name in imported(path)
        if name not in allowed | {"canlian_events"}
    ]
    assert others == []


def test_rules_and_folds_ask_neither_clock_nor_chance() -> None:
    impure = [
        f"{at(path, node)} {name_of(node.func)}"
        for path in SOURCES
        if is_pure(path)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and name_of(node.func) in IMPURE_CALLS
    ]
    assert impure == []


def test_every_package_says_it_is_typed() -> None:
    packages = [path.parent for path in SOURCES if path.name == "__init__.py" and path.parent.parent.name == "src"]
    assert [str(package) for package in packages if not (package / "py.typed").exists()] == []


def test_no_folder_holds_more_than_fits_one_look() -> None:
    held = Counter(path.parent for path in SOURCES if path.name != "__init__.py")
    assert [f"{folder.relative_to(ROOT)}: {count}" for folder, count in held.items() if count > FILES_A_FOLDER] == []


def test_a_long_module_says_why_it_is() -> None:
    long = [path for path in SOURCES if len(path.read_text("utf-8").splitlines()) > LINES_A_MODULE]
    unsaid = [path for path in long if "one file" not in (ast.get_docstring(tree(path)) or "")]
    assert [str(path.relative_to(ROOT)) for path in unsaid] == []


def test_no_function_is_long_but_for_its_cases() -> None:
    """A match statement, a table of declarations and a docstring are read line by line, and do not count."""
    long = [
        f"{at(path, node)} {node.name}: {length}"
        for path in SOURCES
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (length := _lines(node)) > LINES_A_FUNCTION
    ]
    assert long == []


def _lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    def spanned(node: ast.stmt) -> int:
        return (node.end_lineno or node.lineno) - node.lineno + 1

    inside = [node for node in ast.walk(function) if isinstance(node, ast.FunctionDef) and node is not function]
    cases = [node for node in ast.walk(function) if isinstance(node, ast.Match)]
    outermost = [one for one in [*cases, *inside] if not any(_holds(other, one) for other in [*cases, *inside])]
    return (
        spanned(function)
        - sum(spanned(node) for node in outermost)
        - len((ast.get_docstring(function) or "").split("\n"))
    )


def _holds(outer: ast.stmt, inner: ast.stmt) -> bool:
    return outer is not inner and outer.lineno <= inner.lineno and (inner.end_lineno or 0) <= (outer.end_lineno or 0)


def is_pure(path: Path) -> bool:
    """What services and tools declare; the chassis's folders of these names run it."""
    declared = path.name in ("decider.py", "views.py") or "policies" in path.parts or "views" in path.parts
    return declared and "canlian_chassis" not in path.parts


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def at(path: Path, node: ast.stmt | ast.expr) -> str:
    return f"{path.relative_to(ROOT)}:{node.lineno}"


def name_of(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def strings(path: Path) -> Iterator[tuple[str, str]]:
    """Every string of the code, of which an f-string's first part; docstrings too, as a subject has no place there."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield at(path, node), node.value


def identifiers(path: Path) -> Iterator[str]:
    for node in ast.walk(tree(path)):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name):
                yield name
            case ast.ClassDef(name=name):
                yield re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name
            case ast.Constant(value=str() as text) if text.isidentifier():
                yield text


def imported(path: Path) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree(path)):
        match node:
            case ast.Import(names=names):
                yield from ((at(path, node), alias.name.split(".")[0]) for alias in names)
            case ast.ImportFrom(module=str() as module, level=0):
                yield at(path, node), module.split(".")[0]
