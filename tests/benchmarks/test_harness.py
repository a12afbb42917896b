"""The benchmarks' own tools: a log that readers can read, and a page that says what was measured."""

import json
import platform
from dataclasses import asdict
from pathlib import Path

import pytest

from canlian_chassis.bus.client import connect
from canlian_chassis.keys.store import Keys
from canlian_chassis.log.following import read_entry
from canlian_chassis.log.jetstream import Log
from canlian_events import subjects
from canlian_events.registry.duplicates import PERSON
from canlian_events.registry.person import PersonRegistered
from tests.benchmarks import logs, report
from tests.benchmarks.measure import Figure


async def test_a_built_log_holds_events_that_its_keys_open(tmp_path: Path) -> None:
    async with logs.running(tmp_path / "logs", 4000, tmp_path, lambda _: None) as running:
        async with connect(running.settings, "test") as nc:
            assert await Log(nc).last_position() == running.events == 4000
            history = await Log(nc).read(subjects.history(PERSON, logs.person(0)))
        keys = Keys.of(running.settings)
        events = [keys.open(event, meta.id) for event, meta in map(read_entry, history)]
    assert len(events) == 10
    assert isinstance(events[0], PersonRegistered)
    assert isinstance(events[0].name, str)


def test_a_figure_is_met_by_its_ratio_or_by_itself() -> None:
    assert Figure("a", "/s", [60, 70], "b", [100], 0.6).met
    assert not Figure("a", "ms", [2.1], "b", [1.0], 2, at_least=False).met
    assert Figure("a", "ms", [18], target=20, at_least=False).met
    assert Figure("a", "MB", [18]).met is None


def test_the_page_shows_every_figure_and_what_bounds_it() -> None:
    figure = Figure("commands", "/s", [2500, 2700, 2600], "raw", [4000], 0.6, bound="The service's one thread.")
    page = report.render(
        {
            "machine": report.machine(),
            "versions": report.versions(),
            "modules": {
                "commands": {"measured": "2026-11-24", "scale": 1, "figures": [asdict(figure)]},
            },
        }
    )
    assert "| commands | /s | 2,600 (2,500–2,700) | raw | 4,000 | 0.65 | ≥ 0.6 | met |" in page
    assert "The service's one thread." in page


def test_what_is_not_installed_keeps_the_version_its_figures_were_measured_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = {"machine": report.machine(), "versions": {"a peer": "9.5.6", "Python": "2.7"}, "modules": {}}
    monkeypatch.setattr(report, "KEPT", tmp_path / "kept.json")
    report.KEPT.write_text(json.dumps(kept))
    versions = report.keep({}, 1)["versions"]
    assert (versions["a peer"], versions["Python"]) == ("9.5.6", platform.python_version())
