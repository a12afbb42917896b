"""Communities on a map, where the operator gives their outlines."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from apps.federation.tests.bench import STAFF, Bench

from canlian_events.ids import derive
from canlian_events.numbers import make_citizen_id
from canlian_events.registry.person import RegisterPerson
from canlian_events.terms import DisabilityClass
from canlian_federation.overview import boundaries
from canlian_federation.overview.boundaries import FILE, BoundariesError, boundaries_of, read_boundaries

HERE, THERE = "429999001001", "429999001002"


def square(code: str | None, west: float) -> dict[str, Any]:
    ring = [[west, 30.0], [west + 0.01, 30.0], [west + 0.01, 30.01], [west, 30.01], [west, 30.0]]
    properties = {} if code is None else {"code": code, "name": "what a surveyor calls it"}
    return {"type": "Feature", "properties": properties, "geometry": {"type": "Polygon", "coordinates": [ring]}}


def written(folder: Path, *features: dict[str, Any]) -> Path:
    file = folder / FILE
    file.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return file


@pytest.mark.parametrize(
    ("features", "words"),
    [
        ([square(None, 114.0)], "12-digit `code`"),
        ([square("4299990010", 114.0)], "features.0.properties.code"),
        ([square(HERE, 114.0), square(HERE, 114.1)], f"two features with the code {HERE}"),
        ([square(HERE, 114.0) | {"geometry": {"type": "Point", "coordinates": [114.0, 30.0]}}], "Polygon"),
        ([square(HERE, 114.0) | {"properties": None}], "12-digit `code`"),
    ],
)
def test_outlines_that_cannot_be_drawn_say_what_to_mend(tmp_path: Path, features: list[dict[str, Any]], words: str):
    with pytest.raises(BoundariesError, match=words):
        read_boundaries(written(tmp_path, *features))


def test_a_file_too_large_for_a_page_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(boundaries, "LARGEST", 100)
    with pytest.raises(BoundariesError, match="simplify"):
        read_boundaries(written(tmp_path, square(HERE, 114.0)))


@pytest.mark.asyncio(loop_scope="module")
async def test_the_map_is_there_once_a_file_is_and_names_who_is_not_on_it(standing: Bench):
    settings = standing.tool.settings
    somebody = RegisterPerson(
        person_id=derive("person", "mapped"), community=HERE, name="张明",
        citizen_id=make_citizen_id("429999", date(1950, 3, 8), 11), disability=DisabilityClass.VISUAL,
    )  # fmt: skip
    await standing.send(somebody)
    async with standing.as_(STAFF) as client:
        without = await client.get("/federation/population")
        assert "data-map" not in without.text
        assert (await client.get("/federation/population/boundaries.geojson")).status_code == 404
        file = written(settings.data, square(HERE, 114.0))
        page = await client.get("/federation/population")
        assert f"&#34;code&#34;: &#34;{HERE}&#34;" in page.text
        assert f"/federation/people?community={HERE}" in page.text
        assert "Without an outline" in page.text
        assert "data-map" not in (await client.get(f"/federation/population?community={THERE}")).text
        drawn = (await client.get("/federation/population/boundaries.geojson")).json()
        assert drawn["features"][0]["properties"] == {"code": HERE}
        file.write_text("{}")
        assert "data-map" not in (await client.get("/federation/population")).text
        assert boundaries_of(settings) is None
