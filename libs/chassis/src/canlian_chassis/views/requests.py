"""What others may ask of a part's views over the bus: how far they are, what they left out, and to fill them again."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from nats.aio.client import Client as Nats
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from canlian_chassis.bus import wire
from canlian_chassis.tokens import BadToken, Verifier
from canlian_events import subjects
from canlian_events.terms import Role

MAY_REBUILD = frozenset({Role.STAFF, Role.OPERATOR})


async def answer(
    nc: Nats,
    part: str,
    verifier: Verifier,
    state: Callable[[], dict[str, Any]],
    rebuild: Callable[[], None],
    skipped: Callable[[], Awaitable[list[dict[str, Any]]]],
) -> list[Subscription]:
    """Answer requests about the part's views. One process of several takes a request to rebuild; the others follow."""

    async def tell(message: Msg) -> None:
        await message.respond(json.dumps(state()).encode())

    async def begin(message: Msg) -> None:
        try:
            actor = verifier.actor((message.headers or {}).get(wire.TOKEN, ""))
        except BadToken as error:
            await message.respond(json.dumps({"refused": str(error)}).encode())
            return
        if not actor.holds(*MAY_REBUILD):
            await message.respond(json.dumps({"refused": "wrong_role"}).encode())
            return
        rebuild()
        await message.respond(json.dumps(state()).encode())

    async def tell_skipped(message: Msg) -> None:
        await message.respond(json.dumps({"view": part, "skipped": await skipped()}).encode())

    return [
        await nc.subscribe(subjects.views_state(part), cb=tell),
        await nc.subscribe(subjects.views_rebuild(part), queue=part, cb=begin),
        await nc.subscribe(subjects.VIEWS_SKIPPED, queue=part, cb=tell_skipped),
    ]
