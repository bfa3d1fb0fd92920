"""Shapes that run through each other or coincide: no error of borders within the position error parts them.

A road of 4 m across a ditch of 3 m has a depth of 3.5 m, yet no shift below the length of either ends the overlap. Seen
on a line around the shared part, parts of one shape alternate with parts of the other there.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely

from lianzhou_gis.overlay.intersecting_pairs import union_by_group

__all__ = ["SURROUNDINGS", "coincide", "run_through"]

Geometries = npt.NDArray[np.object_]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

# Outlines around a shared part at which the order of the two shapes is read, as multiples of the position error.
_OUTLINES = (1.5, 4.0)
# Shapes that share this much of both differ in the course of their border, not in their place.
_SAME_SHARE = 0.95
_CONNECTED_M = 1e-6
# Radius around the shared part that the surroundings passed to run_through must cover, in position errors.
SURROUNDINGS = _OUTLINES[-1] + 1.1


def coincide(shared_m2: Floats, first_m2: Floats, second_m2: Floats) -> Flags:
    """Return which shapes share at least 95 % of the area of both.

    Examples
    --------
    >>> coincide(np.array([96.0, 96.0]), np.array([100.0, 100.0]), np.array([100.0, 200.0])).tolist()
    [True, False]
    """
    return np.asarray(shared_m2 >= _SAME_SHARE * np.maximum(first_m2, second_m2), dtype=bool) & (shared_m2 > 0)


def run_through(first: Geometries, second: Geometries, shared: Geometries, error_m: Floats) -> Flags:
    """Return which pairs of shapes run through each other at a shared part, beyond the position error.

    On an outline around the part, places of the first farther than the error from the second, and places of the second
    farther than that from the first, each connected with the part, must follow each other in the order
    first - second - first - second.

    Parameters
    ----------
    first, second : ndarray of shapely geometries, shape (n,)
        In a plane conformal at the part; their surroundings within :data:`SURROUNDINGS` errors of it suffice.
    shared : ndarray of shapely geometries, shape (n,)
        A connected part of each intersection.
    error_m : ndarray of float, shape (n,)

    Examples
    --------
    >>> road, ditch = shapely.box(-100, 0, 100, 4), shapely.box(-1.5, -100, 1.5, 100)
    >>> roads, others = np.array([road, road]), np.array([ditch, shapely.box(-100, 3, 100, 50)])
    >>> run_through(roads, others, shapely.intersection(roads, others), np.array([4.0, 4.0])).tolist()
    [True, False]
    """
    result = np.zeros(len(shared), dtype=bool)
    for multiple in _OUTLINES:
        left = np.flatnonzero(~result & (error_m > 0.0))
        if len(left):
            far, error = multiple * error_m[left], error_m[left]
            result[left] = _alternate((first[left], second[left]), shared[left], far, error)
    return result


def _alternate(shapes: tuple[Geometries, Geometries], shared: Geometries, far: Floats, error: Floats) -> Flags:
    """Return where places of both shapes follow each other in turn, twice, on an outline around the shared part."""
    disc = np.asarray(shapely.buffer(shared, far, quad_segs=16), dtype=object)
    outline = np.asarray(shapely.get_exterior_ring(disc), dtype=object)
    left = np.flatnonzero(~shapely.is_missing(outline))
    along: list[Geometries] = []
    for shape in shapes:
        stretches = _stretches(shape[left], shared[left], disc[left], outline[left])
        # A shape that meets the outline in one stretch does not alternate with another.
        merged, lines = stretches.copy(), shapely.get_type_id(stretches) == 5
        merged[lines] = shapely.line_merge(stretches[lines])
        several = shapely.get_num_geometries(merged) > 1
        along = [some[several] for some in (*along, stretches)]
        left = left[several]
    result = np.zeros(len(shared), dtype=bool)
    if not len(left):
        return result
    places, pairs, order = [], [], []
    for number, (own, other) in enumerate(zip(along, reversed(shapes), strict=True)):
        # Farther than the error from the other shape.
        near = shapely.buffer(other[left], error[left], quad_segs=16)
        arcs, pair = shapely.get_parts(shapely.difference(own, near), return_index=True)
        arcs, pair = arcs[~shapely.is_empty(arcs)], pair[~shapely.is_empty(arcs)]
        middles = np.asarray(shapely.centroid(arcs), dtype=object)
        lines = shapely.get_type_id(arcs) == 1
        middles[lines] = shapely.line_interpolate_point(arcs[lines], 0.5, normalized=True)
        places.append(np.asarray(shapely.line_locate_point(outline[left[pair]], middles), dtype=np.float64))
        pairs.append(pair)
        order.append(np.full(len(pair), number))
    pair, which = np.concatenate(pairs), np.concatenate(order)
    which = which[np.lexsort((which, np.concatenate(places), pair))]
    pair = np.sort(pair)
    for number in np.unique(pair).tolist():
        own = which[pair == number]
        result[left[number]] = int((own != np.roll(own, -1)).sum()) >= 4
    return result


def _stretches(shapes: Geometries, shared: Geometries, disc: Geometries, outline: Geometries) -> Geometries:
    """Return where the parts of shapes that are connected with the shared part meet the outline."""
    local, pair = shapely.get_parts(shapely.intersection(shapes, disc), return_index=True)
    connected = shapely.distance(local, shared[pair]) <= _CONNECTED_M
    joined = union_by_group(local[connected], pair[connected], len(shapes))
    return np.asarray(shapely.intersection(joined, outline), dtype=object)
