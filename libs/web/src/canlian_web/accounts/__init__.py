"""Who may sign in, and who is signed in: a durable store of its own, in SQLite or Postgres. Its methods block."""

from canlian_web.accounts.lockout import SignInRefused
from canlian_web.accounts.passwords import SHORTEST_PASSWORD, PasswordRefused
from canlian_web.accounts.sessions import Wants, Where
from canlian_web.accounts.store import DEMO_PASSWORD, Accounts
from canlian_web.accounts.tables import Account, Act, SignInSession

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
