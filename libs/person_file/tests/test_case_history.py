"""What a history keeps of an event: the codes it mentions, and what somebody wrote."""

from canlian_chassis.testing.deciders import NOON
from canlian_events.catalog.referral import ReferralDeclined
from canlian_events.meta import Meta
from canlian_events.personal import Sealed
from canlian_events.terms import DeclineReason
from canlian_person_file.case_history import history_columns

DECLINED = ReferralDeclined(
    referral_id="referral_00000001",
    person_id="person_00000001",
    service_id="service_00000001",
    reason=DeclineReason.NO_STAFF,
    words="排不过来",
)
META = Meta("id", 7, NOON, NOON, "provider:account_1", "429999001001", "command")


def test_an_event_is_kept_with_the_facts_and_texts_that_are_named() -> None:
    kept = history_columns(DECLINED, META, ("outcome", "reason"), ("note", "words"))
    assert (kept["kind"], kept["actor"], kept["position"]) == (DECLINED.type, META.actor, 7)
    assert (kept["facts"], kept["text"]) == ({"reason": "no_staff"}, "排不过来")


def test_of_a_text_that_is_sealed_or_not_asked_for_nothing_is_kept() -> None:
    sealed = DECLINED.model_copy(update={"words": Sealed(about="person_00000001", sealed="…")})
    assert history_columns(sealed, META, (), ("words",))["text"] is None
    assert history_columns(DECLINED, META, (), ())["text"] is None
