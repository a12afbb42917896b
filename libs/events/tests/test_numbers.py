"""The citizen ID and the certificate number, as typed and as they must be."""

import contextlib
from datetime import date

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from canlian_events.numbers import (
    BadNumber,
    CertificateNumber,
    CitizenId,
    make_citizen_id,
    normalise_number,
    read_phone,
)

TODAY = date(2026, 3, 1)

births = st.dates(date(1900, 1, 1), TODAY)
regions = st.from_regex(r"[1-9][0-9]{5}", fullmatch=True).filter(str.isascii)
numbers = st.builds(make_citizen_id, regions, births, st.integers(0, 999))
suffixes = st.sampled_from(["", "B1", "B12"])
certificates = st.builds("{}{}{}{}".format, numbers, st.integers(1, 7), st.integers(1, 4), suffixes)


def refused(text: str, read: type[CitizenId] | type[CertificateNumber] = CertificateNumber) -> str:
    with pytest.raises(BadNumber) as caught:
        read.read(text, today=TODAY)
    assert caught.value.facts["number"] == normalise_number(text)
    return caught.value.code


@given(regions, births, st.integers(0, 999))
def test_every_number_made_reads_back(region: str, born: date, sequence: int) -> None:
    read = CitizenId.read(make_citizen_id(region, born, sequence), today=TODAY)
    assert (read.region, read.birth_date) == (region, born)
    assert read.sex == ("male" if sequence % 2 else "female")


@given(numbers, st.integers(0, 17), st.sampled_from("0123456789X"))
def test_one_wrong_character_is_always_noticed(number: str, at: int, character: str) -> None:
    assume(number[at] != character)
    refused(number[:at] + character + number[at + 1 :], CitizenId)


@given(numbers, st.integers(0, 16))
def test_two_neighbours_swapped_are_always_noticed(number: str, at: int) -> None:
    swapped = number[:at] + number[at + 1] + number[at] + number[at + 2 :]
    assume(swapped != number)
    refused(swapped, CitizenId)


@given(certificates)
def test_every_certificate_number_reads_back(number: str) -> None:
    read = CertificateNumber.read(number, today=TODAY)
    assert f"{read.citizen_id}{read.disability}{read.grade}{read.suffix}" == str(read) == number
    assert (read.birth_date, read.sex) == (read.citizen_id.birth_date, read.citizen_id.sex)


@given(certificates, st.data())
def test_what_typing_adds_is_taken_away(number: str, data: st.DataObject) -> None:
    typed = "'"
    for character in number.lower() if data.draw(st.booleans()) else number:
        wide = chr(ord(character) + 0xFEE0) if data.draw(st.booleans()) else character
        typed += wide + data.draw(st.sampled_from(["", "", "", " ", "\u3000", "-", "－", "\u200b", "\ufeff", "\u00a0"]))
    assert normalise_number(typed) == number
    assert CertificateNumber.read(typed).number == number


@given(st.text(max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    for read in (CitizenId, CertificateNumber):
        with contextlib.suppress(BadNumber):
            assert str(read.read(text)) == normalise_number(text)


def test_a_known_number_has_its_known_check_character() -> None:
    # The worked example of GB 11643 itself.
    assert make_citizen_id("110105", date(1949, 12, 31), 2) == "11010519491231002X"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "short"),
        ("42999919690706060", "short"),
        ("4299991969070606055", "short"),
        ("42999919690706060551" + "1", "long"),
        ("42999919690706060551" + "B0", "bad_suffix"),
        ("42999919690706060551" + "C1", "bad_suffix"),
        ("4299991969070606O551", "bad_characters"),
        ("4299991969070606055A", "bad_characters"),
        ("42999919690706060651", "bad_check"),
        ("42999919690706060581", "bad_class"),
        ("42999919690706060501", "bad_class"),
        ("42999919690706060555", "bad_grade"),
    ],
)
def test_a_certificate_number_is_refused_with_its_reason(text: str, code: str) -> None:
    assert refused(text) == code


def with_check(body: str) -> str:
    return next(body + c for c in "0123456789X" if refused_or_read(body + c) != "bad_check")


def refused_or_read(text: str) -> str:
    try:
        return str(CitizenId.read(text))
    except BadNumber as bad:
        return bad.code


@pytest.mark.parametrize("born", ["19691306", "19690230", "17690706", "20260302"])
def test_a_birth_that_cannot_be_is_refused(born: str) -> None:
    assert refused(with_check(f"429999{born}060"), CitizenId) == "bad_birth"


def test_a_citizen_id_has_nothing_behind_it() -> None:
    assert refused("42999919690706060551", CitizenId) == "long"


def test_digits_of_other_scripts_are_not_digits() -> None:
    assert refused("٤٢٩٩٩٩١٩٦٩٠٧٠٦٠٦٠٥", CitizenId) == "bad_characters"


def test_a_region_or_sequence_of_the_wrong_size_is_refused() -> None:
    with pytest.raises(ValueError, match="6 digits"):
        make_citizen_id("42999", date(1969, 7, 6), 60)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("13800000000", "13800000000"),
        ("+86 138-0000-0000", "13800000000"),
        ("００８６１３８００００００００", "13800000000"),
        ("138\u200b0000 0000", "13800000000"),
        ("0728 5550102", "0728-5550102"),
        ("(0728)5550102", "0728-5550102"),
        ("0728-5550102", "0728-5550102"),
        ("0728—5550102—12", "0728-5550102-12"),
        ("5550102", "5550102"),
        ("12345", None),
        ("23800000000", None),
        ("1380000000", None),
        ("不详", None),
        ("", None),
    ],
)
def test_a_phone_is_read_as_it_is_kept(typed: str, kept: str | None):
    assert read_phone(typed) == kept
