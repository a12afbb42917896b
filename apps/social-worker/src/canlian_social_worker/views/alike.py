"""Files that may be of one person."""

from canlian_person_file.record_linkage.candidates import alike_among
from canlian_social_worker.views.base import SocialWorkerRow

ALIKE = alike_among(SocialWorkerRow)
