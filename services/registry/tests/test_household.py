"""The rules of a household, as sentences."""

from datetime import UTC, date, datetime

from services.registry.tests.people import (
    ANOTHER_CITIZEN_ID,
    ANOTHER_ID,
    CITIZEN_ID,
    HERE,
    ID,
    REGISTERED,
    STAFF,
    THERE,
)

from canlian_chassis.testing.deciders import Scene, given
from canlian_events.core import Event
from canlian_events.registry.duplicates import MergedInto, MergedIntoUndone
from canlian_events.registry.household import (
    AddMember,
    AddRelative,
    CarerNamed,
    CarerReleased,
    CorrectRelative,
    DeclineHousehold,
    DissolveHousehold,
    EraseRelative,
    FormHousehold,
    HardshipCleared,
    HardshipExplained,
    HardshipReason,
    HardshipRecognised,
    HouseholdDeclined,
    HouseholdDissolved,
    HouseholdFormed,
    HouseholdMoved,
    MemberJoined,
    MemberLeft,
    MoveHousehold,
    NameCarer,
    RecomputeHardship,
    Relative,
    RelativeCorrected,
    RelativeErased,
    ReleaseCarer,
    RemoveMember,
)
from canlian_events.registry.person import (
    Circumstances,
    CircumstancesRecorded,
    DisabilityReclassified,
    PersonDied,
    PersonErased,
)
from canlian_events.terms import (
    DisabilityClass,
    ErasureGround,
    Grade,
    Hardship,
    HardshipFact,
    Kinship,
    MemberLeftWhy,
)
from canlian_registry.household.decider import claims, household
from canlian_registry.person.decider import person

HOME, MOTHER = "household_00000001", "relative_00000001"
TODAY = date(2026, 11, 24)
# born in 1961 and in 1980; both of grade three, so that nothing but what a test says puts them in hardship
WANG = REGISTERED.model_copy(update={"grade": Grade.THREE, "citizen_id": CITIZEN_ID})
LI = REGISTERED.model_copy(
    update={"person_id": ANOTHER_ID, "grade": Grade.THREE, "citizen_id": ANOTHER_CITIZEN_ID, "birth_year": 1980}
)
FORM = FormHousehold(household_id=HOME, community=HERE, persons=(ANOTHER_ID,))
FORMED = HouseholdFormed(household_id=HOME)
LI_IN = MemberJoined(household_id=HOME, member_id=ANOTHER_ID, birth_date="1980-07-01")
WANG_IN = MemberJoined(household_id=HOME, member_id=ID, birth_date="1961-03-14")
RELATIVE = Relative(relative_id=MOTHER, name="赵桂英", kinship=Kinship.PARENT, birth_date=date(1950, 2, 3))
MOTHER_IN = MemberJoined(
    household_id=HOME, member_id=MOTHER, kinship=Kinship.PARENT, name="赵桂英", birth_date="1950-02-03"
)
CARES = CarerNamed(household_id=HOME, person_id=ANOTHER_ID, carer_id=MOTHER)


def because(member_id: str, fact: HardshipFact, carer_id: str | None = None) -> HardshipReason:
    return HardshipReason(member_id=member_id, fact=fact, carer_id=carer_id)


def recognised(kind: Hardship, *reasons: HardshipReason, on: date = TODAY) -> HardshipRecognised:
    return HardshipRecognised(household_id=HOME, kind=kind, on=on, reasons=reasons)


CARED_FOR_BY_THE_OLD = recognised(Hardship.AGED_AND_DISABLED, because(ANOTHER_ID, HardshipFact.ONLY_CARER_AGED, MOTHER))
SEVERE = recognised(Hardship.ORPHANED_OR_SEVERE, because(ANOTHER_ID, HardshipFact.SEVERE))
TWO = recognised(
    Hardship.MULTIPLE_DISABLED, because(ID, HardshipFact.DISABLED), because(ANOTHER_ID, HardshipFact.DISABLED)
)
AGED = recognised(Hardship.AGED_AND_DISABLED, because(ID, HardshipFact.AGED))


def home(*events: Event, li: tuple[Event, ...] = (), wang: tuple[Event, ...] = ()) -> Scene:
    """A household with both people's files beside it."""
    return given(household, *events).beside_of(person, LI, *li).beside_of(person, WANG, *wang)


def when(scene: Scene, command, **more):
    return scene.when(command, by=STAFF, **{"before": HERE, "community": HERE, **more})


def test_a_household_is_formed_of_people_who_live_there():
    when(home(), FORM).then(FORMED, LI_IN)
    with_mother = FORM.model_copy(update={"relatives": (RELATIVE,)})
    when(home(), with_mother).then(FORMED, LI_IN, MOTHER_IN)


