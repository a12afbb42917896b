"""The edge: start page, sign-in, the question "who is this?" that Caddy asks for every page, health of all parts."""

from __future__ import annotations

from canlian_accounts import Accounts
from canlian_accounts.erasure import forget_erased
from canlian_chassis.tokens import Signer
from canlian_edge.accounts import pages as accounts
from canlian_edge.gate import forward_auth
from canlian_edge.gate.roles_now import views
from canlian_edge.own_account import pages as own_account
from canlian_edge.settings import EdgeSettings
from canlian_edge.sign_in import oidc
from canlian_edge.sign_in import pages as sign_in
from canlian_edge.sign_in.oidc_provider import Provider
from canlian_edge.start import health, pages
from canlian_web.language.i18n import N_
from canlian_web.menus import FEDERATION, FEDERATION_TITLE
from canlian_web.tool import Menu, Tool


def edge(settings: EdgeSettings | None = None) -> Tool:
    settings = settings or EdgeSettings()
    store = Accounts(settings)
    tool = Tool(
        "edge",
        prefix="",
        package="canlian_edge",
        title=N_("Start"),
        routers=[module.router for module in (pages, sign_in, oidc, own_account, accounts, forward_auth, health)],
        views=views,
        menus=[Menu.of("/federation", FEDERATION_TITLE, FEDERATION)],
        beside=lambda nc: forget_erased(nc, store),
        settings=settings,
    )
    tool.app.state.accounts = store
    tool.app.state.signer = Signer(settings.data / "keys")
    tool.app.state.settings = settings
    tool.app.state.provider = Provider.of(settings)
    return tool
