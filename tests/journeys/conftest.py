"""The API of the session's system."""

import pytest

from tests.support.api import Api
from tests.support.system import System, api_of


@pytest.fixture(scope="session")
def api(system: System) -> Api:
    return api_of(system)
