"""The edge: start page, sign-in, the question "who is this?" that Caddy asks for every page, health of all parts."""

from __future__ import annotations

from canlian_accounts import Accounts
from canlian_accounts.erasure import forget_erased
from canlian_chassis.tokens import Signer
from canlian_edge import accounts, auth, health, own_account, pages, signing_in, through
from canlian_edge.granted import views
from canlian_edge.provider import Provider
from canlian_edge.settings import EdgeSettings
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
        routers=[module.router for module in (pages, signing_in, through, own_account, accounts, auth, health)],
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
