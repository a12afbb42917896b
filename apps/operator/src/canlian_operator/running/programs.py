"""How each program of a system is started: its command line, its environment, its log."""

import json
import shutil
import socket
import sys
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path

from canlian_chassis.ports import LOOPBACK
from canlian_operator.running.parts import Part
from canlian_operator.running.supervisor import Program
from canlian_operator.variables import all_variables

NOBODY = f"{LOOPBACK}:1"
"""Where an absent part "listens": a page asked of it is refused at once."""

NATS = "nats-server"
CADDY = "caddy"


class MissingProgram(Exception):
    """A binary that should have come with the Python packages is not there."""


def nats_program(data: Path, address: str, monitor: str) -> Program:
    config = data / "nats" / "nats.conf"
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text(nats_config(data / "nats", address, monitor), encoding="utf-8")
    return Program(
        name=NATS,
        command=[binary(NATS), "-c", str(config)],
        environment=all_variables(),
        log=data / "logs" / f"{NATS}.log",
        runs=str(config),
        address=address,
    )


def nats_config(folder: Path, address: str, monitor: str) -> str:
    """An acknowledged event is on disk: `sync_interval: always`."""
    quoted = {name: json.dumps(str(folder / name), ensure_ascii=False) for name in ("jetstream", "nats.pid")}
    return f"""server_name: canlian
listen: {address}
http: {monitor}
pid_file: {quoted["nats.pid"]}
max_payload: 8MB
jetstream {{
  store_dir: {quoted["jetstream"]}
  sync_interval: always
}}
"""


def part_environment(data: Path, nats_url: str, every: Iterable[Part], addresses: Mapping[str, str]) -> dict[str, str]:
    """What all parts share: our own environment, and where the log, the data and each part are."""
    where = {part.variable: addresses.get(part.name, NOBODY) for part in every}
    hopeless = {f"{part.variable}_PATIENCE": "0s" for part in every if part.name not in addresses}
    return all_variables() | {
        "CANLIAN_NATS_URL": nats_url,
        "CANLIAN_DATA": str(data),
        "CANLIAN_PARTS": ",".join(addresses),
        "PYTHONUNBUFFERED": "1",
        **where,
        **hopeless,
    }


def part_program(part: Part, data: Path, address: str, shared: Mapping[str, str]) -> Program:
    host, port = address.rsplit(":", 1)
    return Program(
        name=part.name,
        module=part.module,
        environment={**shared, "CANLIAN_HOST": host, "CANLIAN_PORT": port},
        log=data / "logs" / f"{part.name}.log",
        runs=f"canlian: {part.name} on {data}",
        address=address,
    )


def caddy_program(caddyfile: Path, data: Path, host: str, port: int, shared: Mapping[str, str]) -> Program:
    folder = data / "caddy"
    folder.mkdir(parents=True, exist_ok=True)
    return Program(
        name=CADDY,
        command=[binary(CADDY), "run", "--config", str(caddyfile), "--adapter", "caddyfile"],
        environment={
            **shared,
            "CANLIAN_HOST": host,
            "CANLIAN_PORT": str(port),
            "XDG_DATA_HOME": str(folder),
            "XDG_CONFIG_HOME": str(folder),
        },
        log=data / "logs" / f"{CADDY}.log",
        runs=str(caddyfile),
        address=f"{host}:{port}",
    )


def binary(name: str) -> str:
    """The one beside this Python comes first: its version is the one that was tested."""
    found = shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
    if found is None:
        raise MissingProgram(name)
    return found


def is_free(host: str, port: int) -> bool:
    with closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
