"""A roster of certificate holders: every row accepted, refused with its reason, or a repeat of an earlier one.

A row is believed when what it says twice agrees: the certificate number holds the citizen ID, and with it the birth
date, the sex, the class and the grade. Where two columns contradict each other nothing says which is right.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from hashlib import blake2b

from canlian_events.numbers import BadNumber, CertificateNumber, CitizenId, Sex, normalise_number
from canlian_sheets import cells, code_words
from canlian_sheets.cells import LostDigits
from canlian_sheets.columns import ROSTER, Recognised
from canlian_sheets.entry import Entry
from canlian_sheets.outcomes import Accepted, Dropped, Outcome, Refused, Repeat
from canlian_sheets.places import Places
from canlian_sheets.tables import Preview, Row, entries, find_complete_table, preview

KEYS = ("name", "certificate_number", "citizen_id")

_CERTIFICATE_REASONS = {"short": "short_cert", "long": "long_cert"}
"""Where a bad number's code is not the reason's name."""
_CLASS_NAMES = {number: name for name, number in code_words.CLASSES.items()}
_SEX_NAMES = {code: name for name, code in code_words.SEXES.items()}


@dataclass(frozen=True, slots=True)
class RosterPerson:
    community: str
    """12-digit code."""
    name: str
    sex: Sex
    citizen_id: str
    birth_date: date
    disability: int
    """Class 1 to 7 (GB/T 26341)."""
    grade: int
    """1, the most severe, to 4."""
    certificate_number: str
    certificate_issued: date | None = None
    phone: str | None = None
    address: str | None = None
    guardian_name: str | None = None
    guardian_phone: str | None = None
    ethnicity: str | None = None
    low_income: bool | None = None
    education: str | None = None
    employment: str | None = None
    note: str | None = None


Roster = Outcome[RosterPerson]
RosterRow = Accepted[RosterPerson] | Refused | Repeat


@dataclass(frozen=True)
class Reading:
    """A sheet whose rows are read one by one, once; `dropped` fills meanwhile."""

    sheet: str
    header_row: int
    header: tuple[str, ...]
    recognised: Recognised
    other_sheets: tuple[str, ...]
    rows: Iterator[RosterRow]
    dropped: Sequence[Dropped]


def open_roster(
    data: bytes,
    filename: str,
    communities: Mapping[str, str],
    today: date,
    mapping: Mapping[str, int] | None = None,
) -> Reading:
    """`communities` is name to 12-digit code; `mapping` is field to column index, chosen by hand (-1: no column).

    Raises `Unreadable` when the file as a whole cannot be read; so may taking its rows.
    """
    table = find_complete_table(data, filename, ROSTER, mapping)
    dropped: list[Dropped] = []
    rows = roster_rows(entries(table, KEYS, dropped), table.recognised.columns, communities, today)
    return Reading(
        table.sheet.name, table.header_row, table.header, table.recognised, table.other_sheets, rows, dropped
    )


def read_roster(
    data: bytes,
    filename: str,
    communities: Mapping[str, str],
    today: date,
    mapping: Mapping[str, int] | None = None,
) -> Roster:
    """As `open_roster`, with every row in memory."""
    reading = open_roster(data, filename, communities, today, mapping)
    rows = tuple(reading.rows)
    return Outcome(
        reading.sheet,
        reading.header_row,
        reading.header,
        reading.recognised,
        rows,
        tuple(reading.dropped),
        reading.other_sheets,
    )


def reading_of(roster: Roster) -> Reading:
    """One that is in memory already."""
    return Reading(
        roster.sheet,
        roster.header_row,
        roster.header,
        roster.recognised,
        roster.other_sheets,
        iter(roster.rows),
        roster.dropped,
    )


def preview_roster(data: bytes, filename: str, mapping: Mapping[str, int] | None = None) -> Preview:
    return preview(data, filename, ROSTER, mapping)


def roster_rows(
    rows: Iterator[Row], columns: Mapping[str, int], communities: Mapping[str, str], today: date
) -> Iterator[RosterRow]:
    """The rows one by one; only who was accepted, and where, is remembered."""
    places = Places(communities)
    seen: dict[str, tuple[int, bytes]] = {}
    for row in rows:
        entry = Entry(row, columns)
        person = _person(entry, places, today)
        if person is None:
            yield entry.refused()
            continue
        print_ = _fingerprint(person)
        if (earlier := seen.get(person.citizen_id)) is None:
            seen[person.citizen_id] = (row.row_no, print_)
            yield entry.accepted(person)
        elif differing := _differing(earlier[1], print_, person):
            titles = {field.name: field.zh for field in ROSTER}
            shown = "、".join(titles[name] for name in differing)
            entry.refuse("repeat_conflict", row=earlier[0], fields=shown)
            yield entry.refused()
        else:
            yield Repeat(row.row_no, earlier[0])


_FIELDS = tuple(field.name for field in fields(RosterPerson))
_PRINT = 8
"""Bytes of a field's fingerprint: of all that a person's row said, no more is kept to compare a later one with."""
_OLD_ID = 15
"""Digits of a citizen ID as it was until 1999, without a check character."""


def _fingerprint(person: RosterPerson) -> bytes:
    values = (repr(getattr(person, name)).encode() for name in _FIELDS)
    return b"".join(blake2b(value, digest_size=_PRINT).digest() for value in values)


def _differing(earlier: bytes, now: bytes, later: RosterPerson) -> list[str]:
    """The fields in which the later row says something else; a later blank says nothing."""
    return [
        name
        for at, name in enumerate(_FIELDS)
        if earlier[at * _PRINT : (at + 1) * _PRINT] != now[at * _PRINT : (at + 1) * _PRINT]
        and getattr(later, name) is not None
    ]


def _person(entry: Entry, places: Places, today: date) -> RosterPerson | None:
    name = entry.name("name")
    if name is None:
        entry.refuse("no_name")
    community = _community(entry, places)
    certificate = _certificate(entry, today)
    _check_citizen_id(entry, certificate)
    _check_sex(entry, certificate)
    _check_disability(entry, certificate)
    _check_birth(entry, certificate)
    if entry.problems or name is None or community is None or certificate is None:
        _read_the_rest(entry)
        return None
    person = RosterPerson(
        community=community,
        name=name,
        sex=certificate.sex,
        citizen_id=certificate.citizen_id.number,
        birth_date=certificate.birth_date,
        disability=certificate.disability,
        grade=certificate.grade,
        certificate_number=certificate.number,
        certificate_issued=_issued(entry, certificate.birth_date, today),
        phone=entry.phone("phone"),
        address=entry.text("address"),
        guardian_name=entry.name("guardian_name"),
        guardian_phone=entry.phone("guardian_phone"),
        ethnicity=_ethnicity(entry),
        low_income=entry.yes_no("low_income"),
        education=entry.text("education"),
        employment=entry.text("employment"),
        note=entry.text("note"),
    )
    return None if entry.problems else person


def _read_the_rest(entry: Entry) -> None:
    """What else is wrong with a row that is refused: one mending is to be enough."""
    entry.name("guardian_name")
    for field in ("address", "ethnicity", "education", "employment", "note"):
        entry.text(field)


def _community(entry: Entry, places: Places) -> str | None:
    if entry.blank("community"):
        entry.refuse("no_community")
        return None
    code, mended = places.find(entry.shown("community"))
    if code is None:
        entry.refuse("unknown_community", value=entry.shown("community"))
    elif mended or entry.cell("community") != entry.shown("community"):
        entry.mend("community", "wording")
    return code


def _certificate(entry: Entry, today: date) -> CertificateNumber | None:
    try:
        number, mends = cells.long_number(entry.cell("certificate_number"))
        if number is None:
            entry.refuse("no_cert")
            return None
        certificate = CertificateNumber.read(number, today=today)
    except LostDigits:
        entry.refuse("lost_digits", column="certificate_number")
        return None
    except BadNumber as bad:
        entry.refuse(_CERTIFICATE_REASONS.get(bad.code, bad.code), column="certificate_number", **bad.facts)
        return None
    entry.mend("certificate_number", *mends)
    return certificate


def _check_citizen_id(entry: Entry, certificate: CertificateNumber | None) -> None:
    """Against the certificate's number; without one that can be read, by itself."""
    try:
        number, mends = cells.long_number(entry.cell("citizen_id"))
    except LostDigits:
        number, mends = None, ()
    if certificate is None:
        if number is not None and len(number) != _OLD_ID:
            _refuse_citizen_id(entry, number, None)
        return
    derived = certificate.citizen_id
    if number is None:
        entry.mend("citizen_id", "derived")
    elif number == derived.number:
        entry.mend("citizen_id", *mends)
    elif number == derived.number[:6] + derived.number[8:17]:
        entry.mend("citizen_id", "old_id")
    else:
        _refuse_citizen_id(entry, number, derived)


