"""Who looked at whose file."""

from canlian_person_file.access_log import looked_at
from canlian_social_worker.shared.columns import SocialWorkerRow

LOOKED = looked_at(SocialWorkerRow)
