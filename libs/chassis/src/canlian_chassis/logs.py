"""Logs: one JSON object a line on stderr, with the part's name; readable text where stderr is a terminal."""

from __future__ import annotations

import logging
import sys

import structlog


def configure(part: str, level: str = "info") -> None:
    """Set up structlog for this process. Never log personal values: ids and codes only."""
    number = logging.getLevelNamesMapping()[level.upper()]
    render = structlog.dev.ConsoleRenderer() if sys.stderr.isatty() else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(part=part)
