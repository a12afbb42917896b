"""Settings of every part: read from the environment here and nowhere else."""

from __future__ import annotations

from pathlib import Path

from pydantic_settings import BaseSettings, SettingsConfigDict

from canlian_chassis.files import keep_private

_PRIVATE = frozenset({"keys", "accounts"})


class Settings(BaseSettings):
    """Each is an environment variable with the prefix `CANLIAN_`, e.g. `CANLIAN_NATS_URL`."""

    model_config = SettingsConfigDict(env_prefix="CANLIAN_", frozen=True)

    nats_url: str = "nats://127.0.0.1:4222"
    """One server or several, separated by commas."""
    data: Path = Path("var")
    views_url: str | None = None
    """SQLAlchemy URL of a Postgres database for views; without it each part keeps SQLite files under `data`."""
    keys_url: str | None = None
    """SQLAlchemy URL of the key store; without it a SQLite file under `data/keys`."""
    accounts_url: str | None = None
    """SQLAlchemy URL of the accounts; without it a SQLite file under `data/accounts`."""
    second_factor: str = ""
    """Roles, separated by commas, that sign in with a second factor only."""
    session_hours: int = 12
    """After which one signs in again, whatever one did meanwhile."""
    session_idle_minutes: int = 120
    """Without a page, after which one signs in again."""
    host: str = "127.0.0.1"
    port: int = 8000
    demo: bool = True
    subdistrict: str = "429999001000"
    """The 12-digit code of the subdistrict this federation serves; events of no one community happen there."""
    replicas: int = 1
    """Copies of the log in a cluster: 1 or 3."""
    log_level: str = "info"
    metrics_port: int = 0
    """Where a service tells Prometheus how many commands and queries it handled, and how long each took; 0: nowhere."""
    traces_url: str = ""
    """An OTLP collector (http://…/v1/traces) that is told of each command and query a service handled; empty: none."""
    movable_clock: bool = False
    """Whether the system's clock may be moved ahead, as tests of what takes days do. Never where people rely on it."""

    @property
    def key_folder(self) -> Path:
        """Where the signing keys and the master key are."""
        return self.data / "keys"

    def store_url(self, kind: str, name: str) -> str:
        """Where a durable store or a view database lives: the URL given for its kind, or a SQLite file of its own."""
        given: str | None = getattr(self, f"{kind}_url")
        if given:
            return given
        folder = self.data / kind
        folder.mkdir(parents=True, exist_ok=True)
        file = folder.resolve() / f"{name}.sqlite"
        if kind in _PRIVATE:
            keep_private(folder, file)
        return f"sqlite:///{file}"
