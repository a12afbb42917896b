"""Passwords: what makes a good one, and how they are kept (Argon2id, by whose parameters of today)."""

from __future__ import annotations

import secrets
from functools import cache
from itertools import pairwise

from pwdlib import PasswordHash

from canlian_accounts.tables import key_of

SHORTEST_PASSWORD = 8
LONGEST_PASSWORD = 200
_SHORTEST_NAME = 3
"""A name of less characters may stand in a password: it says little."""
_COMMON = """
password passw0rd password1 iloveyou sunshine princess football baseball qwertyui qwertyuiop asdfghjkl 1qaz2wsx
q1w2e3r4 1q2w3e4r a1b2c3d4 abcd1234 abc12345 woaini1314 woaini520 5201314520 admin123 administrator changeme welcome1
letmein1 dragon123 canlian1 canlian123 12345678a 123456789a a123456789 a12345678 qq123456 aa123456 asd123456 123qweasd
zxcvbnm123 88888888 11223344 147258369 123123123 987654321
"""
"""What everybody tries first."""


class PasswordRefused(ValueError):
    """`code` is worded as `password.<why>`."""

    def __init__(self, code: str, **facts: object) -> None:
        super().__init__(f"{code} {facts}" if facts else code)
        self.code, self.facts = code, facts


def approve(password: str, *names: str) -> None:
    """Raises PasswordRefused. `names`: what the account and whoever has it are called."""
    plain = key_of(password)
    if len(password) < SHORTEST_PASSWORD:
        raise PasswordRefused("password.too_short", least=SHORTEST_PASSWORD)
    if len(password) > LONGEST_PASSWORD:
        raise PasswordRefused("password.too_long", most=LONGEST_PASSWORD)
    if any(len(name) >= _SHORTEST_NAME and key_of(name) in plain for name in names):
        raise PasswordRefused("password.holds_name")
    if plain in _COMMON.split() or len(set(plain)) < 4 or _is_row(plain):
        raise PasswordRefused("password.too_common")


def _is_row(plain: str) -> bool:
    """12345678, abcdefgh, 87654321."""
    steps = {ord(after) - ord(before) for before, after in pairwise(plain)}
    return steps in ({1}, {-1})


def hash_of(password: str) -> str:
    return _hasher().hash(password)


def fits(password: str, kept: str) -> tuple[bool, str | None]:
    """Whether it is the password, and its hash by the parameters of today where the kept one is by others.

    Takes as long where nothing is kept.
    """
    if not kept:
        _hasher().verify(password, _nobodys())
        return False, None
    return _hasher().verify_and_update(password, kept)


@cache
def _hasher() -> PasswordHash:
    return PasswordHash.recommended()


@cache
def _nobodys() -> str:
    return _hasher().hash(secrets.token_urlsafe(16))
