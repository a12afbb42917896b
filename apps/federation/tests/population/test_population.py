"""The population in figures, each opening the list of those it counts."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date
from html import unescape
from io import BytesIO
from typing import Any

from apps.federation.tests.bench import LEADER, STAFF, Bench
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from sqlmodel import Session, create_engine

from canlian_events.ids import derive
from canlian_events.numbers import make_citizen_id
from canlian_events.registry.person import RegisterPerson
from canlian_events.terms import DisabilityClass, Grade
from canlian_federation.people.search import Wanted, find
from canlian_federation.people.views import PersonEntry
from canlian_federation.population.views import AGE_BANDS, counted, population
from canlian_federation.shared.rows import FederationRow

TODAY = date(2026, 11, 24)
HERE, THERE = "429999001001", "429999001002"


def test_age_bands_leave_nobody_out():
    assert AGE_BANDS[0][0] == 0
    assert [first for first, _ in AGE_BANDS[1:]] == [last + 1 for _, last in AGE_BANDS[:-1] if last is not None]
    assert AGE_BANDS[-1][1] is None


ROWS: st.SearchStrategy[list[dict[str, Any]]] = st.lists(
    st.builds(
        dict,
        community=st.sampled_from([HERE, THERE]),
        disability=st.integers(1, 7),
        grade=st.sampled_from([None, 1, 2, 3, 4]),
        sex=st.sampled_from(["male", "female"]),
        birth_date=st.none() | st.dates(date(1930, 1, 1), TODAY),
        birth_year=st.integers(1930, 2026),
        erased_on=st.sampled_from([None, None, TODAY]),
        died_on=st.sampled_from([None, None, TODAY]),
    ),
    max_size=20,
)


@settings(deadline=None, max_examples=10)
@given(ROWS)
def test_the_figures_are_those_of_the_lists_and_the_erased_together(rows: list[dict[str, Any]]):
    engine = create_engine("sqlite://")
    FederationRow.metadata.create_all(engine, tables=[PersonEntry.metadata.tables["person_entry"]])
    with Session(engine) as db:
        for number, row in enumerate(rows):
            if isinstance(born := row["birth_date"], date):
                row["birth_year"] = born.year
            db.add(PersonEntry(person_id=derive("person", number), registered_on=TODAY, **row))
        db.flush()
        parts = population(db, ["429999001"], TODAY)
        living = [row for row in rows if row["died_on"] is None]
        assert counted(parts, lambda part: part.disability) == Counter(row["disability"] for row in living)
        assert counted(parts, lambda part: part.grade) == Counter(row["grade"] for row in living)
        for band, number in counted(parts, lambda part: part.band).items():
            first, last = AGE_BANDS[band]
            found = find(db, Wanted(age_from=first, age_to=last), ["429999001"], TODAY)
            assert number == found.number + found.erased
        for (place, sex), number in counted(parts, lambda part: (part.community, part.sex)).items():
            found = find(db, Wanted(sex=sex), [place], TODAY)
            assert number == found.number + found.erased


async def test_each_figure_of_the_population_opens_its_list(bench: Bench):
    await bench.open_communities()
    for number, (born, community) in enumerate([(2020, HERE), (1950, HERE), (1951, THERE)]):
        somebody = RegisterPerson(
            person_id=derive("person", number), community=community, name="张明",
            citizen_id=make_citizen_id("429999", date(born, 3, 8), 11 + number),
            disability=DisabilityClass.VISUAL, grade=Grade.ONE,
        )  # fmt: skip
        await bench.send(somebody)
    async with bench.as_(STAFF) as client:
        page = await client.get("/federation/population")
        links = [unescape(link) for link in re.findall(r'href="(/federation/people\?[^"]+)"', page.text)]
        wanted = "/federation/people?age_from=60&age_to=74"
        assert wanted not in links
        assert "/federation/people?age_from=75" in links
        two = await client.get("/federation/people?age_from=75")
        assert two.text.count("张明</a>") == 2
        for link in links:
            assert "张明</a>" in (await client.get(link)).text, link
        here = await client.get(f"/federation/population?community={HERE}")
        assert f"/federation/people?community={HERE}&amp;disability=1" in here.text
        sheet = load_workbook(BytesIO((await client.get("/federation/population/age.xlsx")).content)).active
        assert sheet is not None
        assert [line[-1] for line in sheet.iter_rows(values_only=True)][1:] == [1, 0, 0, 0, 0, 2]
        assert (await client.get("/federation/population/other.xlsx")).status_code == 404
    async with bench.as_(LEADER) as client:
        page = await client.get("/federation/population")
        assert (page.status_code, "/federation/people?" in page.text) == (200, False)
