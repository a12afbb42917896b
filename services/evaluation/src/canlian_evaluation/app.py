"""Evaluation on one page: whether it worked."""

from canlian_chassis.service import Service
from canlian_evaluation.feedback.decider import feedback
from canlian_evaluation.policies.ask_feedback import ask_after_service, ask_after_visit
from canlian_evaluation.questions import community_rates
from canlian_evaluation.views import views

service = Service(
    "evaluation",
    context="evaluation",
    deciders=[feedback],
    policies=[ask_after_visit, ask_after_service],
    questions=[community_rates],
    views=views,
)
