"""Two files of one person: one is kept, the other becomes another name of it, until that is undone."""

from __future__ import annotations

from typing import Literal

from canlian_events.core import Command, Event, aggregate
from canlian_events.ids import PersonId
from canlian_events.terms import MergeGround, Role

PERSON = aggregate("registry.person")
_DECIDING = {Role.STAFF, Role.OPERATOR}
TakenOver = Literal["name", "phone", "address", "features"]
"""What the kept file can take from the other; `features` are what the person needs to get about or to follow."""


class MergeDuplicate(Command, to=PERSON, by=_DECIDING):
    """`duplicate` is the same person as `person_id`, whose file is kept.

    Nothing of either is lost: what was done under either id shows with the file that is kept. Refused where one of them
    is merged already, is kept for others or was erased, where they are of two communities (move one first: open work
    goes with it), or where both hold a certificate in force that `ground` does not explain. What is to be taken and is
    blank in the other file stays as it is.
    """

    person_id: PersonId
    duplicate: PersonId
    ground: MergeGround
    take: frozenset[TakenOver] = frozenset()


class UndoMerge(Command, to=PERSON, by=_DECIDING):
    """They are two persons after all: both files are as they were, with what was done under each since. What the kept
    one took from the other is given back, unless it was corrected since."""

    person_id: PersonId
    duplicate: PersonId


class RecordDistinct(Command, to=PERSON, by=_DECIDING):
    """Somebody looked at two files that are alike, and they are of two persons: the pair is not proposed again."""

    person_id: PersonId
    other: PersonId


class DuplicateMerged(Event, type="registry.person.duplicate-merged"):
    """On the file that is kept; `MergedInto` is on the other, and both are stored together, with the corrections that
    take over what `taken` names."""

    person_id: PersonId
    duplicate: PersonId
    ground: MergeGround
    taken: frozenset[TakenOver] = frozenset()


class MergedInto(Event, type="registry.person.merged-into"):
    """The file counts no more by itself, and its id is another name of `into`. Nothing but time happens to it now."""

    person_id: PersonId
    into: PersonId


class MergeUndone(Event, type="registry.person.merge-undone"):
    """On the file that was kept."""

    person_id: PersonId
    duplicate: PersonId


class MergedIntoUndone(Event, type="registry.person.merged-into-undone"):
    """The file is one of its own again; until now it was another name of `apart_from`."""

    person_id: PersonId
    apart_from: PersonId


class FoundDistinct(Event, type="registry.person.found-distinct"):
    person_id: PersonId
    other: PersonId
