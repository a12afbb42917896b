"""A person erased: nothing that was personal is in any file, nothing more may happen to them, and all counts stay."""

import asyncio
import json
import shutil
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Table
from sqlmodel import Session, func, select
from typer.testing import CliRunner

from canlian_accounts import Accounts
from canlian_accounts.erasure import forget_erased
from canlian_chassis.bus.client import Refused, connect
from canlian_chassis.erasure.certificate import KEY, Check, ErasureProof
from canlian_chassis.erasure.issue import keep
from canlian_chassis.keys.signing import public_key
from canlian_chassis.keys.store import Keys
from canlian_chassis.log.jetstream import Entry, Log
from canlian_chassis.tasks import stop
from canlian_chassis.views.check import check
from canlian_chassis.views.runner import ViewRunner
from canlian_events import subjects
from canlian_events.assistance.assessment import StartAssessment
from canlian_events.assistance.instruments import SERVICE_NEEDS
from canlian_events.assistance.need import AssignNeed, CloseNeed, IdentifyAsker, NeedClosed, RaiseNeed, ReopenNeed
from canlian_events.assistance.visit import CompleteVisit, ScheduleVisit, VisitCancelled, VisitFellDue
from canlian_events.catalog.matching import FindMatches, Matches
from canlian_events.catalog.referral import AcceptReferral, ReferPerson, ReferralWithdrawn
from canlian_events.core import Command, Event
from canlian_events.evaluation.feedback import AskFeedback
from canlian_events.meta import Actor
from canlian_events.numbers import make_citizen_id
from canlian_events.registry.association import MemberDismissed
from canlian_events.registry.household import MemberLeft
from canlian_events.registry.person import (
    Circumstances,
    CorrectPerson,
    ErasePerson,
    GiveConsent,
    IssueCertificate,
    RecordCircumstances,
    RegisterPerson,
)
from canlian_events.terms import (
    Channel,
    DisabilityClass,
    Domain,
    ErasureGround,
    Grade,
    NeedCloseReason,
    Occasion,
    Purpose,
    Role,
    Tie,
)
from canlian_federation.tool import federation
from canlian_neighbours.tool import neighbours
from canlian_operator.connection import OPERATOR
from canlian_operator.integrity.export import as_line
from canlian_operator.main import app
from canlian_web.testing import running
from canlian_web.tool import Tool
from tests.faults import whole_file
from tests.faults.whole_file import CERTIFICATE, CITIZEN_ID, OTHERS, TWIN, WHO
from tests.support.fresh import views_of
from tests.support.town import (
    GRID_WORKER,
    HERE,
    SERVICE,
    SOCIAL_WORKER,
    STAFF,
    VOLUNTEER,
    Town,
    today,
    town,
)

TOOLS = ("social-worker", "volunteer", "neighbours", "provider", "federation")
ASKER = "asker_0erased0"
PERSONAL = whole_file.KNOWN | {
    "carer": "尉迟砚秋",
    "words": "夜里无人替他翻身喂药",
    "look for": "请留意门口的轮椅坡道塌陷",
    "note": "只在午后两点以后方便接待",
    "asked without an account": "想找会手语的人陪诊挂号",
    "contact of the asker": "13871239981",
    "findings": "床垫潮湿发霉急需更换",
    "opened again because": "护工三天没有上门也不接电话",
}
NEED, ASKED, VISIT, REFERRAL = "need_0erased0", "need_0erased1", "visit_0erased0", "referral_0erased0"
ANONYMOUS = Actor("anonymous", frozenset({Role.ANONYMOUS}))


