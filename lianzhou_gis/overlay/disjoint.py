"""Which shapes share area: the parts of a site in zones that do not are added up, not united."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely

from lianzhou_gis.overlay.quadtree import Quadtree

__all__ = ["every_pair", "sharing_pairs"]

Geometries = npt.NDArray[np.object_]
Positions = npt.NDArray[np.intp]

# Far below the area of a gap that counts (a disc of 1 cm), and above the rounding of common borders.
_SHARED_M2 = 1e-7


def every_pair(count: int) -> tuple[Positions, Positions]:
    """Return groups and pairs by which any two of some shapes may share area."""
    return np.arange(count, dtype=np.intp), np.empty((0, 2), dtype=np.intp)


def sharing_pairs(shapes: Geometries, areas: Quadtree) -> tuple[Positions, Positions]:
    """Return which of some shapes may share area.

    Parameters
    ----------
    shapes : ndarray of shapely geometries or None, shape (n,)
        In the plane, valid.
    areas : Quadtree
        Of them.

    Returns
    -------
    group : ndarray of int, shape (n,)
        Shapes of different groups may share area.
    pairs : ndarray of int, shape (k, 2)
        Those of one group that do, the first lower.

    Examples
    --------
    >>> boxes = shapely.box(np.array([0, 10, 15]), 0, np.array([10, 20, 30]), 10)
    >>> sharing_pairs(boxes, Quadtree.build(boxes))[1].tolist()
    [[1, 2]]
    """
    none = np.zeros(len(shapes), dtype=np.intp), np.empty((0, 2), dtype=np.intp)
    if (shapely.get_dimensions(shapes) != 2).any():
        # Lines and points lie on borders, where lengths would count twice.
        return every_pair(len(shapes))
    try:
        if shapely.coverage_is_valid(shapes):
            return none
        first, second = areas.tree.query(_diagonals(areas.boxes))
        one, other = areas.owner[first], areas.owner[second]
        chosen = one < other
        first, second = first[chosen], second[chosen]
        box = np.column_stack(
            [
                np.maximum(areas.boxes[first, :2], areas.boxes[second, :2]),
                np.minimum(areas.boxes[first, 2:], areas.boxes[second, 2:]),
            ]
        )
        shared = shapely.area(shapely.intersection(areas.clip_around(box, first), areas.clip_around(box, second)))
    except shapely.errors.GEOSException:
        return every_pair(len(shapes))
    found = np.column_stack([areas.owner[first], areas.owner[second]])[shared > _SHARED_M2]
    return none[0], np.unique(found, axis=0).reshape(-1, 2)


def _diagonals(boxes: npt.NDArray[np.float64]) -> Geometries:
    return np.asarray(shapely.linestrings(boxes.reshape(-1, 2, 2)), dtype=object)
