"""What the composition of a body must keep to, how it stands, and what is missing. Pure, in whole numbers.

The services refuse by it and the tools show it while names are added, so that both always say the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from canlian_events.registry.body import Share
from canlian_events.terms import BodyKind, Category, Position, SpecialKind

CONGRESS_DISABLED_OR_RELATIVES = 70
"""Percent. Source: domain.md, "Congress: delegates who are disabled persons or relatives"."""
CONGRESS_MODELS_AND_GRASS_ROOTS = 65
"""Percent. Source: domain.md, "Congress: role models (自强模范) and grass-roots front-line delegates"."""
PRESIDIUM_DISABLED_OR_RELATIVES = 70
"""Percent. Source: domain.md, "Presidium: members who are disabled persons or relatives"."""
PRESIDIUM_MODELS_AND_GRASS_ROOTS = 40
"""Percent. Source: domain.md, "Presidium: role models and grass-roots front-line members"."""
PRESENT = 1
"""Members. Source: domain.md, the rows that say "present"."""

POSITIONS: Mapping[BodyKind, Sequence[Position]] = {
    BodyKind.CONGRESS: (Position.DELEGATE,),
    BodyKind.PRESIDIUM: (Position.CHAIR, Position.VICE_CHAIR, Position.MEMBER),
    BodyKind.EXECUTIVE_BOARD: (Position.DIRECTOR, Position.VICE_DIRECTOR, Position.MEMBER),
    BodyKind.LEADING_GROUP: (Position.HEAD, Position.DEPUTY, Position.MEMBER),
}
"""What a member of each body may be in it."""


class Counted(Protocol):
    """A member, as far as quotas look at one."""

    @property
    def categories(self) -> frozenset[Category]: ...
    @property
    def represents(self) -> SpecialKind | None: ...
    @property
    def position(self) -> Position: ...


@dataclass(frozen=True, slots=True)
class Quota:
    """At least `percent` of all members fit, or at least `least` of them."""

    code: str
    fits: Callable[[Counted], bool]
    percent: int | None = None
    least: int = PRESENT


@dataclass(frozen=True, slots=True)
class Standing:
    """A quota as it stands. `add` more members that fit would make it hold; or `instead` of the others, replaced."""

    code: str
    percent: int | None
    least: int
    count: int
    total: int

    @property
    def holds(self) -> bool:
        if self.percent is None:
            return self.count >= self.least
        return self.total > 0 and 100 * self.count >= self.percent * self.total

    @property
    def add(self) -> int:
        if self.holds:
            return 0
        if self.percent is None:
            return self.least - self.count
        return max(_up(self._short, 100 - self.percent), 1)

    @property
    def instead(self) -> int:
        """0 where there is nobody to replace."""
        if self.holds or self.total == 0:
            return 0
        if self.percent is None:
            return min(self.least - self.count, self.total)
        return _up(self._short, 100)

    @property
    def _short(self) -> int:
        """By how many hundredths of a member it falls short."""
        return (self.percent or 0) * self.total - 100 * self.count

    @property
    def share(self) -> Share:
        return Share(code=self.code, count=self.count, total=self.total)

    @property
    def facts(self) -> dict[str, Any]:
        """As a refusal brings it: the code of its wording, and what that needs."""
        names = ("percent", "least", "count", "total", "holds", "add", "instead")
        return {"code": f"quota.{self.code}", "facts": {name: getattr(self, name) for name in names}}


def _up(part: int, whole: int) -> int:
    return -(-part // whole)


def _of(*categories: Category) -> Callable[[Counted], bool]:
    wanted = frozenset(categories)
    return lambda member: not wanted.isdisjoint(member.categories)


def _as(position: Position, *categories: Category) -> Callable[[Counted], bool]:
    stands_for = _of(*categories)
    return lambda member: member.position is position and (not categories or stands_for(member))


def _representing(kind: SpecialKind) -> Callable[[Counted], bool]:
    return lambda member: member.represents is kind


_disabled_or_relatives = _of(Category.DISABLED_PERSON, Category.RELATIVE)
_models_and_grass_roots = _of(Category.ROLE_MODEL, Category.GRASS_ROOTS)
_FIVE = tuple(Quota(kind.value, _representing(kind)) for kind in SpecialKind)

QUOTAS: Mapping[BodyKind, Sequence[Quota]] = {
    BodyKind.CONGRESS: (
        Quota("disabled_or_relatives", _disabled_or_relatives, CONGRESS_DISABLED_OR_RELATIVES),
        Quota("models_and_grass_roots", _models_and_grass_roots, CONGRESS_MODELS_AND_GRASS_ROOTS),
        *_FIVE,
        Quota("relatives", _of(Category.RELATIVE)),
        Quota("social_organisations", _of(Category.SOCIAL_ORGANISATION)),
        Quota("volunteers", _of(Category.VOLUNTEER)),
    ),
    BodyKind.PRESIDIUM: (
        Quota("disabled_or_relatives", _disabled_or_relatives, PRESIDIUM_DISABLED_OR_RELATIVES),
        Quota("models_and_grass_roots", _models_and_grass_roots, PRESIDIUM_MODELS_AND_GRASS_ROOTS),
        *_FIVE,
    ),
    BodyKind.EXECUTIVE_BOARD: (Quota("board_director", _as(Position.DIRECTOR, Category.DEPARTMENT_HEAD)),),
    BodyKind.LEADING_GROUP: (
        Quota("party_secretary", _as(Position.HEAD, Category.PARTY_SECRETARY)),
        Quota("office_director", _as(Position.HEAD, Category.OFFICE_DIRECTOR)),
        Quota("deputy", _as(Position.DEPUTY)),
        Quota("departments", _of(Category.DEPARTMENT, Category.DEPARTMENT_HEAD)),
        Quota("community_secretaries", _of(Category.COMMUNITY_SECRETARY)),
    ),
}
"""In the order they are shown. Those without a percentage must be present."""


def standings(kind: BodyKind, members: Iterable[Counted]) -> list[Standing]:
    """Every quota of a body of this kind, as these members stand."""
    known = list(members)
    return [
        Standing(quota.code, quota.percent, quota.least, sum(map(quota.fits, known)), len(known))
        for quota in QUOTAS[kind]
    ]