def story() -> Iterable[tuple[Command, Actor]]:
    """What happens to the person: something personal in each kind of event that has room for it."""
    value = PERSONAL
    yield (
        RegisterPerson(
            person_id=WHO,
            community=HERE,
            name=value["name"],
            citizen_id=CITIZEN_ID,
            disability=DisabilityClass.PHYSICAL,
            grade=Grade.THREE,
            phone=value["phone"],
            address=value["address"],
        ),
        STAFF,
    )
    yield IssueCertificate(person_id=WHO, number=CERTIFICATE), STAFF
    yield RecordCircumstances(person_id=WHO, circumstances=Circumstances(carer_name=value["carer"])), STAFF
    yield GiveConsent(person_id=WHO, purpose=Purpose.SHARE_WITH_PROVIDER), STAFF
    needs = {"community": HERE, "domain": Domain.DAY_CARE}
    raised = RaiseNeed(need_id=NEED, person_id=WHO, channel=Channel.WALK_IN, words=value["words"], **needs)
    yield raised, SOCIAL_WORKER
    words, contact = value["asked without an account"], value["contact of the asker"]
    asked = RaiseNeed(need_id=ASKED, person_id=ASKER, channel=Channel.NEIGHBOURS, words=words, contact=contact, **needs)
    yield asked, ANONYMOUS
    yield IdentifyAsker(need_id=ASKED, person_id=WHO), SOCIAL_WORKER
    visits = {"person_id": WHO, "community": HERE, "worker_id": VOLUNTEER.id, "due": today()}
    yield ScheduleVisit(visit_id="visit_0erased1", **visits), SOCIAL_WORKER
    yield CompleteVisit(visit_id="visit_0erased1", tie=Tie.FAMILY, findings=value["findings"]), VOLUNTEER
    yield CloseNeed(need_id=NEED, reason=NeedCloseReason.MET), SOCIAL_WORKER
    yield ReopenNeed(need_id=NEED, why=value["opened again because"]), SOCIAL_WORKER
    yield ScheduleVisit(visit_id=VISIT, look_for=value["look for"], **visits), SOCIAL_WORKER
    refer = ReferPerson(
        referral_id=REFERRAL, person_id=WHO, community=HERE, service_id=SERVICE, need_id=NEED, note=value["note"]
    )
    yield refer, SOCIAL_WORKER


def written_as(value: str) -> set[bytes]:
    """As text in UTF-8 and UTF-16, and as JSON that escapes what is not ASCII."""
    return {value.encode(), value.encode("utf-16-le"), json.dumps(value)[1:-1].encode()}


def files_with(folder: Path, values: Iterable[str]) -> dict[str, set[str]]:
    """File → which of the values stand in it."""
    forms = {value: written_as(value) for value in values}
    found: dict[str, set[str]] = {}
    for file in folder.rglob("*"):
        if file.is_file():
            held = file.read_bytes()
            if there := {value for value, all_ in forms.items() if any(form in held for form in all_)}:
                found[str(file.relative_to(folder))] = there
    return found


@dataclass
class Scene:
    town: Town
    folder: Path
    views: dict[str, ViewRunner]
    log: Log
    federation: Tool
    neighbours: Tool
    accounts: Accounts

    async def level(self) -> None:
        last = await self.log.last_position()
        for runner in self.views.values():
            assert await runner.reached(last, timeout=20)

    async def count(self) -> dict[str, int]:
        """How many rows each table of each tool has."""
        await self.level()
        found: dict[str, int] = {}
        for tool, runner in self.views.items():
            for table in runner.views.rows.metadata.sorted_tables:

                def rows(session: Session, table: Table = table) -> int:
                    return int(session.execute(select(func.count()).select_from(table)).scalar_one())

                found[f"{tool}.{table.name}"] = await runner.read(rows)
        return found

    async def happened(self, kind: type[Event]) -> list[Entry]:
        entries = await self.log.read(subjects.EVENTS)
        return [entry for entry in entries if entry.headers["ce-type"] == kind.type]

    async def until(self, kind: type[Event], count: int = 1) -> None:
        for _ in range(500):
            if len(await self.happened(kind)) >= count:
                return
            await asyncio.sleep(0.02)
        raise AssertionError(f"no {kind.__name__}")

    async def refused(self, command: Command, by: Actor) -> str:
        with pytest.raises(Refused) as refused:
            await self.town.send(command, by)
        return refused.value.code


