"""What a comparison after the soak found."""

from __future__ import annotations

from dataclasses import dataclass, field, fields


@dataclass
class Findings:
    """Command ids, event ids and tables that are not as they must be; all empty where nothing was lost or doubled."""

    events: int = 0
    rows: dict[str, int] = field(default_factory=dict)
    """Part → rows compared."""
    consequences: int = 0
    """Commands that ought to follow from the log's events, by the policies that were worked out again."""
    timers: int = 0
    """Timers that ought to wait."""
    unchecked: dict[str, int] = field(default_factory=dict)
    """Policy → events whose consequences could not be worked out again, because they hang on what its view held."""

    lost: list[str] = field(default_factory=list)
    """Acknowledged commands whose events are not in the log, where the answer said and as many as it said."""
    doubled: list[str] = field(default_factory=list)
    """Events that are in the log twice."""
    half: list[str] = field(default_factory=list)
    """Commands some of whose events are in the log, but not the first ones."""
    refused_but_stored: list[str] = field(default_factory=list)
    different: list[str] = field(default_factory=list)
    """Tables that a fresh fold does not give."""
    skipped: dict[str, int] = field(default_factory=dict)
    """Part → events its views could not fold."""
    parked: list[str] = field(default_factory=list)
    """Events that policies could not answer."""
    not_followed: list[str] = field(default_factory=list)
    """Events from which something ought to have followed and did not; asked now, it would be done."""
    unexplained: list[str] = field(default_factory=list)
    """Events that some policy caused and none is to have caused: such as a consequence that came twice."""
    timers_missing: list[str] = field(default_factory=list)
    timers_other: list[str] = field(default_factory=list)
    """Timers that wait for another event's sake, or for another time, than they ought to."""
    timers_superfluous: list[str] = field(default_factory=list)
    """Timers that ought not to wait any more. The state decides when they fire, so they are told and not wrong."""

    @property
    def wrong(self) -> bool:
        told = {"events", "rows", "consequences", "timers", "unchecked", "timers_superfluous"}
        return any(getattr(self, each.name) for each in fields(self) if each.name not in told)

    def lines(self) -> list[tuple[str, str]]:
        """Name and value, for a table."""
        return [
            ("log", f"{self.events} events"),
            ("views", f"{len(self.rows)} compared, {sum(self.rows.values())} rows"),
            ("lost", _some(self.lost)),
            ("doubled", _some(self.doubled)),
            ("half stored", _some(self.half)),
            ("refused, stored", _some(self.refused_but_stored)),
            ("different", _some(self.different)),
            ("skipped", counted(self.skipped)),
            ("parked", _some(self.parked)),
            ("consequences", f"{self.consequences} worked out again; {sum(self.unchecked.values())} events of "
                             f"{len(self.unchecked)} policies could not be"),
            ("not followed", _some(self.not_followed)),
            ("unexplained", _some(self.unexplained)),
            ("timers", f"{self.timers} ought to wait"),
            ("timers missing", _some(self.timers_missing)),
            ("timers, other", _some(self.timers_other)),
            ("superfluous", _some(self.timers_superfluous)),
        ]  # fmt: skip


def counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items(), key=lambda c: -c[1])) or "none"


def _some(found: list[str]) -> str:
    return "none" if not found else f"{len(found)}: " + "; ".join(found[:3])
