"""Households of the communities in special hardship, with when somebody was with them last."""

from canlian_overview.households import homes
from canlian_social_worker.shared.columns import SocialWorkerRow

HOMES = homes(SocialWorkerRow)