@asynccontextmanager
async def scene(folder: Path) -> AsyncIterator[Scene]:
    async with AsyncExitStack() as stack:
        here = await stack.enter_async_context(town(folder))
        nc = await stack.enter_async_context(connect(here.settings, "views"))
        tool_of_staff = await stack.enter_async_context(running(federation(here.settings)))
        tool_of_residents = await stack.enter_async_context(running(neighbours(here.settings)))
        views = {tool.name: tool.runner for tool in (tool_of_staff, tool_of_residents) if tool.runner}
        for tool in set(TOOLS) - views.keys():
            views[tool] = ViewRunner(views_of(tool), here.settings)
            await views[tool].start(nc)
            stack.push_async_callback(views[tool].stop)
        accounts = Accounts(here.settings)
        forgetting = asyncio.create_task(forget_erased(nc, accounts))
        stack.push_async_callback(stop, forgetting)
        yield Scene(here, folder, views, Log(nc), tool_of_staff, tool_of_residents, accounts)


OPENED = {f"var/views/{tool.replace('-', '_')}_v" for tool in TOOLS}
KEPT = OPENED | {"var/imports/", "var/accounts/", "nats/store/jetstream/$G/streams/TIMERS/"}
"""Where something personal may stand until it is erased: what tools show, a sheet for a day, logins, a birthday."""


