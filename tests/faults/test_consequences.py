"""What the soak works out again from a log: what follows from its events, and which timers wait at its end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from canlian_chassis.bus.wire import event_headers
from canlian_chassis.keys.store import Keys
from canlian_chassis.log.jetstream import Entry
from canlian_chassis.settings import Settings
from canlian_events import subjects
from canlian_events.assistance.need import RaiseNeed
from canlian_events.assistance.visit import RaisedNeed, VisitCompleted
from canlian_events.catalog.referral import LAPSES_AFTER_DAYS, FreedPlaceOffered, ReferralWaitlisted, ServiceReferred
from canlian_events.core import Event, encode
from canlian_events.terms import Domain, Tie
from tests.soak.consequences import Consequences, consequences, services
from tests.support.people import HERE

NOW = datetime.now(UTC)
IDS = {"referral_id": "referral_00000001", "service_id": "service_00000001"}
PERSON = {"person_id": "person_00000001"}
REFERRED = ServiceReferred(**IDS, **PERSON, provider_id="provider_00000001", domain=Domain.REHABILITATION)
WAITLISTED, OFFERED = ReferralWaitlisted(**IDS), FreedPlaceOffered(**IDS)
VISITED = VisitCompleted(visit_id="visit_00000001", **PERSON, worker_id="worker_00000001", tie=Tie.FAMILY)
SILENCE = "services-catalog", "silence-referral_00000001"


def test_a_question_nobody_answered_has_a_timer(tmp_path: Path):
    [(place, timer)] = _follows(tmp_path, REFERRED).timers.items()
    assert place == SILENCE
    assert timer.at == NOW + timedelta(days=LAPSES_AFTER_DAYS)


def test_the_timer_that_waits_is_the_last_that_was_set(tmp_path: Path):
    assert not _follows(tmp_path, REFERRED, WAITLISTED).timers
    assert _follows(tmp_path, REFERRED, WAITLISTED, OFFERED).timers[SILENCE].position == 3


def test_what_was_found_on_a_visit_is_due_as_needs(tmp_path: Path):
    found = VISITED.model_copy(update={"needs": (RaisedNeed(domain=Domain.RIGHTS), RaisedNeed(domain=Domain.DAY_CARE))})
    raised = [due.command for due in _follows(tmp_path, found).due.values() if isinstance(due.command, RaiseNeed)]
    assert [need.domain for need in raised] == [Domain.RIGHTS, Domain.DAY_CARE]


def test_what_hangs_on_a_view_is_told_as_not_worked_out(tmp_path: Path):
    assert _follows(tmp_path, VISITED).unchecked == {"assistance.hardship-visits": 1}


def _follows(data: Path, *events: Event) -> Consequences:
    entries = [_entry(event, position) for position, event in enumerate(events, start=1)]
    return consequences(entries, Keys.of(Settings(data=data)), services())


def _entry(event: Event, position: int) -> Entry:
    headers = event_headers(
        event, id=f"e{position}", said_at=NOW, actor="test", command=f"c{position}", digest="", cause=None
    )
    return Entry(subjects.event(event, HERE), position, round(NOW.timestamp() * 1e9), headers, encode(event), 0)
