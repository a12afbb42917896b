"""Makes the installation's secrets on its first start and leaves them alone ever after.

/secrets: Postgres' password, twice: as the server reads it and as its clients do. /data/keys: what signs and what
unseals. /data/reading-keys: of those only what a part needs that signs nothing. /data/exchange-keys: the same, and what
signs the log's heads.
"""

import secrets
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from canlian_chassis.files import write_once
from canlian_chassis.heads import KEY
from canlian_chassis.signing import private_key
from canlian_chassis.tokens import Signer

SECRETS = Path("/secrets")
KEYS = Path("/data/keys")
READING_KEYS = Path("/data/reading-keys")
EXCHANGE_KEYS = Path("/data/exchange-keys")

password = write_once(SECRETS / "postgres", lambda: secrets.token_urlsafe(32).encode())
write_once(SECRETS / "pgpass", lambda: b"postgres:5432:*:canlian:" + password + b"\n")

Signer(KEYS)
write_once(KEYS / "master.key", lambda: AESGCM.generate_key(256))
private_key(KEYS, KEY)
for name in ("signing.pub.pem", "master.key"):
    write_once(READING_KEYS / name, (KEYS / name).read_bytes)
for name in ("signing.pub.pem", "master.key", f"{KEY}.pem", f"{KEY}.pub.pem"):
    write_once(EXCHANGE_KEYS / name, (KEYS / name).read_bytes)
