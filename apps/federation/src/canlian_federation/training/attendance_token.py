"""The code in the link of a session's QR picture: for a while it proves that somebody saw the picture.

It is a keyed hash of the session and the minute it ends, so nothing is kept and any process of this tool can check it.
"""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta
from functools import cache

from canlian_chassis.keys.store import Keys
from canlian_chassis.settings import Settings

GOOD_FOR = timedelta(minutes=30)


def code_for(settings: Settings, training_id: str, now: datetime) -> str:
    ends = int((now + GOOD_FOR).timestamp())
    return f"{ends}-{_mark(settings, training_id, ends)}"


def is_good(settings: Settings, training_id: str, code: str, now: datetime) -> bool:
    ends, _, mark = code.partition("-")
    if not (ends.isascii() and ends.isdigit() and len(ends) < 12 and mark.isascii()):
        return False
    return int(ends) > now.timestamp() and hmac.compare_digest(mark, _mark(settings, training_id, int(ends)))


def _mark(settings: Settings, training_id: str, ends: int) -> str:
    return _keys(settings).blind("training-code", f"{training_id}|{ends}")


@cache
def _keys(settings: Settings) -> Keys:
    return Keys.of(settings)
