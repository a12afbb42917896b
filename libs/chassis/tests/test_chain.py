"""The chain: whatever is changed of a message, or of their order, the head is another."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import assume, given
from hypothesis import strategies as st

from canlian_chassis.log.chain import BEGINNING, Head, link, sign_head, utc_text
from canlian_chassis.log.jetstream import Entry

NAMES = st.text("abcdefgh-", min_size=1, max_size=6)
TEXTS = st.text(max_size=6)
ENTRIES = st.builds(
    Entry,
    subject=TEXTS,
    position=st.integers(1, 2**63),
    recorded_ns=st.integers(0, 2**63),
    headers=st.dictionaries(NAMES, TEXTS, max_size=3),
    body=st.binary(max_size=8),
    pending=st.just(0),  # said when it is read, and no part of what is stored
)
LOGS = st.lists(ENTRIES, min_size=1, max_size=4)
KEY = Ed25519PrivateKey.generate()
NOON = 1_795_492_800_123_456_789
ENTRY = Entry("evt.toy.box.1.429999001001", 7, NOON, {"ce-id": "e1", "ce-type": "toy"}, b'{"things":1}')


def end_of(entries: Iterable[Entry]) -> bytes:
    hash_ = BEGINNING
    for entry in entries:
        hash_ = link(hash_, entry)
    return hash_


@given(LOGS, LOGS)
def test_two_logs_end_alike_only_if_they_are_alike(one: list[Entry], other: list[Entry]):
    assume(one != other)
    assert end_of(one) != end_of(other)


@given(LOGS, st.data())
def test_one_byte_changed_anywhere_changes_the_end(entries: list[Entry], data: st.DataObject):
    which = data.draw(st.integers(0, len(entries) - 1))
    changed = data.draw(st.sampled_from(list(changes(entries[which]))))
    assert end_of([*entries[:which], changed, *entries[which + 1 :]]) != end_of(entries)


def changes(entry: Entry) -> Iterable[Entry]:
    """The entry with one thing changed, each in turn."""
    yield entry._replace(position=entry.position ^ 1)
    yield entry._replace(recorded_ns=entry.recorded_ns ^ 1)
    yield entry._replace(subject=entry.subject + "x")
    yield entry._replace(headers=dict(entry.headers) | {"x": "y"})
    for number, byte in enumerate(entry.body):
        yield entry._replace(body=entry.body[:number] + bytes([byte ^ 1]) + entry.body[number + 1 :])
    for name, value in entry.headers.items():
        others = {other: entry.headers[other] for other in entry.headers if other != name}
        yield entry._replace(headers=others)
        yield entry._replace(headers=others | {name: value + "x"})
        yield entry._replace(headers=others | {name + "x": value})


@given(ENTRIES)
def test_a_byte_moved_from_one_part_to_its_neighbour_changes_the_link(entry: Entry):
    moved = entry._replace(subject=entry.subject + "a", headers={"a": "bc"}, body=b"d")
    for other in (
        moved._replace(headers={"a": "b"}, body=b"cd"),
        moved._replace(headers={"ab": "c"}),
        moved._replace(subject=entry.subject + "aa", headers={"": "bc"}),
        moved._replace(headers={"a": "", "b": "c"}),
    ):
        assert link(BEGINNING, other) != link(BEGINNING, moved)


@given(ENTRIES)
def test_the_order_in_which_headers_are_read_is_of_no_matter(entry: Entry):
    turned = entry._replace(headers=dict(reversed(dict(entry.headers).items())))
    assert link(BEGINNING, turned) == link(BEGINNING, entry)


@given(st.permutations(range(4)))
def test_the_order_of_messages_matters(order: list[int]):
    entries = [ENTRY._replace(body=bytes([number])) for number in range(4)]
    same = order == sorted(order)
    assert (end_of(entries[number] for number in order) == end_of(entries)) is same


def test_the_link_is_as_the_decision_gives_it():
    """Recorded once: a chain signed yesterday must be worked out alike tomorrow."""
    assert link(BEGINNING, ENTRY).hex() == "856e5b6c308f13905354bc9b1788b2d735d2fff22039dfe0941cd7433fcb1d57"


def test_a_head_says_its_day_in_shanghai_and_who_signed_it():
    late = ENTRY._replace(recorded_ns=1_795_536_000_000_000_001)  # 16:00 UTC, midnight in Shanghai
    head = sign_head(KEY, late, link(BEGINNING, late))
    assert (head.at, head.day) == ("2026-11-24T16:00:00.000000001Z", date(2026, 11, 25))
    assert head.signed_by(KEY.public_key())
    assert not head.signed_by(Ed25519PrivateKey.generate().public_key())
    assert Head.model_validate_json(head.model_dump_json()) == head


def test_whoever_signs_there_signs_the_same():
    hash_ = link(BEGINNING, ENTRY)
    assert sign_head(KEY, ENTRY, hash_) == sign_head(KEY, ENTRY, hash_)


@pytest.mark.parametrize(
    "change",
    [{"position": 8}, {"hash": "0" * 64}, {"at": utc_text(NOON + 1)}, {"day": date(2026, 1, 1)}, {"signature": "=!"}],
)
def test_a_head_that_was_changed_is_not_signed(change: dict[str, object]):
    head = sign_head(KEY, ENTRY, link(BEGINNING, ENTRY))
    assert not head.model_copy(update=change).signed_by(KEY.public_key())