async def test_an_erased_person_is_in_no_file_and_nothing_else_is_lost(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with scene(tmp_path) as here:
        await everything_happens(here)
        before = await here.count()
        assert await stay_in(here, KEPT) == set(PERSONAL)

        monkeypatch.setenv("CANLIAN_NATS_URL", here.town.settings.nats_url)
        monkeypatch.setenv("CANLIAN_DATA", str(here.town.settings.data))
        asked = ("erase", WHO, "--ground", "request", "--yes", "--wait", "30")
        printed = ErasureProof.model_validate_json(await said(*asked))

        await here.until(VisitCancelled)
        await here.until(ReferralWithdrawn)
        await here.until(NeedClosed, 2)
        await here.until(MemberLeft)
        await here.until(VisitFellDue)
        await here.until(MemberDismissed)
        await until_gone(here)
        after = await here.count()
        assert {name: after[name] for name in COUNTED} == {name: before[name] for name in COUNTED} | owed(before)
        shutil.copytree(here.town.settings.data, tmp_path / "backup")
        assert files_with(tmp_path, PERSONAL.values()) == {}, "neither log nor views, keys, accounts or a backup"
        others = files_with(here.folder / "var" / "views", OTHERS.values())
        assert set().union(*others.values()) == set(OTHERS.values()), "who was not erased is still there"
        logged = "".join(capfd.readouterr())
        assert not [name for name, value in PERSONAL.items() if value in logged], "nor the logs"
        await nothing_more_happens(here)
        await certified(here, printed.destroyed[0].position)
        await equal_a_fresh_fold(here)
        await told_by_the_command_line(here)


async def everything_happens(here: Scene) -> None:
    for command, by in story():
        await here.town.send(command, by)
    await here.level()
    await whole_file.bring_in(here.federation)
    for command, by in whole_file.told():
        await here.town.send(command, by)
    await here.level()
    await whole_file.found_alike(here.federation)
    await here.town.send(whole_file.MERGE, STAFF)
    await here.level()
    await whole_file.look_and_take_copies(here.federation, here.neighbours)
    whole_file.open_account(here.accounts)


COUNTED = [
    "federation.overview_person",
    "federation.overview_need",
    "federation.overview_visit",
    "federation.overview_referral",
    "social-worker.person",
    "social-worker.need",
    "social-worker.visit",
    "social-worker.referral",
    "federation.association_activity",
    "federation.body",
    "federation.import",
    "federation.relative_entry",
    "federation.person_entry",
]


def owed(before: dict[str, int]) -> dict[str, int]:
    """The household is in hardship still, and the visit that was to come to it is cancelled: another is owed."""
    return {
        name: count + 1
        for name, count in before.items()
        if name in ("federation.overview_visit", "social-worker.visit")
    }


async def stay_in(here: Scene, allowed: set[str]) -> set[str]:
    """Which values stand in the files that may hold them, as long as the person is not erased; fails on others."""
    found = files_with(here.folder, PERSONAL.values())
    others = {file: held for file, held in found.items() if not file.startswith(tuple(allowed))}
    assert not others, others
    names = {value: name for name, value in PERSONAL.items()}
    return {names[value] for held in found.values() for value in held}


async def until_gone(here: Scene) -> None:
    """The views are rebuilt in the background, each in its own time, and sheets deleted within a minute."""
    await here.federation.app.state.jobs.sweep()
    for _ in range(300):
        if not files_with(here.folder, PERSONAL.values()):
            return
        await asyncio.sleep(0.1)


async def nothing_more_happens(here: Scene) -> None:
    late: list[tuple[Command, Actor]] = [
        (CorrectPerson(person_id=WHO, phone="13800000000"), STAFF),
        (GiveConsent(person_id=WHO, purpose=Purpose.VISITS), STAFF),
        (ReopenNeed(need_id=NEED, why="x"), SOCIAL_WORKER),
        (AssignNeed(need_id=NEED, worker_id=GRID_WORKER.id), SOCIAL_WORKER),
        (
            RaiseNeed(
                need_id="need_0erased9", person_id=WHO, community=HERE, channel=Channel.WALK_IN, domain=Domain.RIGHTS
            ),
            SOCIAL_WORKER,
        ),
        (
            ScheduleVisit(
                visit_id="visit_0erased9", person_id=WHO, community=HERE, worker_id=VOLUNTEER.id, due=today()
            ),
            SOCIAL_WORKER,
        ),
        (
            StartAssessment(
                assessment_id="assessment_0erased9",
                person_id=WHO,
                community=HERE,
                instrument=SERVICE_NEEDS.code,
                instrument_version=SERVICE_NEEDS.version,
            ),
            SOCIAL_WORKER,
        ),
        (
            ReferPerson(referral_id="referral_0erased9", person_id=WHO, community=HERE, service_id=SERVICE),
            SOCIAL_WORKER,
        ),
        (AcceptReferral(referral_id=REFERRAL), STAFF),
        (
            AskFeedback(
                feedback_id="feedback_0erased9",
                person_id=WHO,
                community=HERE,
                occasion=Occasion.VISIT,
                occasion_id=VISIT,
            ),
            Actor("policy:x", frozenset({Role.POLICY})),
        ),
    ]
    assert {type(command).__name__: await here.refused(command, by) for command, by in late} == {
        type(command).__name__: "person.erased" for command, _ in late
    }
    token = here.town.signer.sign(SOCIAL_WORKER)
    with pytest.raises(Refused) as refused:
        await here.town.client.ask(FindMatches(person_id=WHO, domain=Domain.DAY_CARE), Matches, token=token)
    assert refused.value.code == "person.erased"
    again = await here.town.send(ErasePerson(person_id=WHO, ground=ErasureGround.REQUEST), STAFF)
    assert again.events == (), "erased once is erased"
    register = next(iter(story()))[0]
    assert isinstance(register, RegisterPerson)
    await here.town.send(register.model_copy(update={"person_id": "person_0another0"}), STAFF)


async def certified(here: Scene, position: int) -> None:
    settings = here.town.settings
    async with connect(settings, "certificate") as nc:
        certificate = await keep(nc, Keys.of(settings), settings, WHO)
    person, *others = certificate.destroyed
    assert (person.subject, person.position, [one.subject for one in others]) == (WHO, position, [TWIN, ASKER])
    assert certificate.said == {"person_id": WHO, "ground": "request"}
    assert certificate.actor == OPERATOR.stamp
    assert len(certificate.released) == 3, "both files' citizen IDs and the certificate number"
    assert person.sealed > person.events > 5
    assert {view.name.partition("_v")[0] for view in certificate.views} == {tool.replace("-", "_") for tool in TOOLS}
    read = ErasureProof.model_validate_json(certificate.model_dump_json())
    entries = await here.log.read(subjects.EVERYTHING)
    assert wrong(read, entries, here) == ()
    async with connect(settings, "certificate") as nc:
        twins = await keep(nc, Keys.of(settings), settings, TWIN)
    assert [one.subject for one in twins.destroyed] == [TWIN, WHO, ASKER], "one act, whichever file is asked about"
    assert wrong(twins, entries, here) == ()
    stories = {
        ("signature", "counts"): read.model_copy(
            update={"destroyed": (person.model_copy(update={"sealed": person.sealed + 1}), *others)}
        ),
        ("signature", "said"): read.model_copy(update={"actor": "staff:worker_00000009"}),
    }
    assert {wrong(altered, entries, here) for altered in stories.values()} == set(stories)
    assert wrong(read, [entry for entry in entries if entry.position != position], here) != ()


def wrong(certificate: ErasureProof, entries: list[Entry], here: Scene) -> tuple[str, ...]:
    folder = here.town.settings.key_folder
    found = Check(certificate, public_key(folder / f"{KEY}.pub.pem"))
    for entry in entries:
        found.take(entry)
    return found.end().wrong


async def told_by_the_command_line(here: Scene) -> None:
    settings = here.town.settings
    file, export = settings.data / "erasures" / f"{WHO}.json", here.folder / "log.ndjson"
    entries = await here.log.read(subjects.EVERYTHING)
    export.write_bytes(b"".join(map(as_line, entries)))

    assert WHO in await said("erasures", "list")
    await said("erasures", "check", str(file))
    await said("keys", "rotate")
    await here.town.send(RegisterPerson.model_validate(NEWCOMER), STAFF)
    assert await said("erasures", "enforce") == "", "a new master key brings nobody back"
    await checked_by_a_third_party(here, file, export)
    shorter = [entry for entry in entries if f'"about":"{WHO}"'.encode() not in entry.body]
    export.write_bytes(b"".join(map(as_line, shorter)))
    assert "counts" in await said("erasures", "check", str(file), "--export", str(export), code=1)


async def checked_by_a_third_party(here: Scene, file: Path, export: Path) -> None:
    """Who has the certificate, the public key and an export, and no system."""
    key = here.town.settings.key_folder / f"{KEY}.pub.pem"
    words = ("-m", "canlian_operator", "erasures", "check", file, "--export", export, "--key", key)
    environment = {"CANLIAN_DATA": str(here.folder / "nothing"), "PATH": ""}
    process = await asyncio.create_subprocess_exec(
        sys.executable, *map(str, words), env=environment, stdout=PIPE, stderr=PIPE
    )
    output, problems = await process.communicate()
    assert (process.returncode, WHO in output.decode()) == (0, True), problems.decode()


NEWCOMER = {
    "person_id": "person_0newcome",
    "community": HERE,
    "name": "新来",
    "citizen_id": make_citizen_id("429999", date(1970, 1, 2), 5),
    "disability": 4,
}


async def said(*words: str, code: int = 0) -> str:
    """What `canlian …` prints, in a thread, since it has a loop of its own."""
    result = await asyncio.to_thread(CliRunner().invoke, app, list(words))
    assert result.exit_code == code, result.output
    return result.output if code else result.stdout


async def equal_a_fresh_fold(here: Scene) -> None:
    await here.level()
    settings = here.town.settings
    async with connect(settings, "fresh") as nc:
        for tool in TOOLS:
            found = await check(views_of(tool), settings, nc)
            assert {table.name: table.examples for table in found.tables if not table.equal} == {}
