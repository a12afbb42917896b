"""A short soak: programs killed while they work, and once all at once, with two processes of each and a newer release
beside for half of it; nothing is lost, doubled or skipped, no timer is missing, all views are right.

`make soak FOR=600` is the long one.
"""

from __future__ import annotations

from pathlib import Path

from tests.soak.soak import Plan, soak

PLAN = Plan(seconds=10, seed=3, callers=3, wholes=1, in_order=False)
"""`test_upgrade.py` has the order."""


async def test_what_was_acknowledged_outlives_every_death(tmp_path: Path):
    said: list[str] = []
    report = await soak(tmp_path / "data", PLAN, said.append)
    assert not report.wrong, report.table()
    assert len(report.ledger.acknowledged) > 100, report.table()
    assert sum(report.killer.kills.values()) >= 2, report.table()
    assert report.findings.timers > 10, report.table()
    assert report.findings.consequences > 50, report.table()
