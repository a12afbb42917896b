"""The key store: made by several parts at once, keys destroyed for ever, master keys replaced."""

import hashlib
import sqlite3
import threading
from pathlib import Path

import pytest
from libs.chassis.tests.toy import BoxMade

from canlian_chassis.keys import store
from canlian_chassis.keys.masters import MasterMissing
from canlian_chassis.keys.store import ErasedError, Keys
from canlian_chassis.settings import Settings
from canlian_chassis.tokens import Signer
from canlian_events.core import Event
from canlian_events.personal import Sealed

PARTS = 8


@pytest.mark.parametrize("backend", ["sqlite", "postgres"])
def test_parts_that_start_at_once_share_one_store(backend: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    url = request.getfixturevalue("postgres_url") if backend == "postgres" else None
    settings = Settings(data=tmp_path, keys_url=url)
    together = threading.Barrier(PARTS)
    names: list[str] = []

    def open_store() -> None:
        together.wait()
        names.append(Keys.of(settings).blind("certificate", "1"))

    threads = [threading.Thread(target=open_store) for _ in range(PARTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(names) == PARTS
    assert len(set(names)) == 1


def sealed_box(keys: Keys, box_id: str, label: str = "grandmother's letters") -> Event:
    return keys.seal(BoxMade(box_id=box_id, label=label), "event-1")


def label_of(keys: Keys, event: Event) -> object:
    opened = keys.open(event, "event-1")
    assert isinstance(opened, BoxMade)
    return opened.label


def wrapped_key(data: Path, subject: str) -> bytes:
    with sqlite3.connect(data / "keys" / "keys.sqlite") as db:
        found: bytes = db.execute("SELECT wrapped FROM subject_key WHERE subject = ?", [subject]).fetchone()[0]
    return found


def files_with(folder: Path, value: bytes) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.is_file() and value in path.read_bytes()]


@pytest.mark.parametrize("backend", ["sqlite", "postgres"])
def test_a_destroyed_key_leaves_a_tombstone_and_never_comes_back(
    backend: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue("postgres_url") if backend == "postgres" else None
    settings = Settings(data=tmp_path, keys_url=url)
    keys, elsewhere = Keys.of(settings), Keys.of(settings)
    box = sealed_box(keys, "box_gone")
    assert label_of(elsewhere, box) == "grandmother's letters"

    tombstone = keys.destroy("box_gone", 7)

    assert (tombstone.subject, tombstone.position, len(tombstone.fingerprint)) == ("box_gone", 7, 64)
    assert keys.destroy("box_gone", 9) == tombstone, "destroying again changes nothing"
    assert tombstone in keys.erased()
    assert isinstance(label_of(keys, box), Sealed)
    assert isinstance(label_of(Keys.of(settings), box), Sealed), "nor can it be read after a restart"
    assert label_of(elsewhere, box) == "grandmother's letters", "another process holds it until it is told"
    assert elsewhere.destroy("box_gone", 7) == tombstone
    assert isinstance(label_of(elsewhere, box), Sealed)
    for each in (keys, elsewhere, Keys.of(settings)):
        with pytest.raises(ErasedError):
            sealed_box(each, "box_gone")
        with pytest.raises(ErasedError):
            each.ensure(["box_new", "box_gone"])


def test_a_process_that_was_not_told_makes_no_new_key_for_a_destroyed_one(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    not_told = Keys.of(settings)
    Keys.of(settings).destroy("box_gone", 7)
    with pytest.raises(ErasedError):
        not_told.ensure(["box_gone"])


def test_a_destroyed_key_is_in_no_file_of_the_store(tmp_path: Path) -> None:
    keys = Keys.of(Settings(data=tmp_path))
    # many, in an order that splits pages: copies of rows are left in pages that were rebuilt
    keys.ensure(hashlib.sha256(str(n).encode()).hexdigest() for n in range(2000))
    gone = hashlib.sha256(b"1000").hexdigest()
    wrapped = wrapped_key(tmp_path, gone)
    assert files_with(tmp_path, wrapped) == ["keys.sqlite"]
    keys.destroy(gone, 7)
    assert files_with(tmp_path, wrapped) == []


@pytest.mark.parametrize("backend", ["sqlite", "postgres"])
def test_a_new_master_key_takes_the_old_ones_place_while_processes_go_on(
    backend: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue("postgres_url") if backend == "postgres" else None
    settings = Settings(data=tmp_path, keys_url=url)
    going_on, rotating = Keys.of(settings), Keys.of(settings)
    going_on.ensure(f"box_{n}" for n in range(1200))
    before = (tmp_path / "keys" / "master.key").read_bytes()
    box = sealed_box(rotating, "box_7")

    count = rotating.rotate()

    assert count >= 1200
    assert (tmp_path / "keys" / "master.key").read_bytes() != before
    assert [path.name for path in (tmp_path / "keys").glob("master*")] == ["master.key"]
    going_on.ensure(["box_after"])
    after_restart = Keys.of(settings)
    assert label_of(after_restart, box) == "grandmother's letters"
    assert label_of(after_restart, sealed_box(going_on, "box_after", "a lamp")) == "a lamp"
    assert going_on.blind("certificate", "1") == after_restart.blind("certificate", "1")


def test_the_keys_as_the_old_master_wrapped_them_are_in_no_file_after_a_rotation(tmp_path: Path) -> None:
    keys = Keys.of(Settings(data=tmp_path))
    keys.ensure(["box_1"])
    wrapped = wrapped_key(tmp_path, "box_1")
    keys.rotate()
    assert files_with(tmp_path, wrapped) == []


def test_a_rotation_cut_short_can_be_read_and_is_ended_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(data=tmp_path)
    keys = Keys.of(settings)
    keys.ensure(f"box_{n:04}" for n in range(1500))
    box = sealed_box(keys, "box_0007")
    rewrap, calls = Keys._rewrap, iter([True, False])
    monkeypatch.setattr(Keys, "_rewrap", lambda self, *some: rewrap(self, *some) if next(calls) else 1 / 0)
    with pytest.raises(ZeroDivisionError):
        keys.rotate()
    monkeypatch.undo()

    between = Keys.of(settings)
    assert label_of(between, box) == "grandmother's letters"
    between.ensure(["box_between"])
    assert 0 < between.rotate() < 1000, "what was wrapped anew before is left alone"
    assert label_of(Keys.of(settings), box) == "grandmother's letters"
    assert not (tmp_path / "keys" / "master.next.key").exists()


def test_a_key_store_without_its_master_key_says_so(tmp_path: Path) -> None:
    Keys.of(Settings(data=tmp_path))
    (tmp_path / "keys" / "master.key").unlink()
    with pytest.raises(MasterMissing, match="put back the backup"):
        Keys.of(Settings(data=tmp_path))


def test_a_store_from_before_rotation_is_read_and_rotated(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    keys = Keys.of(settings)
    box = sealed_box(keys, "box_7")
    with sqlite3.connect(tmp_path / "keys" / "keys.sqlite") as db:
        db.executescript("ALTER TABLE subject_key DROP COLUMN master; DROP TABLE master_key; DROP TABLE erased_subject")
    old = Keys.of(settings)
    assert label_of(old, box) == "grandmother's letters"
    old.rotate()
    assert label_of(Keys.of(settings), box) == "grandmother's letters"


def test_only_so_many_keys_are_held_in_memory_and_the_others_are_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "HELD", 10)
    keys = Keys.of(Settings(data=tmp_path))
    names = [f"box_{n}" for n in range(40)]
    keys.ensure(names)
    assert sum(not keys.lacks([name]) for name in names) == 10
    boxes = [sealed_box(keys, name) for name in names]
    assert {label_of(keys, box) for box in boxes} == {"grandmother's letters"}
    assert sum(not keys.lacks([name]) for name in names) == 10


def test_a_process_that_never_comes_to_the_event_drops_a_destroyed_key_when_it_loads_keys(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    keys, elsewhere = Keys.of(settings), Keys.of(settings)
    box = sealed_box(keys, "box_gone")
    assert label_of(elsewhere, box) == "grandmother's letters"
    keys.destroy("box_gone", 7)
    elsewhere.load(["box_gone"])
    assert isinstance(label_of(elsewhere, box), Sealed)
    assert elsewhere.told == 1


def test_only_its_owner_may_read_the_key_store(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    (tmp_path / "keys").mkdir(mode=0o755)
    Keys.of(settings).ensure(["person_00000001"])
    Signer(settings.key_folder)
    assert oct((tmp_path / "keys").stat().st_mode & 0o777) == "0o700"
    loose = [file.name for file in (tmp_path / "keys").iterdir() if file.stat().st_mode & 0o077]
    assert [name for name in loose if not name.endswith(".pub.pem")] == []
