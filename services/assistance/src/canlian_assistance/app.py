"""Assistance on one page: what people need and what is done for them."""

from canlian_assistance.assessment.decider import assessment
from canlian_assistance.need.decider import need
from canlian_assistance.policies.after_assessment import after_assessment
from canlian_assistance.policies.after_visit import let_next_visit_fall_due, raise_needs
from canlian_assistance.policies.deaths import end_dead
from canlian_assistance.policies.erasures import end_erased
from canlian_assistance.policies.hardship_visits import visit_in_rhythm
from canlian_assistance.policies.moves import follow_home, transfer
from canlian_assistance.policies.referrals import close_met_need, note_referral, note_referral_end, reopen_need
from canlian_assistance.policies.stop_visits import stop_visits
from canlian_assistance.views import views
from canlian_assistance.visit.decider import visit
from canlian_chassis.service import Service

service = Service(
    "assistance",
    context="assistance",
    deciders=[need, assessment, visit],
    policies=[
        raise_needs,
        let_next_visit_fall_due,
        after_assessment,
        note_referral,
        note_referral_end,
        close_met_need,
        reopen_need,
        transfer,
        follow_home,
        stop_visits,
        end_dead,
        end_erased,
        visit_in_rhythm,
    ],
    views=views,
)
