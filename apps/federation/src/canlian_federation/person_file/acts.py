"""What can be done to one person's file, each a small form of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel
from starlette.responses import Response

from canlian_events.assistance.visit import BEREAVEMENT_DAYS
from canlian_events.core import Command
from canlian_events.ids import CommunityCode
from canlian_events.registry.person import (
    CERTIFICATE_YEARS,
    REASSESSMENT_WORKING_DAYS,
    REMINDER_DAYS,
    AskReassessment,
    Circumstances,
    CorrectPerson,
    GiveConsent,
    IssueCertificate,
    MovePerson,
    ReclassifyDisability,
    RecordAccessNeeds,
    RecordCircumstances,
    RecordDeath,
    RenewCertificate,
    RequestCorrection,
    RequestErasure,
    SettleCorrection,
    WithdrawConsent,
    WithdrawDeath,
    WithdrawErasureRequest,
)
from canlian_events.terms import AccessFeature, DisabilityClass, Employment, Grade, Purpose, Schooling
from canlian_federation.people.pages import SEEING
from canlian_federation.people.views import PersonEntry
from canlian_federation.person_file.pages import alive
from canlian_federation.shared.access import places_of
from canlian_person_file.contact_fields import CALLED
from canlian_web.forms import Form
from canlian_web.language.i18n import N_
from canlian_web.page import Context, Page, require

router = APIRouter(prefix="/people", dependencies=[require(*SEEING)])


class Correction(BaseModel):
    """What is left empty stays; `gone` names what there is no more."""

    name: str | None = None
    phone: str | None = None
    address: str | None = None
    gone: frozenset[Literal["phone", "address"]] = frozenset()


class Certified(BaseModel):
    number: str
    issued: date | None = None


class Renewed(BaseModel):
    number: str
    issued: date


class Classified(BaseModel):
    disability: DisabilityClass
    grade: Grade


class Living(BaseModel):
    low_income: bool | None = None
    orphan: bool | None = None
    employment: Employment | None = None
    schooling: Schooling | None = None
    ethnicity: str | None = None
    carer_name: str | None = None
    carer_phone: str | None = None
    remark: str | None = None


class Features(BaseModel):
    features: frozenset[AccessFeature] = frozenset()


class Agreement(BaseModel):
    """Who records it says that the person said so themselves."""

    purpose: Purpose
    agreed: Literal["yes"]


class Withdrawal(BaseModel):
    purpose: Purpose


class Move(BaseModel):
    to: CommunityCode
    address: str | None = None


class Death(BaseModel):
    on: date
    sure: Literal["yes"]


class Mistake(BaseModel):
    why: str


class Wish(BaseModel):
    words: str | None = None


class Wrong(BaseModel):
    words: str


class Answer(BaseModel):
    """`corrected` is said once the file is corrected; otherwise `why` not."""

    corrected: bool
    why: str | None = None


class Nothing(BaseModel):
    """A button without fields."""


@dataclass(frozen=True)
class Act:
    """`fields` says beside which field a refusal is shown."""

    title: str
    send: str
    done: str
    asks: type[BaseModel]
    makes: Callable[[str, Any], Command]
    command: type[Command]
    fields: Mapping[str, str] = field(default_factory=dict)
    starts_with: Callable[[PersonEntry], dict[str, Any]] = lambda _: {}


_ABOUT_THE_NUMBER = (
    "person.bad_certificate",
    "person.certificate_of_another",
    "person.certificate_taken",
    "person.class_conflict",
    "person.grade_conflict",
    "person.certified_already",
)
_NUMBER = dict.fromkeys(_ABOUT_THE_NUMBER, "number")
_ISSUED = {"person.bad_issue_date": "issued", "person.certificate_not_newer": "issued"}
_DAY = {"person.death_in_future": "on", "person.death_before_birth": "on"}
_PLACE = {"community.unknown": "to", "community.closed": "to"}


def _corrected(person_id: str, said: Correction) -> Command:
    given = {name: getattr(said, name) or ("" if name in said.gone else None) for name in ("phone", "address")}
    return CorrectPerson(person_id=person_id, name=said.name, **given)


ACTS: dict[str, Act] = {
    "correct": Act(
        N_("Correct the file"), N_("Correct"), N_("The file is corrected."), Correction, _corrected, CorrectPerson,
        CALLED,
    ),
    "certificate": Act(
        N_("Record a certificate"), N_("Record the certificate"), N_("The certificate is recorded."), Certified,
        lambda id_, said: IssueCertificate(person_id=id_, **said.model_dump()), IssueCertificate, _NUMBER | _ISSUED,
    ),
    "renewal": Act(
        N_("Renew the certificate"), N_("Renew"), N_("The renewed certificate is recorded."), Renewed,
        lambda id_, said: RenewCertificate(person_id=id_, **said.model_dump()), RenewCertificate, _NUMBER | _ISSUED,
    ),
    "classification": Act(
        N_("Record a new classification"), N_("Record the classification"), N_("The classification is recorded."),
        Classified, lambda id_, said: ReclassifyDisability(person_id=id_, **said.model_dump()), ReclassifyDisability,
        starts_with=lambda row: {"disability": row.disability, "grade": row.grade},
    ),
    "reassessment": Act(
        N_("Ask for re-assessment"), N_("Ask for re-assessment"), N_("Re-assessment is asked for."), Nothing,
        lambda id_, _: AskReassessment(person_id=id_), AskReassessment,
    ),
    "circumstances": Act(
        N_("Record circumstances"), N_("Save"), N_("The circumstances are recorded."), Living,
        lambda id_, said: RecordCircumstances(person_id=id_, circumstances=Circumstances(**said.model_dump())),
        RecordCircumstances,
    ),
    "access": Act(
        N_("Record access needs"), N_("Save"), N_("What the person needs is recorded."), Features,
        lambda id_, said: RecordAccessNeeds(person_id=id_, features=said.features), RecordAccessNeeds,
        starts_with=lambda row: {"features": row.features},
    ),
    "consent": Act(
        N_("Record a consent"), N_("Record the consent"), N_("The person's consent is recorded."), Agreement,
        lambda id_, said: GiveConsent(person_id=id_, purpose=said.purpose), GiveConsent,
    ),
    "consent-withdrawn": Act(
        N_("Withdraw a consent"), N_("Withdraw"), N_("The withdrawal is recorded."), Withdrawal,
        lambda id_, said: WithdrawConsent(person_id=id_, purpose=said.purpose), WithdrawConsent,
    ),
    "move": Act(
        N_("Move to another community"), N_("Move"), N_("The person is moved, and what is open with them."), Move,
        lambda id_, said: MovePerson(person_id=id_, to=said.to, address=said.address), MovePerson, _PLACE,
    ),
    "death": Act(
        N_("Record a death"), N_("Record the death"), N_("The death is recorded."), Death,
        lambda id_, said: RecordDeath(person_id=id_, on=said.on), RecordDeath, _DAY,
    ),
    "death-withdrawn": Act(
        N_("Take a death back that was recorded in error"), N_("Take it back"),
        N_("The person lives: it is taken back."), Mistake,
        lambda id_, said: WithdrawDeath(person_id=id_, why=said.why), WithdrawDeath,
    ),
    "correction-request": Act(
        N_("Write down what the person asks to have corrected"), N_("Write it down"),
        N_("The request is on the list."), Wrong,
        lambda id_, said: RequestCorrection(person_id=id_, words=said.words), RequestCorrection,
        {"person.no_words": "words"},
    ),
    "correction-settled": Act(
        N_("Answer the request for a correction"), N_("Answer"),
        N_("The request is settled. The person reads the answer on their page."), Answer,
        lambda id_, said: SettleCorrection(person_id=id_, **said.model_dump()), SettleCorrection,
        {"person.no_reason": "why", "person.nothing_corrected": "corrected"},
    ),
    "erasure-request": Act(
        N_("Write down that the person asks to be erased"), N_("Write it down"),
        N_("The request is on the list."), Wish,
        lambda id_, said: RequestErasure(person_id=id_, words=said.words), RequestErasure,
    ),
    "erasure-request-withdrawn": Act(
        N_("Take the request back"), N_("Take it back"), N_("The request is taken back."), Nothing,
        lambda id_, _: WithdrawErasureRequest(person_id=id_), WithdrawErasureRequest,
    ),
}  # fmt: skip
NUMBERS = {
    "years": CERTIFICATE_YEARS,
    "reminder": REMINDER_DAYS,
    "dispute": REASSESSMENT_WORKING_DAYS,
    "bereavement": BEREAVEMENT_DAYS,
}
"""Rules with numbers, as the forms tell them."""


@router.get("/{person_id}/do/{what}")
async def ask(page: Page, person_id: str, what: str) -> Response:
    row, act = await alive(page, person_id), _act(what)
    return await _form(page, row, what, act, page.blank(**act.starts_with(row)))


@router.post("/{person_id}/do/{what}")
async def do(page: Page, person_id: str, what: str) -> Response:
    row, act = await alive(page, person_id), _act(what)
    form = page.form(act.asks)
    if what == "correct" and form.ok and not any(form.value.model_dump().values()):
        form.errors["name"] = page._("Fill in what is to be corrected")
    if form.errors.pop("agreed", None):
        form.errors["agreed"] = page._("Consent is recorded only when the person has agreed: ask, then tick this")
    if form.errors.pop("sure", None):
        form.errors["sure"] = page._("Check the record of the death, then tick this")
    if done := await page.submit(form, lambda said: act.makes(person_id, said), fields=act.fields):
        return page.redirect(f"/people/{person_id}", notice=page.told(done, page._(act.done)))
    return await _form(page, row, what, act, form)


async def _form(page: Context, row: PersonEntry, what: str, act: Act, form: Form[Any]) -> Response:
    places = [place for place in (await places_of(page)).items() if place[0] != row.community] if what == "move" else []
    return page.render(
        "person_file/act.html",
        form=form,
        row=row,
        what=what,
        title=page._(act.title),
        send=page._(act.send),
        places=places,
        missing=[purpose for purpose in Purpose if purpose not in row.consents],
        agreed=[purpose for purpose in Purpose if purpose in row.consents],
        numbers=NUMBERS,
    )


def _act(what: str) -> Act:
    if what not in ACTS:
        raise HTTPException(404)
    return ACTS[what]
