"""Who may sign in: the federation's staff keep the accounts of their own communities. Each act is kept."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, Field
from starlette.responses import Response

from canlian_accounts import Account, Accounts
from canlian_edge.accounts.communities import choices, names_of
from canlian_edge.sign_in.pages import accounts_of
from canlian_events.meta import Actor
from canlian_events.terms import UNSCOPED, Role
from canlian_web.export.sheet import sheet
from canlian_web.forms import Form
from canlian_web.language.i18n import N_
from canlian_web.language.refusals import say_refusal
from canlian_web.page import Context, Page, require

router = APIRouter(prefix="/federation/accounts", dependencies=[require(Role.STAFF)])
HOME = "/federation/accounts"
GIVEN = tuple(role for role in Role if role not in {Role.ANONYMOUS, Role.OPERATOR, Role.POLICY, Role.PROGRAM})
"""The roles that staff may give; others are the operator's."""
_LOGIN = re.compile(r"[\w.@+-]+")
_SCOPE = re.compile(r"\d{2,12}")
ACTS = {
    "added": N_("added"),
    "changed": N_("changed"),
    "disabled": N_("disabled"),
    "enabled": N_("enabled again"),
    "password_reset": N_("given a new password"),
    "password_changed": N_("changed the password"),
    "unlocked": N_("unlocked"),
    "second_factor_on": N_("set up a second factor"),
    "second_factor_off": N_("ended the second factor"),
    "second_factor_reset": N_("second factor reset"),
    "recovery_used": N_("used a recovery code"),
    "signed_out": N_("signed out everywhere"),
    "by_provider": N_("made by the sign-in service"),
}


class Wanted(BaseModel):
    """The form of an account."""

    login: str = Field(max_length=100)
    display_name: str = Field(default="", max_length=100)
    roles: frozenset[Role] = Field(min_length=1)
    communities: frozenset[str] = frozenset()
    actor_id: str = Field(default="", max_length=100)
    email: str = Field(default="", max_length=200)


def id_of(account: Account) -> str:
    """What stands in an address: a login may be somebody's name."""
    return hashlib.sha256(account.login.encode()).hexdigest()[:16]


def may_keep(actor: Actor, account: Account) -> bool:
    return _may_give(actor, (Role(role) for role in account.roles), account.communities)


def _may_give(actor: Actor, roles: Iterable[Role], communities: Iterable[str]) -> bool:
    return set(roles) <= set(GIVEN) and all(actor.covers(scope) for scope in communities)


async def of_page(page: Context) -> list[Account]:
    every = await asyncio.to_thread(accounts_of(page.request).every)
    return [account for account in every if may_keep(page.actor, account)]


async def one_of_page(page: Context, id_: str) -> Account:
    found = next((account for account in await of_page(page) if id_of(account) == id_), None)
    if found is None:
        raise HTTPException(404)
    return found


@router.get("")
async def listed(page: Page) -> Response:
    accounts, kept = accounts_of(page.request), await of_page(page)
    acts = await asyncio.to_thread(accounts.acts, {account.actor_id for account in kept})
    rows = [(account, id_of(account), _state(page, account)) for account in kept]
    who = {account.actor_id: account.display_name or account.login for account in kept}
    said = [(act, datetime.fromtimestamp(act.at, UTC), page._(ACTS[act.what]), _by(page, act.by, who)) for act in acts]
    places = await names_of(page, (code for account in kept for code in account.communities))
    return page.render("accounts/list.html", rows=rows, acts=said, places=places, who=who)


def _by(page: Context, by: str, who: Mapping[str, str]) -> str:
    return page._("the operator, at the command line") if by == "operator" else who.get(by, by)


@router.get("/accounts.xlsx")
async def download(page: Page) -> Response:
    _ = page._
    columns = [
        _("Name to sign in with"),
        _("Name"),
        _("Roles"),
        _("Communities"),
        _("Who it is"),
        _("Code"),
        _("State"),
    ]
    kept = await of_page(page)
    places = await names_of(page, (code for account in kept for code in account.communities))
    rows = [
        [
            a.login,
            a.display_name,
            list(a.actor.roles),
            [places[code] for code in a.communities],
            a.actor_id,
            _factor(page, a),
            _state(page, a),
        ]
        for a in kept
    ]
    return sheet(_("Accounts"), columns, rows, page.lang)


@router.get("/new")
async def new(page: Page) -> Response:
    return await _form(page, page.blank(), None)


@router.post("/new")
async def add(page: Page) -> Response:
    form = page.form(Wanted)
    accounts = accounts_of(page.request)
    if form.ok:
        _check(page, form, form.value)
        if not _LOGIN.fullmatch(form.value.login):
            form.errors["login"] = say_refusal("account.bad_login", {}, page.lang)
        elif await asyncio.to_thread(accounts.get, form.value.login):
            form.errors["login"] = say_refusal("account.taken", {}, page.lang)
    if not form.ok:
        return await _form(page, form, None)
    account = await asyncio.to_thread(_save, accounts, form.value, None, page.actor.id)
    return await _give_password(page, account)


