"""The rules of a provider, as sentences."""

import pytest

from canlian_catalog.provider.decider import claims, provider
from canlian_chassis.testing.deciders import given
from canlian_events.catalog.provider import (
    AwardDemonstration,
    CorrectProvider,
    DemonstrationAwarded,
    ProviderCorrected,
    ProviderRegistered,
    ProviderSuspended,
    ProviderVetted,
    RegisterProvider,
    SuspendProvider,
    VetProvider,
)
from canlian_events.meta import Actor
from canlian_events.terms import ProviderKind, Role

ID = "provider_00000001"
STAFF = Actor("worker_00000004", frozenset({Role.STAFF}), ("429999001",))

REGISTER = RegisterProvider(provider_id=ID, number="FW-001", name="阳光康复中心", kind=ProviderKind.MEDICAL)
REGISTERED = ProviderRegistered.from_(REGISTER)
VETTED = ProviderVetted(provider_id=ID)
SUSPEND = SuspendProvider(provider_id=ID, why="资质过期")
SUSPENDED = ProviderSuspended.from_(SUSPEND)
AWARDED = DemonstrationAwarded(provider_id=ID)


def test_a_provider_is_registered():
    given(provider).when(REGISTER, by=STAFF).then(REGISTERED)


def test_the_same_registration_again_changes_nothing():
    given(provider, REGISTERED).when(REGISTER, by=STAFF).unchanged()
    typed_otherwise = REGISTER.model_copy(update={"number": "fw-001 "})
    given(provider, REGISTERED).when(typed_otherwise, by=STAFF).unchanged()


def test_another_registration_under_the_same_id_is_refused():
    other = REGISTER.model_copy(update={"name": "别的机构"})
    given(provider, REGISTERED).when(other, by=STAFF).refused("provider.already_registered", name="阳光康复中心")


def test_a_number_is_claimed_as_it_is_meant_not_as_it_was_typed():
    [claim] = claims(REGISTERED)
    [same] = claims(REGISTERED.model_copy(update={"number": "ｆｗ－ ００１"}))
    assert claim == same
    assert claim.taken == "provider.number_taken"


def test_only_what_differs_is_corrected():
    correct = CorrectProvider(provider_id=ID, name="阳光康复中心", phone="027-12345678")
    corrected = ProviderCorrected(provider_id=ID, phone="027-12345678")
    given(provider, REGISTERED).when(correct, by=STAFF).then(corrected)
    given(provider, REGISTERED, corrected).when(correct, by=STAFF).unchanged()


def test_a_corrected_provider_registers_again_only_as_corrected():
    corrected = ProviderCorrected(provider_id=ID, name="新名", kind=ProviderKind.ENTERPRISE)
    given(provider, REGISTERED, corrected).when(REGISTER, by=STAFF).refused("provider.already_registered", name="新名")


def test_a_provider_is_vetted_once():
    given(provider, REGISTERED).when(VetProvider(provider_id=ID), by=STAFF).then(VETTED)
    given(provider, REGISTERED, VETTED).when(VetProvider(provider_id=ID), by=STAFF).unchanged()


def test_vetting_restores_a_suspended_provider():
    suspended = given(provider, REGISTERED, VETTED, SUSPENDED)
    suspended.when(VetProvider(provider_id=ID), by=STAFF).then(VETTED)
    given(provider, REGISTERED, VETTED, SUSPENDED, VETTED).when(SUSPEND, by=STAFF).then(SUSPENDED)


def test_a_provider_is_suspended_once():
    given(provider, REGISTERED).when(SUSPEND, by=STAFF).then(SUSPENDED)
    given(provider, REGISTERED, SUSPENDED).when(SUSPEND, by=STAFF).unchanged()


def test_a_demonstration_award_is_given_once_and_not_while_suspended():
    award = AwardDemonstration(provider_id=ID)
    given(provider, REGISTERED).when(award, by=STAFF).then(AWARDED)
    given(provider, REGISTERED, AWARDED).when(award, by=STAFF).unchanged()
    given(provider, REGISTERED, SUSPENDED).when(award, by=STAFF).refused("provider.suspended")


@pytest.mark.parametrize(
    "command",
    [VetProvider(provider_id=ID), AwardDemonstration(provider_id=ID), SUSPEND, CorrectProvider(provider_id=ID)],
    ids=lambda command: type(command).__name__,
)
def test_a_provider_nobody_knows_is_refused(command):
    given(provider).when(command, by=STAFF).refused("provider.unknown")
