"""Two releases in one process: the tables of the language give each simulated process what its release declares."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from types import ModuleType
from typing import Any

from canlian_events import core
from tests.simulation.event_loop import OUTSIDE, PROCESS, Process

OLDER, NEWER = "older", "newer"
_TABLES = ("AGGREGATES", "COMMANDS", "QUERIES", "EVENTS", "EVENT_NAMES", "_UPCASTS")
_loaded: dict[str, ModuleType] = {}


class ByRelease(MutableMapping[Any, Any]):
    """One table of the language, as the process that looks at it has it."""

    def __init__(self, outside: dict[Any, Any]) -> None:
        self._tables: dict[str, dict[Any, Any]] = {"": outside, OLDER: {}, NEWER: {}}

    @property
    def _own(self) -> dict[Any, Any]:
        return self._tables[PROCESS.get(OUTSIDE).release]

    def __getitem__(self, key: Any) -> Any:
        return self._own[key]

    def __setitem__(self, key: Any, value: Any) -> None:
        self._own[key] = value

    def __delitem__(self, key: Any) -> None:
        del self._own[key]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._own)

    def __len__(self) -> int:
        return len(self._own)

    def get(self, key: Any, default: Any = None) -> Any:
        return self._own.get(key, default)


def install() -> None:
    """Put the tables in the place of the language's own, wherever they were imported. Once for the whole program."""
    for name in _TABLES:
        table = getattr(core, name)
        if isinstance(table, ByRelease):
            continue
        by_release = ByRelease(table)
        for module in list(sys.modules.values()):
            if (module.__name__ or "").startswith(("canlian_", "tests.simulation")):
                for attribute, value in list(vars(module).items()):
                    if value is table:
                        setattr(module, attribute, by_release)


def language(release: str) -> Any:
    """The toy language of a release."""
    if release not in _loaded:
        name = f"tests.simulation.toy_{release}"
        file = Path(__file__).with_name("toy_language.py")
        spec = importlib.util.spec_from_file_location(name, file)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        Process("loading", release).context.run(spec.loader.exec_module, module)
        _loaded[release] = module
    return _loaded[release]
