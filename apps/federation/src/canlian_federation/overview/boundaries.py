"""Where the communities lie: a GeoJSON file that the operator puts beside the data. Without one no map is drawn."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Annotated

import structlog
from geojson_pydantic import Feature, FeatureCollection, MultiPolygon, Polygon
from pydantic import BaseModel, StringConstraints, ValidationError

from canlian_chassis.settings import Settings

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

FILE = "boundaries.geojson"
"""In the folder of the data."""
LARGEST = 8_000_000
"""Bytes: a browser has to take it. A subdistrict's communities to the metre are a few hundred thousand."""


class BoundariesError(ValueError):
    """The file cannot be drawn from; says why, for the operator's log."""


class _Properties(BaseModel):
    code: Annotated[str, StringConstraints(pattern=r"^\d{12}$")]


Boundaries = FeatureCollection[Feature[Polygon | MultiPolygon, _Properties]]


def boundaries_of(settings: Settings) -> Boundaries | None:
    """Each community's outline, by its `code`; None where there is no file, or none that can be used."""
    file = settings.data / FILE
    try:
        changed = file.stat()
    except OSError:
        return None
    return _kept(file, changed.st_mtime_ns, changed.st_size)


@lru_cache(maxsize=2)
def _kept(file: Path, changed: int, size: int) -> Boundaries | None:
    try:
        return read_boundaries(file)
    except BoundariesError as error:
        log.warning("boundaries.unusable", file=str(file), reason=str(error))
        return None


def read_boundaries(file: Path) -> Boundaries:
    """Raises BoundariesError with what to mend."""
    try:
        if file.stat().st_size > LARGEST:
            raise BoundariesError(f"larger than {LARGEST // 1_000_000} MB: simplify the outlines, 5 m are enough")
        found = Boundaries.model_validate_json(file.read_bytes())
    except OSError as error:
        raise BoundariesError(f"cannot be read: {error}") from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(step) for step in first["loc"])
        raise BoundariesError(
            "must be a FeatureCollection of Polygon or MultiPolygon features, each with its community's "
            f"12-digit `code` among its properties; {where}: {first['msg']}"
        ) from None
    codes = [feature.properties.code for feature in found.features if feature.properties]
    if len(codes) != len(found.features):
        raise BoundariesError("each feature needs its community's 12-digit `code` among its properties")
    if twice := sorted({code for code in codes if codes.count(code) > 1}):
        raise BoundariesError(f"there are two features with the code {', '.join(twice)}: make one MultiPolygon of them")
    return found
