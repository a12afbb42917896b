"""The key store: made by several parts at once, keys destroyed for ever, master keys replaced."""

import hashlib
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
import sqlalchemy.event
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from libs.chassis.tests.toy import BoxMade
from sqlalchemy.engine import Engine

from canlian_chassis.keys import store
from canlian_chassis.keys.master_keys import MasterMissing, Masters
from canlian_chassis.keys.store import ErasedError, Keys
from canlian_chassis.keys.tables import want_rewriting
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


@contextmanager
def statements(at: str = "no such", do: Callable[[], object] = lambda: None) -> Iterator[list[str]]:
    """Every statement to a database meanwhile; before the first that begins with `at`, something is done."""
    said: list[str] = []

    def take(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        said.append(statement)
        if statement.startswith(at) and sum(one.startswith(at) for one in said) == 1:
            do()

    sqlalchemy.event.listen(Engine, "before_cursor_execute", take)
    try:
        yield said
    finally:
        sqlalchemy.event.remove(Engine, "before_cursor_execute", take)


def eventually(holds: Callable[[], bool], seconds: float = 10) -> bool:
    end = time.monotonic() + seconds
    while not holds() and time.monotonic() < end:
        time.sleep(0.05)
    return holds()


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
    assert not_told.told == 1, "and is told with that"


def test_a_destroyed_key_is_in_no_file_of_the_store(tmp_path: Path) -> None:
    keys = Keys.of(Settings(data=tmp_path))
    # many, in an order that splits pages: copies of rows are left in pages that were rebuilt
    keys.ensure(hashlib.sha256(str(n).encode()).hexdigest() for n in range(2000))
    gone = hashlib.sha256(b"1000").hexdigest()
    wrapped = wrapped_key(tmp_path, gone)
    assert files_with(tmp_path, wrapped) == ["keys.sqlite"]
    keys.destroy(gone, 7)
    assert files_with(tmp_path, wrapped) == []


@pytest.mark.parametrize("killed_at", ["VACUUM", "UPDATE rewriting SET done"])
@pytest.mark.parametrize("doing", ["destroy", "rotate"])
def test_a_process_killed_before_the_store_was_written_anew_leaves_that_to_the_next(
    doing: str, killed_at: str, tmp_path: Path
) -> None:
    settings = Settings(data=tmp_path)
    Keys.of(settings).ensure(f"box_{n}" for n in range(200))
    wrapped = wrapped_key(tmp_path, "box_7")
    command = [sys.executable, "-c", KILLED, str(tmp_path), doing, killed_at]
    died = subprocess.run(command, capture_output=True, timeout=60, check=False)
    assert died.returncode == -signal.SIGKILL, died.stderr.decode()
    if (doing, killed_at) == ("destroy", "VACUUM"):
        assert files_with(tmp_path, wrapped) == ["keys.sqlite"]

    with statements() as said:
        after = Keys.of(settings)
    assert "VACUUM" in said
    assert files_with(tmp_path, wrapped) == []
    assert after.has("box_7") == (doing == "rotate")
    with statements() as said:
        Keys.of(settings)
    assert "VACUUM" not in said, "it is done once"


KILLED = """
import os, signal, sys
from pathlib import Path
from canlian_chassis.keys.store import Keys
from canlian_chassis.settings import Settings
from sqlalchemy import event
data, doing, at = sys.argv[1:]
keys = Keys.of(Settings(data=Path(data)))
# where pages were split, copies of rows are left in space that nobody deletes
event.listen(keys._engine, "begin", lambda db: db.exec_driver_sql("PRAGMA secure_delete=OFF"))

def die(_connection, _cursor, statement, *_):
    if statement.startswith(at):
        os.kill(os.getpid(), signal.SIGKILL)

event.listen(keys._engine, "before_cursor_execute", die)
keys.destroy("box_7", 7) if doing == "destroy" else keys.rotate()
"""


def test_a_store_that_cannot_be_written_anew_now_is_later(tmp_path: Path) -> None:
    keys = Keys.of(Settings(data=tmp_path))
    keys.ensure(f"box_{n}" for n in range(200))
    wrapped = wrapped_key(tmp_path, "box_7")
    engine = sqlalchemy.create_engine(f"sqlite:///{tmp_path}/keys/keys.sqlite", connect_args={"timeout": 0.1})
    sqlalchemy.event.listen(engine, "begin", lambda db: db.exec_driver_sql("PRAGMA secure_delete=OFF"))
    hasty = Keys(engine, Masters(tmp_path / "keys"))
    with sqlite3.connect(tmp_path / "keys" / "keys.sqlite", isolation_level=None) as reader:
        reading = "SELECT * FROM subject_key LIMIT 1"
        with statements("VACUUM", lambda: reader.execute("BEGIN") and reader.execute(reading).fetchall()):
            hasty.destroy("box_7", 7)
        assert not keys.has("box_7"), "the key is destroyed, and nothing is raised"
        assert files_with(tmp_path, wrapped) == ["keys.sqlite"]
        reader.rollback()
    keys.destroy("box_other", 8)
    assert files_with(tmp_path, wrapped) == []


def test_a_process_that_is_not_ended_does_what_another_left_undone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "REWRITTEN_EVERY", 1)
    keys = Keys.of(Settings(data=tmp_path))
    with statements() as said:
        with keys._writing() as (db, _):
            want_rewriting(db)
        assert eventually(lambda: "VACUUM" in said)


