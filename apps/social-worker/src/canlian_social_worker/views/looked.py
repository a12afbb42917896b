"""Who looked at whose file."""

from canlian_social_worker.views.base import SocialWorkerRow
from canlian_web.looked import looked_at

LOOKED = looked_at(SocialWorkerRow)
