"""The rules of showing a person's file. They need nothing but the command and who acts: one append, no look-up."""

from __future__ import annotations

from collections.abc import Sequence

from canlian_chassis.decider import Decider, Given, Rejected
from canlian_events.registry.showing import MAY_LOOK, SEES, SHOWING, FileShown, ShowFile
from canlian_events.terms import FileField, Role, ShownFor

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
    shown = FileShown.from_(command, words=command.words or None)
    if showing not in (None, shown):
        raise Rejected("showing.another")
    return [] if showing else [shown]


def evolve(_: Showing, event: FileShown) -> Showing:
    return event


showing: Decider[ShowFile, Showing, FileShown] = Decider(SHOWING, (ShowFile,), decide, evolve, initial=None)
