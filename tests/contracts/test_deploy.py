"""The compose file has every part, and shows the outside one address only."""

from pathlib import Path
from typing import Any

import yaml

from canlian_operator.running.parts import PARTS

COMPOSE = yaml.safe_load((Path(__file__).parents[2] / "deploy" / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
ONCE = {"secrets", "demo"}


def test_every_part_has_a_container_that_runs_its_module() -> None:
    commands = {part.name: SERVICES[part.name]["command"] for part in PARTS}
    assert commands == {part.name: ["python", "-m", part.module] for part in PARTS}


def test_every_part_is_named_to_the_edge() -> None:
    environment = SERVICES["edge"]["environment"]
    assert environment["CANLIAN_PARTS"].split(",") == [part.name for part in PARTS]
    tools = {part.variable: f"{part.name}:8000" for part in PARTS if part.kind.value == "tool"}
    assert {name: environment.get(name) for name in tools} == tools


def test_only_the_edge_is_published_and_only_on_this_machine() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published == {"caddy": ["127.0.0.1:${CANLIAN_PORT:-8000}:8000"]}


def test_whatever_keeps_running_has_a_health_check_and_comes_back() -> None:
    lasting = {name: service for name, service in SERVICES.items() if name not in ONCE}
    assert [name for name, service in lasting.items() if "healthcheck" not in service] == []
    assert {service["restart"] for service in lasting.values()} == {"unless-stopped"}


def test_tools_cannot_sign() -> None:
    holders = {
        name for name, service in SERVICES.items() if any(v.startswith("keys:") for v in service.get("volumes", []))
    }
    tools = {part.name for part in PARTS if part.kind.value == "tool"} - {"edge"}
    assert holders & tools == set()
    assert "registry" in holders