def test_a_household_is_formed_once():
    when(home(FORMED, LI_IN), FORM).unchanged()
    other = FORM.model_copy(update={"persons": (ID,)})
    when(home(FORMED, LI_IN), other).refused("household.already_formed")


def test_nobody_is_in_a_household_whom_the_registry_does_not_know():
    erased = PersonErased(person_id=ANOTHER_ID, ground=ErasureGround.REQUEST)
    when(home(li=(erased,)), FORM).refused("household.person_unknown", person_id=ANOTHER_ID)


def test_nobody_is_in_a_household_of_another_community():
    there = FORM.model_copy(update={"community": THERE})
    when(home(), there, community=THERE).refused("household.lives_elsewhere", person_id=ANOTHER_ID, community=HERE)


def test_nobody_is_in_two_households():
    (held,) = claims(LI_IN)
    assert (held.value, held.taken, held.release) == (ANOTHER_ID, "household.member_elsewhere", False)
    (given_back,) = claims(MemberLeft(household_id=HOME, member_id=ANOTHER_ID, why=MemberLeftWhy.MOVED_OUT))
    assert given_back.release


def test_hardship_is_recognised_as_soon_as_a_household_is_formed():
    severe = DisabilityReclassified(person_id=ANOTHER_ID, disability=DisabilityClass.PHYSICAL, grade=Grade.ONE)
    when(home(li=(severe,)), FORM).then(FORMED, LI_IN, SEVERE)


def test_a_member_who_joins_may_bring_hardship():
    add = AddMember(household_id=HOME, person_id=ID)
    when(home(FORMED, LI_IN), add).then(WANG_IN, TWO, AGED)
    when(home(FORMED, LI_IN, WANG_IN, TWO, AGED), add).unchanged()


def test_a_carer_is_a_member_and_somebody_else():
    name = NameCarer(household_id=HOME, person_id=ANOTHER_ID, carer_id=MOTHER)
    when(home(FORMED, LI_IN), name).refused("household.carer_unknown")
    own = name.model_copy(update={"carer_id": ANOTHER_ID})
    when(home(FORMED, LI_IN), own).refused("household.own_carer")
    when(home(FORMED, LI_IN), name.model_copy(update={"person_id": ID})).refused("household.not_a_member")


def test_an_only_carer_of_60_is_recognised_as_hardship_and_another_carer_clears_it():
    name = NameCarer(household_id=HOME, person_id=ANOTHER_ID, carer_id=MOTHER)
    when(home(FORMED, LI_IN, MOTHER_IN), name).then(CARES, CARED_FOR_BY_THE_OLD)
    brother = MemberJoined(household_id=HOME, member_id="relative_00000002", kinship=Kinship.SIBLING, name="李强")
    second = name.model_copy(update={"carer_id": "relative_00000002"})
    cleared = HardshipCleared(household_id=HOME, kind=Hardship.AGED_AND_DISABLED, on=TODAY)
    before = (FORMED, LI_IN, MOTHER_IN, CARES, CARED_FOR_BY_THE_OLD, brother)
    when(home(*before), second).then(CarerNamed.from_(second), cleared)
    when(home(*before, CarerNamed.from_(second), cleared), second).unchanged()


def test_a_carer_is_released():
    release = ReleaseCarer(household_id=HOME, person_id=ANOTHER_ID, carer_id=MOTHER)
    cleared = HardshipCleared(household_id=HOME, kind=Hardship.AGED_AND_DISABLED, on=TODAY)
    before = (FORMED, LI_IN, MOTHER_IN, CARES, CARED_FOR_BY_THE_OLD)
    when(home(*before), release).then(CarerReleased.from_(release), cleared)
    when(home(FORMED, LI_IN, MOTHER_IN), release).unchanged()


def test_who_leaves_cares_for_nobody_there():
    leave = RemoveMember(household_id=HOME, member_id=MOTHER, why=MemberLeftWhy.DIED)
    cleared = HardshipCleared(household_id=HOME, kind=Hardship.AGED_AND_DISABLED, on=TODAY)
    before = (FORMED, LI_IN, MOTHER_IN, CARES, CARED_FOR_BY_THE_OLD)
    when(home(*before), leave).then(MemberLeft.from_(leave), cleared)
    when(home(FORMED, LI_IN), leave).unchanged()


