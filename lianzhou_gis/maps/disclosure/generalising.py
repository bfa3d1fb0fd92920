"""Shapes for the public: coarser than the source, no vertex where the source has one, nothing further than declared."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from lianzhou_gis.maps.disclosure.borders import MARGIN, Network, Spots, flat_scale

__all__ = ["decimals_for", "generalised", "on_grid", "rounded_shapes"]

Shapes = npt.NDArray[np.object_]
Floats = npt.NDArray[np.float64]

_DEGREE_M = 111_320.0
# How far outside an outline stands, in accuracies.
_WIDER = 0.66


def decimals_for(accuracy_m: float) -> int:
    """Return the decimals of a degree that an accuracy deserves: a grid of at most a quarter of it, never below 0.1 m.

    Examples
    --------
    >>> [decimals_for(metres) for metres in (1, 10, 50, 500)]
    [6, 5, 4, 3]
    """
    return max(1, min(6, math.ceil(-math.log10(accuracy_m / 4 / _DEGREE_M))))


def on_grid(xy: Floats, decimals: int) -> npt.NDArray[np.int64]:
    """Return coordinates as one whole number each, the node of the grid that they round to.

    Examples
    --------
    >>> import numpy as np
    >>> a, b = on_grid(np.array([[112.50001, 24.9], [112.5, 24.90004]]), 4)
    >>> bool(a == b)
    True
    """
    units = np.round(xy * 10**decimals).astype(np.int64)
    result: npt.NDArray[np.int64] = units[:, 0] * 10**9 + units[:, 1]
    return result


def rounded_shapes(shapes: Any, decimals: int) -> Shapes:  # noqa: ANN401 - array of geometries
    """Return shapes as they are, on the grid of the declared decimals."""
    return np.asarray(shapely.transform(np.asarray(shapes, dtype=object), lambda xy: np.round(xy, decimals)))


def generalised(shapes: Any, own: Floats, others: Floats, accuracy_m: float) -> Shapes:  # noqa: ANN401
    """Return shapes generalised to an accuracy, ``None`` for those that cannot be.

    No vertex is nearer than half the accuracy to one of the source, and no part of a border is further than the
    accuracy from that of the source, nor the source's from it. What zones share stays shared. Where all that cannot be
    had at once, a zone is left out.

    Parameters
    ----------
    shapes : array of shapely geometries
        EPSG:4490; none is missing.
    own : ndarray, shape (n, 2)
        All vertices of the layer's source.
    others : ndarray, shape (m, 2)
        Vertices of all sources: none of them is met at the declared precision.
    accuracy_m : float
    """
    found = shapely.force_2d(np.asarray(shapes, dtype=object))
    result = np.full(len(found), None, dtype=object)
    if not len(found):
        return result
    decimals = decimals_for(accuracy_m)
    bounds = shapely.total_bounds(found)
    scale = flat_scale(float(bounds[1] + bounds[3]) / 2)
    spots = Spots(own, np.unique(on_grid(others, decimals)), accuracy_m, decimals, scale)
    flat = shapely.transform(found, lambda xy: xy * scale)
    kinds = shapely.get_type_id(flat)
    for place in np.flatnonzero(np.isin(kinds, (0, 4))):
        result[place] = _points(flat[place], spots)
    lined = np.flatnonzero(np.isin(kinds, (1, 3, 5, 6)))
    areal = np.isin(kinds, (3, 6))
    if len(lined):
        network = Network(flat[lined], spots)
        for number, place in enumerate(lined):
            result[place] = _kept(network.drawn(number, areal=bool(areal[place])), flat[place], spots)
    # The two sides of what is narrow may only cross: where it lies by itself it is drawn as a wider outline.
    apart = _apart(flat, areal)
    for place in lined:
        if result[place] is None and apart[place]:
            result[place] = _kept(_outline(flat[place], spots), flat[place], spots)
    return _clear_of_each_other(result, flat, areal, scale)


def _points(shape: Any, spots: Spots) -> Any:  # noqa: ANN401 - geometries
    places = [options[0] for options in spots.near(shapely.get_coordinates(shape), first=0.5) if options]
    if len(places) < shapely.get_num_coordinates(shape):
        return None
    return shapely.points(places[0]) if len(places) == 1 else shapely.multipoints(places)


def _apart(flat: Shapes, areal: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Tell which shapes touch no other."""
    left, right = shapely.STRtree(flat).query(flat, predicate="intersects")
    met = np.zeros(len(flat), dtype=bool)
    met[left[left != right]] = True
    return areal & ~met


def _outline(shape: Any, spots: Spots) -> Any:  # noqa: ANN401 - geometries
    """Return the outline of an area, two thirds of the accuracy outside of it, degrees."""
    accuracy = spots.accuracy_m
    wide = shapely.simplify(shapely.buffer(shape, _WIDER * accuracy, quad_segs=3), 0.08 * accuracy)
    vertices = np.unique(shapely.get_coordinates(wide), axis=0)
    options = spots.near(vertices)
    if not all(options):
        return None
    place = {tuple(point): choices[0] for point, choices in zip(vertices.tolist(), options, strict=True)}
    return shapely.transform(wide, lambda xy: np.array([place[tuple(point)] for point in xy.tolist()]))


def _kept(drawn: Any, source: Any, spots: Spots) -> Any:  # noqa: ANN401 - geometries
    """Return what was drawn if it is sound and nowhere further from its source than declared, else ``None``."""
    if drawn is None or drawn.is_empty or not drawn.is_valid:
        return None
    flat = shapely.transform(drawn, lambda xy: xy * spots.scale)
    ours, theirs = (item if item.geom_type.endswith("LineString") else item.boundary for item in (flat, source))
    step = 0.05 * spots.accuracy_m
    for one, other in ((ours, theirs), (theirs, ours)):
        points = shapely.points(shapely.get_coordinates(shapely.segmentize(one, step)))
        parts = shapely.get_parts(other)
        tree = shapely.STRtree(_short(parts))
        _, far = tree.query_nearest(points, all_matches=False, return_distance=True)
        if float(far.max()) * MARGIN > spots.accuracy_m - step / 2:
            return None
    return drawn


def _short(lines: Shapes) -> Shapes:
    """Return lines as their sides, among which the nearest is found fast."""
    xy, owner = shapely.get_coordinates(lines, return_index=True)
    same = owner[:-1] == owner[1:]
    return np.asarray(shapely.linestrings(np.stack([xy[:-1][same], xy[1:][same]], axis=1)), dtype=object)


def _clear_of_each_other(result: Shapes, flat: Shapes, areal: npt.NDArray[np.bool_], scale: Floats) -> Shapes:
    """Leave out an area that came to lie over one that it does not meet in the source."""
    drawn = np.array([shape is not None for shape in result]) & areal
    places = np.flatnonzero(drawn)
    if len(places) < 2:
        return result
    left, right = shapely.STRtree(result[places]).query(result[places], predicate="intersects")
    for one, other in zip(places[left], places[right], strict=True):
        if one >= other or result[one] is None or result[other] is None:
            continue
        over = shapely.area(shapely.intersection(result[one], result[other])) * scale.prod()
        if over > 1e-3 and shapely.area(shapely.intersection(flat[one], flat[other])) <= 1e-3:
            result[one if flat[one].area < flat[other].area else other] = None
    return result
