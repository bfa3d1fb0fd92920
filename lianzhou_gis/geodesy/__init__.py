"""Reference systems, datums, the plane, area, length and distance."""

from __future__ import annotations

from lianzhou_gis.geodesy.distance import Distances, distances, length, path_between
from lianzhou_gis.geodesy.footprint import buffer_metres, footprints
from lianzhou_gis.geodesy.plane import LIANZHOU_PROJ, Plane, statutory_area
from lianzhou_gis.geodesy.reference_systems import (
    CGCS2000,
    LIANZHOU,
    ReferenceSystem,
    Region,
    gauss_kruger,
    system_from_code,
)
from lianzhou_gis.geodesy.resolution import (
    Candidate,
    describe_candidates,
    rank_candidates,
    resolve_reference_system,
)
from lianzhou_gis.geodesy.study_area import StudyArea
from lianzhou_gis.geodesy.transformation import from_cgcs2000, to_cgcs2000

__all__ = [
    "CGCS2000",
    "LIANZHOU",
    "LIANZHOU_PROJ",
    "Candidate",
    "Distances",
    "Plane",
    "ReferenceSystem",
    "Region",
    "StudyArea",
    "buffer_metres",
    "describe_candidates",
    "distances",
    "footprints",
    "from_cgcs2000",
    "gauss_kruger",
    "length",
    "path_between",
    "rank_candidates",
    "resolve_reference_system",
    "statutory_area",
    "system_from_code",
    "to_cgcs2000",
]
