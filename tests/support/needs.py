"""What some tests need of the machine, how to get it, and the rule that CI skips nothing.

`python -m tests.support.needs` prints what is missing here.
"""

import glob
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC_CHROME = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
PLAYWRIGHT_CACHES = ("~/.cache/ms-playwright", "~/Library/Caches/ms-playwright")
POSTGRES_FOLDERS = ("/usr/lib/postgresql/*/bin", "/opt/homebrew/opt/postgresql*/bin", "/usr/local/opt/postgresql*/bin")


@dataclass(frozen=True)
class Need:
    """Something of the machine that tests use. `debian` and `mac` are the lines that install it."""

    name: str
    present: Callable[[], bool]
    debian: str
    mac: str

    def __str__(self) -> str:
        return f"{self.name} is missing. Debian, Ubuntu: {self.debian}  macOS: {self.mac}"


@cache
def docker_engine() -> bool:
    if shutil.which("docker") is None:
        return False
    engine = subprocess.run(["docker", "info"], capture_output=True, timeout=30, check=False)
    compose = subprocess.run(["docker", "compose", "version"], capture_output=True, timeout=30, check=False)
    return engine.returncode == 0 and compose.returncode == 0


@cache
def chromium_path() -> str | None:
    """A browser of the system's, or None where only Playwright's own may be there."""
    found = (shutil.which(name) for name in CHROMIUMS)
    return next((path for path in found if path), MAC_CHROME if Path(MAC_CHROME).exists() else None)


def playwright_chromium() -> bool:
    folders = (os.environ.get("PLAYWRIGHT_BROWSERS_PATH", folder) for folder in PLAYWRIGHT_CACHES)
    return any(glob.glob(f"{Path(folder).expanduser()}/chromium*") for folder in folders)


@cache
def chinese_fonts() -> bool:
    if sys.platform == "darwin":
        return True
    if shutil.which("fc-list") is None:
        return False
    return bool(subprocess.run(["fc-list", ":lang=zh"], capture_output=True, check=False).stdout.strip())


@cache
def postgres_folder() -> Path | None:
    """Where initdb and postgres are; the newest version when there are several."""
    folders = [Path(folder) for pattern in POSTGRES_FOLDERS for folder in glob.glob(pattern)]
    on_path = shutil.which("initdb")
    folders += [Path(on_path).resolve().parent] if on_path else []
    usable = [folder for folder in folders if (folder / "initdb").exists() and (folder / "postgres").exists()]
    return max(usable, key=str, default=None)


DOCKER = Need(
    "A Docker engine with compose",
    docker_engine,
    "https://docs.docker.com/engine/install/",
    "https://docs.docker.com/desktop/ or brew install colima docker docker-compose && colima start",
)
CHROMIUM = Need(
    "Chromium",
    lambda: chromium_path() is not None or playwright_chromium(),
    "sudo apt-get install chromium, or uv run playwright install --with-deps chromium",
    "uv run playwright install chromium",
)
FONTS = Need(
    "A font with Chinese characters", chinese_fonts, "sudo apt-get install fontconfig fonts-noto-cjk", "there already"
)
POSTGRES = Need(
    "PostgreSQL's server programs",
    lambda: postgres_folder() is not None,
    "sudo apt-get install postgresql",
    "brew install postgresql@17",
)
EVERY = (DOCKER, CHROMIUM, FONTS, POSTGRES)
BY_MARKER = {"browser": (CHROMIUM, FONTS), "containers": (DOCKER,)}


def require(*needs: Need) -> None:
    """Skips the test that calls it when the machine lacks one of them, and says how to get it."""
    for need in needs:
        if not need.present():
            pytest.skip(str(need))


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker, needs in BY_MARKER.items():
        if item.get_closest_marker(marker):
            require(*needs)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """On CI a skipped test is a failed run: what CI didn't run, nobody has seen hold."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if not os.environ.get("CI") or reporter is None:
        return
    skipped = len(reporter.stats.get("skipped", []))
    if skipped and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = len(terminalreporter.stats.get("skipped", []))
    if os.environ.get("CI") and skipped:
        terminalreporter.write_line(f"CI is set and {skipped} tests were skipped: this run counts as failed", red=True)


def main() -> None:
    missing = [need for need in EVERY if not need.present()]
    for need in missing:
        sys.stdout.write(f"{need}\n")
    if missing:
        sys.stdout.write("Tests that need these are skipped; all others run.\n")


if __name__ == "__main__":
    main()
