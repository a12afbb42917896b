"""The accounts' store as one object: what accounts there are, and signing in to them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

from sqlalchemy import text, update
from sqlmodel import Session, col, delete, select

from canlian_accounts import passwords, throttling
from canlian_accounts.oidc_state import Trips
from canlian_accounts.second_factor import SecondFactors, new_code
from canlian_accounts.sessions import Sessions, Wants, Where
from canlian_accounts.tables import Account, Act, RecoveryCode, SignInSession, act, key_of, open_store
from canlian_accounts.throttling import Lockout, SignInRefused
from canlian_chassis.keys.store import Keys
from canlian_chassis.settings import Settings
from canlian_events.terms import Role

DEMO_PASSWORD = "demo"
OPERATOR = "operator"
"""Who does what is done at the command line."""
_NOWHERE = Where()


class Accounts:
    """The accounts the settings name. Tables are made where they are missing."""

    def __init__(self, settings: Settings) -> None:
        self._demo, self._settings = settings.demo, settings
        self._engine = open_store(settings.store_url("accounts", "accounts"))
        self._lockout = Lockout(self._engine)
        self._need_second_factor = {role.strip() for role in settings.second_factor.split(",") if role.strip()}
        self.sessions = Sessions(self._engine, settings.session_hours * 3600, settings.session_idle_minutes * 60)

    @cached_property
    def factors(self) -> SecondFactors:
        return SecondFactors(self._engine, Keys.of(self._settings))

    @cached_property
    def trips(self) -> Trips:
        return Trips(self._engine)

    # Accounts

    def upsert_account(
        self,
        login: str,
        *,
        actor_id: str,
        roles: Iterable[Role],
        password: str | None = None,
        communities: Iterable[str] = (),
        provider_id: str | None = None,
        display_name: str = "",
        demo: bool = False,
        email: str = "",
        subject: str = "",
        by: str = OPERATOR,
        must_change: bool = False,
        waiting: bool = False,
    ) -> Account:
        """Create or change an account; without `password` an existing one keeps its own. Raises PasswordRefused.

        `communities` are 12-digit codes or prefixes: the subdistrict's 9 digits stand for all of it. A new one without
        a password has an email address or a subject, and signs in through the provider; or is `waiting` for one.
        """
        key = key_of(login)
        kept = self.get(key)
        if password is not None and not demo:
            passwords.approve(password, key, display_name)
        if kept is None and password is None and not (email or subject or waiting):
            raise ValueError(f"{login} is new and needs a password")
        account = kept or Account(login=key, password_hash="", actor_id=actor_id, roles=[])
        account.actor_id, account.roles, account.communities = actor_id, sorted(roles), list(communities)
        account.provider_id, account.display_name, account.demo = provider_id, display_name, demo
        account.email, account.subject = email or account.email, subject or account.subject
        if password is not None:
            account.password_hash, account.must_change = passwords.hash_of(password), must_change
        with Session(self._engine, expire_on_commit=False) as db:
            stored = db.merge(account)
            db.add(act(by, "changed" if kept else "added", stored))
            db.commit()
        if password is not None and kept and not demo:
            self.sessions.end_all(key)
        return stored

    def ensure_demo_account(self, login: str, **account: Any) -> Account:
        """An account of the demonstration, as `upsert_account` takes it; its password is DEMO_PASSWORD.

        Raises ValueError where the login belongs to somebody real.
        """
        kept = self.get(login)
        if kept and not kept.demo:
            raise ValueError(f"{login} is an account of somebody real")
        return self.upsert_account(login, **account, password=DEMO_PASSWORD, demo=True)

    def get(self, login: str) -> Account | None:
        with Session(self._engine, expire_on_commit=False) as db:
            return db.get(Account, key_of(login))

    def every(self) -> Sequence[Account]:
        with Session(self._engine, expire_on_commit=False) as db:
            return db.exec(select(Account).order_by(col(Account.login))).all()

    def demo_accounts(self) -> Sequence[Account]:
        """Those the sign-in page may list: none outside demo mode."""
        return [account for account in self.every() if account.demo and not account.disabled] if self._demo else []

    def disable(self, login: str, disabled: bool = True, *, by: str = OPERATOR) -> None:
        """Whoever is signed in with the account is signed out."""
        self._change(login, by, "disabled" if disabled else "enabled", disabled=disabled)
        self.sessions.end_all(key_of(login))

    def reset_password(self, login: str, *, by: str = OPERATOR) -> str:
        """A new password, good for choosing another. All sessions end, a lock opens."""
        new = new_code(3)
        self._change(login, by, "password_reset", password_hash=passwords.hash_of(new), must_change=True)
        self._lockout.unlock(login)
        self.sessions.end_all(key_of(login))
        return new

    def reset_second_factor(self, login: str, *, by: str = OPERATOR) -> None:
        """For who lost phone and paper. All sessions end."""
        self.factors.drop(login)
        self.note(login, by, "second_factor_reset")
        self.sessions.end_all(key_of(login))

    def unlock(self, login: str, *, by: str = OPERATOR) -> None:
        self._lockout.unlock(login)
        self._change(login, by, "unlocked")

    def locked_minutes(self, login: str) -> int:
        return self._lockout.minutes_left(login)

    def acts(self, actor_ids: Iterable[str] | None = None, limit: int = 100) -> Sequence[Act]:
        """What was done to accounts, the newest first; to those of these people if named."""
        found = select(Act).order_by(col(Act.id).desc()).limit(limit)
        if actor_ids is not None:
            found = found.where(col(Act.actor_id).in_(list(actor_ids)))
        with Session(self._engine, expire_on_commit=False) as db:
            return db.exec(found).all()

    def note(self, login: str, by: str, what: str) -> None:
        """Keep that something was done which changed no field of the account."""
        self._change(login, by, what)

    def _change(self, login: str, by: str, what: str, **values: Any) -> None:
        with Session(self._engine) as db:
            account = db.get(Account, key_of(login))
            if account:
                for name, value in values.items():
                    setattr(account, name, value)
                db.add(account)
                db.add(act(by, what, account))
                db.commit()

    def forget(self, actor_id: str) -> int:
        """Delete the accounts of somebody who was erased, with their sessions; returns how many there were."""
        with Session(self._engine) as db:
            logins = list(db.exec(select(Account.login).where(Account.actor_id == actor_id)))
            if logins:
                db.exec(delete(SignInSession).where(col(SignInSession.login).in_(logins)))
                db.exec(delete(RecoveryCode).where(col(RecoveryCode.login).in_(logins)))
                db.exec(delete(Account).where(col(Account.login).in_(logins)))
                db.connection().execute(update(Act).where(col(Act.actor_id) == actor_id).values(login=""))
                db.commit()
        if logins:
            for login in logins:
                self._lockout.unlock(login)
            self._forget_what_was()
        return len(logins)

    def _forget_what_was(self) -> None:
        """Write the store anew, so that what was deleted is in none of its pages, nor in the log beside it."""
        sqlite = self._engine.dialect.name == "sqlite"
        full = [f"VACUUM FULL {name}" for name in ("account", "account_act", "recovery_code", '"session"')]
        statements = ["VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"] if sqlite else full
        with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
            for statement in statements:
                db.execute(text(statement))

    # Signing in

    def sign_in(self, login: str, password: str, where: Where = _NOWHERE) -> str:
        """The first step; returns the cookie's value. `sessions.of(cookie).wants` says what is still to be done.

        Raises SignInRefused. An unknown name takes as long and is answered the same as a wrong password, and is locked
        as an account is.
        """
        tried = throttling.doors(login, where.address)
        self._lockout.begin(tried)
        account = self.get(login)
        kept = account.password_hash if account and self._usable(account) else ""
        fits, newer = passwords.fits(password, kept)
        if account is None or not fits:
            raise SignInRefused("sign_in.wrong")
        if newer:
            with Session(self._engine) as db:
                mine = update(Account).where(col(Account.login) == account.login, col(Account.password_hash) == kept)
                db.connection().execute(mine.values(password_hash=newer))
                db.commit()
        return self._start(account, where)

    def sign_in_as(self, login: str, where: Where = _NOWHERE) -> str:
        """Sign in to an account of the demonstration by its button. Raises SignInRefused."""
        account = self.get(login)
        if account is None or not account.demo or not self._usable(account):
            raise SignInRefused("sign_in.wrong")
        return self.sessions.start(account.login, Wants.NOTHING, where)

    def sign_in_through(self, account: Account, where: Where = _NOWHERE) -> str:
        """Sign in whom the OIDC provider has vouched for; a second factor is the provider's. Raises SignInRefused."""
        if not self._usable(account):
            raise SignInRefused("sign_in.provider_unknown")
        return self.sessions.start(account.login, Wants.NOTHING, where, by_provider=True)

    def confirm(self, cookie: str, code: str, where: Where = _NOWHERE) -> str:
        """The second step: a code from the phone or from paper; returns another cookie. Raises SignInRefused."""
        row = self.sessions.of(cookie)
        account = self.get(row.login) if row and row.wants == Wants.CODE else None
        if row is None or account is None:
            raise SignInRefused("sign_in.begin_again")
        self._lockout.begin(throttling.doors(row.login, where.address))
        if not self.factors.takes(account, code):
            raise SignInRefused("sign_in.wrong_code")
        self.sessions.end(cookie)
        return self._start(account, where, confirmed=True)

    def who(self, cookie: str) -> tuple[Account, SignInSession] | None:
        """Whose session it is, signed in or half-way there."""
        row = self.sessions.of(cookie)
        account = self.get(row.login) if row else None
        return (account, row) if row and account and self._usable(account) else None

    def signed_in(self, cookie: str) -> Account | None:
        """Whose session it is, if it is still one, and whole."""
        found = self.who(cookie)
        return found[0] if found and found[1].wants == Wants.NOTHING else None

    def sign_out(self, cookie: str) -> None:
        self.sessions.end(cookie)

    def _start(self, account: Account, where: Where, *, confirmed: bool = False) -> str:
        wants = self._wanted_of(account, confirmed=confirmed)
        if wants == Wants.NOTHING:
            self._lockout.succeeded(throttling.doors(account.login, where.address))
        return self.sessions.start(account.login, wants, where)

    def _wanted_of(self, account: Account, *, confirmed: bool) -> Wants:
        if account.demo:
            return Wants.NOTHING
        if account.second_factor and not confirmed:
            return Wants.CODE
        if account.must_change:
            return Wants.PASSWORD
        return Wants.SECOND_FACTOR if self.lacks_second_factor(account, account.roles) else Wants.NOTHING

    def _usable(self, account: Account) -> bool:
        return not account.disabled and (self._demo or not account.demo)

    # What people do to their own account

    def change_password(self, cookie: str, old: str, new: str, where: Where = _NOWHERE) -> str:
        """Returns another cookie; all other sessions end. Raises SignInRefused or PasswordRefused."""
        found = self.who(cookie)
        if found is None or found[1].wants not in (Wants.NOTHING, Wants.PASSWORD):
            raise SignInRefused("sign_in.begin_again")
        account = found[0]
        self._check(account, old, where)
        passwords.approve(new, account.login, account.display_name)
        if old == new:
            raise passwords.PasswordRefused("password.same")
        self._change(
            account.login, account.actor_id, "password_changed", password_hash=passwords.hash_of(new), must_change=False
        )
        return self._start_anew(account.login, where)

    def _check(self, account: Account, password: str, where: Where) -> None:
        """That it is who they say, before something is changed for good. Raises SignInRefused."""
        tried = throttling.doors(account.login, where.address)
        self._lockout.begin(tried)
        if not passwords.fits(password, account.password_hash)[0]:
            raise SignInRefused("sign_in.wrong_password")
        self._lockout.succeeded(tried)

    def lacks_second_factor(self, account: Account, roles: Iterable[str]) -> bool:
        """Whether one of these roles is held with a second factor only, and the account has none."""
        needed = bool(self._need_second_factor.intersection(roles))
        return needed and not account.demo and account.second_factor is None

    def take_second_factor(self, cookie: str, code: str, where: Where = _NOWHERE) -> tuple[str, list[str]]:
        """From now on signing in takes a code. Returns another cookie and the recovery codes, which are kept nowhere.

        Raises SignInRefused.
        """
        found = self.who(cookie)
        if found is None or found[1].wants not in (Wants.NOTHING, Wants.SECOND_FACTOR):
            raise SignInRefused("sign_in.begin_again")
        account, tried = found[0], throttling.doors(found[0].login, where.address)
        self._lockout.begin(tried)
        codes = self.factors.accept(account, code)
        if codes is None:
            raise SignInRefused("sign_in.wrong_code")
        self._lockout.succeeded(tried)
        self.note(account.login, account.actor_id, "second_factor_on")
        return self._start_anew(account.login, where), codes

    def drop_second_factor(self, cookie: str, code: str, where: Where = _NOWHERE) -> str:
        """With a code, to take another phone or none; returns another cookie. Raises SignInRefused."""
        account = self.signed_in(cookie)
        if account is None or account.second_factor is None:
            raise SignInRefused("sign_in.begin_again")
        tried = throttling.doors(account.login, where.address)
        self._lockout.begin(tried)
        if not self.factors.takes(account, code):
            raise SignInRefused("sign_in.wrong_code")
        self._lockout.succeeded(tried)
        self.factors.drop(account.login)
        self.note(account.login, account.actor_id, "second_factor_off")
        return self._start_anew(account.login, where)

    def _start_anew(self, login: str, where: Where) -> str:
        """After something was changed that whoever is signed in elsewhere must not outlast."""
        self.sessions.end_all(login)
        account = self.get(login)
        assert account is not None
        return self._start(account, where, confirmed=True)
