"""One made-up person for the tests, and how their history begins. Region 429999 is not assigned, so nobody is meant."""

from datetime import date

from canlian_events.meta import Actor
from canlian_events.numbers import make_citizen_id
from canlian_events.registry.person import (
    Certificate,
    CertificateIssued,
    PersonRegistered,
    RecordRosterEntry,
    RegisterPerson,
)
from canlian_events.terms import DisabilityClass, Grade, Role, Sex
from canlian_registry.views import Place

ID, ANOTHER_ID = "person_00000001", "person_00000002"
HERE, THERE = "429999001001", "429999001002"
STAFF = Actor("worker_00000001", frozenset({Role.STAFF}), ("429999001",))
THEMSELVES = Actor(ID, frozenset({Role.RESIDENT}))
SOMEBODY_ELSE = Actor(ANOTHER_ID, frozenset({Role.RESIDENT}))
OPEN, CLOSED, UNKNOWN, NO_FACTS = Place("open"), Place("closed"), Place(), Place()

CITIZEN_ID = make_citizen_id("429999", date(1961, 3, 14), 122)
ANOTHER_CITIZEN_ID = make_citizen_id("429999", date(1980, 7, 1), 7)
NUMBER = CITIZEN_ID + "42"
ISSUED = date(2020, 5, 6)

REGISTER = RegisterPerson(
    person_id=ID,
    community=HERE,
    name="王秀兰",
    citizen_id=CITIZEN_ID,
    disability=DisabilityClass.PHYSICAL,
    grade=Grade.TWO,
    phone="13800000000",
    address="一号楼",
)
REGISTERED = PersonRegistered.from_(REGISTER, birth_year=1961, sex=Sex.FEMALE)
CERTIFIED = CertificateIssued(person_id=ID, number=NUMBER, issued=ISSUED, expires=date(2030, 5, 6))
ENTRY = RecordRosterEntry.from_(REGISTER, certificate=Certificate(number=NUMBER, issued=ISSUED))
