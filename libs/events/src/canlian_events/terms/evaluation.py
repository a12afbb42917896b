"""The code tables of evaluation."""

from __future__ import annotations

from canlian_events.terms.common import Term


class Occasion(Term):
    """What feedback is about."""

    VISIT = "visit", "访视"
    SERVICE = "service", "服务"
    APPEAL = "appeal", "信访"


class RaterKind(Term):
    """三方评价."""

    PERSON = "person", "残疾人及亲友"
    GRASS_ROOTS = "grass_roots", "基层组织"
    THIRD_PARTY = "third_party", "第三方"
