"""The containers as `docker compose up` makes them."""

import httpx

from tests.containers.conftest import make_token
from tests.journeys import loop
from tests.support.api import Api


def test_the_one_address_says_that_every_part_is_ready(address: str) -> None:
    assert httpx.get(f"{address}/health", trust_env=False).status_code == httpx.codes.OK


def test_the_loop_from_a_need_to_feedback(address: str) -> None:
    loop.walk(Api(address, make_token))