def test_hardship_is_told_only_where_it_changed():
    again = RecomputeHardship(household_id=HOME)
    severe = DisabilityReclassified(person_id=ANOTHER_ID, disability=DisabilityClass.PHYSICAL, grade=Grade.ONE)
    when(home(FORMED, LI_IN, li=(severe,)), again).then(SEVERE)
    when(home(FORMED, LI_IN, SEVERE, li=(severe,)), again).unchanged()
    cleared = HardshipCleared(household_id=HOME, kind=Hardship.ORPHANED_OR_SEVERE, on=TODAY)
    when(home(FORMED, LI_IN, SEVERE), again).then(cleared)


def test_hardship_that_holds_for_other_reasons_is_explained_anew():
    orphan = CircumstancesRecorded(person_id=ANOTHER_ID, circumstances=Circumstances(orphan=True))
    explained = HardshipExplained(
        household_id=HOME,
        kind=Hardship.ORPHANED_OR_SEVERE,
        on=TODAY,
        reasons=(because(ANOTHER_ID, HardshipFact.ORPHAN),),
    )
    when(home(FORMED, LI_IN, SEVERE, li=(orphan,)), RecomputeHardship(household_id=HOME)).then(explained)


def test_a_birthday_that_has_come_is_not_taken_back_by_what_is_told_late():
    birthday = recognised(Hardship.AGED_AND_DISABLED, because(ID, HardshipFact.AGED), on=date(2021, 3, 14))
    before = datetime(2021, 3, 13, 4, 0, tzinfo=UTC)
    when(home(FORMED, WANG_IN, birthday), RecomputeHardship(household_id=HOME), at=before).unchanged()
    when(home(FORMED, WANG_IN), RecomputeHardship(household_id=HOME), at=before).unchanged()
    on_the_day = datetime(2021, 3, 13, 16, 0, tzinfo=UTC)  # midnight in Shanghai
    when(home(FORMED, WANG_IN), RecomputeHardship(household_id=HOME), at=on_the_day).then(birthday)


def test_with_its_last_person_a_household_ends():
    leave = RemoveMember(household_id=HOME, member_id=ANOTHER_ID)
    ended = (
        MemberLeft.from_(leave),
        HardshipCleared(household_id=HOME, kind=Hardship.ORPHANED_OR_SEVERE, on=TODAY),
        MemberLeft(household_id=HOME, member_id=MOTHER, why=MemberLeftWhy.DISSOLVED),
        HouseholdDissolved(household_id=HOME),
    )
    when(home(FORMED, LI_IN, MOTHER_IN, SEVERE), leave).then(*ended)
    over = (FORMED, LI_IN, MOTHER_IN, SEVERE, *ended)
    when(home(*over), leave).unchanged()
    when(home(*over), AddMember(household_id=HOME, person_id=ID)).refused("household.dissolved")
    when(home(*over), FORM).then(FORMED, LI_IN)


def test_a_household_is_dissolved():
    left = MemberLeft(household_id=HOME, member_id=ANOTHER_ID, why=MemberLeftWhy.DISSOLVED)
    dissolve = DissolveHousehold(household_id=HOME)
    when(home(FORMED, LI_IN), dissolve).then(left, HouseholdDissolved(household_id=HOME))
    when(home(FORMED, LI_IN, left, HouseholdDissolved(household_id=HOME)), dissolve).unchanged()


def test_a_household_nobody_formed_is_unknown():
    for command in (
        RemoveMember(household_id=HOME, member_id=ID),
        RecomputeHardship(household_id=HOME),
        AddRelative(household_id=HOME, relative=RELATIVE),
    ):
        when(home(), command).refused("household.unknown")


def test_a_proposal_is_declined_and_may_be_confirmed_all_the_same():
    decline = DeclineHousehold(household_id=HOME, community=HERE, persons=(ANOTHER_ID,))
    declined = HouseholdDeclined(household_id=HOME, persons=(ANOTHER_ID,))
    when(home(), decline).then(declined)
    when(home(declined), decline).unchanged()
    when(home(declined), FORM).then(FORMED, LI_IN)
    when(home(FORMED, LI_IN), decline).refused("household.already_formed")


def test_a_relative_has_a_name_and_is_born():
    add = AddRelative(household_id=HOME, relative=RELATIVE)
    when(home(FORMED, LI_IN), add).then(MOTHER_IN)
    when(home(FORMED, LI_IN, MOTHER_IN), add).unchanged()
    nameless = add.model_copy(update={"relative": RELATIVE.model_copy(update={"name": ""})})
    when(home(FORMED, LI_IN), nameless).refused("household.relative_no_name")
    unreached = add.model_copy(update={"relative": RELATIVE.model_copy(update={"phone": "12345"})})
    when(home(FORMED, LI_IN), unreached).refused("household.relative_bad_phone")
    unborn = add.model_copy(update={"relative": RELATIVE.model_copy(update={"birth_date": date(2026, 11, 25)})})
    when(home(FORMED, LI_IN), unborn).refused("household.not_born_yet")


