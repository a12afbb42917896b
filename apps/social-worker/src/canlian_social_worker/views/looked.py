"""Who looked at whose file."""

from canlian_person_file.access_log import looked_at
from canlian_social_worker.views.base import SocialWorkerRow

LOOKED = looked_at(SocialWorkerRow)
