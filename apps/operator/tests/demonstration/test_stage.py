"""Who plays in the demonstrated loop, on a federation whose communities are its own."""

import pytest

from canlian_operator.demonstration.cast import SOCIAL_WORKERS
from canlian_operator.demonstration.stage import placed

WORKER = SOCIAL_WORKERS[0]
HERE, *OTHERS = sorted(scope for scope in WORKER.scopes)


def test_the_cast_is_taken_as_it_is_where_all_its_communities_are_open():
    assert placed(WORKER, HERE, {HERE, *OTHERS}) == WORKER


@pytest.mark.parametrize("known", [{HERE}, {HERE, "429999001999"}])
def test_nobody_is_assigned_to_a_community_that_is_not_open(known):
    somebody = placed(WORKER, HERE, known)
    assert somebody.scopes == (HERE,)
    assert somebody.id != WORKER.id


def test_a_community_outside_the_cast_gets_somebody_of_its_own():
    assert placed(WORKER, "429999001999", {HERE, *OTHERS, "429999001999"}).scopes == ("429999001999",)
