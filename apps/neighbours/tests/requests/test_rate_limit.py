"""How often an address may ask, and which address it is."""

import pytest
from starlette.requests import Request

from canlian_neighbours.requests.rate_limit import Limit, address_of


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def test_an_address_may_do_so_many_things_in_so_long(clock):
    limit = Limit(most=2, seconds=60, clock=clock)
    assert [limit.allows("1.2.3.4", thing) for thing in "abc"] == [True, True, False]
    assert limit.allows("1.2.3.5", "c")
    clock.now = 61
    assert limit.allows("1.2.3.4", "c")


def test_the_same_thing_again_is_free(clock):
    limit = Limit(most=1, seconds=60, clock=clock)
    assert [limit.allows("1.2.3.4", "a") for _ in range(5)] == [True] * 5


def test_what_was_refused_does_not_prolong_the_wait(clock):
    limit = Limit(most=1, seconds=60, clock=clock)
    limit.allows("1.2.3.4", "a")
    clock.now = 59
    assert not limit.allows("1.2.3.4", "b")
    clock.now = 61
    assert limit.allows("1.2.3.4", "b")


def test_memory_stays_bounded_however_many_addresses_come(clock):
    limit = Limit(most=1, seconds=60, addresses=3, clock=clock)
    for number in range(100):
        limit.allows(f"10.0.0.{number}", "a")
    assert len(limit._seen) == 3


@pytest.mark.parametrize(
    ("forwarded", "peer", "address"),
    [
        ("", "203.0.114.9", "203.0.114.9"),
        ("8.8.8.8", "127.0.0.1", "8.8.8.8"),
        ("1.1.1.1, 8.8.8.8", "127.0.0.1", "8.8.8.8"),
        ("8.8.8.8, 10.0.0.7", "127.0.0.1", "8.8.8.8"),
        ("192.168.1.20", "127.0.0.1", "192.168.1.20"),
        ("made up, 127.0.0.1", "127.0.0.1", "127.0.0.1"),
    ],
)
def test_the_address_is_the_one_our_own_proxies_saw(forwarded, peer, address):
    headers = [(b"x-forwarded-for", forwarded.encode())] if forwarded else []
    assert address_of(Request({"type": "http", "headers": headers, "client": (peer, 1)})) == address
