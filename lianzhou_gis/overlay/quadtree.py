"""Quadtrees of large areas: the surroundings of a place are clipped from the smallest node that contains them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import shapely

from lianzhou_gis.overlay.ragged_arrays import LazyGeometries
from lianzhou_gis.overlay.subdivide import box_tree, clip_by_boxes, simple_parts

__all__ = ["Quadtree"]

Geometries = npt.NDArray[np.object_]
Positions = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float64]
Arrays = dict[str, npt.NDArray[np.generic]]

# A node with more vertices is quartered.
_MAX_VERTICES = 1024
# Surroundings are clipped with this margin, so that the clip edge never meets the place itself.
_MARGIN_M = 1.0
_LEAF, _EMPTY = -1, -2
_SAME_M2 = 1e-4
_NO_AREA = shapely.Polygon()


@dataclass(frozen=True)
class Quadtree:
    """Areas, quartered recursively.

    Attributes
    ----------
    shapes : LazyGeometries
        The nodes, each clipped to its cell; in the plane.
    middle : ndarray of float, shape (m, 2)
        The centre at which each node is quartered.
    children : ndarray of int, shape (m, 4)
        Its quarters: south-west, south-east, north-west, north-east; -1 for a leaf, -2 for an empty quarter.
    root, owner : ndarray of int, shape (k,)
        The nodes that are whole connected parts of shapes, and the position of the shape of each.
    boxes : ndarray of float, shape (k, 4)
        Of the roots.
    """

    shapes: LazyGeometries
    middle: Floats
    children: Positions
    root: Positions
    owner: Positions
    boxes: Floats

    @classmethod
    def build(cls, shapes: Geometries) -> Quadtree:
        """Build the quadtree of the areas among shapes."""
        areal = np.flatnonzero(shapely.get_dimensions(shapes) == 2)
        parts, index = simple_parts(shapes[areal])
        chosen = (shapely.get_dimensions(parts) == 2) & ~shapely.is_empty(parts)
        parts, owner = parts[chosen], areal[index[chosen]]
        boxes = np.asarray(shapely.bounds(parts), dtype=np.float64).reshape(-1, 4)
        levels, middles, children, first = [parts], [], [], len(parts)
        while len(parts := levels[-1]):
            box = np.asarray(shapely.bounds(parts), dtype=np.float64)
            middle = (box[:, :2] + box[:, 2:]) / 2.0
            below = np.full((len(parts), 4), _LEAF, dtype=np.intp)
            extent = (box[:, 2:] - box[:, :2]).max(axis=1)
            large = np.flatnonzero((shapely.get_num_coordinates(parts) > _MAX_VERTICES) & (extent > _MARGIN_M))
            quarters = _quarters(parts[large], box[large], middle[large])
            occupied = ~shapely.is_empty(quarters)
            number = np.full(quarters.shape, _EMPTY, dtype=np.intp)
            number[occupied] = first + np.arange(int(occupied.sum()))
            below[large] = number
            middles.append(middle)
            children.append(below)
            levels.append(quarters[occupied])
            first += int(occupied.sum())
        nodes = np.concatenate(levels)
        return cls(
            LazyGeometries.from_geometries(nodes),
            np.concatenate([np.empty((0, 2)), *middles]),
            np.concatenate([np.empty((0, 4), dtype=np.intp), *children]),
            np.arange(len(owner)),
            owner.astype(np.intp),
            boxes,
        )

    @classmethod
    def concatenate(cls, several: Sequence[Quadtree], starts: Sequence[int]) -> Quadtree:
        """Concatenate quadtrees; ``starts`` is added to the owners of each."""
        nodes = [0, *np.cumsum([len(one.middle) for one in several]).tolist()]
        children = [
            np.where(one.children >= 0, one.children + node, one.children)
            for one, node in zip(several, nodes, strict=False)
        ]
        return cls(
            LazyGeometries.concatenate([one.shapes for one in several]),
            np.concatenate([np.empty((0, 2)), *(one.middle for one in several)]),
            np.concatenate([np.empty((0, 4), dtype=np.intp), *children]),
            np.concatenate(
                [np.empty(0, dtype=np.intp), *(one.root + node for one, node in zip(several, nodes, strict=False))]
            ),
            np.concatenate(
                [np.empty(0, dtype=np.intp), *(one.owner + start for one, start in zip(several, starts, strict=True))]
            ),
            np.concatenate([np.empty((0, 4)), *(one.boxes for one in several)]),
        )

    def subset(self, number: Positions) -> Quadtree:
        """Return the quadtree of some owners under new numbers; -1 drops an owner."""
        chosen = np.flatnonzero(number[self.owner] >= 0)
        return Quadtree(
            self.shapes, self.middle, self.children, self.root[chosen], number[self.owner[chosen]], self.boxes[chosen]
        )

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[np.generic]]) -> Quadtree:
        """Restore from :meth:`arrays`."""
        return cls(
            LazyGeometries.from_arrays(arrays),
            np.asarray(arrays["middle"], dtype=np.float64),
            np.asarray(arrays["children"], dtype=np.intp),
            np.asarray(arrays["root"], dtype=np.intp),
            np.asarray(arrays["owner"], dtype=np.intp),
            np.asarray(arrays["boxes"], dtype=np.float64),
        )

    def arrays(self) -> Arrays:
        """Return everything as plain arrays, for a cache."""
        result: Arrays = {"middle": self.middle, "children": self.children, "root": self.root}
        return {**self.shapes.arrays(), **result, "owner": self.owner, "boxes": self.boxes}

    @cached_property
    def tree(self) -> shapely.STRtree:
        """Tree of the boxes of the roots."""
        return box_tree(self.boxes)

    def containing(self, points: Geometries) -> tuple[Positions, Positions]:
        """Return the points that lie in shapes, and the shape of each.

        Parameters
        ----------
        points : ndarray of shapely points, shape (n,)
        """
        point, root = self.tree.query(points)
        x, y = shapely.get_x(points)[point], shapely.get_y(points)[point]
        node = self.root[root]
        active = np.arange(len(node))
        while len(active):
            middle = self.middle[node[active]]
            east, north = x[active] >= middle[:, 0], y[active] >= middle[:, 1]
            below = self.children[node[active], east.astype(np.intp) + 2 * north]
            node[active[below != _LEAF]] = below[below != _LEAF]
            active = active[below >= 0]
        occupied = np.flatnonzero(node >= 0)
        inside = occupied[shapely.intersects(self.shapes.take(node[occupied]), points[point[occupied]])]
        return point[inside], self.owner[root[inside]]

    def clip_around(self, boxes: Floats, root: Positions) -> Geometries:
        """Clip roots to boxes widened by a margin: areas, empty where nothing lies occupied.

        Parameters
        ----------
        boxes : ndarray of float, shape (n, 4)
        root : ndarray of int, shape (n,)
            Positions among the roots.
        """
        wide = boxes + np.array([-_MARGIN_M, -_MARGIN_M, _MARGIN_M, _MARGIN_M])
        node = self.root[root].copy()
        active = np.arange(len(node))
        while len(active):
            middle, box = self.middle[node[active]], wide[active]
            east, north = box[:, 0] >= middle[:, 0], box[:, 1] >= middle[:, 1]
            one = (east | (box[:, 2] <= middle[:, 0])) & (north | (box[:, 3] <= middle[:, 1]))
            active, quarter = active[one], (east.astype(np.intp) + 2 * north)[one]
            below = self.children[node[active], quarter]
            node[active[below != _LEAF]] = below[below != _LEAF]
            active = active[below >= 0]
        found = np.full(len(node), _NO_AREA, dtype=object)
        occupied = np.flatnonzero(node >= 0)
        found[occupied] = _areal(clip_by_boxes(self.shapes.take(node[occupied]), wide[occupied]))
        return found


def _quarters(shapes: Geometries, boxes: Floats, middle: Floats) -> Geometries:
    """Return the four quarters of every shape, shape (n, 4)."""
    west, south, east, north = (boxes + np.array([-_MARGIN_M, -_MARGIN_M, _MARGIN_M, _MARGIN_M])).T
    x, y = middle.T
    cells = [
        np.column_stack(cell)
        for cell in ((west, south, x, y), (x, south, east, y), (west, y, x, north), (x, y, east, north))
    ]
    # force_2d halves memory after clipping.
    found = np.stack([shapely.force_2d(_areal(clip_by_boxes(shapes, cell))) for cell in cells], axis=1)
    # The quarters must sum to the whole; where they do not, fast clipping failed.
    area = shapely.area(shapes)
    wrong = np.abs(shapely.area(found).sum(axis=1) - area) > _SAME_M2 + 1e-9 * area
    for quarter, cell in enumerate(cells):
        found[wrong, quarter] = _areal(shapely.intersection(shapes[wrong], shapely.box(*cell[wrong].T)))
    return found


def _areal(shapes: Geometries) -> Geometries:
    """Return the areas of clipped shapes; parts of a lower dimension are artefacts."""
    kind = shapely.get_type_id(shapes)
    plain = (kind == 3) | (kind == 6)
    if plain.all():
        return shapes
    result = np.full(len(shapes), _NO_AREA, dtype=object)
    result[plain] = shapes[plain]
    mixed = np.flatnonzero(kind == 7)
    parts, index = shapely.get_parts(shapes[mixed], return_index=True)
    areas = shapely.get_type_id(parts) == 3
    held, place = np.unique(index[areas], return_inverse=True)
    if len(held):
        result[mixed[held]] = shapely.multipolygons(parts[areas], indices=place)
    return result
