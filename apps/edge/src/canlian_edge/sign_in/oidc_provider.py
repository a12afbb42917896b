"""An OIDC provider: where its addresses are, and what it says of who comes back from it."""

from __future__ import annotations

import time
from typing import Any

import httpx
from authlib.common.urls import add_params_to_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from canlian_accounts import SignInRefused
from canlian_accounts.oidc import Known
from canlian_accounts.oidc_state import Trip
from canlian_edge.settings import EdgeSettings

PATIENCE = 5.0
_KNOWN_FOR = 3600
_DRIFT = 60
"""Seconds that the provider's clock may be off."""
_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA"]
"""None in which the client's own secret could sign."""


class Provider:
    """Raises SignInRefused in words of what a person can do; why exactly is the refusal's cause."""

    def __init__(self, issuer: str, client_id: str, secret: str) -> None:
        self._issuer, self._id, self._secret = issuer.rstrip("/"), client_id, secret
        self._found: dict[str, Any] = {}
        self._keys: KeySet | None = None
        self._until = 0.0

    @classmethod
    def of(cls, settings: EdgeSettings) -> Provider | None:
        if settings.oidc_issuer is None:
            return None
        secret = settings.oidc_client_secret.get_secret_value() if settings.oidc_client_secret else ""
        return cls(settings.oidc_issuer, settings.oidc_client_id, secret)

    async def address_for(self, trip: Trip, back: str) -> str:
        """Where to send the browser; the provider sends it to `back`."""
        async with self._client() as client:
            found = await self._discover(client)
        asked = {
            "response_type": "code",
            "client_id": self._id,
            "redirect_uri": back,
            "scope": "openid profile email",
            "state": trip.state,
            "nonce": trip.nonce,
            "code_challenge": create_s256_code_challenge(trip.verifier),  # type: ignore[no-untyped-call]
            "code_challenge_method": "S256",
        }
        return str(add_params_to_uri(found["authorization_endpoint"], asked))

    async def who(self, code: str, trip: Trip, back: str) -> Known:
        """Whom the code is for. It is exchanged once, with what only whoever began the trip knows."""
        asked = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": back,
            "client_id": self._id,
            "code_verifier": trip.verifier,
        }
        async with self._client() as client:
            found = await self._discover(client)
            auth = httpx.BasicAuth(self._id, self._secret) if self._secret else None
            answer = await _asked(
                client.post(found["token_endpoint"], data=asked, auth=auth or httpx.USE_CLIENT_DEFAULT)
            )
            token = _json(answer)
            if answer.status_code != 200 or "id_token" not in token:
                raise SignInRefused("sign_in.provider_refused")
            claims = await self._checked(client, str(token["id_token"]), str(token.get("access_token", "")), trip.nonce)
        email = str(claims.get("email", "")) if claims.get("email_verified") is True else ""
        return Known(str(claims["sub"]), email, str(claims.get("name") or claims.get("preferred_username") or ""))

    async def sign_out_address(self, back: str) -> str | None:
        """Where one signs out there too, if the provider has such a place and answers."""
        try:
            async with self._client() as client:
                end = (await self._discover(client)).get("end_session_endpoint")
        except SignInRefused:
            return None
        asked = {"client_id": self._id, "post_logout_redirect_uri": back}
        return str(add_params_to_uri(end, asked)) if end else None

    async def _checked(self, client: httpx.AsyncClient, token: str, access_token: str, nonce: str) -> CodeIDToken:
        options = {
            "iss": {"essential": True, "value": self._found["issuer"]},
            "aud": {"essential": True, "value": self._id},
        }
        try:
            try:
                read = jwt.decode(token, await self._key_set(client), algorithms=_ALGORITHMS)
            except InvalidKeyIdError:
                # the provider may have taken new keys meanwhile
                read = jwt.decode(token, await self._key_set(client, anew=True), algorithms=_ALGORITHMS)
            params = {"nonce": nonce, "client_id": self._id, "access_token": access_token}
            claims = CodeIDToken(read.claims, read.header, options, params)
            claims.validate(leeway=_DRIFT)
        except (JoseError, ValueError) as error:
            raise SignInRefused("sign_in.provider_wrong") from error
        return claims

    async def _key_set(self, client: httpx.AsyncClient, *, anew: bool = False) -> KeySet:
        if self._keys is None or anew:
            self._keys = KeySet.import_key_set(_json(await _asked(client.get(self._found["jwks_uri"]))))  # type: ignore[arg-type]
        return self._keys

    async def _discover(self, client: httpx.AsyncClient) -> dict[str, Any]:
        if time.monotonic() < self._until:
            return self._found
        answer = await _asked(client.get(f"{self._issuer}/.well-known/openid-configuration"))
        if answer.status_code != 200:
            raise SignInRefused("sign_in.provider_down")
        found = _json(answer)
        needed = ("authorization_endpoint", "token_endpoint", "jwks_uri")
        if str(found.get("issuer", "")).rstrip("/") != self._issuer or not all(found.get(name) for name in needed):
            raise SignInRefused("sign_in.provider_wrong")
        self._found, self._keys, self._until = found, None, time.monotonic() + _KNOWN_FOR
        return found

    def _client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(timeout=PATIENCE, trust_env=False)


async def _asked(answer: Any) -> httpx.Response:
    try:
        got: httpx.Response = await answer
    except httpx.HTTPError as error:
        raise SignInRefused("sign_in.provider_down") from error
    if got.status_code >= 500:
        raise SignInRefused("sign_in.provider_down")
    return got


def _json(answer: httpx.Response) -> dict[str, Any]:
    try:
        said = answer.json()
    except ValueError as error:
        raise SignInRefused("sign_in.provider_wrong") from error
    if not isinstance(said, dict):
        raise SignInRefused("sign_in.provider_wrong")
    return said
