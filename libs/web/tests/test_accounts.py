import time
from pathlib import Path

import pytest
from sqlalchemy import update
from sqlmodel import Session, col

from canlian_chassis.settings import Settings
from canlian_events.meta import Actor
from canlian_events.terms import Role
from canlian_web import accounts as module
from canlian_web.accounts import DEMO_PASSWORD, FAILURES_ALLOWED, Account, Accounts, SignInRefused

STAFF = {"actor_id": "worker_0000000001", "roles": [Role.STAFF], "communities": ["429999001"]}


@pytest.fixture(params=["sqlite", "postgres"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    if request.param == "sqlite":
        return Settings(data=tmp_path)
    return Settings(data=tmp_path, accounts_url=request.getfixturevalue("postgres_url"))


@pytest.fixture
def accounts(settings: Settings) -> Accounts:
    store = Accounts(settings)
    store.upsert_account("Li", **STAFF, password="long enough", display_name="李建国")  # type: ignore[arg-type]
    return store


def test_who_signs_in_acts_with_the_roles_and_communities_of_the_account(accounts: Accounts) -> None:
    account = accounts.signed_in(accounts.sign_in("li", "long enough"))
    assert account is not None
    assert account.actor == Actor("worker_0000000001", frozenset({Role.STAFF}), ("429999001",))


@pytest.mark.parametrize("typed", ["LI", " li ", "ｌｉ"])
def test_a_login_may_be_typed_in_any_width_and_case(accounts: Accounts, typed: str) -> None:
    assert accounts.sign_in(typed, "long enough")


def test_an_unknown_name_is_answered_like_a_wrong_password(accounts: Accounts) -> None:
    for login in ("li", "nobody"):
        with pytest.raises(SignInRefused) as refused:
            accounts.sign_in(login, "wrong")
        assert refused.value.code == "sign_in.wrong"


def test_an_account_is_locked_after_repeated_wrong_passwords_and_opens_again(
    accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(FAILURES_ALLOWED):
        with pytest.raises(SignInRefused, match=r"sign_in\.wrong"):
            accounts.sign_in("li", "wrong")
    with pytest.raises(SignInRefused) as locked:
        accounts.sign_in("li", "long enough")
    assert (locked.value.code, locked.value.facts) == ("sign_in.locked", {"minutes": 15})
    later = time.time() + module.LOCKED_SECONDS + 1
    monkeypatch.setattr(time, "time", lambda: later)
    assert accounts.sign_in("li", "long enough")


def test_a_right_password_forgets_the_wrong_ones(accounts: Accounts) -> None:
    for _ in range(FAILURES_ALLOWED - 1):
        with pytest.raises(SignInRefused):
            accounts.sign_in("li", "wrong")
    accounts.sign_in("li", "long enough")
    with pytest.raises(SignInRefused, match=r"sign_in\.wrong"):
        accounts.sign_in("li", "wrong")
    assert accounts.sign_in("li", "long enough")


def test_disabling_an_account_ends_its_sessions(accounts: Accounts) -> None:
    cookie = accounts.sign_in("li", "long enough")
    accounts.disable("li")
    assert accounts.signed_in(cookie) is None
    with pytest.raises(SignInRefused, match=r"sign_in\.wrong"):
        accounts.sign_in("li", "long enough")


def test_a_session_ends_by_itself(accounts: Accounts, monkeypatch: pytest.MonkeyPatch) -> None:
    cookie = accounts.sign_in("li", "long enough")
    later = time.time() + module.SESSION_SECONDS + 1
    monkeypatch.setattr(time, "time", lambda: later)
    assert accounts.signed_in(cookie) is None


def test_changed_roles_hold_from_the_next_page_on(accounts: Accounts) -> None:
    cookie = accounts.sign_in("li", "long enough")
    accounts.upsert_account("li", actor_id="worker_0000000001", roles=[Role.LEADER])
    account = accounts.signed_in(cookie)
    assert account is not None
    assert account.actor.roles == {Role.LEADER}


def test_changing_an_account_keeps_its_password_and_its_lock(accounts: Accounts) -> None:
    with Session(accounts._engine) as db:
        db.connection().execute(update(Account).where(col(Account.login) == "li").values(failed=3))
        db.commit()
    accounts.upsert_account("li", **STAFF)  # type: ignore[arg-type]
    account = accounts.get("li")
    assert account is not None
    assert account.failed == 3
    assert accounts.sign_in("li", "long enough")


def test_accounts_of_the_demonstration_work_in_demo_mode_only(settings: Settings) -> None:
    demo = Accounts(settings.model_copy(update={"demo": True}))
    demo.ensure_demo_account("jumin", actor_id="person_0000000001", roles=[Role.RESIDENT])
    cookie = demo.sign_in("jumin", DEMO_PASSWORD)
    assert [account.login for account in demo.demo_accounts()] == ["jumin"]
    real = Accounts(settings.model_copy(update={"demo": False}))
    assert real.demo_accounts() == []
    assert real.signed_in(cookie) is None
    with pytest.raises(SignInRefused, match=r"sign_in\.wrong"):
        real.sign_in_as("jumin")


def test_the_demonstration_never_takes_over_the_account_of_somebody_real(accounts: Accounts) -> None:
    with pytest.raises(ValueError, match="somebody real"):
        accounts.ensure_demo_account("li", **STAFF)


def test_a_short_password_is_refused(accounts: Accounts) -> None:
    with pytest.raises(ValueError, match="at least 8"):
        accounts.upsert_account("new", actor_id="worker_0000000002", roles=[Role.STAFF], password="short")


def test_neither_password_nor_cookie_is_stored(accounts: Accounts) -> None:
    cookie = accounts.sign_in("li", "long enough")
    with Session(accounts._engine) as db:
        rows = [*db.connection().exec_driver_sql("select * from account").all()]
        rows += db.connection().exec_driver_sql("select * from session").all()
    assert cookie not in str(rows)
    assert "long enough" not in str(rows)


def test_the_account_of_somebody_erased_is_in_no_file_any_more(accounts: Accounts, settings: Settings) -> None:
    accounts.upsert_account(
        "mohen", actor_id="person_00000001", roles=[Role.RESIDENT], password="long enough", display_name="欧阳墨痕"
    )
    cookie = accounts.sign_in("mohen", "long enough")
    assert accounts.forget("person_00000001") == 1
    assert accounts.forget("person_00000001") == 0
    assert accounts.signed_in(cookie) is None
    assert [account.login for account in accounts.every()] == ["li"]
    held = [file for file in settings.data.rglob("*") if file.is_file() and "欧阳墨痕".encode() in file.read_bytes()]
    assert held == []
