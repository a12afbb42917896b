"""Two files of one person are merged, and the merge is undone. No file that is kept for others is merged itself, so an
id is never more than one step from the file it means."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from canlian_chassis.decider import Given, Ref, Rejected
from canlian_events.registry.duplicates import (
    PERSON,
    DuplicateMerged,
    FoundDistinct,
    MergedInto,
    MergedIntoUndone,
    MergeDuplicate,
    MergeUndone,
    RecordDistinct,
    UndoMerge,
)
from canlian_events.registry.person import (
    AccessNeedsRecorded,
    ErasePerson,
    PersonCommand,
    PersonCorrected,
    PersonErased,
    PersonEvent,
)
from canlian_events.terms import AccessFeature, MergeGround
from canlian_registry.person.file import Erased, File, Person, must_be_readable

_CORRECTED = ("name", "phone", "address")


def beside(command: PersonCommand, person: Person) -> Iterable[Ref]:
    """The other file; with an erasure, those that are other names of the erased one."""
    match command, person:
        case MergeDuplicate() | UndoMerge(), _ if command.duplicate != command.person_id:
            yield Ref(PERSON, command.duplicate)
        case RecordDistinct(), _ if command.other != command.person_id:
            yield Ref(PERSON, command.other)
        case ErasePerson(), File():
            yield from (Ref(PERSON, merged) for merged in sorted(person.merged))


def must_not_be_merged(person_id: str, person: File) -> None:
    """Raises `person.merged`: whatever is to be done is done on the file that is kept."""
    if person.into:
        raise Rejected("person.merged", merged=person_id, into=person.into)


def merge(command: MergeDuplicate, kept: File, given: Given) -> Sequence[PersonEvent]:
    duplicate = _other(command, command.duplicate, given)
    if duplicate.into == command.person_id:
        return []
    must_not_be_merged(command.duplicate, duplicate)
    if duplicate.merged:
        raise Rejected("person.keeps_others", person_id=command.duplicate, files=len(duplicate.merged))
    if duplicate.community != kept.community:
        raise Rejected("person.elsewhere", here=kept.community, there=duplicate.community)
    if _in_force(kept) and _in_force(duplicate) and command.ground is MergeGround.MISTYPED:
        raise Rejected("person.both_certified")
    changed, features = _taken(command, kept, duplicate)
    taken = frozenset([*changed, *(["features"] if features else [])])
    return [
        MergedInto(person_id=command.duplicate, into=command.person_id),
        DuplicateMerged.from_(command, taken=taken),
        *_set(command.person_id, changed, features),
    ]


def _taken(
    command: MergeDuplicate, kept: File, duplicate: File
) -> tuple[dict[str, str], frozenset[AccessFeature] | None]:
    """What becomes another in the kept file: nothing by what is blank in the other, and of needs both."""
    if not command.take:
        return {}, None
    must_be_readable(kept)
    must_be_readable(duplicate)
    values = {name: getattr(duplicate, name) for name in _CORRECTED if name in command.take}
    changed: dict[str, str] = {name: value for name, value in values.items() if value and value != getattr(kept, name)}
    more = "features" in command.take and not duplicate.features <= kept.features
    return changed, kept.features | duplicate.features if more else None


def _set(
    person_id: str, changed: Mapping[str, str], features: frozenset[AccessFeature] | None
) -> Iterator[PersonEvent]:
    if changed:
        yield PersonCorrected(person_id=person_id, **changed)
    if features is not None:
        yield AccessNeedsRecorded(person_id=person_id, features=features)


def undo(command: UndoMerge, kept: File, given: Given) -> Sequence[PersonEvent]:
    duplicate = _other(command, command.duplicate, given)
    if command.duplicate not in kept.merged:
        raise Rejected("person.not_merged", person_id=command.duplicate)
    return [
        MergedIntoUndone(person_id=command.duplicate, apart_from=command.person_id),
        MergeUndone.from_(command),
        *_set(command.person_id, *_given_back(kept, command.duplicate, duplicate)),
    ]


def _given_back(
    kept: File, duplicate_id: str, duplicate: File
) -> tuple[dict[str, str], frozenset[AccessFeature] | None]:
    """What stood in the kept file before it took something, where what it took still stands there."""
    stood = kept.before_merges.get(duplicate_id)
    if stood is None:
        return {}, None
    must_be_readable(kept)
    must_be_readable(duplicate)
    changed: dict[str, str] = {
        name: getattr(stood, name) or ""
        for name in _CORRECTED
        if name in stood.taken and getattr(kept, name) == getattr(duplicate, name)
    }
    same = "features" in stood.taken and kept.features == stood.features | duplicate.features
    return changed, stood.features if same else None


def found_distinct(command: RecordDistinct, person: File, given: Given) -> Sequence[PersonEvent]:
    """Once for a pair, whichever of the two is named first."""
    other = _other(command, command.other, given)
    must_not_be_merged(command.other, other)
    known = command.other in person.distinct or command.person_id in other.distinct
    return [] if known else [FoundDistinct.from_(command)]


def erase(command: ErasePerson, person: File, given: Given) -> Sequence[PersonEvent]:
    """With all that is known of the person under other ids."""
    return [
        PersonErased(
            person_id=person_id,
            ground=command.ground,
            citizen_id=file.citizen_id,
            certificate=file.certificate and file.certificate.number,
        )
        for person_id, file in [
            *((merged, given.beside[Ref(PERSON, merged)]) for merged in sorted(person.merged)),
            (command.person_id, person),
        ]
    ]


def _other(command: MergeDuplicate | UndoMerge | RecordDistinct, person_id: str, given: Given) -> File:
    """The other file. Raises Rejected where there is none, or none the actor may decide on."""
    if person_id == command.person_id:
        raise Rejected("person.same_file")
    match given.beside.get(Ref(PERSON, person_id)):
        case File() as other:
            if not given.by.may_act_in(type(command), other.community):
                raise Rejected("wrong_community", community=other.community)
            return other
        case Erased():
            raise Rejected("person.erased")
        case _:
            raise Rejected("person.unknown")


def _in_force(person: File) -> bool:
    return person.certificate is not None and person.running_out != "expired"
