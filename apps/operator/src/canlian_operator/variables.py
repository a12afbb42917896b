"""The environment of this process, read and handed on here and nowhere else in the command."""

from __future__ import annotations

import os
from collections.abc import Mapping


def variable(name: str) -> str | None:
    """Its value; None where it is not set, or empty."""
    return os.environ.get(name) or None


def set_variable(name: str, value: str) -> None:
    """For the rest of this process and what it starts."""
    os.environ[name] = value


def all_variables() -> dict[str, str]:
    return dict(os.environ)


def replace_variables(environment: Mapping[str, str]) -> None:
    """From here on this process has these, and no others."""
    os.environ.clear()
    os.environ.update(environment)
