"""Files that several processes may make at once and exactly one does."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path


def write_once(path: Path, make: Callable[[], bytes], mode: int = 0o600) -> bytes:
    """The file's content; made if it was not there, and whole or absent for whoever looks meanwhile."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, name = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(make())
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, mode)
        # a link to a name that exists fails: the process that came first wins, and all read its file
        with contextlib.suppress(FileExistsError):
            os.link(name, path)
    finally:
        os.unlink(name)
    return path.read_bytes()


def keep_private(folder: Path, file: Path) -> None:
    """Only their owner may look into the folder or the file, which is made if it was not there.

    What belongs to somebody else, or cannot be written, is left as it is.
    """
    with contextlib.suppress(OSError):
        file.touch(mode=0o600)
    for path, mode in ((folder, 0o700), (file, 0o600)):
        with contextlib.suppress(OSError):
            if path.stat().st_mode & 0o077:
                path.chmod(mode)
