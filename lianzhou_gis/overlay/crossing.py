"""Shapes that run through each other or coincide: no error of borders within the position error parts them.

A road of 4 m across a ditch of 3 m has a depth of 3.5 m, yet no shift below the length of either ends the overlap. Seen
on a line around the shared part, parts of one shape alternate with parts of the other there.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

__all__ = ["coincide", "run_through"]

# Outlines around a shared part at which the order of the two shapes is read, as multiples of the position error.
_OUTLINES = (1.5, 4.0)
# Shapes that share this much of both differ in the course of their border, not in their place.
_SAME_SHARE = 0.95
_CONNECTED_M = 1e-6
# Radius around the shared part that the surroundings passed to run_through must cover, in position errors.
SURROUNDINGS = _OUTLINES[-1] + 1.1


def coincide(
    shared_m2: npt.NDArray[np.float64], first_m2: npt.NDArray[np.float64], second_m2: npt.NDArray[np.float64]
) -> npt.NDArray[np.bool_]:
    """Return which shapes share at least 95 % of the area of both.

    Examples
    --------
    >>> coincide(np.array([96.0, 96.0]), np.array([100.0, 100.0]), np.array([100.0, 200.0])).tolist()
    [True, False]
    """
    return np.asarray(shared_m2 >= _SAME_SHARE * np.maximum(first_m2, second_m2), dtype=bool) & (shared_m2 > 0)


def run_through(first: BaseGeometry, second: BaseGeometry, shared: BaseGeometry, error_m: float) -> bool:
    """Return whether two shapes run through each other at a shared part, beyond the position error.

    On an outline around the part, places of the first farther than the error from the second, and places of the second
    farther than that from the first, each connected with the part, must follow each other in the order
    first - second - first - second.

    Parameters
    ----------
    first, second : shapely geometry
        In a plane conformal at the part; their surroundings within :data:`SURROUNDINGS` errors of it suffice.
    shared : shapely geometry
        A connected part of their intersection.
    error_m : float

    Examples
    --------
    >>> road, ditch = shapely.box(-100, 0, 100, 4), shapely.box(-1.5, -100, 1.5, 100)
    >>> run_through(road, ditch, road.intersection(ditch), 4.0)
    True
    >>> run_through(road, shapely.box(-100, 3, 100, 50), shapely.box(-100, 3, 100, 4), 4.0)
    False
    """
    if error_m <= 0.0:
        return False
    shapes = first, second
    # Farther than the error from the other shape.
    beyond = [shapely.buffer(shape, error_m, quad_segs=16) for shape in (second, first)]
    return any(_alternate(shapes, beyond, shared, multiple * error_m) for multiple in _OUTLINES)


def _alternate(
    shapes: Sequence[BaseGeometry], beyond: Sequence[BaseGeometry], shared: BaseGeometry, far: float
) -> bool:
    """Return whether places of both shapes follow each other in turn, twice, on an outline around a shared part."""
    disc = shapely.buffer(shared, far, quad_segs=16)
    outline = shapely.get_exterior_ring(disc)
    if outline is None:
        return False
    places: list[npt.NDArray[np.float64]] = []
    for shape, near in zip(shapes, beyond, strict=True):
        local = shapely.get_parts(shapely.intersection(shape, disc))
        joined = shapely.union_all(local[shapely.distance(local, shared) <= _CONNECTED_M])
        along = shapely.intersection(joined, outline)
        # A shape that meets the outline in one stretch does not alternate with another.
        stretches = shapely.line_merge(along) if along.geom_type == "MultiLineString" else along
        if shapely.get_num_geometries(stretches) < 2:
            return False
        arcs = shapely.get_parts(shapely.difference(along, near))
        arcs = arcs[~shapely.is_empty(arcs)]
        middles = np.asarray(shapely.centroid(arcs), dtype=object)
        lines = shapely.get_type_id(arcs) == 1
        middles[lines] = shapely.line_interpolate_point(arcs[lines], 0.5, normalized=True)
        places.append(np.asarray(shapely.line_locate_point(outline, middles), dtype=np.float64))
    order = np.repeat((0, 1), [len(own) for own in places])[np.lexsort((np.concatenate(places),))]
    return int((order != np.roll(order, -1)).sum()) >= 4
