"""Where the other parts are, beside the settings that all parts have."""

from __future__ import annotations

from canlian_chassis.settings import Settings

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
