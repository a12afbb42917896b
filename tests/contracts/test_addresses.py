"""Every address a tool answered once it answers still: what moves redirects.

`addresses.txt` holds them, a line an address: its methods, its path. An address that is new is added to it by
`python -m tests.contracts.test_addresses`; none is taken out.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from fastapi.routing import APIRoute

LISTED = Path(__file__).with_name("addresses.txt")
TOOLS = {
    "canlian_edge.app": "edge",
    "canlian_exchange.app": "exchange",
    "canlian_federation.tool": "federation",
    "canlian_neighbours.tool": "neighbours",
    "canlian_provider.tool": "provider",
    "canlian_social_worker.tool": "social_worker",
    "canlian_volunteer.tool": "volunteer",
}


def addresses() -> Iterator[str]:
    for module, make in TOOLS.items():
        for route in _flat(getattr(import_module(module), make)().app.routes):
            # what is between the braces may be called otherwise: no user sees it
            parts = ["{}" if part.startswith("{") else part for part in route.path.split("/")]
            yield f"{','.join(sorted(route.methods))} {make}: {'/'.join(parts)}"


def _flat(routes: Iterable[Any]) -> Iterator[Any]:
    """With those of the routers that FastAPI keeps whole."""
    for route in routes:
        if hasattr(route, "effective_route_contexts"):
            yield from route.effective_route_contexts()
        elif isinstance(route, APIRoute):
            yield route


def listed() -> set[str]:
    return set(LISTED.read_text(encoding="utf-8").splitlines())


def test_every_address_of_before_is_still_answered() -> None:
    assert sorted(listed() - set(addresses())) == []


def test_every_address_is_listed() -> None:
    assert sorted(set(addresses()) - listed()) == [], f"python -m {__spec__.name}"


if __name__ == "__main__":
    LISTED.write_text("".join(f"{line}\n" for line in sorted({*addresses(), *(listed() if LISTED.exists() else ())})))
    sys.stdout.write(f"{len(listed())} addresses\n")
