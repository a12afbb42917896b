"""What was erased stays erased: after the event, after a crash in between, after an old copy is put back."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from libs.chassis.tests.toy import BOX, BoxMade, BurnBox, MakeBox, PutIn, box, views

from canlian_chassis.bus.client import Client, Refused, connect
from canlian_chassis.erasure.enforce import enforce_erasures
from canlian_chassis.keys.store import Keys, key_folder
from canlian_chassis.log.following import Stretch, read_entry
from canlian_chassis.log.jetstream import Log, Place
from canlian_chassis.service import Service
from canlian_chassis.settings import Settings
from canlian_chassis.tokens import Signer
from canlian_chassis.views.databases import Databases
from canlian_chassis.views.store import ViewStore
from canlian_events import subjects
from canlian_events.ids import derive_uuid
from canlian_events.meta import Actor
from canlian_events.personal import Sealed
from canlian_events.terms import Role

STAFF = Actor("worker_00000001", frozenset({Role.STAFF}), ("429999001",))
LABEL = "grandmother's letters"


class Bench:
    def __init__(self, client: Client, log: Log, settings: Settings) -> None:
        self.client, self.log, self.settings = client, log, settings
        self.token = Signer(key_folder(settings)).sign(STAFF)

    async def send(self, command: object) -> int:
        return (await self.client.send(command, token=self.token)).position  # type: ignore[arg-type]

    async def label(self) -> object:
        """As a process that starts now reads it."""
        first = (await self.log.read(subjects.history(BOX, "box_1")))[0]
        event, meta = read_entry(first)
        opened = Keys.of(self.settings).open(event, meta.id)
        assert isinstance(opened, BoxMade)
        return opened.label


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Bench]:
    service = Service("toy", context="toy", deciders=[box], settings=settings)
    async with service.running(), connect(settings, "test") as nc:
        yield Bench(Client(nc), Log(nc), settings)


async def test_after_an_erasing_event_nobody_reads_what_was_sealed_and_the_count_stays(settings: Settings):
    async with running(settings) as bench:
        await bench.send(MakeBox(box_id="box_1", label=LABEL))
        await bench.send(PutIn(box_id="box_1", things=3))
        assert await bench.label() == LABEL
        position = await bench.send(BurnBox(box_id="box_1"))
        assert isinstance(await bench.label(), Sealed)
        assert [(t.subject, t.position) for t in Keys.of(settings).erased()] == [("box_1", position)]
        assert len(await bench.log.read(subjects.history(BOX, "box_1"))) == 5


async def test_what_an_erased_one_held_may_be_held_by_another(settings: Settings):
    async with running(settings) as bench:
        await bench.send(MakeBox(box_id="box_1", label=LABEL))
        await bench.send(BurnBox(box_id="box_1"))
        await bench.send(MakeBox(box_id="box_2", label=LABEL))


async def test_what_would_be_sealed_for_an_erased_one_is_refused(settings: Settings):
    async with running(settings) as bench:
        await bench.send(MakeBox(box_id="box_1", label=LABEL))
        await bench.send(BurnBox(box_id="box_1"))
        # the toy's own rule would make the box again
        with pytest.raises(Refused) as refused:
            await bench.send(MakeBox(box_id="box_1", label="other"))
        assert refused.value.code == "erased"


async def test_an_import_with_an_erased_one_among_others_stores_the_others(settings: Settings):
    async with running(settings) as bench:
        await bench.send(MakeBox(box_id="box_1", label=LABEL))
        await bench.send(BurnBox(box_id="box_1"))
        Keys.of(settings).destroy("box_3", 99)
        many = [(derive_uuid(n), MakeBox(box_id=f"box_{n}", label=f"label {n}")) for n in range(1, 6)]
        answers = await bench.client.send_many("toy", many, token=bench.token)
        refused = [answer.code if isinstance(answer, Refused) else None for answer in answers]
        assert refused == ["erased", None, "erased", None, None]


async def test_a_key_store_put_back_from_an_old_copy_does_not_bring_a_key_back(settings: Settings):
    store = settings.data / "keys" / "keys.sqlite"
    async with running(settings) as bench:
        await bench.send(MakeBox(box_id="box_1", label=LABEL))
        await bench.send(MakeBox(box_id="box_2", label="tea"))
        shutil.copy(store, settings.data / "old-copy")
        position = await bench.send(BurnBox(box_id="box_1"))
    shutil.copy(settings.data / "old-copy", store)
    async with connect(settings, "test") as nc:
        assert await Bench(Client(nc), Log(nc), settings).label() == LABEL, "the old copy holds the key"
    async with running(settings) as bench:
        assert isinstance(await bench.label(), Sealed)
        assert [(t.subject, t.position) for t in Keys.of(settings).erased()] == [("box_1", position)]
        assert await enforce_erasures(bench.log, Keys.of(settings)) == [], "nothing is left to do"


async def test_a_key_is_destroyed_though_the_process_that_erased_died_before(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    async with running(settings) as bench:
        await bench.send(MakeBox(box_id="box_1", label=LABEL))
        monkeypatch.setattr(Keys, "destroy", lambda *_: 1 / 0)
        await bench.send(BurnBox(box_id="box_1"))
        monkeypatch.undo()
        assert await bench.label() == LABEL
    async with running(settings) as bench:
        assert isinstance(await bench.label(), Sealed)


async def test_a_process_forgets_whom_another_one_folded_as_erased_before_it(settings: Settings):
    async with running(settings) as bench:
        await bench.send(MakeBox(box_id="box_1", label=LABEL))
        made = await bench.log.read(subjects.EVENTS)
        slow, quick = (ViewStore(views, Databases(settings, "toy"), views.database(), Keys.of(settings)) for _ in "ab")
        for store in (slow, quick):
            store.open()
            store.apply(Stretch.of(made, Place()))
        await bench.send(BurnBox(box_id="box_1"))
        burnt = await bench.log.read(subjects.EVENTS, after=made[-1].position)
        assert not slow.holds_erased
        for store in (quick, slow):
            store.apply(Stretch.of(burnt, made[-1].place))
        assert quick.holds_erased
        assert slow.holds_erased
        for store in (slow, quick):
            store.close()
