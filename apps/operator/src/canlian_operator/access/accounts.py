"""`canlian accounts`: who may sign in. Works on the accounts' store itself, so no system need run."""

import json
import sys
from typing import Annotated

import typer
from rich.table import Table

from canlian_accounts import Account, Accounts, PasswordRefused
from canlian_events.terms import Role
from canlian_operator.access.token import named
from canlian_operator.console import by_language, console, fail
from canlian_operator.environment import read_settings
from canlian_operator.variables import variable
from canlian_web.language.refusals import say_refusal

accounts_app = typer.Typer(help="登录账号 · Accounts to sign in with", no_args_is_help=True)
Login = Annotated[str, typer.Argument(help="登录名 · the name", show_default=False)]
PASSWORD_VARIABLE = "CANLIAN_PASSWORD"


@accounts_app.command("add")
def add(
    login: Annotated[str, typer.Argument(help="登录名 · the name to sign in with", show_default=False)],
    role: Annotated[list[Role], typer.Option(help="角色，可多次 · role; may be repeated", show_default=False)],
    community: Annotated[
        list[str] | None, typer.Option(help="社区代码或前几位，可多次 · community code or prefix; may be repeated")
    ] = None,
    worker: Annotated[str | None, typer.Option(help="工作人员编号 · the worker's id", show_default=False)] = None,
    person: Annotated[str | None, typer.Option(help="居民编号 · the person's id", show_default=False)] = None,
    provider: Annotated[str | None, typer.Option(help="服务机构编号 · the provider's id", show_default=False)] = None,
    name: Annotated[str, typer.Option(help="页面上显示的名字 · the name shown on pages")] = "",
    email: Annotated[str, typer.Option(help="统一登录按邮箱认人时 · where a provider knows people by email")] = "",
    subject: Annotated[str, typer.Option(help="在统一登录处的编号 · who this is at the sign-in provider")] = "",
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="从标准输入读密码 · read the password from standard input")
    ] = False,
) -> None:
    """添加或修改账号 · Add an account, or change one: what is given here replaces what was there.

    The password comes from CANLIAN_PASSWORD or --password-stdin, or is asked for twice. With --subject or --email none
    is needed: the person signs in through the provider.
    """
    for one in role:
        named(one, tuple(community or ()), worker or person, provider)
    accounts = Accounts(read_settings())
    known = accounts.get(login)
    try:
        stored = accounts.upsert_account(
            login,
            actor_id=worker or person or provider or (known.actor_id if known else f"account:{login}"),
            roles=role,
            password=read_password(password_stdin, optional=known is not None or bool(email or subject)),
            communities=community or (),
            provider_id=provider,
            display_name=name,
            email=email,
            subject=subject,
        )
    except PasswordRefused as refused:
        fail(
            f"账号没有保存：{say_refusal(refused.code, refused.facts, 'zh')}",
            f"The account is not saved. {say_refusal(refused.code, refused.facts, 'en')}",
            code=2,
        )
    done = by_language(
        f"账号 {stored.login} 已{'修改' if known else '添加'}",
        f"account {stored.login} {'changed' if known else 'added'}",
    )
    console.print(f"✓ {done}: {_roles(stored)}", markup=False, style="green")


@accounts_app.command("list")
def list_(as_json: Annotated[bool, typer.Option("--json", help="输出 JSON · as JSON")] = False) -> None:
    """列出账号 · List the accounts. Passwords are never shown: only their hashes are kept."""
    store = Accounts(read_settings())
    every = store.every()
    if as_json:
        shown = [_shown(account) | {"locked_minutes": store.locked_minutes(account.login)} for account in every]
        typer.echo(json.dumps(shown, ensure_ascii=False, indent=2))
        return
    table = Table("登录名 login", "名字 name", "角色 roles", "社区 communities", "是谁 who", "状态 state", box=None)
    for account in every:
        state = _state(account, store.locked_minutes(account.login))
        table.add_row(
            account.login,
            account.display_name,
            _roles(account),
            " ".join(account.communities),
            account.provider_id or account.actor_id,
            state,
        )
    console.print(table)


@accounts_app.command("disable")
def disable(login: Login) -> None:
    """停用账号 · Disable an account; whoever is signed in with it is signed out at their next page."""
    _known(login).disable(login)
    _done(f"{login} 已停用", f"{login} is disabled")


@accounts_app.command("enable")
def enable(login: Login) -> None:
    """重新启用账号 · Enable an account again, with the password it had."""
    _known(login).disable(login, False)
    _done(f"{login} 已重新启用", f"{login} is enabled")


@accounts_app.command("reset")
def reset(
    login: Login,
    second_factor: Annotated[
        bool, typer.Option("--second-factor", help="只重设验证码，密码不变 · the second factor only, not the password")
    ] = False,
) -> None:
    """重设密码 · Print a new password, good for choosing another at the next sign-in; all sessions end."""
    accounts = _known(login)
    if second_factor:
        accounts.reset_second_factor(login)
        _done(f"{login} 的验证码已重设", f"{login} signs in without a code, or sets one up anew")
        return
    typer.echo(accounts.reset_password(login))


@accounts_app.command("unlock")
def unlock(login: Login) -> None:
    """解锁 · Let somebody try again who typed a wrong password too often."""
    _known(login).unlock(login)
    _done(f"{login} 已解锁", f"{login} is unlocked")


def _known(login: str) -> Accounts:
    """The store, if it has such an account."""
    accounts = Accounts(read_settings())
    if accounts.get(login) is None:
        fail(
            f"没有名为“{login}”的账号。用 canlian accounts list 查看。",
            f"There is no account {login}. See `canlian accounts list`.",
        )
    return accounts


def _done(zh: str, en: str) -> None:
    console.print("✓ " + by_language(zh, en), markup=False, style="green")


def read_password(from_stdin: bool, *, optional: bool) -> str | None:
    """None where an existing account keeps its own: nobody is there to be asked."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if password := variable(PASSWORD_VARIABLE):
        return password
    if optional and not sys.stdin.isatty():
        return None
    if not sys.stdin.isatty():
        fail(
            f"需要密码：设置 {PASSWORD_VARIABLE}，或用 --password-stdin。",
            f"A password is needed: set {PASSWORD_VARIABLE}, or use --password-stdin.",
            code=2,
        )
    blank = by_language("（留空则不变）", " (blank: as it is)") if optional else ""
    asked: str = typer.prompt(
        by_language("密码", "Password") + blank,
        hide_input=True,
        confirmation_prompt=by_language("再输入一次", "Once more"),
        default="" if optional else None,
        show_default=False,
    )
    return asked or None


def _state(account: Account, locked: int) -> str:
    """What is not as usual."""
    said = [
        by_language("停用", "disabled") * account.disabled,
        by_language(f"锁定 {locked} 分钟", f"locked for {locked} minutes") * (locked > 0),
        by_language("验证码", "second factor") * (account.second_factor is not None),
        by_language("演示", "demo") * account.demo,
    ]
    return " ".join(part for part in said if part)


def _roles(account: Account) -> str:
    return ", ".join(by_language(Role(role).zh, role) for role in account.roles)


def _shown(account: Account) -> dict[str, object]:
    return {
        "login": account.login,
        "name": account.display_name,
        "roles": account.roles,
        "communities": account.communities,
        "actor": account.actor_id,
        "provider": account.provider_id,
        "demo": account.demo,
        "disabled": account.disabled,
        "second_factor": account.second_factor is not None,
        "email": account.email,
        "subject": account.subject,
    }
