"""Ed25519 keys as files, one for each purpose: who signs makes it on first use, who checks needs the public half.

Signatures are the same every time, so several processes that sign the same words write the same signature.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from canlian_chassis.files import write_once


def private_key(folder: Path, name: str) -> Ed25519PrivateKey:
    """The key in `NAME.pem`, made if it was not there; its public half is written beside it as `NAME.pub.pem`."""
    pem = write_once(folder / f"{name}.pem", _new_key, mode=0o600)
    key = serialization.load_pem_private_key(pem, password=None)
    assert isinstance(key, Ed25519PrivateKey)
    public = public_pem(key.public_key())
    write_once(folder / f"{name}.pub.pem", lambda: public, mode=0o644)
    return key


def public_key(file: Path) -> Ed25519PublicKey:
    """Raises FileNotFoundError, or ValueError where the file holds no Ed25519 public key."""
    key = serialization.load_pem_public_key(file.read_bytes())
    if not isinstance(key, Ed25519PublicKey):
        raise ValueError(f"{file} holds no Ed25519 key")
    return key


def public_pem(key: Ed25519PublicKey) -> bytes:
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def fingerprint(key: Ed25519PublicKey) -> str:
    """SHA-256 of the key's 32 bytes, in hexadecimal."""
    raw = key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return hashlib.sha256(raw).hexdigest()


def is_signed(key: Ed25519PublicKey, signature: bytes, said: bytes) -> bool:
    """Whether the signature is this key's over these words."""
    try:
        key.verify(signature, said)
    except InvalidSignature:
        return False
    return True


def _new_key() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
