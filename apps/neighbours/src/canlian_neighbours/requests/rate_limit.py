"""How often an address may do what the whole world may do. Kept in this process, so a restart forgets it."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from ipaddress import ip_address

from starlette.requests import Request


class Limit:
    """At most `most` things an address within `seconds`. The same thing again is free, as a form sent twice is.

    Only the `addresses` that came last are remembered, so that memory stays bounded however many come.
    """

    def __init__(
        self, most: int, seconds: float, addresses: int = 10_000, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.most, self.seconds = most, seconds
        self._addresses, self._clock = addresses, clock
        self._seen: OrderedDict[str, dict[str, float]] = OrderedDict()

    def allows(self, address: str, thing: str) -> bool:
        """Whether it may be done; if so, it is counted."""
        since = self._clock() - self.seconds
        recent = {what: at for what, at in self._seen.pop(address, {}).items() if at > since}
        allowed = thing in recent or len(recent) < self.most
        if allowed:
            recent.setdefault(thing, self._clock())
        self._seen[address] = recent
        while len(self._seen) > self._addresses:
            self._seen.popitem(last=False)
        return allowed


def address_of(request: Request) -> str:
    """The address that asks, as the proxies before us report it.

    A client may write what it likes in front; what our own proxies saw stands at the end. So it is the last public
    address, or, on a private network, the last one that is not this machine itself.
    """
    reported = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",")]
    peer = request.client.host if request.client else ""
    known = [address for address in [*reported, peer] if _is_address(address)]
    return (
        _last(address for address in known if ip_address(address).is_global)
        or _last(address for address in known if not ip_address(address).is_loopback)
        or peer
    )


def _last(addresses: Iterable[str]) -> str | None:
    return next(reversed(list(addresses)), None)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
