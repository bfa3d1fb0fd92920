"""Broken polygons of sites and zones: repaired, and marked as doubtful where it is not plain what was meant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from lianzhou_gis.geodesy import statutory_area

__all__ = ["Repair", "repaired"]

# What two readings of a broken ring may differ by before the zone counts as unknown there: a doormat.
_PLAIN_M2 = 1.0
_AREAL = (3, 6)
_COLLECTION = 7


@dataclass(frozen=True)
class Repair:
    """What became of one geometry.

    Attributes
    ----------
    geometry : shapely geometry or None
        Valid; all that any reading of it holds.
    changed_m2 : float
        How far the readings lie apart.
    doubtful : shapely geometry or None
        Where it is not plain what was meant.
    """

    geometry: Any
    changed_m2: float
    doubtful: Any


def _polygons(geometry: Any) -> Any:  # noqa: ANN401 - a shapely geometry
    """Keep the areas of what make_valid returns."""
    parts = shapely.get_parts(shapely.get_parts(geometry))
    kept = parts[shapely.get_type_id(parts) == 3]
    if not len(kept):
        return None
    return kept[0] if len(kept) == 1 else shapely.union_all(kept)


def _crossings(ring: Any) -> list[npt.NDArray[np.float64]]:  # noqa: ANN401 - a LinearRing
    """Return, for every place where a ring crosses itself, the corners of the smaller loop and its two neighbours."""
    corners = shapely.get_coordinates(ring)[:-1]
    count = len(corners)
    if count < 4:
        return []
    ends = np.stack([corners, np.roll(corners, -1, axis=0)], axis=1)
    edges = np.asarray(shapely.linestrings(ends), dtype=object)
    first, second = shapely.STRtree(edges).query(edges, predicate="crosses")
    loops = []
    for i, j in zip(first[first < second], second[first < second], strict=True):
        inner = np.arange(i, j + 2) % count
        outer = np.arange(j, i + count + 2) % count
        loops.append(corners[inner if len(inner) <= len(outer) else outer])
    return loops


def _repair(geometry: Any) -> Repair:  # noqa: ANN401 - a shapely geometry
    even_odd = _polygons(shapely.make_valid(geometry, method="linework"))
    by_rings = _polygons(shapely.make_valid(geometry, method="structure"))
    readings = [reading for reading in (even_odd, by_rings) if reading is not None]
    if not readings:
        return Repair(None, 0.0, None)
    # Lines and points that a collection holds beside its areas are kept as they are.
    members = shapely.get_parts(shapely.get_parts(geometry))
    others = [member for member in members if shapely.get_type_id(member) not in _AREAL]
    whole = shapely.union_all(readings)
    whole = shapely.GeometryCollection([*shapely.get_parts(whole), *others]) if others else whole
    apart = [_polygons(shapely.symmetric_difference(even_odd, by_rings))] if len(readings) == 2 else []
    for part in members:
        for ring in shapely.get_rings(part):
            # Of a ring that crosses itself nobody knows which of the loops is the slip: all within their hull is open.
            apart += [shapely.convex_hull(shapely.multipoints(loop)) for loop in _crossings(ring)]
    open_parts = [part for part in apart if part is not None and not part.is_empty]
    if not open_parts:
        return Repair(whole, 0.0, None)
    doubtful = _polygons(shapely.union_all(open_parts))
    changed = float(statutory_area([doubtful])[0]) if doubtful is not None else 0.0
    return Repair(whole, changed, doubtful if changed > _PLAIN_M2 else None)


def repaired(geometries: npt.NDArray[np.object_]) -> dict[int, Repair]:
    """Return the repairs of those geometries that are not valid, by position.

    Parameters
    ----------
    geometries : ndarray of shapely geometries or None, shape (n,)
        EPSG:4490, lon/lat. Lines and points are valid whatever they are.

    Examples
    --------
    >>> bow_tie = shapely.Polygon([(112.4, 24.8), (112.41, 24.81), (112.41, 24.8), (112.4, 24.81)])
    >>> repair = repaired(np.array([bow_tie], dtype=object))[0]
    >>> repair.geometry.is_valid, repair.doubtful.equals(shapely.box(112.4, 24.8, 112.41, 24.81))
    (True, True)
    """
    broken = np.isin(shapely.get_type_id(geometries), (*_AREAL, _COLLECTION)) & ~shapely.is_valid(geometries)
    return {int(position): _repair(geometries[position]) for position in np.flatnonzero(broken)}