@router.get("/{id_}")
async def show(page: Page, id_: str) -> Response:
    account = await one_of_page(page, id_)
    shown = page.blank(
        login=account.login,
        display_name=account.display_name,
        roles=account.roles,
        communities=account.communities,
        actor_id=account.actor_id,
        email=account.email,
    )
    return await _form(page, shown, account)


@router.post("/{id_}")
async def change(page: Page, id_: str) -> Response:
    account = await one_of_page(page, id_)
    form = page.form(Wanted, login=account.login)
    if form.ok:
        _check(page, form, form.value)
    if form.ok and _own(page, account) and set(account.roles) != {role.value for role in form.value.roles}:
        form.errors["roles"] = say_refusal("account.own", {}, page.lang)
    if not form.ok:
        return await _form(page, form, account)
    await asyncio.to_thread(_save, accounts_of(page.request), form.value, account, page.actor.id)
    return page.redirect(f"{HOME}/{id_}", notice=page._("The account is changed."))


@router.post("/{id_}/{act}")
async def do(page: Page, id_: str, act: str) -> Response:
    account, accounts, by = await one_of_page(page, id_), accounts_of(page.request), page.actor.id
    if _own(page, account):
        form: Form[Any] = Form(refusal=say_refusal("account.own", {}, page.lang))
        return await _form(page, form, account)
    match act:
        case "password":
            return await _give_password(page, account)
        case "disable" | "enable":
            await asyncio.to_thread(accounts.disable, account.login, act == "disable", by=by)
        case "unlock":
            await asyncio.to_thread(accounts.unlock, account.login, by=by)
        case "second-factor":
            await asyncio.to_thread(accounts.reset_second_factor, account.login, by=by)
        case "sign-out":
            await asyncio.to_thread(accounts.sessions.end_all, account.login)
            await asyncio.to_thread(accounts.note, account.login, by, "signed_out")
        case _:
            raise HTTPException(404)
    return page.redirect(f"{HOME}/{id_}", notice=page._("Done."))


async def _give_password(page: Context, account: Account) -> Response:
    """Shown once, in this answer."""
    reset = accounts_of(page.request).reset_password
    password = await asyncio.to_thread(reset, account.login, by=page.actor.id)
    return page.render(
        "accounts/password_given.html", account=account, password=password, back=f"{HOME}/{id_of(account)}"
    )


def _save(accounts: Accounts, wanted: Wanted, kept: Account | None, by: str) -> Account:
    actor_id = wanted.actor_id or (
        kept.actor_id if kept else f"account:{hashlib.sha256(wanted.login.encode()).hexdigest()[:12]}"
    )
    return accounts.upsert_account(
        wanted.login,
        actor_id=actor_id,
        roles=wanted.roles,
        password=None,
        communities=sorted(wanted.communities),
        provider_id=actor_id if Role.PROVIDER in wanted.roles else None,
        display_name=wanted.display_name,
        email=wanted.email,
        demo=kept.demo if kept else False,
        by=by,
        waiting=True,
    )


def _check(page: Context, form: Form[Any], wanted: Wanted) -> None:
    scoped = wanted.roles - UNSCOPED
    if not all(_SCOPE.fullmatch(scope) for scope in wanted.communities):
        form.errors["communities"] = say_refusal("account.bad_community", {}, page.lang)
    elif scoped and not wanted.communities:
        form.errors["communities"] = say_refusal("account.no_community", {}, page.lang)
    elif not wanted.roles <= set(GIVEN):
        form.errors["roles"] = say_refusal("account.not_given", {}, page.lang)
    elif not _may_give(page.actor, wanted.roles, wanted.communities):
        form.errors["communities"] = say_refusal("account.not_yours", {}, page.lang)
    if wanted.roles & {Role.PROVIDER, Role.RESIDENT} and not wanted.actor_id:
        form.errors["actor_id"] = say_refusal("account.who", {}, page.lang)


async def _form(page: Context, form: Form[Any], account: Account | None) -> Response:
    more: dict[str, Any] = {"own": False, "places": await choices(page, account.communities if account else ())}
    if account:
        more |= {"id": id_of(account), "state": _state(page, account), "own": _own(page, account)}
        more["locked"] = accounts_of(page.request).locked_minutes(account.login) > 0
    return page.render("accounts/form.html", None, form=form, account=account, given=GIVEN, **more)


def _own(page: Context, account: Account) -> bool:
    return account.actor_id == page.actor.id


def _state(page: Context, account: Account) -> str:
    minutes = accounts_of(page.request).locked_minutes(account.login)
    if account.disabled:
        return page._("disabled")
    if minutes:
        return page.ngettext("locked for %(num)s minute", "locked for %(num)s minutes", minutes)
    return page._("demonstration") if account.demo else page._("in use")


def _factor(page: Context, account: Account) -> str:
    return page._("yes") if account.second_factor else page._("no")
