"""What `canlian events tail` shows of an event."""

import json
from datetime import UTC, datetime

import pytest
import typer

from canlian_chassis.bus.wire import event_headers
from canlian_chassis.log.jetstream import Entry
from canlian_events import subjects
from canlian_events.assistance.need import NeedRaised
from canlian_events.core import encode
from canlian_events.personal import Sealed
from canlian_events.terms import Channel, Domain
from canlian_operator.events.tail import Wanted, as_line, as_text, wire_type

COMMUNITY = "429999002001"
RAISED = NeedRaised(
    need_id="need_12345678",
    person_id="person_12345678",
    channel=Channel.VISIT,
    domain=Domain.RIGHTS,
    words=Sealed(about="person_12345678", sealed="c2VjcmV0"),
)


def entry(cause: str | None = None) -> Entry:
    headers = event_headers(
        RAISED,
        id="e1",
        said_at=datetime(2026, 3, 1, 2, tzinfo=UTC),
        actor="policy:policy:assistance",
        command="c1",
        digest="d",
        cause=cause,
    )
    return Entry(subjects.event(RAISED, COMMUNITY), 17, 1_770_000_000_000_000_000, headers, encode(RAISED))


def test_a_line_says_where_who_and_what_and_keeps_personal_fields_sealed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANLIAN_LANG", "en")
    line = as_text(entry(cause="e0"))
    for said in ("17", COMMUNITY, "NeedRaised", "policy:policy:assistance", "domain=rights", "words=<sealed>", "⤷"):
        assert said in line
    assert "c2VjcmV0" not in line


def test_as_json_the_body_is_as_it_is_stored() -> None:
    told = json.loads(as_line(entry()))
    assert (told["position"], told["type"], told["cause"]) == (17, "assistance.need.raised", None)
    assert told["data"]["words"] == {"about": "person_12345678", "sealed": "c2VjcmV0"}


@pytest.mark.parametrize("type_", [None, "assistance", "assistance.need", "assistance.need.raised"])
def test_events_are_wanted_by_context_aggregate_or_type(type_: str | None) -> None:
    assert Wanted(type_).has(entry())


@pytest.mark.parametrize(
    "wanted", [Wanted("assistance.need.met"), Wanted("assistance.ne"), Wanted(None, "429999002002")]
)
def test_others_are_not(wanted: Wanted) -> None:
    assert not wanted.has(entry())


def test_what_the_server_can_sift_it_sifts() -> None:
    assert Wanted("assistance.need.raised", COMMUNITY).filter == f"evt.assistance.need.*.{COMMUNITY}"
    assert Wanted(None, COMMUNITY[:9]).filter == "evt.*.*.*.*"


def test_an_event_may_be_named_as_in_the_code() -> None:
    assert wire_type("NeedRaised") == "assistance.need.raised"
    assert wire_type("assistance.need") == "assistance.need"


def test_an_unknown_name_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit):
        wire_type("NeedRaisd")
    assert "assistance.need.raised" in capsys.readouterr().err
