"""The containers as `docker compose up` makes them."""

import httpx


def test_the_one_address_says_that_every_part_is_ready(address: str) -> None:
    assert httpx.get(f"{address}/health", trust_env=False).status_code == httpx.codes.OK
