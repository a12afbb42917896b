"""Whose account it is that an OIDC provider vouches for."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass

from canlian_accounts.store import Accounts
from canlian_accounts.tables import Account
from canlian_accounts.throttling import SignInRefused
from canlian_events.terms import Role

BY_PROVIDER = "provider"


@dataclass(frozen=True, slots=True)
class Known:
    """Who the provider says it is."""

    subject: str
    email: str
    name: str


@dataclass(frozen=True, slots=True)
class Rule:
    """How an account is found: by the `subject` or the `email`. Made where there is none, if `makes` says as what."""

    by: str = "subject"
    makes: tuple[Role, str] | None = None
    """Role and community code or prefix."""


def account_of(accounts: Accounts, known: Known, rule: Rule) -> Account:
    """Raises SignInRefused where there is none and none is to be made."""
    wanted = known.email.casefold() if rule.by == "email" else known.subject
    held = {(one.email.casefold() if rule.by == "email" else one.subject): one for one in accounts.every()}
    if wanted and wanted in held:
        return held[wanted]
    if not wanted or rule.makes is None:
        raise SignInRefused("sign_in.provider_unknown")
    role, scope = rule.makes
    return accounts.upsert_account(
        f"through:{hashlib.sha256(known.subject.encode()).hexdigest()[:16]}",
        actor_id=f"account_{secrets.token_hex(8)}",
        roles=[role],
        communities=[scope],
        display_name=known.name,
        email=known.email,
        subject=known.subject,
        by=BY_PROVIDER,
    )
