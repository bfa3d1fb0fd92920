"""Drinking-water source zones: strips along a river, shores of a reservoir, circles around a well."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from shapely.ops import substring

from tools.county.fractal import roughen
from tools.county.grid import Shape, point_of, stream
from tools.county.places import place
from tools.county.rivers import surface

__all__ = ["SourceZone", "source_zones"]

GRADES = ("primary", "secondary", "quasi", "proposed")


@dataclass(frozen=True)
class SourceZone:
    """One zone of one source: a grade and a part, in the plane."""

    number: int
    name: str
    town: str
    source_type: str
    grade: str
    part: str
    geometry: Shape
    intake: Shape


def _ragged(area: Shape, name: str, edge: float = 18.0) -> Shape:
    ragged: Shape = roughen([area.simplify(12.0)], edge, 0.1, stream(name))[0]
    return ragged


def _along(source: dict[str, Any], grade: str, course: Shape, river: dict[str, Any], name: str) -> Shape:
    """Return the corridor of a grade: the reach around the intake with its bank strips, their depth from the water."""
    reach = source[grade]
    spot = course.project(shapely.Point(point_of(source["at"])))
    axis = substring(course, max(spot - reach["up"], 0.0), min(spot + reach["down"], course.length))
    upper, lower = river["width_m"]
    depth = reach["depth"] + (upper + (lower - upper) * spot / course.length) / 2
    return _ragged(axis.simplify(25.0).buffer(depth, cap_style="flat", join_style="mitre"), name)


def _around(source: dict[str, Any], grade: str, lake: Shape, name: str) -> Shape:
    """Return the zone of a grade at a reservoir: water and shore near the intake, or the whole lake with its slopes."""
    reach = source[grade]
    water = lake
    if "water" in reach:
        water = lake & shapely.Point(point_of(source["at"])).buffer(reach["water"])
    return _ragged(water.buffer(reach["shore"], quad_segs=4), name)


def _well(source: dict[str, Any], grade: str, name: str) -> Shape:
    circle = shapely.Point(point_of(source["at"])).buffer(source[grade]["radius"], quad_segs=6)
    return circle if grade == "primary" else _ragged(circle, name)


def source_zones(courses: dict[str, Shape], lakes: dict[str, Shape], *, backup: bool = False) -> list[SourceZone]:
    """Return the zones of the seventeen sources in use, or those of the backup, strictest first within a source.

    A milder zone leaves out the stricter ones, except at sources marked ``nested``, where it holds them, as in life.
    """
    rivers = {river["id"]: river for river in place("rivers")["rivers"]}
    found = []
    for source in place("sources")["backup" if backup else "sources"]:
        taken = shapely.Polygon()
        for grade in (grade for grade in GRADES if grade in source):
            name = f"source {source['number']} {grade}"
            if source["type"] == "river":
                course = courses[source["river"]]
                river = rivers[source["river"]]
                whole, water = _along(source, grade, course, river, name), surface(river, course)
                spot = course.interpolate(course.project(shapely.Point(point_of(source["at"]))))
            elif source["type"] == "reservoir":
                water = lakes[source["lake"]]
                whole, spot = _around(source, grade, water, name), shapely.Point(point_of(source["at"]))
            else:
                whole, water = _well(source, grade, name), shapely.Polygon()
                spot = shapely.Point(point_of(source["at"]))
            area = whole if source.get("nested") else whole - taken
            taken = taken | whole
            for part, geometry in (("water", area & water), ("land", area - water)):
                kept = [
                    piece for piece in shapely.get_parts(geometry) if piece.geom_type == "Polygon" and piece.area > 4.0
                ]
                if kept:
                    found.append(_zone(source, grade, part, kept, spot))
    return found


def _zone(source: dict[str, Any], grade: str, part: str, pieces: list[Shape], spot: Shape) -> SourceZone:
    order = np.argsort([-piece.area for piece in pieces], kind="stable")
    geometry = pieces[0] if len(pieces) == 1 else shapely.MultiPolygon([pieces[k] for k in order])
    return SourceZone(source["number"], source["name"], source["town"], source["type"], grade, part, geometry, spot)
