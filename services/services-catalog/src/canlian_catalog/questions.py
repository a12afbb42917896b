"""What may be asked of the catalog."""

from __future__ import annotations

from sqlmodel import Session

from canlian_catalog.matching.ranking import rank
from canlian_catalog.views import queries
from canlian_chassis.clock import CLOCK
from canlian_chassis.decider import Rejected
from canlian_chassis.service import question
from canlian_events.calendar import SHANGHAI
from canlian_events.catalog.matching import FindMatches, Matches
from canlian_events.meta import Actor


@question(FindMatches)
def find_matches(session: Session, query: FindMatches, actor: Actor) -> Matches:
    """The services of the domain for this person, as things stand now. Only for workers of the person's community."""
    person = queries.person_facts(session, query.person_id)
    if person is None:
        raise Rejected("referral.person_unknown")
    if person.erased:
        raise Rejected("person.erased")
    if not actor.covers(person.community):
        raise Rejected("wrong_community", community=person.community)
    tried = queries.tried(session, query.person_id, query.need_id, query.domain)
    year = CLOCK.now().astimezone(SHANGHAI).year
    return Matches(matches=rank(person, queries.candidates(session, query.domain), year, tried))
