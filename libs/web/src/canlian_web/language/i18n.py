"""Two languages: English msgids in code and templates, Chinese from each package's `locale/zh.po`, read at start."""

from __future__ import annotations

import ast
import gettext
import sys
from collections.abc import Collection, Iterable, Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import IO, Any, Literal, cast

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

Lang = Literal["zh", "en"]
LANGUAGES: tuple[Lang, ...] = ("zh", "en")
DEFAULT: Lang = "zh"
COOKIE = "lang"
HTML_LANG: dict[Lang, str] = {"zh": "zh-CN", "en": "en-GB"}
_HERE = "canlian_web"
_HEAD = rb"""msgid ""
msgstr ""
"Language: zh\n"
"Content-Type: text/plain; charset=utf-8\n"
"Plural-Forms: nplurals=1; plural=0;\n"

"""
_METHODS = [("**/templates/**.html", "jinja2"), ("templates/**.html", "jinja2")]
_JINJA = {
    pattern: {"newstyle_gettext": "true", "silent": "false", "extensions": "jinja2.ext.do"} for pattern, _ in _METHODS
}
_KEYWORDS: dict[str, Any] = {"_": None, "N_": None, "gettext": None, "ngettext": (1, 2)}


def language(wanted: str | None) -> Lang:
    """The language asked for, or Chinese."""
    return wanted if wanted in LANGUAGES else DEFAULT


def N_(msgid: str) -> str:
    """Mark a text that is translated where it is shown, as the names in a tool's navigation are."""
    return msgid


def package_folder(package: str) -> Path:
    return Path(str(files(package)))


class Texts:
    """The texts of one language: the packages' own catalogue first, then what all tools share."""

    def __init__(self, lang: Lang, packages: Iterable[str] = ()) -> None:
        self.lang = lang
        self._catalogues = [] if lang == "en" else [_catalogue(name) for name in (*packages, _HERE)]

    def gettext(self, msgid: str) -> str:
        for catalogue in self._catalogues:
            if (found := catalogue.gettext(msgid)) != msgid:
                return found
        return msgid

    def ngettext(self, one: str, many: str, number: int) -> str:
        for catalogue in self._catalogues:
            if (found := catalogue.ngettext(one, many, number)) not in (one, many):
                return found
        return one if number == 1 else many

    def say(self, msgid: str, /, **facts: object) -> str:
        """The text with `%(name)s` filled in."""
        text = self.gettext(msgid)
        return text % facts if facts else text


@cache
def _catalogue(package: str) -> gettext.GNUTranslations:
    """The Chinese catalogue, compiled in memory: nothing but the .po is kept."""
    from io import BytesIO  # noqa: PLC0415 - only here

    compiled = BytesIO()
    write_mo(compiled, _read(package))
    compiled.seek(0)
    return gettext.GNUTranslations(cast(Any, compiled))


def _read(package: str) -> Catalog:
    path = package_folder(package) / "locale" / "zh.po"
    if not path.exists():
        return Catalog(locale="zh")
    with path.open("rb") as file:
        return read_po(cast(IO[Any], file), locale="zh")


def msgids(package: str) -> list[str | tuple[str, str]]:
    """Every text of a package's templates and code; a pair where it has a plural."""
    found: dict[str | tuple[str, str], None] = {}
    for _file, _line, message, _comments, _context in extract_from_dir(
        str(package_folder(package)),
        method_map=[*_METHODS, ("**.py", cast(Any, texts_in))],
        keywords=_KEYWORDS,
        options_map=_JINJA,
    ):
        if message:
            found[message if isinstance(message, str) else (str(message[0]), str(message[1]))] = None
    return list(found)


def texts_in(
    file: IO[bytes], keywords: Collection[str], _comments: object, options: object
) -> Iterator[tuple[int, str, Any, list[str]]]:
    """The texts of Python code, as Babel wants them: by the syntax tree, since Babel's own reader of tokens sees none
    of those that stand inside an f-string. Raises ValueError for a text that is put together where it is translated:
    no catalogue can hold it.
    """
    for node in ast.walk(ast.parse(file.read())):
        if not isinstance(node, ast.Call) or (name := _called(node)) not in keywords:
            continue
        words = node.args[: 2 if name == "ngettext" else 1]
        if any(isinstance(word, ast.JoinedStr | ast.BinOp) for word in words):
            raise ValueError(f"line {node.lineno}: a text to translate is put together, so no catalogue can hold it")
        said = [word.value for word in words if isinstance(word, ast.Constant) and isinstance(word.value, str)]
        if said and len(said) == len(words):
            yield node.lineno, name, tuple(said) if len(said) > 1 else said[0], []


def _called(node: ast.Call) -> str:
    """`_` of `_(…)` and of `page._(…)`."""
    match node.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def untranslated(package: str, *libraries: str) -> list[str]:
    """For each package's test: the texts without Chinese, and those whose `%(names)s` differ from the English."""
    catalogues = [_read(name) for name in (package, *libraries, _HERE)]
    bad = []
    for msgid in msgids(package):
        key = msgid if isinstance(msgid, str) else msgid[0]
        message = next(filter(None, (catalogue.get(key) for catalogue in catalogues)), None)
        if not _is_worded(message):
            bad.append(key)
        elif message is not None and any(True for _ in message.check()):
            bad.append(f"{key} (the names in %(…)s differ)")
    return bad


def unused(package: str) -> list[str]:
    """The entries of a package's catalogue that its code no longer has."""
    used = {msgid if isinstance(msgid, str) else msgid[0] for msgid in msgids(package)}
    ids = (message.id if isinstance(message.id, str) else message.id[0] for message in _read(package) if message.id)
    return [msgid for msgid in ids if msgid not in used]


def _is_worded(message: Message | None) -> bool:
    if message is None or message.fuzzy:
        return False
    words = message.string if isinstance(message.string, str) else "".join(message.string or ())
    return bool(words.strip())


def add_missing(package: str, *libraries: str) -> list[str]:
    """Write the texts that the catalogue lacks into it, with empty Chinese, and drop those no longer used.

    It lacks none that the catalogue of a library has.
    """
    catalogue = _read(package)
    for unwanted in unused(package):
        catalogue.delete(unwanted)
    shared = [_read(name) for name in (*libraries, _HERE) if name != package]
    added = []
    for msgid in msgids(package):
        key = msgid if isinstance(msgid, str) else msgid[0]
        if not catalogue.get(key) and not any(_is_worded(other.get(key)) for other in shared):
            catalogue.add(msgid)
            added.append(key)
    path = package_folder(package) / "locale" / "zh.po"
    path.parent.mkdir(exist_ok=True)
    with path.open("wb") as file:
        file.write(_HEAD)
        write_po(cast(IO[Any], file), catalogue, omit_header=True, no_location=True, width=0)
    return added


if __name__ == "__main__":
    package, *libraries = sys.argv[1:]
    sys.stdout.writelines(f"{package}: {msgid}\n" for msgid in add_missing(package, *libraries))
