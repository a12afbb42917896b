"""What the menu of a page shows, to whom, and where in it the page lies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from canlian_events.meta import Actor

if TYPE_CHECKING:
    from canlian_web.tool import Menu, NavItem


@dataclass(slots=True)
class NavEntry:
    """What a menu shows. `current`: this page is it, or lies under it."""

    address: str
    text: str
    current: bool = False


@dataclass(frozen=True)
class Navigation:
    """The menu at an address, for `actor`; None is somebody not signed in, who sees where everything would lead."""

    menu: Menu
    path: str
    actor: Actor | None

    @property
    def entries(self) -> list[NavEntry]:
        """The tool's navigation as far as the actor may go, a section as one entry that leads to its first page."""
        entries: dict[str, NavEntry] = {}
        for item in self._allowed():
            entry = NavEntry(self._leads_to(item), item.section or item.text)
            entries.setdefault(item.section or item.address, entry).current |= self._is_at(item)
        return list(entries.values())

    @property
    def section(self) -> list[NavEntry]:
        """The pages of the section that this page is in; none where it is in none."""
        here = next((item.section for item in self._allowed() if item.section and self._is_at(item)), None)
        return [
            NavEntry(self._leads_to(item), item.text, self._is_at(item))
            for item in self._allowed()
            if here and item.section == here
        ]

    def _is_at(self, item: NavItem) -> bool:
        """Whether this page lies under an address of the navigation; the tool's home is only itself."""
        there = self._leads_to(item)
        return self.path == there or (item.address not in ("", "/") and self.path.startswith(f"{there}/"))

    def _leads_to(self, item: NavItem) -> str:
        return f"{self.menu.prefix}{item.address}" or "/"

    def _allowed(self) -> list[NavItem]:
        if self.actor is None:
            return list(self.menu.items)
        return [item for item in self.menu.items if all(self.actor.holds(*roles) for roles in item.roles)]
