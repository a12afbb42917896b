"""The master key, by which the keys of persons are wrapped. A file apart from the log and the key store.

During a rotation there are two: `master.key`, and `master.next.key`, which takes its place when every key is wrapped
anew.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from canlian_chassis.files import write_once

_NONCE = 12


class MasterMissing(Exception):
    """The key store is wrapped by a master key that is not in the folder: it was lost, or is another store's."""

    def __init__(self, folder: Path, wanted: str) -> None:
        super().__init__(f"master key {wanted} is not in {folder}; put back the backup of master.key")


class Masters:
    """The master keys a folder holds, by id. The id is a fingerprint, which says nothing of the key."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held: dict[str, AESGCM] = {}
        self.first = self._read(write_once(self._now, lambda: AESGCM.generate_key(256)))
        """The id of the key in `master.key`."""

    @property
    def _now(self) -> Path:
        return self._folder / "master.key"

    @property
    def _next(self) -> Path:
        return self._folder / "master.next.key"

    def _read(self, raw: bytes) -> str:
        id_ = hashlib.sha256(b"canlian master key" + raw).hexdigest()[:16]
        self._held[id_] = AESGCM(raw)
        return id_

    def _cipher(self, id_: str) -> AESGCM:
        """Raises MasterMissing. One not known yet came with a rotation meanwhile, so the files are read again."""
        if id_ not in self._held:
            for path in (self._next, self._now):
                with contextlib.suppress(FileNotFoundError):
                    self._read(path.read_bytes())
        if id_ not in self._held:
            raise MasterMissing(self._folder, id_)
        return self._held[id_]

    def wrap(self, id_: str, subject: str, raw: bytes) -> bytes:
        nonce = os.urandom(_NONCE)
        return nonce + self._cipher(id_).encrypt(nonce, raw, subject.encode())

    def unwrap(self, id_: str, subject: str, wrapped: bytes) -> bytes:
        return self._cipher(id_).decrypt(wrapped[:_NONCE], wrapped[_NONCE:], subject.encode())

    def prepare(self) -> str:
        """The id of the next master key; made now, unless a rotation was begun and not ended."""
        return self._read(write_once(self._next, lambda: AESGCM.generate_key(256)))

    def promote(self, id_: str) -> None:
        """The next master key takes the place of the one before, which is gone with that; nothing if it has already."""
        if not self._next.exists() or self._read(self._next.read_bytes()) != id_:
            return
        os.replace(self._next, self._now)
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
