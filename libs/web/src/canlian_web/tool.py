"""A tool as one object: its pages, its views, its connection, its health."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Concatenate, ParamSpec, TypeVar

import structlog
import uvicorn
from fastapi import APIRouter, FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from nats.aio.client import Client as Nats
from sqlmodel import Session
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles

from canlian_chassis import logs, tasks
from canlian_chassis.bus.client import Client, Unavailable, connect
from canlian_chassis.clock import CLOCK
from canlian_chassis.settings import Settings
from canlian_chassis.tokens import Verifier
from canlian_chassis.views.runner import ViewRunner, Views
from canlian_events.terms import Role
from canlian_web import errors
from canlian_web.language.i18n import LANGUAGES, Lang, Texts, package_folder
from canlian_web.library import Library
from canlian_web.middleware import EveryAnswer
from canlian_web.templating import environment

log = structlog.get_logger()
P = ParamSpec("P")
T = TypeVar("T")

GRACE = 2
"""Seconds that open requests get when the tool is told to stop."""


@dataclass(frozen=True)
class Health:
    """`parts`: name → "ready", or what is known of a part."""

    ready: bool
    parts: dict[str, Any]

    def response(self) -> JSONResponse:
        status = "ready" if self.ready else "not ready"
        return JSONResponse({"status": status, "parts": self.parts}, status_code=200 if self.ready else 503)


Called = Callable[[Session, Collection[str], Callable[[str], bool]], Mapping[str, str]]

Address = tuple[str, str] | tuple[str, str, frozenset[Role]]
"""Address and text; a third part names the roles that may open what lies in another tool."""


@dataclass(frozen=True)
class Section:
    """Several addresses under one heading, for a tool with more of them than a menu can hold."""

    text: str
    addresses: Sequence[Address]


@dataclass(frozen=True)
class NavItem:
    """`roles`: one of each of these sets is needed to open it, as the page's own `require` says."""

    address: str
    text: str
    roles: Sequence[frozenset[Role]] = ()
    section: str = ""


@dataclass(frozen=True)
class Menu:
    """What lies under one prefix, and what that is called."""

    prefix: str
    title: str
    items: Sequence[NavItem]

    @classmethod
    def of(cls, prefix: str, title: str, nav: Iterable[Address | Section], routers: Sequence[APIRouter] = ()) -> Menu:
        sections = [one if isinstance(one, Section) else Section("", [one]) for one in nav]
        items = [
            NavItem(address, text, elsewhere or required(routers, address), section.text)
            for section in sections
            for address, text, *elsewhere in section.addresses
        ]
        return cls(prefix, title, items)


