"""The key store when several parts make it at once."""

import threading
from pathlib import Path

import pytest

from canlian_chassis.keys import Keys
from canlian_chassis.settings import Settings

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
