"""Ids: typed by their prefix, sortable by the time they were made, made by whoever asks first."""

from __future__ import annotations

import hashlib
import os
import time
import uuid
from typing import Annotated

from pydantic import StringConstraints

_SPACE = uuid.UUID("7d1b6a52-2f0e-5c53-9a51-6c616e6c6961")


def _id(prefix: str) -> StringConstraints:
    return StringConstraints(pattern=rf"^{prefix}_[0-9a-z]{{8,40}}$")


PersonId = Annotated[str, _id("person")]
AskerId = Annotated[str, _id("asker")]
PersonOrAskerId = Annotated[str, _id("(person|asker)")]
"""Somebody in the registry, or somebody who asked without an account and has a key of their own."""
DataSubjectId = Annotated[str, _id("(person|asker|worker)")]
"""Whoever has a key of their own, and so personal data that can be shown."""
HouseholdId = Annotated[str, _id("household")]
RelativeId = Annotated[str, _id("relative")]
MemberId = Annotated[str, _id("(person|relative)")]
"""Who lives in a household: somebody in the registry, or a relative, who is known by their household only."""
WorkerId = Annotated[str, _id("worker")]
TrainingId = Annotated[str, _id("training")]
NeedId = Annotated[str, _id("need")]
AssessmentId = Annotated[str, _id("assessment")]
VisitId = Annotated[str, _id("visit")]
ProviderId = Annotated[str, _id("provider")]
ServiceId = Annotated[str, _id("service")]
ReferralId = Annotated[str, _id("referral")]
FeedbackId = Annotated[str, _id("feedback")]
ShowingId = Annotated[str, _id("showing")]
AssociationId = Annotated[str, _id("association")]
ActivityId = Annotated[str, _id("activity")]
BodyId = Annotated[str, _id("body")]
SeatId = Annotated[str, _id("seat")]
AssociateId = Annotated[str, _id("(person|worker|member)")]
"""Somebody in the registry, a worker, or somebody known only as a member: a relative, or a representative of others."""
ImportId = Annotated[str, _id("import")]

CommunityCode = Annotated[str, StringConstraints(pattern=r"^\d{12}$")]
"""The statistical code: province, city, district, subdistrict (9 digits), community (3); 000 is the subdistrict."""


def new_id(prefix: str) -> str:
    """A fresh id: 48 bits of Unix milliseconds, then 80 random bits, as hex."""
    return f"{prefix}_{time.time_ns() // 1_000_000:012x}{os.urandom(10).hex()}"


def derive(prefix: str, *parts: object) -> str:
    """The id that follows from `parts`: the same parts always give the same id."""
    return f"{prefix}_{uuid.uuid5(_SPACE, '|'.join(map(str, parts))).hex}"


def derive_uuid(*parts: object) -> str:
    """A UUID that follows from `parts`: for commands and events that must come out the same when repeated."""
    # what uuid5 does, without its object: every event of every command passes here
    name = "|".join(map(str, parts)).encode()
    digest = bytearray(hashlib.sha1(_SPACE.bytes + name, usedforsecurity=False).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x50
    digest[8] = digest[8] & 0x3F | 0x80
    text = digest.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