def test_a_table_that_is_being_copied_is_written_anew_later(postgres_url: str, tmp_path: Path) -> None:
    keys = Keys.of(Settings(data=tmp_path, keys_url=postgres_url))
    keys.ensure(["box_1", "box_2"])
    file = "SELECT pg_relation_filenode('subject_key')"
    with psycopg.connect(postgres_url.replace("+psycopg", ""), autocommit=True) as looking:
        before = looking.execute(file).fetchone()
        with psycopg.connect(looking.info.dsn) as copying:
            copying.execute("LOCK TABLE subject_key IN ACCESS SHARE MODE")
            keys.destroy("box_1", 7)
            assert not keys.has("box_1"), "the key is destroyed, and nothing is raised"
            assert looking.execute(file).fetchone() == before
        Keys.of(Settings(data=tmp_path, keys_url=postgres_url))
        assert looking.execute(file).fetchone() != before


def test_a_destroyed_key_is_not_in_the_table_though_somebody_still_reads_what_was(
    postgres_url: str, tmp_path: Path
) -> None:
    keys = Keys.of(Settings(data=tmp_path, keys_url=postgres_url))
    keys.ensure(["box_gone", "box_kept"])
    box = sealed_box(keys, "box_kept")
    with psycopg.connect(postgres_url.replace("+psycopg", "")) as reader, psycopg.connect(reader.info.dsn) as looking:
        wrapped = looking.execute("SELECT wrapped FROM subject_key WHERE subject = 'box_gone'").fetchone()
        looking.commit()
        reader.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        reader.execute("SELECT * FROM erased_subject")

        def is_in_the_table() -> bool:
            looking.execute("CHECKPOINT")
            file = "pg_read_binary_file(pg_relation_filepath('subject_key'))"
            found = looking.execute(f"SELECT position(%s in {file})", wrapped).fetchone()
            looking.commit()
            return found != (0,)

        looking.autocommit = True
        assert is_in_the_table()
        keys.destroy("box_gone", 7)
        assert not is_in_the_table()
    assert label_of(Keys.of(Settings(data=tmp_path, keys_url=postgres_url)), box) == "grandmother's letters"


