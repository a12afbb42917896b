"""Who may sign in, and who is signed in: a durable store of its own, in SQLite or Postgres. Its methods block."""

from canlian_accounts.passwords import SHORTEST_PASSWORD, PasswordRefused
from canlian_accounts.sessions import Wants, Where
from canlian_accounts.store import DEMO_PASSWORD, Accounts
from canlian_accounts.tables import Account, Act, SignInSession
from canlian_accounts.throttling import SignInRefused

__all__ = [
    "DEMO_PASSWORD",
    "SHORTEST_PASSWORD",
    "Account",
    "Accounts",
    "Act",
    "PasswordRefused",
    "SignInRefused",
    "SignInSession",
    "Wants",
    "Where",
]
