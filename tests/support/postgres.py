"""A PostgreSQL server of the test run's own, on a free port, gone afterwards."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from canlian_chassis.testing.servers import free_port
from tests.support.needs import POSTGRES, postgres_folder, require

SETTINGS = ("fsync=off", "full_page_writes=off", "synchronous_commit=off", "max_connections=200")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The server's address, `postgresql+psycopg://…/postgres`."""
    require(POSTGRES)
    folder = Path(tempfile.mkdtemp(prefix="canlian-postgres-"))
    port = free_port()
    try:
        start(folder, port)
        yield f"postgresql+psycopg://postgres@127.0.0.1:{port}/postgres"
    finally:
        server(folder, "pg_ctl", "-D", str(folder / "data"), "-m", "immediate", "-w", "stop")
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres_url(postgres_server: str) -> str:
    """The address of an empty database, one a test."""
    name = f"test_{uuid4().hex[:12]}"
    with psycopg.connect(postgres_server.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    return postgres_server.removesuffix("postgres") + name


def start(folder: Path, port: int) -> None:
    if os.geteuid() == 0:
        account = pwd.getpwnam("postgres")
        os.chown(folder, account.pw_uid, account.pw_gid)
    data = str(folder / "data")
    options = " ".join(["-h 127.0.0.1", f"-p {port}", f"-k {folder}", *(f"-c {setting}" for setting in SETTINGS)])
    made = server(folder, "initdb", "-D", data, "-U", "postgres", "--auth=trust", "-E", "UTF8", "--locale=C")
    assert made.returncode == 0, made.stderr
    up = server(folder, "pg_ctl", "-D", data, "-w", "-l", str(folder / "log"), "-o", options, "start")
    assert up.returncode == 0, up.stdout + up.stderr


def server(folder: Path, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs one of PostgreSQL's programs; they refuse to run as root, so root becomes `postgres` for them."""
    command = [str((postgres_folder() or Path()) / program), *arguments]
    if os.geteuid() == 0:
        command = ["runuser", "-u", "postgres", "--", *command]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
