"""The services catalog on one page: providers, their services, referrals to them, and which service fits whom."""

from canlian_catalog.policies.deaths import withdraw_dead
from canlian_catalog.policies.erasures import withdraw_erased
from canlian_catalog.policies.freed_places import offer_freed_places
from canlian_catalog.policies.moves import follow_moves
from canlian_catalog.policies.next_match import propose_next
from canlian_catalog.policies.silence import let_silence_lapse
from canlian_catalog.policies.withdrawn_services import lapse_referrals
from canlian_catalog.provider.decider import provider
from canlian_catalog.questions import find_matches
from canlian_catalog.referral.decider import referral
from canlian_catalog.service.decider import service as offer
from canlian_catalog.views.folds import views
from canlian_chassis.service import Service

DECIDERS = (provider, offer, referral)
POLICIES = (
    propose_next,
    offer_freed_places,
    follow_moves,
    lapse_referrals,
    let_silence_lapse,
    withdraw_dead,
    withdraw_erased,
)
QUESTIONS = (find_matches,)

service = Service(
    "services-catalog", context="catalog", deciders=DECIDERS, policies=POLICIES, questions=QUESTIONS, views=views
)
