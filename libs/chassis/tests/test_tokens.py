"""What a token says comes out of it as it went in."""

from __future__ import annotations

from pathlib import Path

import pytest

from canlian_chassis.tokens import Signer, Verifier
from canlian_events.meta import Actor
from canlian_events.terms import Role

HERE, THERE = "429999001001", "429999001002"
ROLES = frozenset({Role.VOLUNTEER, Role.SOCIAL_WORKER})


@pytest.mark.parametrize(
    "actor",
    [
        Actor("worker_00000001", ROLES, (HERE, THERE)),
        Actor("worker_00000001", ROLES, (HERE, THERE), held=((Role.SOCIAL_WORKER, THERE), (Role.VOLUNTEER, HERE))),
        Actor("provider_00000001", frozenset({Role.PROVIDER}), provider_id="provider_00000001"),
        Actor("worker_00000001", frozenset()),
    ],
)
def test_a_token_names_the_actor_with_each_role_where_it_is_held(tmp_path: Path, actor: Actor):
    token = Signer(tmp_path).sign(actor)
    assert Verifier(tmp_path).actor(token) == actor
