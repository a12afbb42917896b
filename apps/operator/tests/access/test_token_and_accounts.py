"""`canlian token` and `canlian accounts`, on a data folder without a running system."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from canlian_accounts import Accounts, SignInRefused
from canlian_chassis.settings import Settings
from canlian_chassis.tokens import Signer, Verifier
from canlian_events.terms import Role
from canlian_operator.main import app

COMMUNITY = "429999002001"


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("CANLIAN_NATS_URL", "CANLIAN_ACCOUNTS_URL", "CANLIAN_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CANLIAN_DATA", str(tmp_path))
    monkeypatch.setenv("CANLIAN_LANG", "en")
    return tmp_path


def canlian(*arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(app, list(arguments), input=stdin)


def test_a_token_is_all_that_is_printed_and_says_who_acts(data: Path) -> None:
    Signer(data / "keys")
    told = canlian("token", "--role", "social_worker", "--community", COMMUNITY, "--actor", "worker_12345678")
    actor = Verifier(data / "keys").actor(told.stdout.strip())
    assert (actor.id, actor.roles, actor.communities) == (
        "worker_12345678",
        frozenset({Role.SOCIAL_WORKER}),
        (COMMUNITY,),
    )


def test_a_providers_token_names_the_provider(data: Path) -> None:
    Signer(data / "keys")
    told = canlian("token", "--role", "provider", "--provider", "provider_12345678")
    assert Verifier(data / "keys").actor(told.stdout.strip()).provider_id == "provider_12345678"


@pytest.mark.parametrize(
    ("arguments", "missing"),
    [
        (("--role", "staff"), "--community"),
        (("--role", "provider"), "--provider"),
        (("--role", "resident"), "--actor"),
        (("--role", "staff", "--community", "Plane Trees"), "12 digits"),
    ],
)
def test_a_token_of_no_use_is_not_made(data: Path, arguments: tuple[str, ...], missing: str) -> None:
    Signer(data / "keys")
    told = canlian("token", *arguments)
    assert (told.exit_code, told.stdout) == (2, "")
    assert missing in told.stderr


def test_where_no_system_ever_ran_no_key_is_made_for_a_token(data: Path) -> None:
    told = canlian("token", "--role", "operator")
    assert told.exit_code == 1
    assert "CANLIAN_DATA" in told.stderr
    assert list(data.iterdir()) == []


def test_an_account_is_added_listed_and_disabled(data: Path) -> None:
    added = canlian(
        "accounts", "add", "Li", "--role", "grid_worker", "--community", COMMUNITY, "--worker", "worker_12345678",
        "--name", "李明", "--password-stdin",
        stdin="correct horse\n",
    )  # fmt: skip
    assert added.exit_code == 0, added.output
    (listed,) = json.loads(canlian("accounts", "list", "--json").stdout)
    assert listed["login"] == "li"
    assert (listed["actor"], listed["communities"]) == ("worker_12345678", [COMMUNITY])
    accounts = Accounts(Settings(data=data))
    assert accounts.sign_in("li", "correct horse")
    assert canlian("accounts", "disable", "li").exit_code == 0
    with pytest.raises(SignInRefused):
        accounts.sign_in("li", "correct horse")


def test_an_account_changed_without_a_password_keeps_its_own(data: Path) -> None:
    add = ("accounts", "add", "li", "--role", "staff", "--community", COMMUNITY[:9])
    canlian(*add, "--password-stdin", stdin="correct horse\n")
    assert canlian(*add, "--name", "李明").exit_code == 0
    assert Accounts(Settings(data=data)).sign_in("li", "correct horse")


@pytest.mark.parametrize(("password", "why"), [("short\n", "at least 8"), (None, "CANLIAN_PASSWORD")])
def test_an_account_without_a_good_password_is_not_saved(data: Path, password: str | None, why: str) -> None:
    how = ("--password-stdin",) if password else ()
    told = canlian("accounts", "add", "li", "--role", "staff", "--community", COMMUNITY, *how, stdin=password)
    assert told.exit_code == 2
    assert why in told.stderr
    assert Accounts(Settings(data=data)).every() == []


def test_disabling_an_unknown_account_says_where_to_look(data: Path) -> None:
    told = canlian("accounts", "disable", "nobody")
    assert told.exit_code == 1
    assert "canlian accounts list" in told.stderr


def test_a_forgotten_password_is_reset_and_a_locked_account_opened(data: Path) -> None:
    add = ("accounts", "add", "li", "--role", "staff", "--community", COMMUNITY[:9], "--password-stdin")
    canlian(*add, stdin="correct horse\n")
    accounts = Accounts(Settings(data=data))
    for _ in range(5):
        with pytest.raises(SignInRefused, match="wrong"):
            accounts.sign_in("li", "wrong")
    (listed,) = json.loads(canlian("accounts", "list", "--json").stdout)
    assert listed["locked_minutes"] == 1
    assert canlian("accounts", "unlock", "li").exit_code == 0
    assert accounts.sign_in("li", "correct horse")
    given = canlian("accounts", "reset", "li").stdout.strip()
    found = accounts.who(accounts.sign_in("li", given))
    assert found is not None
    assert found[1].wants == "password"
    assert canlian("accounts", "reset", "li", "--second-factor").exit_code == 0
    canlian("accounts", "disable", "li")
    assert canlian("accounts", "enable", "li").exit_code == 0
    assert [act.what for act in accounts.acts()][:3] == ["enabled", "disabled", "second_factor_reset"]
    assert {act.by for act in accounts.acts()} == {"operator"}


@pytest.mark.parametrize("command", [("demo",), ("events", "tail"), ("rebuild", "volunteer"), ("load-demo",)])
def test_without_a_system_a_command_says_how_to_start_one(data: Path, command: tuple[str, ...]) -> None:
    told = canlian(*command)
    assert told.exit_code == 1
    assert "make run" in told.stderr
