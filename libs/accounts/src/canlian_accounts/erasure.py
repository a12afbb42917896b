"""Accounts of persons who were erased are deleted: at once where a tool runs, else when it starts."""

from __future__ import annotations

import asyncio

import structlog
from nats.aio.client import Client as Nats

from canlian_accounts import Accounts
from canlian_chassis.log.following import follow
from canlian_events import subjects

log = structlog.get_logger()


async def forget_erased(nc: Nats, accounts: Accounts) -> None:
    """For ever: follows whom the log says was erased, from the first on. That is one message a person."""
    async for batch in follow(nc, 0, (subjects.ERASURES,)):
        for entry in batch:
            subject = subjects.erased(entry.subject)
            if await asyncio.to_thread(accounts.forget, subject):
                log.info("account.forgotten", actor=subject)
