"""`canlian run` as a user meets it: real processes, with stand-ins for the parts."""

import os
import signal
import socket
import time
from pathlib import Path

import httpx
import pytest
from tests.support.system import System, until

from canlian_operator.running.parts import PARTS
from canlian_operator.running.system import is_alive, running

EVERY = {part.name for part in PARTS} | {"nats-server", "caddy"}


def get(url: str) -> str:
    return httpx.get(url, timeout=5, trust_env=False).text


def test_everything_comes_up_behind_one_address(whole: System) -> None:
    assert set(whole.state.parts) == EVERY
    assert get(whole.url) == "canlian_edge"
    assert get(f"{whole.url}/volunteer") == "canlian_volunteer"
    assert whole.url in whole.output


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_everything_within_seconds(system: System, how: signal.Signals) -> None:
    system.start()
    pids = [part.pid for part in system.state.parts.values() if part.pid]
    began = time.monotonic()
    assert system.stop(how) == 0
    assert time.monotonic() - began < 6
    assert len(pids) == len(EVERY)
    assert [pid for pid in pids if is_alive(pid)] == []
    assert running(system.data) is None


def test_a_part_that_dies_is_started_again_where_it_was(system: System) -> None:
    system.parts = ["edge", "volunteer"]
    system.start()
    address = system.part("volunteer").address
    old = system.kill("volunteer")
    system.until_restarted("volunteer", old)
    assert system.part("volunteer").address == address
    until(lambda: get(f"{system.url}/volunteer") == "canlian_volunteer", 10, system.explain)
    assert "volunteer ended (SIGKILL)" in system.output


def test_the_log_that_dies_is_started_again_where_it_was(system: System) -> None:
    system.parts = ["edge", "volunteer"]
    system.start()
    url = system.nats_url
    system.until_restarted("nats-server", system.kill("nats-server"))
    port = int(url.rsplit(":", 1)[1])
    until(lambda: accepts(port), 10, system.explain)


def test_a_part_that_keeps_dying_is_left_down_and_the_others_stay(system: System) -> None:
    system.environment["STAND_IN_DIES"] = "canlian_provider"
    system.parts = ["edge", "provider", "volunteer"]
    system.start()
    until(lambda: system.part("provider").state == "down", 30, system.explain)
    assert "provider ended 5 times in a minute and is left down" in system.output
    assert get(f"{system.url}/volunteer") == "canlian_volunteer"


def test_an_edge_that_keeps_dying_is_an_error_with_its_log(system: System) -> None:
    system.environment["STAND_IN_DIES"] = "canlian_edge"
    system.parts = ["edge"]
    assert system.launch().wait(timeout=60) == 1
    assert "a stand-in that dies" in system.output


def test_a_second_run_on_the_same_data_is_refused(whole: System) -> None:
    second = System(whole.data, environment={**whole.environment, "CANLIAN_PORT": "1"})
    second.output_file = whole.data.with_name("second.out")
    assert second.launch().wait(timeout=30) == 1
    assert f"(process {whole.state.pid})" in second.output
    assert get(whole.url) == "canlian_edge"


def test_a_port_in_use_is_said_with_a_way_out(system: System) -> None:
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as a server does
        taken.bind(("127.0.0.1", system.port))
        taken.listen()
        assert system.launch().wait(timeout=30) == 1
    assert f"Port {system.port} on 127.0.0.1 is in use" in system.output
    assert "CANLIAN_PORT=" in system.output


def test_a_killed_supervisor_leaves_nothing_and_the_next_run_carries_on(system: System) -> None:
    system.parts = ["edge", "volunteer"]
    system.start()
    pids = [part.pid for part in system.state.parts.values() if part.pid]
    assert system.process
    system.process.kill()
    system.process.wait()
    until(lambda: not any(is_alive(pid) for pid in pids), 10, lambda: "children outlived their supervisor")
    system.start()
    assert get(system.url) == "canlian_edge"


