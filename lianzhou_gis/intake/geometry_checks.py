"""Checks of shapes: faults with their places, duplicates, zones outside the region or the coverage."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from lianzhou_gis.errors import Message, Phrase
from lianzhou_gis.geodesy import Region
from lianzhou_gis.intake.planar import PlanarLayer, beyond
from lianzhou_gis.intake.quality_issues import Defect, threshold
from lianzhou_gis.overlay.shape_index import ShapeIndex

__all__ = ["doubled", "fault_places", "faults", "misplaced"]

_LOCATED = re.compile(r"(.+?)\[(-?[\d.eE+-]+) (-?[\d.eE+-]+)\]")
_REASONS = {
    "Self-intersection": "边界自相交",
    "Ring Self-intersection": "边界自相接",
    "Hole lies outside shell": "孔洞在外环之外",
    "Holes are nested": "孔洞相套",
    "Nested shells": "外环相套",
    "Interior is disconnected": "内部不连通",
    "Duplicate Rings": "环重复",
    "Too few points in geometry component": "点数不足",
}
# Places that are this near in degrees (a centimetre) are one.
_SAME_PLACE = 7


def _crossings(polygon: BaseGeometry) -> npt.NDArray[np.float64]:
    """Return where edges of a polygon cross each other, shape (n, 2)."""
    edges = []
    for ring in shapely.get_rings(polygon):
        corners = shapely.get_coordinates(ring)
        edges.append(np.stack([corners[:-1], corners[1:]], axis=1))
    if not edges:
        return np.empty((0, 2))
    lines = np.asarray(shapely.linestrings(np.concatenate(edges)), dtype=object)
    first, second = shapely.STRtree(lines).query(lines, predicate="crosses")
    once = first < second
    return shapely.get_coordinates(shapely.intersection(lines[first[once]], lines[second[once]]))


def fault_places(geometry: BaseGeometry) -> list[tuple[str, BaseGeometry]]:
    """Return every fault of an areal geometry with its place: GEOS's reason and a point.

    Examples
    --------
    >>> bow_tie = shapely.Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])
    >>> fault_places(bow_tie)
    [('Self-intersection', <POINT (1 1)>)]
    """
    found: dict[tuple[float, float], tuple[str, BaseGeometry]] = {}
    for part in (geometry, *shapely.get_parts(geometry)):
        located = _LOCATED.fullmatch(shapely.is_valid_reason(part))
        if located:
            point = shapely.Point(float(located[2]), float(located[3]))
            found.setdefault((round(point.x, _SAME_PLACE), round(point.y, _SAME_PLACE)), (located[1], point))
    for part in shapely.get_parts(geometry):
        if part.geom_type != "Polygon":
            continue
        for x, y in _crossings(part):
            key = (round(float(x), _SAME_PLACE), round(float(y), _SAME_PLACE))
            found.setdefault(key, ("Self-intersection", shapely.Point(x, y)))
    return [found[key] for key in sorted(found)]


def faults(zones: pd.DataFrame, layer_id: str) -> list[Defect]:
    """Return every fault of the shapes of a layer as read, before any repair.

    Parameters
    ----------
    zones : DataFrame
        With the columns of zones; geometry as read, EPSG:4490.
    """
    shapes = zones["geometry"].to_numpy(dtype=object)
    broken = np.flatnonzero(~shapely.is_missing(shapes) & ~shapely.is_valid(shapes))
    found = []
    for position in broken:
        places = fault_places(shapes[position]) or [("invalid", shapes[position])]
        for number, (reason, point) in enumerate(places, start=1):
            found.append(
                Defect.from_kind(
                    "geometry_fault",
                    layer_id,
                    Message.from_code(
                        "shape_fault",
                        fault=Phrase(_REASONS.get(reason, reason), reason),
                        total=len(places),
                        number=number,
                        record=zones["source_row"].iloc[position],
                    ),
                    zone_id=zones["zone_id"].iloc[position],
                    zone_name=_name(zones, position),
                    shape=point,
                )
            )
    return found


def _name(zones: pd.DataFrame, position: int | np.integer[Any]) -> str | None:
    name = zones["name"].iloc[position]
    return name if isinstance(name, str) else None


def misplaced(there: PlanarLayer, region: Region | None) -> list[Defect]:
    """Return the zones outside the region, and the parts of zones beyond the declared coverage."""
    zones, entry = there.zones, there.layer.entry
    found = []
    if region is not None:
        bounds = shapely.bounds(zones["geometry"].to_numpy(dtype=object))
        west, south, east, north = region.bounds
        inside = (bounds[:, 0] >= west) & (bounds[:, 1] >= south) & (bounds[:, 2] <= east) & (bounds[:, 3] <= north)
        for position in np.flatnonzero(~inside & np.isfinite(bounds).all(axis=1)):
            found.append(
                Defect.from_kind(
                    "outside_region",
                    entry.id,
                    Message.from_code("zone_outside_region", region=region.name),
                    zone_id=zones["zone_id"].iloc[position],
                    zone_name=_name(zones, position),
                    shape=zones["geometry"].iloc[position],
                )
            )
    if there.layer.coverage is None or entry.coverage == "union":
        return found
    (coverage,) = there.plane.project([there.layer.coverage])
    shapely.prepare(coverage)
    crossing = np.flatnonzero(~shapely.covers(coverage, there.shapes))
    places, rests = beyond(there.shapes[crossing], ShapeIndex.build(np.array([coverage], dtype=object)))
    for position, rest in zip(crossing[places], rests, strict=True):
        found.append(
            Defect.from_kind(
                "outside_declared_coverage",
                entry.id,
                Message.from_code("zone_beyond_coverage", area=rest.area),
                zone_id=zones["zone_id"].iloc[position],
                zone_name=_name(zones, position),
                amount=rest.area,
                unit="m2",
                shape=there.on_earth(rest),
            )
        )
    return found


def doubled(there: PlanarLayer) -> list[Defect]:
    """Return the duplicate shapes of a layer, and zones of one grade that nearly coincide."""
    zones, entry = there.zones, there.layer.entry
    rounded = shapely.transform(zones["geometry"].to_numpy(dtype=object), lambda xy: np.round(xy, 9) + 0.0)
    groups: dict[bytes, list[int]] = defaultdict(list)
    for position, blob in enumerate(shapely.to_wkb(shapely.normalize(rounded), output_dimension=2)):
        groups[blob].append(position)
    found, same = [], set()
    for positions in groups.values():
        if len(positions) < 2:
            continue
        names = [str(zones["zone_id"].iloc[position]) for position in positions]
        same |= {(one, other) for one in positions for other in positions}
        found.append(
            Defect.from_kind(
                "duplicate_shape",
                entry.id,
                Message.from_code("zones_of_one_shape", zones=names),
                zone_id=names[0],
                zone_name=_name(zones, positions[0]),
                amount=len(positions),
                unit="count",
                shape=zones["geometry"].iloc[positions[0]],
            )
        )
    area = shapely.area(there.shapes)
    grades = zones["grade"].to_numpy(dtype=object)
    for one, other, piece in zip(*there.overlaps, strict=True):
        alike = grades[one] == grades[other] or not isinstance(grades[one], str)
        if (one, other) in same or not alike:
            continue
        if piece.area >= threshold("same_share") * max(area[one], area[other]):
            found.append(
                Defect.from_kind(
                    "nearly_same_shape",
                    entry.id,
                    Message.from_code("zones_nearly_same", zone=zones["zone_id"].iloc[other], area=piece.area),
                    zone_id=zones["zone_id"].iloc[one],
                    zone_name=_name(zones, one),
                    amount=piece.area,
                    unit="m2",
                    shape=zones["geometry"].iloc[one],
                )
            )
    return found
