"""The sample subdistrict: made up, the same each time, and read as it says."""

import json
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from canlian_events.numbers import CertificateNumber
from canlian_sheets.communities import read_communities
from canlian_sheets.made_up.people import CLASS_SHARES, COMMUNITIES, GRADE_SHARES, REGION, TODAY, made_up_people
from canlian_sheets.made_up.roster import make_roster
from canlian_sheets.made_up.subdistrict import make_sample
from canlian_sheets.resources import read_resources
from canlian_sheets.roster import read_roster

SHARED = Path(__file__).parents[4] / "shared" / "data"


def test_a_sample_reads_as_it_says(tmp_path: Path) -> None:
    sample = make_sample(tmp_path, 700, 3)
    places = read_communities((tmp_path / "communities.csv").read_bytes(), "communities.csv")
    assert not places.refused
    codes = {row.value.name: row.value.code for row in places.accepted}
    roster = read_roster((tmp_path / "roster.xlsx").read_bytes(), "roster.xlsx", codes, TODAY)
    assert len(roster.rows) == sample.rows
    assert len(roster.accepted) == sample.accept
    assert roster.refused_by_reason == dict(sample.refuse)
    assert len(roster.repeats) == sample.same_as_earlier > 0
    resources = read_resources((tmp_path / "resources.xlsx").read_bytes(), "resources.xlsx", codes)
    assert not resources.refused
    assert len({row.value.service.domain for row in resources.accepted}) == 9


def test_the_same_seed_makes_the_same_sample(tmp_path: Path) -> None:
    places = {name: code for code, name in COMMUNITIES.items()}
    one, two = tmp_path / "one", tmp_path / "two"
    assert make_sample(one, 100, 9) == make_sample(two, 100, 9)
    rosters = [read_roster((at / "roster.xlsx").read_bytes(), "roster.xlsx", places, TODAY).rows for at in (one, two)]
    resources = [
        read_resources((at / "resources.xlsx").read_bytes(), "resources.xlsx", places).rows for at in (one, two)
    ]
    assert rosters[0] == rosters[1]
    assert resources[0] == resources[1]
    assert (one / "communities.csv").read_bytes() == (two / "communities.csv").read_bytes()


def test_made_up_people_follow_the_countrys_shares_and_cannot_be_anyone() -> None:
    people = list(made_up_people(4000, 1, list(COMMUNITIES)))
    assert len({person.citizen_id for person in people}) == len(people)
    assert all(person.citizen_id.startswith(REGION) for person in people)
    for shares, field in ((CLASS_SHARES, "disability"), (GRADE_SHARES, "grade")):
        counted = Counter(getattr(person, field) for person in people)
        assert all(abs(100 * counted[code] / len(people) - share) < 3 for code, share in shares.items())


def test_a_made_up_person_agrees_with_their_number() -> None:
    for person in made_up_people(300, 2, list(COMMUNITIES)):
        number = CertificateNumber.read(person.certificate_number, today=TODAY)
        assert (number.citizen_id.number, number.birth_date, number.sex) == (
            person.citizen_id,
            person.birth_date,
            person.sex,
        )
        assert (number.disability, number.grade) == (person.disability, person.grade)
        assert person.certificate_issued is not None
        assert person.birth_date < person.certificate_issued <= TODAY


@pytest.mark.skipif(not SHARED.is_dir(), reason="there is no shared data beside this checkout")
def test_the_shared_roster_gives_its_own_counts() -> None:
    truth = json.loads((SHARED / "roster.truth.json").read_text("utf-8"))
    places = read_communities((SHARED / "communities.csv").read_bytes(), "communities.csv")
    codes = {row.value.name: row.value.code for row in places.accepted}
    roster = read_roster((SHARED / "roster.xlsx").read_bytes(), "roster.xlsx", codes, date(2026, 11, 30))
    assert len(roster.rows) == truth["rows"]
    assert len(roster.accepted) == truth["accept"]
    assert roster.refused_by_reason == truth["refuse"]
    assert len(roster.repeats) == truth["same_as_earlier"]
    names = {code: name for name, code in codes.items()}
    assert Counter(names[row.value.community] for row in roster.accepted) == truth["per_community"]
    resources = read_resources((SHARED / "resources.xlsx").read_bytes(), "resources.xlsx", codes)
    assert len(resources.accepted) == len(resources.rows) == 62


@pytest.mark.parametrize("name", ["roster.xlsx", "roster.csv"])
def test_a_roster_of_any_length_is_accepted_row_by_row(tmp_path: Path, name: str) -> None:
    make_roster(tmp_path / name, 60, 4)
    places = read_communities((tmp_path / "communities.csv").read_bytes(), "communities.csv")
    codes = {row.value.name: row.value.code for row in places.accepted}
    roster = read_roster((tmp_path / name).read_bytes(), name, codes, TODAY)
    assert (len(roster.accepted), roster.refused_by_reason) == (60, {})
