"""The roster into the registry: each row registers a person, corrects what differs, or changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from canlian_chassis.bus import Client, NotAllowed, Refused, Unavailable
from canlian_chassis.keys.store import Keys
from canlian_events.core import encode
from canlian_events.ids import derive_uuid, new_id
from canlian_events.numbers import normalise_number
from canlian_events.registry.person import Certificate, Circumstances, PersonRegistered, RecordRosterEntry
from canlian_events.terms import DisabilityClass, Employment, Grade, Schooling
from canlian_sheets.importer.results import Answer, ImportInterrupted, ImportResult, Rows
from canlian_sheets.importer.sending import CHUNK, Sender, Token, one_ahead
from canlian_sheets.outcomes import Accepted
from canlian_sheets.roster import Roster, RosterPerson

T = TypeVar("T", Employment, Schooling)
Progress = Callable[[int, int], None]
"""Called with how many rows are done, and how many there are."""

_EMPLOYMENTS = {term.zh: term for term in Employment} | {
    "就业": Employment.EMPLOYED, "已就业": Employment.EMPLOYED, "在职": Employment.EMPLOYED,
    "失业": Employment.UNEMPLOYED, "无业": Employment.UNEMPLOYED, "待业": Employment.UNEMPLOYED,
    "在读": Employment.STUDENT, "学生": Employment.STUDENT, "在学": Employment.STUDENT,
    "离退休": Employment.RETIRED, "已退休": Employment.RETIRED,
    "丧失劳动能力": Employment.UNABLE,
}  # fmt: skip
_SCHOOLINGS = {term.zh: term for term in Schooling} | {
    "半文盲": Schooling.NONE, "未上学": Schooling.NONE, "未入学": Schooling.NONE, "无": Schooling.NONE,
    "职高": Schooling.VOCATIONAL, "技校": Schooling.VOCATIONAL, "中职": Schooling.VOCATIONAL,
    "专科": Schooling.COLLEGE, "高职": Schooling.COLLEGE,
    "大学": Schooling.BACHELOR, "大学本科": Schooling.BACHELOR,
    "硕士": Schooling.MASTER, "博士": Schooling.MASTER, "硕士研究生": Schooling.MASTER, "博士研究生": Schooling.MASTER,
}  # fmt: skip


def person_id_of(keys: Keys, citizen_id: str) -> str:
    """The id a citizen is registered under: always the same, and nobody without the key can work it out."""
    return f"person_{keys.blind('person', normalise_number(citizen_id))}"


async def import_roster(
    client: Client,
    token: Token,
    keys: Keys,
    roster: Roster,
    *,
    batch_id: str | None = None,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> ImportResult:
    """Send the roster's accepted rows. Give a run's `batch_id` again to resume it; a new run has a new one.

    Raises ImportInterrupted, with what is done so far, where the registry does not answer or the token will not do.
    """
    batch_id = batch_id or new_id("import")
    sender = Sender(client, "registry", token, batch_id, dry_run)
    rows = Rows(batch_id, roster)
    accepted = roster.accepted

    def chunk(start: int) -> Sequence[Accepted[RosterPerson]]:
        return accepted[start : start + CHUNK]

    async def record(start: int) -> list[Answer]:
        entries = [_entry(person_id_of(keys, row.value.citizen_id), row.value) for row in chunk(start)]
        return await _record(sender, keys, batch_id, entries)

    try:
        async for start, answers in one_ahead(record, range(0, len(accepted), CHUNK)):
            for row, answer in zip(chunk(start), answers, strict=True):
                rows.put(row.row_no, [answer], creates=PersonRegistered.__name__)
            if progress:
                progress(start + len(answers), len(accepted))
    except (Unavailable, NotAllowed) as why:
        raise ImportInterrupted(why, rows.result()) from why
    return rows.result()


async def _record(sender: Sender, keys: Keys, batch_id: str, entries: list[RecordRosterEntry]) -> list[Answer]:
    """Whoever was registered by hand before has another id: their row goes to the file that holds their citizen ID."""
    answers = await sender.ask_named([(_command_id(keys, batch_id, entry), entry) for entry in entries])
    elsewhere = {
        n: entries[n].model_copy(update={"person_id": answer.facts["holder"]})
        for n, answer in enumerate(answers)
        if isinstance(answer, Refused) and answer.code == "person.citizen_id_taken" and "holder" in answer.facts
    }
    if elsewhere:
        again = await sender.ask_named([(_command_id(keys, batch_id, entry), entry) for entry in elsewhere.values()])
        for n, answer in zip(elsewhere, again, strict=True):
            answers[n] = answer
    return answers


def _command_id(keys: Keys, batch_id: str, entry: RecordRosterEntry) -> str:
    """The same row in the same run is the same command; in another run it is decided anew.

    The digest is keyed: the id stands in the log for good, and the row it follows from is personal.
    """
    return derive_uuid("roster", batch_id, entry.person_id, keys.digest(type(entry).__name__, encode(entry)))


def _entry(person_id: str, person: RosterPerson) -> RecordRosterEntry:
    return RecordRosterEntry(
        person_id=person_id,
        community=person.community,
        name=person.name,
        citizen_id=person.citizen_id,
        disability=DisabilityClass(person.disability),
        grade=Grade(person.grade),
        phone=person.phone,
        address=person.address,
        certificate=Certificate(number=person.certificate_number, issued=person.certificate_issued),
        circumstances=circumstances_of(person),
    )


def circumstances_of(person: RosterPerson) -> Circumstances:
    """A word that is in no code table is kept in the remark rather than lost."""
    remarks = [person.note] if person.note else []
    employment = _code(person.employment, _EMPLOYMENTS, "就业情况", remarks)
    schooling = _code(person.education, _SCHOOLINGS, "文化程度", remarks)
    return Circumstances(
        low_income=person.low_income,
        employment=employment,
        schooling=schooling,
        ethnicity=person.ethnicity,
        carer_name=person.guardian_name,
        carer_phone=person.guardian_phone,
        remark=";".join(remarks) or None,
    )


def _code(word: str | None, table: Mapping[str, T], title: str, remarks: list[str]) -> T | None:
    if not word:
        return None
    code = table.get(word)
    if code is None:
        remarks.append(f"{title}:{word}")
    return code
