"""The rules of showing a person's file. They need nothing but the command and who acts, except to call somebody."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from canlian_chassis.decider import Decider, Given, Ref, Rejected
from canlian_events.registry.duplicates import PERSON
from canlian_events.registry.showing import MAY_LOOK, SEES, SHOWING, FileShown, ShowFile
from canlian_events.terms import FileField, Purpose, Role, ShownFor
from canlian_registry.person.file import File

Showing = FileShown | None


def decide(command: ShowFile, showing: Showing, given: Given) -> Sequence[FileShown]:
    reasoned = given.by.roles_in(given.community) & MAY_LOOK[command.why]
    if not reasoned:
        raise Rejected("showing.no_reason", shown_for=command.why, needed=sorted(MAY_LOOK[command.why]))
    if reasoned == {Role.RESIDENT} and command.person_id != given.by.id:
        raise Rejected("showing.not_yours")
    if command.why is ShownFor.OTHER and not command.words:
        raise Rejected("showing.no_words")
    if more := command.what - {field for role in reasoned for field in SEES[role]}:
        raise Rejected("showing.too_much", file_fields=[field for field in FileField if field in more])
    if command.why is ShownFor.CALL and FileField.PHONE in command.what:
        _may_be_called(command, given)
    shown = FileShown.from_(command, words=command.words or None)
    if showing not in (None, shown):
        raise Rejected("showing.another")
    return [] if showing else [shown]


def _may_be_called(command: ShowFile, given: Given) -> None:
    """A call needs no consent of its own, but nobody is called who has said that they don't want to be."""
    person = given.beside.get(Ref(PERSON, command.person_id))
    if isinstance(person, File) and Purpose.CONTACT in person.refused:
        raise Rejected("showing.no_contact")


def beside(command: ShowFile, _: Showing) -> Iterable[Ref]:
    """The person's file, where they are to be called."""
    if command.why is ShownFor.CALL and command.person_id.startswith("person_"):
        yield Ref(PERSON, command.person_id)


def evolve(_: Showing, event: FileShown) -> Showing:
    return event


showing: Decider[ShowFile, Showing, FileShown] = Decider(
    SHOWING, (ShowFile,), decide, evolve, initial=None, beside=beside
)
