"""The log's fingerprint of a day, on a page to be printed."""

from __future__ import annotations

from apps.federation.tests.bench import LEADER, STAFF, Bench

from canlian_chassis.keys.signing import private_key
from canlian_chassis.log.chain import BEGINNING, link, sign_head
from canlian_chassis.log.heads import KEY, Heads
from canlian_chassis.log.jetstream import Log
from canlian_events import subjects


async def test_staff_see_each_days_fingerprint_and_print_it(bench: Bench):
    await bench.open_communities()
    nc = bench.tool.nats
    assert nc is not None
    await Heads(nc).ensure()
    async with bench.as_(STAFF) as client:
        assert "Nothing is signed yet" in (await client.get("/federation/log-heads")).text
        hash_, key = BEGINNING, private_key(bench.tool.settings.key_folder, KEY)
        for entry in await Log(nc).read(subjects.EVERYTHING):
            hash_ = link(hash_, entry)
        head = sign_head(key, entry, hash_)
        await Heads(nc).add(head, after=0)
        listed = (await client.get("/federation/log-heads")).text
        assert " ".join(head.groups[:4]) in listed
        sheet = (await client.get(f"/federation/log-heads/{head.day}")).text
        assert " ".join(head.groups) in sheet
        assert head.at in sheet
        assert (await client.get("/federation/log-heads/2020-01-01")).status_code == 404


async def test_only_staff_do(bench: Bench):
    async with bench.as_(LEADER) as client:
        assert (await client.get("/federation/log-heads")).status_code == 403