class Tool:
    """`title` is an English text of the package's catalogue (`N_("…")`), `nav` what its menu leads to, some of it in
    sections.

    `called` gives the names of the ids that a refusal brings, for its sentence.

    `menus` are those of other tools, for pages of this one that lie under their prefixes. `beside` is what else the
    tool does with its connection, for as long as it has one.
    """

    def __init__(
        self,
        name: str,
        *,
        prefix: str,
        package: str,
        title: str,
        routers: Sequence[APIRouter],
        views: Views | None = None,
        nav: Iterable[Address | Section] = (),
        menus: Sequence[Menu] = (),
        called: Called | None = None,
        libraries: Sequence[Library] = (),
        beside: Callable[[Nats], Coroutine[Any, Any, None]] | None = None,
        settings: Settings | None = None,
        **fastapi: Any,
    ) -> None:
        self.name, self.prefix, self.package, self.title = name, prefix, package, title
        self._beside = beside
        self._called = called
        self.settings = settings or Settings()
        self.runner = ViewRunner(views, self.settings) if views else None
        self.verifier = Verifier(self.settings.data / "keys")
        packages = (package, *(library.package for library in libraries))
        self.texts: dict[Lang, Texts] = {lang: Texts(lang, packages) for lang in LANGUAGES}
        self.templates = environment(packages, prefix)
        self._nc: Nats | None = None
        self._client: Client | None = None
        self._started = asyncio.Event()
        self.app = self._build(routers, libraries, fastapi)
        self.menu = Menu.of(prefix, title, nav, routers)
        self._menus = menus

    def menu_at(self, path: str) -> Menu:
        """That of the tool under whose prefix the page lies: this one's, where it is no other's."""
        return next((menu for menu in self._menus if path.startswith(f"{menu.prefix}/")), self.menu)

    @property
    def client(self) -> Client:
        """The way to the services. Raises Unavailable while the log has not been reached since the start."""
        if self._client is None:
            raise Unavailable
        return self._client

    @property
    def nats(self) -> Nats | None:
        """The connection itself, for what is neither command nor query."""
        return self._nc

    async def read(self, query: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """`query(session, …)` on the tool's view, in a thread. Raises Unavailable before the view is there."""
        if self.runner is None or not self._started.is_set():
            raise Unavailable
        return await self.runner.read(query, *args, **kwargs)

    async def called(self, ids: Collection[str], covers: Callable[[str], bool]) -> Mapping[str, str]:
        """Id → name, of those whose name the tool's view knows, and may show to whoever covers these communities."""
        return await self.read(self._called, ids, covers) if self._called and ids else {}

    async def level(self, timeout: float = 30) -> bool:
        """Wait until the tool is connected and its views have caught up with the log; for tests."""
        async with asyncio.timeout(timeout):
            await self._started.wait()
            while self.runner and not self.runner.level:  # noqa: ASYNC110 - the runner tells nobody
                await asyncio.sleep(0.01)
        return True

    async def health(self) -> Health:
        connected = self._nc is not None and self._nc.is_connected
        parts: dict[str, Any] = {"nats": "connected" if connected else "disconnected"}
        level = True
        if self.runner:
            level = self._started.is_set() and self.runner.level
            parts["views"] = self.runner.state | {"level": level}
        return Health(connected and level, parts)

    def run(self) -> None:
        """Serve until told to stop."""
        logs.configure(self.name, self.settings.log_level)
        uvicorn.run(
            self.app,
            host=self.settings.host,
            port=self.settings.port,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=GRACE,
        )

    def _build(self, routers: Sequence[APIRouter], libraries: Sequence[Library], options: dict[str, Any]) -> FastAPI:
        app = FastAPI(
            **{"title": self.name, "openapi_url": None, "redirect_slashes": False, "lifespan": self._lifespan} | options
        )
        app.state.tool = self
        app.add_middleware(EveryAnswer)
        errors.register(app)
        for router in (*routers, *(router for library in libraries for router in library.routers)):
            app.include_router(router, prefix=self.prefix)
        # a router that has a /health of its own, as the edge does, comes first
        app.add_api_route("/health", self._answer_health, include_in_schema=False)
        if self.prefix:
            app.add_api_route(f"{self.prefix}/", self._without_slash, include_in_schema=False)
        self._mount(app)
        return app

    def _mount(self, app: FastAPI) -> None:
        app.mount(f"{self.prefix}/static/web", StaticFiles(directory=package_folder("canlian_web") / "static"))
        own = package_folder(self.package) / "static"
        if own.is_dir():
            app.mount(f"{self.prefix}/static", StaticFiles(directory=own))

    async def _answer_health(self) -> Response:
        return (await self.health()).response()

    async def _without_slash(self) -> Response:
        return RedirectResponse(self.prefix, status_code=308)

    @asynccontextmanager
    async def _lifespan(self, _app: FastAPI) -> AsyncIterator[None]:
        """Pages answer from the first moment; the log is connected beside them, however long that takes."""
        ending = asyncio.Event()
        connection = asyncio.create_task(self._connected(ending), name=f"{self.name}-bus")
        try:
            yield
        finally:
            ending.set()
            if self._client is None:
                connection.cancel()
            await asyncio.wait([connection], timeout=GRACE)
            connection.cancel()
            await asyncio.gather(connection, return_exceptions=True)

    async def _connected(self, ending: asyncio.Event) -> None:
        async with connect(self.settings, self.name) as nc, CLOCK.following(nc, self.settings):
            self._nc, self._client = nc, Client(nc)
            beside = asyncio.create_task(self._keep_beside(nc), name=f"{self.name}-beside")
            try:
                await self._start_views(nc)
                await ending.wait()
            finally:
                self._client = None
                await tasks.stop(beside)
                if self.runner:
                    await self.runner.stop()

    async def _keep_beside(self, nc: Nats) -> None:
        while self._beside:
            try:
                await self._beside(nc)
                return
            except Exception as error:
                log.error("tool.beside_failed", tool=self.name, error=logs.describe(error))
                await asyncio.sleep(1)

    async def _start_views(self, nc: Nats) -> None:
        while self.runner:
            try:
                await self.runner.start(nc)
                break
            except Exception:
                # the views' database may come later than we do
                log.exception("tool.views_not_started")
                await asyncio.sleep(1)
        self._started.set()


def required(routers: Iterable[APIRouter], path: str) -> list[frozenset[Role]]:
    """The roles that the page at the address asks for, by each `require` on its way: one of each is needed."""
    for router in routers:
        for route in router.routes:
            if isinstance(route, APIRoute) and route.path == path and "GET" in (route.methods or ()):
                return [roles for call in _calls(route.dependant) if (roles := getattr(call, "roles", None))]
    return []


def _calls(dependant: Dependant) -> Iterator[Any]:
    for one in dependant.dependencies:
        yield one.call
        yield from _calls(one)
