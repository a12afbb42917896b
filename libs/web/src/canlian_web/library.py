"""What a tool takes from a library beside the pages that are its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from fastapi import APIRouter


class Library(NamedTuple):
    """`package` brings `templates/`, found after the tool's own, and `locale/zh.po`; `routers` go under its prefix."""

    package: str
    routers: Sequence[APIRouter] = ()
