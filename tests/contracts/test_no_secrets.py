"""No key lies in what is committed, nor in what the image takes from a working folder that holds some."""

from __future__ import annotations

import re
import subprocess
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).parents[2]
NAMES = (
    "*.key",
    "*.pem",
    "*.p12",
    "*.sqlite",
    "*.db",
    "*.sqlite-wal",
    "*.sqlite-shm",
    "id_rsa*",
    "id_ed25519*",
    ".env",
)
"""What canlian calls its master keys, signing keys and stores, and what others call theirs."""
SHAPES = (
    re.compile(rb"^-----BEGIN [A-Z ]*PRIVATE KEY-----\s*\n[A-Za-z0-9+/=]{16}", re.MULTILINE),
    re.compile(rb"^SQLite format 3\x00"),
    re.compile(rb"^S[UAO][A-Z2-7]{56}$", re.MULTILINE),  # a seed of NATS
)
_MOST = 4_000_000


def secrets_in(folder: Path, paths: list[str]) -> list[str]:
    """Those that are called or look like a key or a store of keys."""
    return [path for path in paths if _is_called_a_key(path) or _looks_like_a_key(folder / path)]


def _is_called_a_key(path: str) -> bool:
    return any(fnmatch(PurePosixPath(path).name, name) for name in NAMES)


def _looks_like_a_key(file: Path) -> bool:
    if not file.is_file() or file.stat().st_size > _MOST:
        return False
    content = file.read_bytes()
    # 32 bytes and nothing else: what a master key is
    return len(content) == 32 or any(shape.search(content) for shape in SHAPES)


def taken_by_the_image(paths: list[str], ignore: str) -> list[str]:
    """By the rules of .dockerignore that this one uses: the last line that fits decides."""
    rules = [line for line in ignore.splitlines() if line and not line.startswith("#")]
    return [path for path in paths if not _ignored(PurePosixPath(path), rules)]


def _ignored(path: PurePosixPath, rules: list[str]) -> bool:
    ignored = False
    for rule in rules:
        pattern = rule.removeprefix("!").strip("/")
        if any(_fits(part, pattern) for part in (path, *path.parents[:-1])):
            ignored = not rule.startswith("!")
    return ignored


def _fits(path: PurePosixPath, pattern: str) -> bool:
    """`**/` is any folder; what has none is meant from the root."""
    if pattern.startswith("**/"):
        return fnmatch(path.name, pattern.removeprefix("**/"))
    return len(path.parts) == len(PurePosixPath(pattern).parts) and fnmatch(str(path), pattern)


def test_nothing_that_is_committed_is_a_key() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("this is no git checkout")
    paths = [path for path in listed.stdout.decode().split("\0") if path]
    assert len(paths) > 500
    assert secrets_in(ROOT, paths) == []


KEYS = {
    "libs/sheets/.env": b"NATS=\nSU" + b"A" * 56 + b"\n",
    "var/keys/master.key": b"k" * 32,
    "apps/provider/var/keys/keys.sqlite": b"SQLite format 3\x00",
    "libs/chassis/var/exchange-keys/exchange.pem": b"-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA\n",
    "services/registry/master.next.key": b"k" * 32,
    "apps/edge/src/canlian_edge/tokens.pem": b"-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA\n",
}


@pytest.mark.parametrize(("path", "content"), KEYS.items())
def test_a_key_would_be_found_and_is_kept_out_of_the_image(tmp_path: Path, path: str, content: bytes) -> None:
    file = tmp_path / path
    file.parent.mkdir(parents=True)
    file.write_bytes(content)
    assert secrets_in(tmp_path, [path]) == [path]
    assert taken_by_the_image([path], (ROOT / ".dockerignore").read_text("utf-8")) == []


def test_a_key_under_another_name_would_be_found(tmp_path: Path) -> None:
    for name, content in enumerate(KEYS.values()):
        (tmp_path / f"notes{name}.txt").write_bytes(content)
    assert len(secrets_in(tmp_path, [f"notes{name}.txt" for name in range(len(KEYS))])) == len(KEYS)


def test_the_image_takes_the_code() -> None:
    code = ["libs/events/src/canlian_events/core.py", "pyproject.toml", "deploy/healthy.py"]
    assert taken_by_the_image([*code, "tests/soak/soak.py"], (ROOT / ".dockerignore").read_text("utf-8")) == code
