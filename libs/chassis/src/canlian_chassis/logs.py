"""Logs: one JSON object a line on stderr, with the part's name; readable text where stderr is a terminal."""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import structlog
from pydantic import ValidationError


def configure(part: str, level: str = "info") -> None:
    """Set up structlog for this process. Never log personal values: ids and codes only."""
    number = logging.getLevelNamesMapping()[level.upper()]
    render = structlog.dev.ConsoleRenderer() if sys.stderr.isatty() else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _without_values,
            render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(part=part)


def describe(error: BaseException) -> str:
    """What kind of error it is and where it was raised. Its own text may hold what somebody typed."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    fields = error.errors(include_input=False) if isinstance(error, ValidationError) else ()
    names = ", ".join(".".join(map(str, field["loc"])) for field in fields)
    return type(error).__name__ + where + (f" ({names})" if names else "")


def _without_values(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The traceback of an exception that is logged, and its kind; not its text."""
    error = sys.exc_info()[1] if event.pop("exc_info", False) else None
    if error:
        lines = traceback.format_tb(error.__traceback__)
        event["exception"] = "".join(lines) + describe(error)
    return event
