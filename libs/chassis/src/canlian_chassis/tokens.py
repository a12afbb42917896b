"""Who acts, proven: short-lived tokens signed with Ed25519, made at sign-in and checked by every service.

The signing key is made on first use under `data/keys`. Sign-in, the operator and the services' policies hold it;
tools need only the public half.
"""

from __future__ import annotations

import time
from functools import lru_cache
from pathlib import Path

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from canlian_chassis.keys.signing import private_key, public_key
from canlian_events.meta import Actor
from canlian_events.terms import Role

ROLES = {role.value: role for role in Role}
ANONYMOUS = Actor(id="anonymous", roles=frozenset({Role.ANONYMOUS}))
_AUDIENCE = "canlian"


class BadToken(Exception):
    """The token is missing, altered or out of date: sign in again."""


class Signer:
    """Makes tokens. `folder` is `data/keys`."""

    def __init__(self, folder: Path) -> None:
        self._key = private_key(folder, "signing")

    def sign(self, actor: Actor, seconds: int = 300) -> str:
        """A token that says who the actor is, good for `seconds`."""
        now = int(time.time())
        claims = {
            "aud": _AUDIENCE,
            "sub": actor.id,
            "roles": sorted(actor.roles),
            "communities": list(actor.communities),
            "iat": now,
            "exp": now + seconds,
        }
        if actor.held:
            claims["held"] = [[role, scope] for role, scope in actor.held]
        if actor.provider_id:
            claims["provider"] = actor.provider_id
        return jwt.encode(claims, self._key, algorithm="EdDSA")


class Verifier:
    """Reads tokens. A token once checked is not checked again before it expires."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "signing.pub.pem"
        self._key: Ed25519PublicKey | None = None
        self._checked = lru_cache(maxsize=4096)(self._check)

    def actor(self, token: str) -> Actor:
        """The actor the token names. Raises BadToken."""
        actor, expires = self._checked(token)
        if expires <= time.time():
            raise BadToken("the token has expired")
        return actor

    def _check(self, token: str) -> tuple[Actor, float]:
        if self._key is None:
            self._key = self._load()
        try:
            # when it was issued is not looked at: the clock of whoever signed may be ahead of ours
            claims = jwt.decode(
                token, self._key, algorithms=["EdDSA"], audience=_AUDIENCE, options={"verify_iat": False}
            )
            roles = frozenset(ROLES[role] for role in claims["roles"])
            held = tuple((ROLES[role], str(scope)) for role, scope in claims.get("held", ()))
        except (jwt.InvalidTokenError, KeyError, ValueError) as error:
            raise BadToken(str(error)) from None
        actor = Actor(claims["sub"], roles, tuple(claims.get("communities", ())), claims.get("provider"), held)
        return actor, float(claims["exp"])

    def _load(self) -> Ed25519PublicKey:
        try:
            return public_key(self._path)
        except FileNotFoundError:
            raise BadToken(f"no key at {self._path.name} yet: sign-in has not started") from None
