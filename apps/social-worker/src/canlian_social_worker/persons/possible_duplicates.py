"""Files that may be of one person."""

from canlian_person_file.record_linkage.candidates import alike_among
from canlian_social_worker.shared.columns import SocialWorkerRow

ALIKE = alike_among(SocialWorkerRow)
