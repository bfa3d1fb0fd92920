"""Rivers and lakes: courses, water surfaces, and the places along a river."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import shapely
from shapely.ops import substring

from tools.county.fractal import roughen, roughen_line, smooth
from tools.county.grid import Shape, line_of, stream
from tools.county.places import place

__all__ = ["courses", "lakes", "surface", "widened"]

CHUNK = 900.0


def courses() -> dict[str, Shape]:
    """Return the courses of the rivers by id, source first, with their meanders, in the plane."""
    found = {}
    for river in place("rivers")["rivers"]:
        random = stream(f"course {river['id']}")
        bends = smooth(roughen_line(line_of(river["course"]), 1500.0, 0.13, random), 2)
        found[river["id"]] = roughen_line(bends, 45.0, 0.12, random)
    return found


def surface(river: dict[str, Any], course: Shape, start: float = 0.0, end: float = 1.0) -> Shape:
    """Return the water surface of a river between two shares of its course."""
    source, mouth = river["width_m"]
    cuts = np.linspace(start, end, max(2, int(np.ceil((end - start) * course.length / CHUNK)) + 1))
    parts = [
        substring(course, a, b, normalized=True).buffer((source + (mouth - source) * (a + b) / 2) / 2, quad_segs=2)
        for a, b in itertools.pairwise(cuts)
    ]
    return shapely.union_all(parts)


def widened(lines: Shape, area_m2: float) -> Shape:
    """Return what lies within such a distance of the lines that it has the area given."""
    low, high = 0.0, 5000.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if lines.buffer(middle, quad_segs=4).area < area_m2 else (low, middle)
    return lines.buffer((low + high) / 2, quad_segs=4)


def lakes() -> dict[str, Shape]:
    """Return the lakes by id, in the plane, with the area that they are said to have."""
    found = {}
    for lake in place("rivers")["lakes"]:
        random = stream(f"lake {lake['id']}")
        arms = shapely.MultiLineString([roughen_line(line_of(arm), 400.0, 0.12, random) for arm in lake["arms"]])
        target = float(lake["area_km2"]) * 1e6
        plain = widened(arms, target).simplify(60.0)
        shore = roughen([plain], 25.0, float(lake["roughness"]), random)[0]
        factor = float(np.sqrt(target / shore.area))
        found[lake["id"]] = shapely.affinity.scale(shore, factor, factor)
    return found
