"""A short soak: programs killed while they work, and once all at once; nothing is lost or doubled, all views are right.

`make soak FOR=300` is the long one.
"""

from __future__ import annotations

from pathlib import Path

from tests.soak.soak import soak


async def test_what_was_acknowledged_outlives_every_death(tmp_path: Path):
    said: list[str] = []
    report = await soak(tmp_path / "data", seconds=14, seed=3, callers=4, wholes=1, say=said.append)
    assert not report.findings.wrong, report.table()
    assert len(report.ledger.acknowledged) > 100, report.table()
    assert sum(report.killer.kills.values()) >= 3, report.table()
