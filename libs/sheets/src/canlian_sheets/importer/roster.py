"""The roster into the registry: each row registers a person, corrects what differs, or changes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar, cast

from canlian_chassis.bus.client import Accepted as Done
from canlian_chassis.bus.client import Client
from canlian_chassis.bus.client import Refused as No
from canlian_chassis.keys.store import Keys
from canlian_events.core import encode
from canlian_events.ids import derive_uuid, new_id
from canlian_events.numbers import normalise_number
from canlian_events.registry.person import (
    Certificate,
    Circumstances,
    PersonRegistered,
    RecordRosterEntry,
    SheetRow,
)
from canlian_events.registry.roster_import import FinishImport, StartImport
from canlian_events.terms import DisabilityClass, Employment, Grade, Schooling
from canlian_sheets.importer.results import Answer, ImportInterrupted, ImportResult, RowOutcome, outcome_of
from canlian_sheets.importer.row_store import Phase, RowStore
from canlian_sheets.importer.sending import CHUNK, Sender, Token, one_ahead
from canlian_sheets.roster import Roster, RosterPerson, reading_of

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
    """As `bring_in`, of a roster in memory. Give a run's `batch_id` again to resume it; a new run has a new one."""
    batch_id = batch_id or new_id("import")
    store = RowStore()
    store.fill(reading_of(roster))
    sheet = keys.digest("sheet", repr(roster.rows).encode())
    try:
        await bring_in(client, token, keys, store, batch_id, sheet, dry_run=dry_run, progress=progress)
    except No as why:
        raise ImportInterrupted(why, store.result(_phase(dry_run), batch_id)) from why
    return store.result(_phase(dry_run), batch_id)


async def bring_in(
    client: Client,
    token: Token,
    keys: Keys,
    store: RowStore,
    import_id: str,
    sheet: str,
    *,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> None:
    """Send the accepted rows of which nothing is known yet, as one import, and put into the store what became of each.

    The same id again is the same import: what was done is not done again. `sheet` is the file's keyed digest.
    Raises Unavailable where the registry does not answer, NotAllowed where the token will not do, and Refused where
    the import is over and was undone.
    """
    phase = _phase(dry_run)
    store.begin(phase)
    sending = _Sending(client, token, keys, store, import_id, sheet, dry_run)
    chunks, number = store.chunks(phase, CHUNK), store.to_send()
    done = number - store.left(phase)
    async for at, answers in one_ahead(lambda at: sending.send(at, chunks[at]), range(len(chunks))):
        store.record(phase, sending.said(at, answers))
        done += len(answers)
        if progress:
            progress(done, number)
    if not dry_run:
        await sending.finish()


def _phase(dry_run: bool) -> Phase:
    return "tried" if dry_run else "done"


class _Sending:
    """An import under way. It begins, as a batch, with the first row that changes something: one that changes nothing
    leaves nothing in the log."""

    def __init__(
        self, client: Client, token: Token, keys: Keys, store: RowStore, import_id: str, sheet: str, dry_run: bool
    ) -> None:
        self._trying = Sender(client, "registry", token, import_id, dry_run=True)
        self._doing = Sender(client, "registry", token, import_id, dry_run)
        self._keys, self._store, self._import_id, self._sheet = keys, store, import_id, sheet
        self._phase = _phase(dry_run)
        self._begun = dry_run
        self._beginning = asyncio.Lock()
        self._rows: dict[int, list[tuple[int, RecordRosterEntry]]] = {}

    async def send(self, at: int, chunk: tuple[int, int]) -> list[Answer]:
        rows = self._rows[at] = [
            (no, _entry(person_id_of(self._keys, who.citizen_id), who, self._import_id, no))
            for no, who in self._store.waiting(self._phase, *chunk)
        ]
        if not self._begun:
            async with self._beginning:
                tried = await _record(self._trying, self._keys, self._import_id, rows)
                if not any(isinstance(answer, Done) and answer.events for answer in tried):
                    return tried
                await self._begin()
        return await _record(self._doing, self._keys, self._import_id, rows)

    def said(self, at: int, answers: Sequence[Answer]) -> list[tuple[RowOutcome, str]]:
        """What became of the rows of a chunk, and whom each went to."""
        rows = self._rows.pop(at)
        return [
            (outcome_of(no, [answer], PersonRegistered.__name__), entry.person_id)
            for (no, entry), answer in zip(rows, answers, strict=True)
        ]

    async def finish(self) -> None:
        counts = self._store.counts("done")
        counts.pop("rows")
        if counts["created"] or counts["updated"]:
            await self._begin()
            await self._say(FinishImport(import_id=self._import_id, **counts))

    async def _begin(self) -> None:
        if self._begun:
            return
        columns = tuple(sorted(self._store.about().columns))
        rows = self._store.total()
        await self._say(StartImport(import_id=self._import_id, sheet=self._sheet, rows=rows, columns=columns))
        self._begun = True

    async def _say(self, command: StartImport | FinishImport) -> None:
        """What is finished already is gone through again, which changes nothing."""
        (answer,) = await self._doing.ask_anew([command])
        if isinstance(answer, No) and answer.code != "import.finished":
            raise answer


async def _record(
    sender: Sender, keys: Keys, import_id: str, rows: list[tuple[int, RecordRosterEntry]]
) -> list[Answer]:
    """Whoever was registered by hand before has another id: their row goes to the file that holds their citizen ID."""
    answers = await sender.ask_named([(_command_id(keys, import_id, entry), entry) for _, entry in rows])
    elsewhere = [
        n
        for n, answer in enumerate(answers)
        if isinstance(answer, No) and answer.code == "person.citizen_id_taken" and "holder" in answer.facts
    ]
    for n in elsewhere:
        no, entry = rows[n]
        rows[n] = (no, entry.model_copy(update={"person_id": cast(No, answers[n]).facts["holder"]}))
    if elsewhere:
        again = await sender.ask_named([(_command_id(keys, import_id, rows[n][1]), rows[n][1]) for n in elsewhere])
        for n, answer in zip(elsewhere, again, strict=True):
            answers[n] = answer
    return answers


def _command_id(keys: Keys, import_id: str, entry: RecordRosterEntry) -> str:
    """The same row in the same run is the same command; in another run it is decided anew.

    The digest is keyed: the id stands in the log for good, and the row it follows from is personal.
    """
    return derive_uuid("roster", import_id, entry.person_id, keys.digest(type(entry).__name__, encode(entry)))


def _entry(person_id: str, person: RosterPerson, import_id: str, row: int) -> RecordRosterEntry:
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
        sheet_row=SheetRow(import_id=import_id, row=row),
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