def _refuse_citizen_id(entry: Entry, number: str, derived: CitizenId | None) -> None:
    try:
        CitizenId.read(number)
    except BadNumber as bad:
        entry.refuse("bad_id", why=bad.code, **bad.facts)
        return
    if derived is not None:
        entry.refuse("id_conflict", column=normalise_number(number), certificate=derived.number)


def _check_sex(entry: Entry, certificate: CertificateNumber | None) -> None:
    if entry.blank("sex"):
        entry.mend("sex", "derived")
        return
    text = cells.word(entry.cell("sex"))
    sex = code_words.sex(text)
    if sex is None:
        entry.refuse("bad_sex", found=entry.shown("sex"))
    elif certificate and sex != certificate.sex:
        entry.refuse("sex_conflict", column=entry.shown("sex"), certificate=_SEX_NAMES[certificate.sex])
    elif entry.cell("sex") not in code_words.SEXES:
        entry.mend("sex", "wording")


def _check_disability(entry: Entry, certificate: CertificateNumber | None) -> None:
    """The class column against the number, and the grade column, or the grade that the class column names."""
    disability, grade_beside = code_words.disability(cells.word(entry.cell("disability")))
    if entry.blank("disability"):
        entry.mend("disability", "derived")
    elif disability is None:
        entry.refuse("bad_class", column="disability", found=entry.shown("disability"))
    elif certificate and disability != certificate.disability:
        in_number = _CLASS_NAMES[certificate.disability]
        entry.refuse("class_conflict", column=entry.shown("disability"), certificate=in_number)
    elif entry.cell("disability") not in code_words.CLASSES:
        entry.mend("disability", "wording")

    grade = code_words.grade(cells.word(entry.cell("grade")))
    if entry.blank("grade"):
        entry.mend("grade", "derived")
    elif grade is None:
        entry.refuse("bad_grade", column="grade", found=entry.shown("grade"))
    elif certificate and grade != certificate.grade:
        entry.refuse("grade_conflict", column=entry.shown("grade"), certificate=certificate.grade)
    elif entry.cell("grade") not in code_words.GRADES:
        entry.mend("grade", "wording")
    if certificate is None:
        return
    if grade_beside is not None and grade_beside != certificate.grade and grade in (None, certificate.grade):
        entry.refuse("grade_conflict", column=entry.shown("disability"), certificate=certificate.grade)


def _check_birth(entry: Entry, certificate: CertificateNumber | None) -> None:
    if entry.blank("birth_date"):
        entry.mend("birth_date", "derived")
        return
    born = entry.day("birth_date")
    if born is None:
        entry.refuse("bad_birth", column="birth_date", found=entry.shown("birth_date"))
    elif certificate and born not in (certificate.birth_date, certificate.birth_date.year):
        in_number = certificate.birth_date.isoformat()
        entry.refuse("born_conflict", column=entry.shown("birth_date"), certificate=in_number)


def _issued(entry: Entry, born: date, today: date) -> date | None:
    """Left out when it cannot be read, or lies before the birth or in the future."""
    if entry.blank("certificate_issued"):
        return None
    cell = entry.cell("certificate_issued")
    issued, mends = cells.day(cell)
    if isinstance(issued, date) and born <= issued <= today:
        entry.mend("certificate_issued", *mends)
        return issued
    entry.mend("certificate_issued", "left_out")
    return None


def _ethnicity(entry: Entry) -> str | None:
    text = entry.text("ethnicity")
    if text is None or text.endswith("族") or not 1 <= len(text) <= 4 or text in ("其他", "外国血统"):
        return text
    entry.mend("ethnicity", "wording")
    return text + "族"
