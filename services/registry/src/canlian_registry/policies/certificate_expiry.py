"""A certificate runs out on its day, and its bearer is reminded before."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import get_args

from canlian_chassis.policy import Cancel, Consequence, Later, policy
from canlian_events.calendar import begin_of
from canlian_events.meta import Meta
from canlian_events.registry.person import (
    REMINDER_DAYS,
    CertificateExpiring,
    CertificateIssued,
    CertificateRenewed,
    CertificateWithdrawn,
    ExpireCertificate,
    PersonDied,
    PersonErased,
    RegistrationWithdrawn,
    RemindOfExpiry,
)

Ended = CertificateWithdrawn | RegistrationWithdrawn | PersonDied | PersonErased
Told = CertificateIssued | CertificateRenewed | CertificateExpiring | Ended


@policy("registry.certificate-expiry", on=get_args(Told))
def let_certificates_expire(event: Told, meta: Meta) -> Iterable[Consequence]:
    """The reminder waits first, and when it is given the expiry; a newer certificate takes the place of either."""
    key = f"certificate-{event.person_id}"
    if isinstance(event, Ended) or event.expires is None:
        yield Cancel(key)
        return
    remind_at = begin_of(event.expires - timedelta(days=REMINDER_DAYS))
    expire_at = begin_of(event.expires + timedelta(days=1))
    if isinstance(event, CertificateExpiring) or expire_at <= meta.said_at:
        yield Later(ExpireCertificate(person_id=event.person_id, expires=event.expires), at=expire_at, key=key)
    else:
        yield Later(RemindOfExpiry(person_id=event.person_id, expires=event.expires), at=remind_at, key=key)
