"""Makes the installation's secrets on its first start and leaves them alone ever after.

/secrets: Postgres' password, twice: as the server reads it and as its clients do. /data/keys: what signs and what
unseals. /data/reading-keys: of those only what a part needs that signs nothing. /data/exchange-keys and
/data/federation-keys: the same, and what signs the log's heads, or certificates of erasure.

Run again, it hands out the master keys as they are now: before a rotation the next, after it the new.
"""

import os
import secrets
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from canlian_chassis.erasure import certificate
from canlian_chassis.files import write_once
from canlian_chassis.keys.signing import private_key
from canlian_chassis.log import heads
from canlian_chassis.tokens import Signer

SECRETS = Path("/secrets")
KEYS = Path("/data/keys")
READING_KEYS = Path("/data/reading-keys")
SIGNING_KEYS = {Path("/data/exchange-keys"): heads.KEY, Path("/data/federation-keys"): certificate.KEY}
"""Where else keys go → what is signed there."""
MASTERS = ("master.key", "master.next.key")

password = write_once(SECRETS / "postgres", lambda: secrets.token_urlsafe(32).encode())
write_once(SECRETS / "pgpass", lambda: b"postgres:5432:*:canlian:" + password + b"\n")

Signer(KEYS)
write_once(KEYS / "master.key", lambda: AESGCM.generate_key(256))
for folder, name in SIGNING_KEYS.items():
    private_key(KEYS, name)
    for file in (f"{name}.pem", f"{name}.pub.pem"):
        write_once(folder / file, (KEYS / file).read_bytes)
for folder in (READING_KEYS, *SIGNING_KEYS):
    write_once(folder / "signing.pub.pem", (KEYS / "signing.pub.pem").read_bytes)
    for name in MASTERS:
        new = folder / f"{name}.new"
        new.unlink(missing_ok=True)
        if (KEYS / name).exists():
            write_once(new, (KEYS / name).read_bytes)
            os.replace(new, folder / name)
        else:
            (folder / name).unlink(missing_ok=True)