def test_a_relatives_birth_date_is_corrected_and_hardship_follows():
    correct = CorrectRelative(household_id=HOME, relative_id=MOTHER, name="赵桂英", birth_date=date(1970, 2, 3))
    corrected = RelativeCorrected(household_id=HOME, relative_id=MOTHER, birth_date="1970-02-03")
    cleared = HardshipCleared(household_id=HOME, kind=Hardship.AGED_AND_DISABLED, on=TODAY)
    before = (FORMED, LI_IN, MOTHER_IN, CARES, CARED_FOR_BY_THE_OLD)
    when(home(*before), correct).then(corrected, cleared)
    when(home(*before, corrected, cleared), correct).unchanged()
    nobody = correct.model_copy(update={"relative_id": "relative_00000009"})
    when(home(*before), nobody).refused("household.not_a_member")
    when(home(*before), correct.model_copy(update={"name": ""})).refused("household.relative_no_name")


def test_what_is_known_of_a_relative_is_erased_also_when_they_have_left():
    erase = EraseRelative(household_id=HOME, relative_id=MOTHER, ground=ErasureGround.REQUEST)
    left = MemberLeft(household_id=HOME, member_id=MOTHER, why=MemberLeftWhy.ERASED)
    erased = RelativeErased(household_id=HOME, relative_id=MOTHER, ground=ErasureGround.REQUEST)
    when(home(FORMED, LI_IN, MOTHER_IN), erase).then(left, erased)
    moved_out = left.model_copy(update={"why": MemberLeftWhy.MOVED_OUT})
    when(home(FORMED, LI_IN, MOTHER_IN, moved_out), erase).then(erased)
    when(home(FORMED, LI_IN, MOTHER_IN, left, erased), erase).unchanged()
    when(home(FORMED, LI_IN), erase).refused("household.not_a_member")
    again = AddRelative(household_id=HOME, relative=RELATIVE)
    when(home(FORMED, LI_IN, MOTHER_IN, left, erased), again).refused("household.relative_erased")


def test_a_household_moves_when_all_its_persons_have():
    move = MoveHousehold(household_id=HOME, community=THERE)
    moved_li = LI.model_copy(update={"community": THERE})
    there = given(household, FORMED, LI_IN).beside_of(person, moved_li)
    when(there, move, community=THERE).then(HouseholdMoved(household_id=HOME, from_community=HERE, to_community=THERE))
    when(home(FORMED, LI_IN), move, community=THERE).unchanged()
    when(there, move, before=THERE, community=THERE).unchanged()


def test_who_lives_elsewhere_by_now_brings_no_hardship():
    both = given(household, FORMED, LI_IN, WANG_IN, TWO, AGED).beside_of(person, WANG)
    moved = both.beside_of(person, LI.model_copy(update={"community": THERE}))
    cleared = HardshipCleared(household_id=HOME, kind=Hardship.MULTIPLE_DISABLED, on=TODAY)
    when(moved, RecomputeHardship(household_id=HOME)).then(cleared)


def test_nobody_who_died_joins_a_household():
    died = PersonDied(person_id=ANOTHER_ID, on=date(2026, 10, 1))
    when(home(li=(died,)), FORM).refused("household.person_unknown", person_id=ANOTHER_ID)


def test_two_files_of_one_person_are_one_disabled_member():
    merged = MergedInto(person_id=ID, into=ANOTHER_ID)
    before = (FORMED, LI_IN, WANG_IN, TWO, AGED)
    two_cleared = HardshipCleared(household_id=HOME, kind=Hardship.MULTIPLE_DISABLED, on=TODAY)
    aged_cleared = HardshipCleared(household_id=HOME, kind=Hardship.AGED_AND_DISABLED, on=TODAY)
    when(home(*before, wang=(merged,)), RecomputeHardship(household_id=HOME)).then(two_cleared, aged_cleared)
    undone = MergedIntoUndone(person_id=ID, apart_from=ANOTHER_ID)
    again = (*before, two_cleared, aged_cleared)
    when(home(*again, wang=(merged, undone)), RecomputeHardship(household_id=HOME)).then(TWO, AGED)


def test_a_second_file_of_somebody_joins_no_household():
    merged = MergedInto(person_id=ID, into=ANOTHER_ID)
    add = AddMember(household_id=HOME, person_id=ID)
    when(home(FORMED, LI_IN, wang=(merged,)), add).refused("household.second_file", kept=ANOTHER_ID)
