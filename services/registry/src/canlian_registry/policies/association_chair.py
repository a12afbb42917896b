"""The community director chairs the association: whoever becomes one does, and nobody where none is left."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from canlian_chassis.policy import Consequence, policy
from canlian_events.meta import Meta
from canlian_events.registry.association import AssociationFounded, NameChair, VacateChair
from canlian_events.registry.community import DirectorNamed, PostVacated
from canlian_events.terms import Post
from canlian_registry.views import association_of, place

if TYPE_CHECKING:
    from sqlmodel import Session


def find_chair(session: Session, event: DirectorNamed | AssociationFounded, _: Meta) -> tuple[str | None, str | None]:
    """The association, and who is to chair it. No fact of another moment decides: the rules look once more."""
    match event:
        case DirectorNamed():
            return association_of(session, event.community), event.worker_id
        case AssociationFounded(community=str(community)):
            return event.association_id, place(session, community).director
        case _:
            return None, None


@policy("registry.association-chair", on=[DirectorNamed, AssociationFounded], facts=find_chair)
def let_directors_chair(
    _event: DirectorNamed | AssociationFounded, _: Meta, found: tuple[str | None, str | None]
) -> Iterable[Consequence]:
    association_id, director = found
    if association_id and director:
        yield NameChair(association_id=association_id, chair_id=director)


def find_association(session: Session, event: PostVacated, _: Meta) -> str | None:
    return association_of(session, event.community)


@policy("registry.association-without-chair", on=PostVacated, facts=find_association)
def let_chairs_fall_vacant(event: PostVacated, _: Meta, association_id: str | None) -> Iterable[Consequence]:
    if association_id and event.post is Post.DIRECTOR:
        yield VacateChair(association_id=association_id, chair_id=event.worker_id)
