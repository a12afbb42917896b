"""Files that may be of one person."""

from canlian_social_worker.views.base import SocialWorkerRow
from canlian_web.likeness.table import alike_among

ALIKE = alike_among(SocialWorkerRow)
