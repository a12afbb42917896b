"""Where the other parts are, beside the settings that all parts have."""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlsplit

from pydantic import SecretStr, field_validator

from canlian_chassis.settings import Settings
from canlian_events.terms import Role

SERVICES = ("registry", "assistance", "services-catalog", "evaluation")
TOOLS = ("neighbours", "volunteer", "social-worker", "provider", "federation", "exchange")


class EdgeSettings(Settings):
    """Each tool's address is host:port in CANLIAN_<TOOL>; CANLIAN_PARTS names the parts that are meant to run."""

    parts: str | None = None
    neighbours: str | None = None
    volunteer: str | None = None
    social_worker: str | None = None
    provider: str | None = None
    federation: str | None = None
    exchange: str | None = None

    oidc_issuer: str | None = None
    """The OIDC provider people may sign in through; its address as it calls itself."""
    oidc_client_id: str = "canlian"
    oidc_client_secret: SecretStr | None = None
    oidc_name: str = ""
    """What the button on the sign-in page calls it."""
    oidc_match: Literal["subject", "email"] = "subject"
    """By what an account is found. An email address counts only if the provider says it is verified."""
    oidc_create: str | None = None
    """`role:community`: as what an account is made for whoever has none, e.g. `volunteer:429999001`."""

    @field_validator("oidc_issuer")
    @classmethod
    def _is_safe(cls, issuer: str | None) -> str | None:
        """A provider is reached by https, unless it runs on this machine."""
        parts = urlsplit(issuer or "")
        if issuer and parts.scheme != "https" and parts.hostname not in {"localhost", "127.0.0.1", "::1"}:
            raise ValueError("an address beginning with https://")
        return issuer or None

    @field_validator("oidc_create")
    @classmethod
    def _is_of_a_role(cls, said: str | None) -> str | None:
        role, _, scope = (said or "").partition(":")
        if said and (role not in list(Role) or not scope.isdigit()):
            raise ValueError("role:community, such as volunteer:429999001")
        return said or None

    @property
    def services(self) -> list[str]:
        """The services meant to run: all, where nobody said which."""
        return [name for name in SERVICES if self._is_meant(name)]

    @property
    def tools(self) -> dict[str, str]:
        """Name → address of the tools meant to run."""
        found = {name: getattr(self, name.replace("-", "_")) for name in TOOLS}
        return {name: address for name, address in found.items() if address and self._is_meant(name)}

    def _is_meant(self, name: str) -> bool:
        return self.parts is None or name in {part.strip() for part in self.parts.split(",")}