@pytest.mark.parametrize("backend", ["sqlite", "postgres"])
def test_no_key_is_made_beside_its_destruction(backend: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    url = request.getfixturevalue("postgres_url") if backend == "postgres" else None
    settings = Settings(data=tmp_path, keys_url=url)
    destroying, making = Keys.of(settings), Keys.of(settings)
    about_to_commit, go_on = threading.Event(), threading.Event()

    @sqlalchemy.event.listens_for(destroying._engine, "commit")
    def wait(_: object) -> None:
        about_to_commit.set()
        go_on.wait(30)

    with ThreadPoolExecutor() as threads:
        destroyed = threads.submit(destroying.destroy, "box_gone", 7)
        assert about_to_commit.wait(30)
        made = threads.submit(making.ensure, ["box_gone"])
        time.sleep(0.3)
        assert not made.done(), "who makes keys waits for who destroys them"
        go_on.set()
        assert isinstance(made.exception(30), ErasedError)
        assert destroyed.result(30).position == 7
    assert not making.has("box_gone")


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


def test_rotations_at_the_same_time_lose_no_master_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(data=tmp_path)
    slow, quick, cut_short = (Keys.of(settings) for _ in range(3))
    slow.ensure(["box_1"])
    box = sealed_box(slow, "box_1")
    monkeypatch.setattr(cut_short, "_rewrap", lambda _: 1 / 0)

    def meanwhile() -> None:
        quick.rotate()
        with pytest.raises(ZeroDivisionError):
            cut_short.rotate()

    with statements("VACUUM", meanwhile):
        slow.rotate()
    assert label_of(Keys.of(settings), box) == "grandmother's letters"
    assert (tmp_path / "keys" / "master.next.key").exists()
    Keys.of(settings).rotate()
    assert label_of(Keys.of(settings), box) == "grandmother's letters"


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
        db.execute("ALTER TABLE subject_key DROP COLUMN master")
        for table in ("master_key", "erased_subject", "rewriting"):
            db.execute(f"DROP TABLE {table}")
    with statements() as said:
        old = Keys.of(settings)
    assert "VACUUM" in said, "whoever wrote to it may have been killed before that"
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


@pytest.mark.parametrize("backend", ["sqlite", "postgres"])
def test_a_process_that_never_asks_drops_a_destroyed_key_within_a_second_or_two(
    backend: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue("postgres_url") if backend == "postgres" else None
    settings = Settings(data=tmp_path, keys_url=url)
    keys, elsewhere = Keys.of(settings), Keys.of(settings)
    box = sealed_box(keys, "box_gone")
    assert label_of(elsewhere, box) == "grandmother's letters"
    keys.destroy("box_gone", 7)
    assert eventually(lambda: elsewhere.told == 1)
    assert elsewhere.lacks(["box_gone"])
    assert isinstance(label_of(elsewhere, box), Sealed)


def test_keys_that_nobody_has_any_more_are_not_watched(tmp_path: Path) -> None:
    before = {*threading.enumerate()}
    keys = Keys.of(Settings(data=tmp_path))
    (watching,) = {*threading.enumerate()} - before
    del keys
    assert eventually(lambda: not watching.is_alive())


def test_who_loads_keys_reads_the_tombstones_only_when_there_are_new_ones(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    keys, elsewhere = Keys.of(settings), Keys.of(settings)
    keys.destroy("box_gone", 7)
    box = sealed_box(keys, "box_2")
    elsewhere.load(["box_gone", "box_2"])
    assert elsewhere.told == 1
    with statements() as said:
        elsewhere.load(["box_gone", "box_2"])
    assert not any(statement.startswith("SELECT erased_subject") for statement in said)
    keys.destroy("box_2", 5)
    elsewhere.load([])
    assert elsewhere.told == 2, "also one of an earlier event"
    assert isinstance(label_of(elsewhere, box), Sealed)


def test_a_key_destroyed_while_it_is_read_does_not_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(data=tmp_path)
    keys = Keys.of(settings)
    box = sealed_box(Keys.of(settings), "box_gone")

    def slow(key: bytes) -> AESGCM:
        """After it was read from the store, and before it is kept."""
        monkeypatch.undo()
        keys.destroy("box_gone", 7)
        return AESGCM(key)

    monkeypatch.setattr(store, "AESGCM", slow)
    assert isinstance(label_of(keys, box), Sealed)
    assert keys.lacks(["box_gone"])
    assert isinstance(label_of(keys, box), Sealed)


def test_whoever_was_told_opens_nothing_more_though_the_store_still_has_the_key(tmp_path: Path) -> None:
    keys = Keys.of(Settings(data=tmp_path))
    box = sealed_box(keys, "box_gone")
    seen: list[object] = []
    with statements("DELETE", lambda: seen.extend((keys.told, keys.has("box_gone"), label_of(keys, box)))):
        keys.destroy("box_gone", 7)
    assert seen[:2] == [1, True]
    assert isinstance(seen[2], Sealed)


def test_nothing_that_was_blinded_is_kept(tmp_path: Path) -> None:
    class Number(str):
        """One that can be seen to go."""

    keys = Keys.of(Settings(data=tmp_path))
    number = Number("110101199003071234")
    gone = weakref.ref(number)
    keys.blind("citizen-id", number)
    del number
    assert gone() is None


def test_only_its_owner_may_read_the_key_store(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    (tmp_path / "keys").mkdir(mode=0o755)
    Keys.of(settings).ensure(["person_00000001"])
    Signer(settings.key_folder)
    assert oct((tmp_path / "keys").stat().st_mode & 0o777) == "0o700"
    loose = [file.name for file in (tmp_path / "keys").iterdir() if file.stat().st_mode & 0o077]
    assert [name for name in loose if not name.endswith(".pub.pem")] == []
