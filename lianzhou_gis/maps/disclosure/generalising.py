"""Shapes for the public: coarser than the source, and with no vertex where the source has one."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from lianzhou_gis.errors import DisclosureError
from lianzhou_gis.geodesy import Plane

__all__ = ["decimals_for", "generalised", "on_grid", "rounded_shapes"]

Shapes = npt.NDArray[np.object_]
Floats = npt.NDArray[np.float64]

_DEGREE_M = 111_320.0
# The plane and the ellipsoid differ by less than this in a county: vertices keep a little more than half the accuracy.
_MARGIN = 1.03
# How far a vertex may be moved, in accuracies, where the source is dense all around.
_REACHES = (1.0, 1.5, 2.5, 4.0, 8.0)
_ROUNDS = 6
_AT_ONCE = 200_000


def decimals_for(accuracy_m: float) -> int:
    """Return the decimals of a degree that an accuracy deserves: a grid of at most half of it, never below 0.1 m.

    Examples
    --------
    >>> [decimals_for(metres) for metres in (1, 10, 50, 500)]
    [6, 5, 4, 3]
    """
    return max(1, min(6, math.ceil(-math.log10(accuracy_m / 2 / _DEGREE_M))))


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


class _Mover:
    """Moves points to nodes of the grid that are at least half the accuracy from every vertex of the source.

    The same point always goes to the same node, so that neighbours keep one border.
    """

    def __init__(self, own: Floats, others: Floats, accuracy_m: float, decimals: int, plane: Plane) -> None:
        self.decimals, self.accuracy_m, self.plane = decimals, accuracy_m, plane
        self.tree = shapely.STRtree(plane.project_vertices(np.asarray(shapely.points(own), dtype=object)))
        self.taken = np.unique(on_grid(others, decimals))
        self.known: dict[tuple[float, ...], tuple[float, ...]] = {}
        self.placed: set[tuple[float, ...]] = set()

    def _offsets(self, latitude: float, near_m: float, far_m: float) -> npt.NDArray[np.int64]:
        step = _DEGREE_M / 10**self.decimals
        reach = math.ceil(far_m / (step * math.cos(math.radians(latitude))))
        x, y = np.meshgrid(np.arange(-reach, reach + 1), np.arange(-reach, reach + 1))
        metres = np.hypot(x * step * math.cos(math.radians(latitude)), y * step)
        chosen = (metres >= near_m) & (metres <= far_m)
        order = np.lexsort((x[chosen], y[chosen], metres[chosen].round(3)))
        return np.column_stack([x[chosen], y[chosen]])[order]

    def __call__(self, points: Floats) -> Floats:
        """Return where each point goes; what was moved already stays."""
        asked = list(map(tuple, points.tolist()))
        new = [point for point in dict.fromkeys(asked) if point not in self.known and point not in self.placed]
        if new:
            nodes = list(map(tuple, self._moved(np.array(new)).tolist()))
            self.known |= dict(zip(new, nodes, strict=True))
            self.placed.update(nodes)
        return np.array([self.known.get(point, point) for point in asked])

    def _moved(self, points: Floats) -> Floats:
        base = np.round(points * 10**self.decimals).astype(np.int64)
        result = np.full(points.shape, np.nan)
        least = self.accuracy_m / 2 * _MARGIN
        # A vertex of the source cannot stay nearer than this to where it was.
        latitude, near = float(points[:, 1].mean()), least * 0.98
        for reach in _REACHES:
            offsets = self._offsets(latitude, near, reach * self.accuracy_m)
            near = reach * self.accuracy_m
            start = 0
            while start < len(offsets):
                open_ = np.flatnonzero(np.isnan(result[:, 0]))
                if not len(open_):
                    return result
                # As many tries at once as there is work for: the nearest node that is free is taken.
                batch = offsets[start : start + max(4, _AT_ONCE // len(open_))]
                start += len(batch)
                nodes = (base[open_, None, :] + batch[None, :, :]).reshape(-1, 2) / 10**self.decimals
                free = ~np.isin(on_grid(nodes, self.decimals), self.taken)
                free[free] = self._far(nodes[free], least)
                free = free.reshape(len(open_), len(batch))
                found = free.any(axis=1)
                first = free.argmax(axis=1)
                chosen = base[open_[found]] + batch[first[found]]
                result[open_[found]] = chosen / 10**self.decimals
        if np.isnan(result).any():
            raise DisclosureError(
                f"源数据过密，无法在 {self.accuracy_m:g} 米精度下概化；请在发布方案中加大 accuracy_m",
                f"the source is too dense to be generalised to {self.accuracy_m:g} m; raise accuracy_m in the profile",
            )
        return result

    def _far(self, nodes: Floats, least: float) -> npt.NDArray[np.bool_]:
        if not len(nodes):
            return np.empty(0, dtype=bool)
        flat = self.plane.project_vertices(np.asarray(shapely.points(nodes), dtype=object))
        _, distance = self.tree.query_nearest(flat, all_matches=False, return_distance=True)
        return np.asarray(distance >= least)


def generalised(shapes: Any, own: Floats, others: Floats, accuracy_m: float, plane: Plane) -> Shapes:  # noqa: ANN401
    """Return shapes generalised to an accuracy: no vertex nearer to one of the source than half of it.

    What is smaller than the accuracy becomes a box around itself, so that it neither vanishes nor shows its outline.

    Parameters
    ----------
    shapes : array of shapely geometries
        EPSG:4490; none is missing.
    own : ndarray, shape (n, 2)
        All vertices of the layer's source.
    others : ndarray, shape (m, 2)
        Vertices of all sources: none of them is met at the declared precision.
    accuracy_m : float
    plane : Plane

    Raises
    ------
    DisclosureError
        If the source is too dense for that accuracy.
    """
    found = np.asarray(shapes, dtype=object)
    if not len(found):
        return found
    tolerance = accuracy_m / 2 / _DEGREE_M
    areal = np.isin(shapely.get_type_id(found), (3, 6))
    side_by_side = len(found) > 1 and bool(areal.all()) and bool(shapely.coverage_is_valid(found))
    if not side_by_side:
        found = _no_thinner(found, areal, accuracy_m)
    if side_by_side:
        simple = np.asarray(shapely.coverage_simplify(found, 2 * tolerance), dtype=object)
    else:
        simple = np.asarray(shapely.simplify(found, tolerance, preserve_topology=True), dtype=object)
    move = _Mover(own, others, accuracy_m, decimals_for(accuracy_m), plane)
    least = (accuracy_m / _DEGREE_M) ** 2
    small = areal & (shapely.area(found) < 4 * least)
    simple[small] = _boxes(found[small], accuracy_m)
    # All points are asked for at once; a shape is then put together from what is known.
    move(shapely.get_coordinates(simple))
    moved = np.asarray(shapely.transform(simple, move), dtype=object)
    for place in np.flatnonzero(np.isin(shapely.get_type_id(moved), (3, 6))):
        moved[place] = _sound(moved[place], found[place], move, least, accuracy_m)
    return moved


def _no_thinner(shapes: Shapes, areal: npt.NDArray[np.bool_], accuracy_m: float) -> Shapes:
    """Widen parts that are thinner than the accuracy, such as bank strips, which would fall to pieces."""
    wide = accuracy_m / _DEGREE_M
    result = shapes.copy()
    parts, owners = shapely.get_parts(shapes[areal], return_index=True)
    thin = 2 * shapely.area(parts) / np.maximum(shapely.length(parts), 1e-12) < wide
    widened = parts.copy()
    widened[thin] = shapely.buffer(parts[thin], wide / 2)
    for owner in np.unique(owners[thin]):
        result[np.flatnonzero(areal)[owner]] = shapely.union_all(widened[owners == owner])
    return result


def _boxes(shapes: Shapes, accuracy_m: float) -> Shapes:
    wide = accuracy_m / _DEGREE_M
    bounds = shapely.bounds(shapes)
    return np.asarray(shapely.box(*(bounds + np.array([-wide, -wide, wide, wide])).T), dtype=object)


def _sound(shape: Any, source: Any, move: _Mover, least: float, accuracy_m: float) -> Any:  # noqa: ANN401 - geometries
    """Return an area without crossings; where moving made knots that do not come undone, it is drawn coarser."""
    found = _untied(shape, move, least)
    for wide in (1.0, 2.0, 4.0):
        if found is not None:
            return found
        coarse = shapely.buffer(source, wide * accuracy_m / _DEGREE_M).simplify(wide * accuracy_m / _DEGREE_M)
        found = _untied(shapely.transform(coarse, move), move, least)
    return found or shapely.transform(_boxes(np.array([source], dtype=object), accuracy_m)[0], move)


def _untied(shape: Any, move: _Mover, least: float) -> Any:  # noqa: ANN401 - geometries
    """Return an area without crossings, the points where borders crossed moved as any other; None where that fails."""
    for _ in range(_ROUNDS):
        if shape.is_valid and shape.area > least / 4:
            return shape
        parts = shapely.get_parts(shapely.get_parts(shapely.make_valid(shape)))
        kept = [part for part in parts if part.geom_type == "Polygon" and part.area > least / 4]
        if not kept:
            return None
        whole = kept[0] if len(kept) == 1 else shapely.union_all(kept)
        shape = shapely.transform(whole, move)
    return None
