"""The compose file, built and brought up once for the tests of this folder, under a name and a port of their own."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from testcontainers.compose import DockerCompose

from canlian_chassis.testing.servers import free_port
from tests.support.needs import DOCKER, require

DEPLOY = Path(__file__).parents[2] / "deploy"


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    """Where the edge answers; every container is healthy by then."""
    require(DOCKER)
    port = free_port()
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("COMPOSE_PROJECT_NAME", f"canlian-test-{uuid4().hex[:8]}")
        environment.setenv("CANLIAN_PORT", str(port))
        environment.setenv("CANLIAN_DEMO", "0")
        compose = DockerCompose(DEPLOY, compose_file_name="compose.yaml", build=True, wait=True)
        try:
            compose.start()
            yield f"http://127.0.0.1:{port}"
        except subprocess.CalledProcessError as error:
            pytest.fail(f"docker compose up: {error.stderr!r}\n{state_and_logs()}")
        finally:
            compose.stop(down=True)


def make_token(*arguments: str) -> str:
    """What `canlian token` prints in the container that signs."""
    command = ["docker", "compose", "-f", str(DEPLOY / "compose.yaml"), "exec", "-T", "edge", "canlian", "token"]
    made = subprocess.run([*command, *arguments], capture_output=True, text=True, check=True)
    return made.stdout.strip()


def state_and_logs() -> str:
    """Of every container; the project's name is in the environment."""
    command = ["docker", "compose", "-f", str(DEPLOY / "compose.yaml")]
    told = [[*command, "ps", "--all"], [*command, "logs", "--no-color", "--tail", "25"]]
    return "\n".join(subprocess.run(asked, capture_output=True, text=True, check=False).stdout for asked in told)
