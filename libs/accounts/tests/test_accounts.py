import time
from pathlib import Path

import pyotp
import pytest
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import create_engine, inspect
from sqlmodel import Session

from canlian_accounts import DEMO_PASSWORD, Accounts, PasswordRefused, SignInRefused, Wants, Where, passwords
from canlian_accounts.throttling import FIRST_WAIT, LONGEST_WAIT, TRIES_ALLOWED, TRIES_FROM_ADDRESS, wait_after
from canlian_chassis.settings import Settings
from canlian_events.meta import Actor
from canlian_events.terms import Role

STAFF = {"actor_id": "worker_0000000001", "roles": [Role.STAFF], "communities": ["429999001"]}


LIGHT = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=16, parallelism=1),))


@pytest.fixture(autouse=True)
def light(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hash costs a tenth of a second and 64 MiB, which is its purpose; these tests make hundreds."""
    if "strong" not in request.node.name:
        monkeypatch.setattr(passwords, "_hasher", lambda: LIGHT)
        passwords._nobodys.cache_clear()


def test_passwords_are_hashed_by_strong_parameters() -> None:
    assert passwords.hash_of("long enough").startswith("$argon2id$v=19$m=65536,t=3,p=4$")


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


def later(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    moment = time.time() + seconds
    monkeypatch.setattr(time, "time", lambda: moment)


def refused(accounts: Accounts, login: str, password: str = "wrong", where: Where = Where()) -> SignInRefused:  # noqa: B008
    with pytest.raises(SignInRefused) as error:
        accounts.sign_in(login, password, where)
    return error.value


@pytest.mark.parametrize("login", ["li", "nobody"])
def test_a_login_waits_after_repeated_failures_and_longer_each_time(
    accounts: Accounts, settings: Settings, monkeypatch: pytest.MonkeyPatch, login: str
) -> None:
    assert [refused(accounts, login).code for _ in range(TRIES_ALLOWED)] == ["sign_in.wrong"] * TRIES_ALLOWED
    again = Accounts(settings)  # as after a restart
    locked = refused(again, login, "long enough")
    assert (locked.code, locked.facts) == ("sign_in.locked", {"minutes": 1})
    later(monkeypatch, FIRST_WAIT + 1)
    assert refused(again, login).code == "sign_in.wrong"
    assert refused(again, login).facts == {"minutes": 2}
    later(monkeypatch, 2 * FIRST_WAIT + 1)
    if login == "li":
        assert again.sign_in("li", "long enough")
        assert refused(again, "li").code == "sign_in.wrong"


def test_the_wait_doubles_up_to_an_hour() -> None:
    waits = [wait_after(tries, TRIES_ALLOWED) for tries in range(TRIES_ALLOWED - 1, TRIES_ALLOWED + 9)]
    assert waits == [0, 60, 120, 240, 480, 960, 1920, LONGEST_WAIT, LONGEST_WAIT, LONGEST_WAIT]


def test_an_address_that_tries_many_names_waits_as_well(accounts: Accounts) -> None:
    here, there = Where("203.0.113.7"), Where("203.0.113.8")
    for number in range(TRIES_FROM_ADDRESS):
        refused(accounts, f"somebody{number}", where=here)
    assert refused(accounts, "li", "long enough", here).code == "sign_in.locked"
    assert accounts.sign_in("li", "long enough", there)


def test_an_administrator_opens_a_locked_login(accounts: Accounts) -> None:
    for _ in range(TRIES_ALLOWED):
        refused(accounts, "li")
    assert accounts.locked_minutes("li") == 1
    accounts.unlock("li", by="worker_0000000009")
    assert accounts.locked_minutes("li") == 0
    assert accounts.sign_in("li", "long enough")
    newest = accounts.acts()[0]
    assert (newest.what, newest.by) == ("unlocked", "worker_0000000009")


def test_a_right_password_forgets_the_wrong_ones(accounts: Accounts) -> None:
    for _ in range(TRIES_ALLOWED - 1):
        refused(accounts, "li")
    accounts.sign_in("li", "long enough")
    refused(accounts, "li")
    assert accounts.sign_in("li", "long enough")


def test_disabling_an_account_ends_its_sessions(accounts: Accounts) -> None:
    cookie = accounts.sign_in("li", "long enough")
    accounts.disable("li")
    assert accounts.signed_in(cookie) is None
    with pytest.raises(SignInRefused, match=r"sign_in\.wrong"):
        accounts.sign_in("li", "long enough")


def test_a_session_ends_after_its_hours_and_after_a_long_silence(
    accounts: Accounts, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    cookie = accounts.sign_in("li", "long enough")
    idle = settings.session_idle_minutes * 60
    for _ in range(settings.session_hours * 3600 // (idle - 60)):
        assert accounts.signed_in(cookie)
        later(monkeypatch, idle - 60)
    later(monkeypatch, idle - 60)
    assert accounts.signed_in(cookie) is None
    other = accounts.sign_in("li", "long enough")
    later(monkeypatch, idle + 1)
    assert accounts.signed_in(other) is None


def test_changed_roles_hold_from_the_next_page_on(accounts: Accounts) -> None:
    cookie = accounts.sign_in("li", "long enough")
    accounts.upsert_account("li", actor_id="worker_0000000001", roles=[Role.LEADER])
    account = accounts.signed_in(cookie)
    assert account is not None
    assert account.actor.roles == {Role.LEADER}


def test_changing_an_account_keeps_its_password_and_its_lock(accounts: Accounts) -> None:
    for _ in range(TRIES_ALLOWED):
        refused(accounts, "li")
    accounts.upsert_account("li", **STAFF)  # type: ignore[arg-type]
    assert accounts.locked_minutes("li") == 1
    accounts.unlock("li")
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


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("short", "password.too_short"),
        ("x1" * 101, "password.too_long"),
        ("my-Xiaoming-2026", "password.holds_name"),
        ("李晓明的密码很长", "password.holds_name"),
        ("12345678", "password.too_common"),
        ("aaaaaaaa1", "password.too_common"),
        ("Password", "password.too_common"),
    ],
)
def test_a_password_easily_guessed_is_refused(accounts: Accounts, password: str, code: str) -> None:
    with pytest.raises(PasswordRefused) as error:
        accounts.upsert_account(
            "xiaoming",
            actor_id="worker_0000000002",
            roles=[Role.STAFF],
            password=password,
            display_name="李晓明",
        )
    assert error.value.code == code
    assert accounts.get("xiaoming") is None


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


def test_a_hash_by_weaker_parameters_is_replaced_at_the_next_sign_in(accounts: Accounts, settings: Settings) -> None:
    weak = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1),)).hash("long enough")
    accounts._change("li", "test", "changed", password_hash=weak)
    assert accounts.sign_in("li", "long enough")
    account = accounts.get("li")
    assert account is not None
    assert account.password_hash != weak
    assert accounts.sign_in("li", "long enough")


def test_changing_the_password_ends_every_other_session(accounts: Accounts) -> None:
    here, elsewhere = accounts.sign_in("li", "long enough"), accounts.sign_in("li", "long enough")
    with pytest.raises(SignInRefused, match="wrong_password"):
        accounts.change_password(here, "wrong", "another good one")
    with pytest.raises(PasswordRefused, match="same"):
        accounts.change_password(here, "long enough", "long enough")
    new = accounts.change_password(here, "long enough", "another good one")
    assert accounts.signed_in(new)
    assert accounts.signed_in(here) is None
    assert accounts.signed_in(elsewhere) is None
    assert refused(accounts, "li", "long enough").code == "sign_in.wrong"
    assert accounts.sign_in("li", "another good one")


def test_a_password_somebody_else_set_is_good_for_choosing_another(accounts: Accounts) -> None:
    before = accounts.sign_in("li", "long enough")
    given = accounts.reset_password("li")
    assert accounts.signed_in(before) is None
    cookie = accounts.sign_in("li", given)
    assert accounts.signed_in(cookie) is None
    found = accounts.who(cookie)
    assert found is not None
    assert found[1].wants == Wants.PASSWORD
    assert accounts.signed_in(accounts.change_password(cookie, given, "another good one"))


def with_second_factor(accounts: Accounts) -> tuple[str, str, list[str]]:
    """Secret, cookie, recovery codes."""
    cookie = accounts.sign_in("li", "long enough")
    secret = accounts.factors.propose("li")
    cookie, codes = accounts.take_second_factor(cookie, pyotp.TOTP(secret).now())
    return secret, cookie, codes


def test_with_a_second_factor_a_password_is_half_the_way(accounts: Accounts, monkeypatch: pytest.MonkeyPatch) -> None:
    secret, cookie, codes = with_second_factor(accounts)
    assert accounts.signed_in(cookie)
    half = accounts.sign_in("li", "long enough")
    assert accounts.signed_in(half) is None
    with pytest.raises(SignInRefused, match="wrong_code"):
        accounts.confirm(half, "000000" if pyotp.TOTP(secret).now() != "000000" else "000001")
    with pytest.raises(SignInRefused, match="wrong_code"):
        accounts.confirm(half, pyotp.TOTP(secret).now())  # the one that set it up: no code counts twice
    later(monkeypatch, 31)
    whole = accounts.confirm(half, pyotp.TOTP(secret).at(int(time.time())))
    assert accounts.signed_in(whole)
    assert accounts.signed_in(half) is None
    assert accounts.signed_in(accounts.confirm(accounts.sign_in("li", "long enough"), codes[0].upper()))
    with pytest.raises(SignInRefused, match="wrong_code"):
        accounts.confirm(accounts.sign_in("li", "long enough"), codes[0])
    assert accounts.factors.codes_left("li") == len(codes) - 1


def test_wrong_codes_lock_as_wrong_passwords_do(accounts: Accounts, monkeypatch: pytest.MonkeyPatch) -> None:
    with_second_factor(accounts)
    half = accounts.sign_in("li", "long enough")
    for _ in range(TRIES_ALLOWED - 1):
        with pytest.raises(SignInRefused, match="wrong_code"):
            accounts.confirm(half, "abc")
    with pytest.raises(SignInRefused, match="locked"):
        accounts.confirm(half, "abc")
    assert refused(accounts, "li", "long enough").code == "sign_in.locked"


def test_a_role_that_needs_a_second_factor_sets_one_up_first(settings: Settings) -> None:
    strict = Accounts(settings.model_copy(update={"second_factor": "leader,staff"}))
    strict.upsert_account("li", **STAFF, password="long enough")  # type: ignore[arg-type]
    cookie = strict.sign_in("li", "long enough")
    assert strict.signed_in(cookie) is None
    secret = strict.factors.propose("li")
    assert strict.factors.propose("li") == secret
    cookie, _ = strict.take_second_factor(cookie, pyotp.TOTP(secret).now())
    assert strict.signed_in(cookie)


def test_who_lost_phone_and_paper_is_let_in_by_an_administrator(accounts: Accounts) -> None:
    _, cookie, _ = with_second_factor(accounts)
    accounts.reset_second_factor("li")
    assert accounts.signed_in(cookie) is None
    assert accounts.signed_in(accounts.sign_in("li", "long enough"))
    assert accounts.factors.codes_left("li") == 0


def test_sessions_are_listed_and_ended_one_by_one_or_all(accounts: Accounts) -> None:
    phone = Where("203.0.113.7", "Mozilla/5.0 (Linux; Android 14) AppleWebKit Chrome/130 Mobile Safari")
    here, there = accounts.sign_in("li", "long enough"), accounts.sign_in("li", "long enough", phone)
    listed = {(row.device, row.place): row.id for row in accounts.sessions.listed("li")}
    assert set(listed) == {("", ""), ("Chrome · Android", "203.0.113.0/24")}
    assert not accounts.sessions.end_one("other", listed["Chrome · Android", "203.0.113.0/24"])
    assert accounts.sessions.end_one("li", listed["Chrome · Android", "203.0.113.0/24"])
    assert accounts.signed_in(there) is None
    another = accounts.sign_in("li", "long enough")
    accounts.sessions.end_all("li", but=here)
    assert accounts.signed_in(here)
    assert accounts.signed_in(another) is None


def test_a_store_of_an_earlier_release_is_brought_up_to_date(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    engine = create_engine(settings.store_url("accounts", "accounts"))
    with engine.begin() as db:
        db.exec_driver_sql(
            "create table account (login varchar primary key, password_hash varchar not null,"
            " actor_id varchar not null, roles json not null, communities json not null,"
            " provider_id varchar, display_name varchar not null,"
            " demo boolean not null, disabled boolean not null, failed integer not null, locked_until bigint not null)"
        )
        db.exec_driver_sql(
            "create table session (hash varchar primary key, login varchar not null, expires bigint not null)"
        )
        known = passwords.hash_of("long enough")
        db.exec_driver_sql(
            "insert into account values ('li', ?, 'worker_0000000001', '[\"staff\"]', '[]', null, '', 0, 0, 2, 0)",
            (known,),
        )
    accounts = Accounts(settings)
    assert accounts.signed_in(accounts.sign_in("li", "long enough"))
    accounts.upsert_account("new", **STAFF, password="long enough")  # type: ignore[arg-type]
    assert "failed" not in {column["name"] for column in inspect(engine).get_columns("account")}
