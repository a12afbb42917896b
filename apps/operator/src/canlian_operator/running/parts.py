"""The parts of a system: what each is called on the command line and which module it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from canlian_chassis.views.runner import Views

_APPS = {"exchange", "edge"}
"""Tools whose page that says all is app.py."""


class Kind(Enum):
    SERVICE = "service"
    TOOL = "tool"


@dataclass(frozen=True)
class Part:
    name: str
    module: str
    kind: Kind

    @property
    def installed(self) -> bool:
        """Whether `python -m module` can be run: a folder may have been left out of the installation."""
        return find_spec(self.module) is not None and find_spec(f"{self.module}.__main__") is not None

    @property
    def variable(self) -> str:
        """The environment variable that tells the others where it listens, as host:port."""
        return "CANLIAN_" + self.name.upper().replace("-", "_")


PARTS = (
    Part("registry", "canlian_registry", Kind.SERVICE),
    Part("assistance", "canlian_assistance", Kind.SERVICE),
    Part("services-catalog", "canlian_catalog", Kind.SERVICE),
    Part("evaluation", "canlian_evaluation", Kind.SERVICE),
    Part("neighbours", "canlian_neighbours", Kind.TOOL),
    Part("volunteer", "canlian_volunteer", Kind.TOOL),
    Part("social-worker", "canlian_social_worker", Kind.TOOL),
    Part("provider", "canlian_provider", Kind.TOOL),
    Part("federation", "canlian_federation", Kind.TOOL),
    Part("exchange", "canlian_exchange", Kind.TOOL),
    Part("edge", "canlian_edge", Kind.TOOL),
)


def views_of(part: Part) -> "Views | None":
    """The declaration of its views; None where it keeps none. Imports the part, by name: none is a dependency of us."""
    found = import_module(f"{part.module}.{'app' if part.kind is Kind.SERVICE or part.name in _APPS else 'tool'}")
    views: Views | None = found.service.views if part.kind is Kind.SERVICE else getattr(found, "views", None)
    return views


class UnknownParts(ValueError):
    """Names that no part has."""


def chosen(names: Sequence[str]) -> list[Part]:
    """The parts named, in the order of the table; all of them when none is named."""
    known = {part.name for part in PARTS}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise UnknownParts(", ".join(unknown))
    return [part for part in PARTS if not names or part.name in names]


def caddyfile() -> Path | None:
    """The edge's configuration of Caddy, None where the edge is not installed."""
    spec = find_spec("canlian_edge")
    folders = list(spec.submodule_search_locations or ()) if spec else []
    files = [Path(folder) / "Caddyfile" for folder in folders]
    return next((file for file in files if file.exists()), None)
