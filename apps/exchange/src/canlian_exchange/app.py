"""The exchange on one page: the same commands and views for programs, under /api."""

from __future__ import annotations

import uvicorn
from fastapi import APIRouter
from starlette.responses import Response

from canlian_chassis import logs
from canlian_chassis.keys.store import key_folder
from canlian_chassis.settings import Settings
from canlian_exchange import causes, problems
from canlian_exchange.access.callers import Exchange, Shared
from canlian_exchange.commands import endpoint as commands
from canlian_exchange.documentation import openapi, page, schemas
from canlian_exchange.events import endpoint as events
from canlian_exchange.figures import communities
from canlian_exchange.integrity import log_heads
from canlian_exchange.integrity.chain_signing import Chaining
from canlian_exchange.views import views
from canlian_web.language.i18n import N_
from canlian_web.tool import GRACE, Tool

API = "/api"

health = APIRouter()


@health.get("/health", tags=["health"], summary="Ready or not, each part by name", response_class=Response)
async def answer_health(exchange: Shared) -> Response:
    """200 when ready, else 503."""
    return (await exchange.tool.health()).response()


def exchange(settings: Settings | None = None) -> Tool:
    settings = settings or Settings()
    v1 = APIRouter(prefix="/v1")
    for router in (
        commands.router,
        events.router,
        causes.router,
        log_heads.router,
        communities.router,
        schemas.router,
    ):
        v1.include_router(router)
    tool = Tool(
        "exchange",
        prefix=API,
        package="canlian_exchange",
        title=N_("For programs"),
        routers=[page.router, health, v1],
        views=views,
        settings=settings,
        beside=lambda nc: Chaining(nc, key_folder(settings), settings.replicas).run(),
        version="1",
        openapi_url=f"{API}/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    tool.app.title = "canlian"
    tool.app.state.exchange = Exchange(tool)
    tool.app.openapi = lambda: openapi.document(tool.app)  # type: ignore[method-assign]
    problems.register(tool.app)
    return tool


class Server(uvicorn.Server):
    """Tells the streams that it is being stopped, so that they end by themselves and not by being cut off."""

    async def shutdown(self, sockets: list[object] | None = None) -> None:  # type: ignore[override]
        self.config.app.state.exchange.ending.set()  # type: ignore[union-attr]
        await super().shutdown(sockets)  # type: ignore[arg-type]
        await self.config.app.state.exchange.snapshots.stop()  # type: ignore[union-attr]


def server(tool: Tool) -> Server:
    return Server(
        uvicorn.Config(
            tool.app,
            host=tool.settings.host,
            port=tool.settings.port,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=GRACE,
        )
    )


def run() -> None:
    """Serve until told to stop."""
    tool = exchange()
    logs.configure(tool.name, tool.settings.log_level)
    server(tool).run()