def test_what_a_killed_supervisor_left_running_is_ended_first(system: System) -> None:
    """As on a system whose kernel does not end children with their parent."""
    system.parts = ["registry"]
    system.start()
    left = System(system.data, ["registry"], system.environment)
    state = system.state
    assert system.process
    assert system.stop() == 0
    runs = state.parts["registry"].runs
    orphan = os.spawnve(os.P_NOWAIT, "/bin/sh", ["sh", "-c", f"sleep 60; : {runs}"], dict(os.environ))
    state.parts["registry"].pid = orphan
    (system.data / "run" / "system.json").write_text(state.model_dump_json())
    try:
        left.start()
        assert os.waitpid(orphan, 0)[1] == signal.SIGTERM
        assert "ended registry, left over" in left.output
    finally:
        left.stop()


def test_only_the_parts_named_run_and_the_log_with_them(system: System) -> None:
    system.parts = ["registry", "volunteer"]
    system.start()
    assert set(system.state.parts) == {"nats-server", "registry", "volunteer"}
    assert system.state.address is None
    url = f"http://{system.part('volunteer').address}"
    assert get(url) == "canlian_volunteer"
    assert f"volunteer: {url}" in system.output


def test_a_log_that_runs_elsewhere_is_used(system: System, tmp_path: Path) -> None:
    system.parts = ["registry"]
    system.start()
    other = System(tmp_path / "other", ["volunteer"], {**system.environment, "CANLIAN_NATS_URL": system.nats_url})
    other.environment["CANLIAN_DATA"] = str(other.data)
    other.start()
    assert set(other.state.parts) == {"volunteer"}
    assert other.stop() == 0


def test_a_part_that_is_not_installed_is_left_out(system: System, stand_ins: Path, tmp_path: Path) -> None:
    fewer = tmp_path / "fewer"
    fewer.mkdir()
    for package in stand_ins.iterdir():
        (fewer / package.name).symlink_to(package)
    (fewer / "canlian_provider").unlink()
    (fewer / "canlian_provider").mkdir()
    (fewer / "canlian_provider" / "__init__.py").touch()
    system.environment["PYTHONPATH"] = str(fewer)
    system.parts = ["edge", "provider", "volunteer"]
    system.start()
    assert set(system.state.parts) == {"nats-server", "caddy", "edge", "volunteer"}
    assert "provider is not installed here and left out" in system.output


def test_an_unknown_part_is_refused_with_the_names_there_are(system: System) -> None:
    system.parts = ["registry", "voluntere"]
    assert system.launch().wait(timeout=30) == 1
    assert "There is no part called voluntere" in system.output
    assert "social-worker" in system.output


def test_a_setting_that_is_no_number_is_named(system: System) -> None:
    system.environment["CANLIAN_PORT"] = "eighty"
    assert system.launch().wait(timeout=30) == 1
    assert "CANLIAN_PORT=eighty" in system.output
    assert "Traceback" not in system.output


def accepts(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


def test_the_doctor_finds_a_healthy_system_healthy(whole: System) -> None:
    told = whole.command("doctor")
    assert told.returncode == 0, told.stdout
    assert all(name in told.stdout for name in EVERY)
    assert "✗" not in told.stdout


def test_the_doctor_names_the_part_that_is_down_and_its_log(system: System) -> None:
    system.environment["STAND_IN_DIES"] = "canlian_provider"
    system.parts = ["edge", "provider", "volunteer"]
    system.start()
    until(lambda: system.part("provider").state == "down", 30, system.explain)
    told = system.command("doctor")
    assert told.returncode == 1
    assert "✗ provider: down" in told.stdout
    assert str(system.data / "logs" / "provider.log") in told.stdout


def test_the_doctor_says_what_is_free_when_nothing_runs(system: System) -> None:
    told = system.command("doctor")
    assert told.returncode == 0, told.stdout
    assert f"port {system.port} is free" in told.stdout
