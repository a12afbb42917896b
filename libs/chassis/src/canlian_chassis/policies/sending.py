"""Sending what follows from an event. A rule's refusal is an answer; one that says that something is wrong is none."""

from __future__ import annotations

from datetime import datetime

import structlog

from canlian_chassis.bus.client import Client, Invalid, NotAllowed, Refused, Unavailable
from canlian_events.core import Command

log = structlog.get_logger()


async def send(
    client: Client, kind: type[Command], body: bytes, *, token: str, id: str, cause: str, said_at: datetime
) -> int:
    """Returns when the command was done, before or now, or a rule refused it: where it is in the log, 0 if not known.

    Raises Unavailable also where the token is not accepted, since a clock or a key is wrong somewhere and every command
    fails alike until that is mended; NotAllowed or Invalid where it is this command that nobody takes.
    """
    about = {"cause": cause, "command": kind.__name__}
    try:
        return (await client.send_raw(kind, body, token=token, command_id=id, cause=cause, said_at=said_at)).position
    except Unavailable:
        raise
    except NotAllowed as refused:
        if refused.code == "bad_token":
            raise Unavailable(refused.code) from refused
        raise
    except Invalid as invalid:
        if invalid.code != "key_reused":
            raise
        # a release that made another body of it has done it
        log.warning("policy.done_before", **about)
        return invalid.position
    except Refused as refused:
        # the state has decided that it does not matter any more
        log.info("policy.refused", code=refused.code, **about)
    return 0
