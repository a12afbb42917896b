"""`canlian verify log`, on a real log, on an export of it, and on both with one byte changed."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from canlian_chassis.bus.client import connect
from canlian_chassis.keys.signing import private_key
from canlian_chassis.log.chain import BEGINNING, link, sign_head
from canlian_chassis.log.heads import KEY, Heads
from canlian_chassis.log.jetstream import Log, NewEntry
from canlian_chassis.settings import Settings
from canlian_chassis.testing.servers import NatsServer, nats_server
from canlian_events import subjects
from canlian_events.calendar import SHANGHAI
from canlian_operator.integrity.export import heads_file, read_heads
from canlian_operator.integrity.verify_log import check_export
from canlian_operator.main import app

MESSAGES, EVERY = 24, 5
"""In the log, and under one head: the last four have none."""


@dataclass
class Site:
    """A log with heads, the data folder with their key, and the command that finds both."""

    server: NatsServer
    data: Path

    @property
    def settings(self) -> Settings:
        return Settings(nats_url=self.server.url, data=self.data)

    def canlian(self, *arguments: str) -> tuple[int, str]:
        """Exit code, and all that was said."""
        done = CliRunner().invoke(app, ["--lang", "en", *arguments])
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.exit_code, done.output

    def verified(self, *arguments: str) -> dict[str, Any]:
        code, said = self.canlian("verify", "log", "--json", *arguments)
        told: dict[str, Any] = json.loads(said)
        assert code == (0 if told["ok"] else 1)
        return told

    def exported(self, file: Path) -> Path:
        code, said = self.canlian("events", "export", str(file))
        assert code == 0, said
        return file


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    with nats_server(tmp_path / "nats") as server:
        site = Site(server, tmp_path / "var")
        monkeypatch.setenv("CANLIAN_NATS_URL", server.url)
        monkeypatch.setenv("CANLIAN_DATA", str(site.data))
        monkeypatch.setenv("COLUMNS", "300")
        asyncio.run(fill(site.settings))
        yield site


async def fill(settings: Settings) -> None:
    """Messages as services store them, one of them no text; every few, a head."""
    async with connect(settings, "test") as nc:
        await Log(nc).ensure()
        await Heads(nc).ensure()
        for number in range(MESSAGES - 1):
            subject = f"evt.toy.box.{number}.429999001001" if number % 3 else f"claim.label.{number}"
            body = json.dumps({"words": f"第{number}件"}, ensure_ascii=False)
            headers = {"ce-id": f"e{number}", "ce-type": "toy.box.made"}
            await Log(nc).append([NewEntry(subject, headers, body.encode())])
        await Log(nc).append([NewEntry("claim.label.last", {}, b"\xff\x00")])
        hash_, key = BEGINNING, private_key(settings.data / "keys", KEY)
        number = 0
        for entry in await Log(nc).read(subjects.EVERYTHING):
            hash_ = link(hash_, entry)
            if entry.position % EVERY == 0:
                number = await Heads(nc).add(sign_head(key, entry, hash_), after=number)


def kinds(told: dict[str, Any]) -> list[str]:
    return [finding["kind"] for finding in told["findings"]]


def between(finding: dict[str, Any]) -> tuple[int, int]:
    """The positions of the two heads."""
    after, before = finding["after"], finding["before"]
    return after["position"] if after else 0, before["position"]


def test_a_log_that_nobody_touched_is_right(site: Site):
    code, said = site.canlian("verify", "log")
    assert code == 0, said
    assert "24 messages read; heads that agree: 4, the last at position 20" in said
    assert "4 newer ones are under no head yet" in said


def test_so_is_its_export_with_the_system_stopped(site: Site, tmp_path: Path):
    file = site.exported(tmp_path / "log.ndjson")
    site.server.stop()
    told = site.verified("--export", str(file), "--key", str(site.data / "keys" / "heads.pub.pem"))
    assert told["ok"]
    assert (told["messages"], told["heads"]) == (MESSAGES, MESSAGES // EVERY)


def test_an_export_with_one_byte_changed_fails_and_says_where(site: Site, tmp_path: Path):
    file = site.exported(tmp_path / "log.ndjson")
    exported = file.read_bytes()
    file.write_bytes(exported.replace("第12件".encode(), "第13件".encode(), 1))  # position 13
    printed = CliRunner().invoke(app, ["verify", "log", "--export", str(file)])
    assert "✗" in printed.stdout, "what was found is the result"
    code, said = site.canlian("verify", "log", "--export", str(file))
    assert code == 1
    assert "Between position 10 (" in said
    assert "and position 15 (" in said
    told = site.verified("--export", str(file))
    assert kinds(told) == ["changed"]
    assert told["heads"] == 3, "one difference does not hide that the rest is right"


def test_whichever_byte_of_the_export_is_changed_is_noticed(site: Site, tmp_path: Path):
    file = site.exported(tmp_path / "log.ndjson")
    exported = file.read_bytes()
    signed = exported[: exported.index(b'{"position":21,')]
    heads, key = list(read_heads(heads_file(file))), private_key(site.data / "keys", KEY).public_key()
    chance = random.Random(17)
    for place in chance.sample(range(len(signed)), 400):
        changed = bytearray(signed)
        changed[place] ^= chance.randrange(1, 256)
        file.write_bytes(changed)
        findings = check_export(file, heads, key).findings
        assert findings, (place, bytes(signed[place - 20 : place + 20]), changed[place])


@pytest.mark.parametrize(
    ("keep", "found"),
    [
        (lambda lines: lines[:12], ["cut"]),
        (lambda lines: lines[:12] + lines[13:], ["gap", "changed"]),
        (lambda lines: lines[:10] + lines[12:], ["gap", "changed"]),
        (lambda lines: lines[1:], ["gap", "changed"]),
        (lambda lines: [*lines[:11], lines[12], lines[11], *lines[13:]], ["gap", "order", "changed"]),
        (lambda lines: [*lines[:12], lines[11], *lines[12:]], ["order"]),
        (lambda lines: [*lines[:12], b"{}\n", *lines[13:]], ["unreadable", "changed"]),
        (lambda lines: [], ["cut"]),
    ],
)
def test_what_was_cut_off_taken_out_or_turned_round_is_named(site: Site, tmp_path: Path, keep: Any, found: list[str]):
    file = site.exported(tmp_path / "log.ndjson")
    file.write_bytes(b"".join(keep(file.read_bytes().splitlines(keepends=True))))
    told = site.verified("--export", str(file))
    assert kinds(told) == found
    for finding in told["findings"]:
        if finding["kind"] == "changed":
            assert between(finding) in {(0, 5), (10, 15)}


def test_heads_of_another_key_are_worth_nothing(site: Site, tmp_path: Path):
    private_key(tmp_path, "stranger")
    told = site.verified("--key", str(tmp_path / "stranger.pub.pem"))
    assert kinds(told) == ["bad_head"] * 4
    assert not told["ok"]


def test_a_byte_changed_in_the_servers_own_file_is_noticed(site: Site, tmp_path: Path):
    """The server checks what it stored by itself and drops what does not fit: that leaves a gap."""
    site.server.stop()
    changed = "第12件".encode()
    blocks = [block for block in (tmp_path / "nats").rglob("LOG/msgs/*.blk") if changed in block.read_bytes()]
    assert len(blocks) == 1
    blocks[0].write_bytes(blocks[0].read_bytes().replace(changed, "第13件".encode()))
    site.server.start()
    told = site.verified()
    assert kinds(told) == ["gap", "changed"]
    gap, change = told["findings"]
    assert (gap["first"], gap["last"], between(change)) == (13, 13, (10, 15))


def test_an_export_is_gone_on_with_where_it_was_broken_off(site: Site, tmp_path: Path):
    whole = site.exported(tmp_path / "log.ndjson").read_bytes()
    for kept in (0, 10, len(whole) // 2, len(whole) - 1, len(whole)):
        file = tmp_path / f"part{kept}.ndjson"
        file.write_bytes(whole[:kept])
        assert site.exported(file).read_bytes() == whole


def test_a_file_that_is_no_export_is_left_alone(site: Site, tmp_path: Path):
    for number, held in enumerate((b"dear diary", b"a\nb\n", b'{"position":1}\n')):
        file = tmp_path / f"{number}.txt"
        file.write_bytes(held)
        code, said = site.canlian("events", "export", str(file))
        assert (code, file.read_bytes()) == (2, held)
        assert "is no export" in said


def test_the_head_of_a_day_is_printed_in_both_languages(site: Site):
    [*_, last] = [json.loads(line) for line in site.canlian("heads", "--json")[1].splitlines()]
    code, said = site.canlian("heads", "--day", last["day"])
    assert code == 0
    assert last["hash"] in "".join(said.split())
    assert " ".join(last["hash"][start : start + 4] for start in (0, 4, 8, 12)) in said
    for words in ("每日指纹", "head of the day", "位置 · position         20", last["signature"]):
        assert words in said


def test_a_day_that_is_not_over_says_so(site: Site):
    day = json.loads(site.canlian("heads", "--json")[1].splitlines()[-1])["day"]
    code, said = site.canlian("heads", "--day", day)
    assert (code, "not over" in said) == (0, day == f"{datetime.now(SHANGHAI):%Y-%m-%d}")
    code, said = site.canlian("heads", "--day", "2999-01-01")
    assert (code, "is not over" in said) == (1, True)


def test_heads_are_listed_and_a_day_without_one_is_said(site: Site):
    code, said = site.canlian("heads")
    assert (code, len(said.splitlines())) == (0, 4)
    assert len(site.canlian("heads", "--daily")[1].splitlines()) == 1
    code, said = site.canlian("heads", "--day", "2020-01-01")
    assert code == 1
    assert "no head of 2020-01-01" in said


@pytest.mark.parametrize("arguments", [("verify", "logs"), ("verify", "log", "--export", "nowhere.ndjson")])
def test_what_is_not_there_cannot_be_verified(arguments: tuple[str, ...], site: Site):
    assert site.canlian(*arguments)[0] == 2
