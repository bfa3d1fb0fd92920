"""Large areas at every scale: the part of one that lies around a place is cut from the smallest that holds it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import shapely

from lianzhou_gis.overlay.ragged_arrays import StoredShapes
from lianzhou_gis.overlay.subdivide import clipped, parts_of, tree_of

__all__ = ["Pyramid"]

Geometries = npt.NDArray[np.object_]
Positions = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float64]
Arrays = dict[str, npt.NDArray[np.generic]]

# A node with more vertices than this is quartered.
_MAX_VERTICES = 1024
# What is cut around a place reaches farther, so that the cut itself never meets what lies there.
_MARGIN_M = 1.0
_LEAF, _EMPTY = -1, -2
_SAME_M2 = 1e-4
_NO_AREA = shapely.Polygon()


@dataclass(frozen=True)
class Pyramid:
    """Areas, their quarters, the quarters of those and so on.

    Attributes
    ----------
    shapes : StoredShapes
        Of the nodes, each cut to its cell; in the plane.
    middle : ndarray of float, shape (m, 2)
        Where each node is quartered.
    children : ndarray of int, shape (m, 4)
        Its quarters: south-west, south-east, north-west, north-east; -1: not quartered, -2: nothing there.
    root, owner : ndarray of int, shape (k,)
        The nodes that are connected parts of shapes, whole, and the position of the shape of each.
    boxes : ndarray of float, shape (k, 4)
        Of the roots.
    """

    shapes: StoredShapes
    middle: Floats
    children: Positions
    root: Positions
    owner: Positions
    boxes: Floats

    @classmethod
    def of(cls, shapes: Geometries) -> Pyramid:
        """Return the pyramid of the areas among some shapes."""
        areal = np.flatnonzero(shapely.get_dimensions(shapes) == 2)
        parts, index = parts_of(shapes[areal])
        kept = (shapely.get_dimensions(parts) == 2) & ~shapely.is_empty(parts)
        parts, owner = parts[kept], areal[index[kept]]
        boxes = np.asarray(shapely.bounds(parts), dtype=np.float64).reshape(-1, 4)
        levels, middles, children, first = [parts], [], [], len(parts)
        while len(parts := levels[-1]):
            box = np.asarray(shapely.bounds(parts), dtype=np.float64)
            middle = (box[:, :2] + box[:, 2:]) / 2.0
            below = np.full((len(parts), 4), _LEAF, dtype=np.intp)
            extent = (box[:, 2:] - box[:, :2]).max(axis=1)
            large = np.flatnonzero((shapely.get_num_coordinates(parts) > _MAX_VERTICES) & (extent > _MARGIN_M))
            quarters = _quarters(parts[large], box[large], middle[large])
            there = ~shapely.is_empty(quarters)
            number = np.full(quarters.shape, _EMPTY, dtype=np.intp)
            number[there] = first + np.arange(int(there.sum()))
            below[large] = number
            middles.append(middle)
            children.append(below)
            levels.append(quarters[there])
            first += int(there.sum())
        nodes = np.concatenate(levels)
        return cls(
            StoredShapes.of(nodes),
            np.concatenate([np.empty((0, 2)), *middles]),
            np.concatenate([np.empty((0, 4), dtype=np.intp), *children]),
            np.arange(len(owner)),
            owner.astype(np.intp),
            boxes,
        )

    @classmethod
    def joined(cls, several: Sequence[Pyramid], starts: Sequence[int]) -> Pyramid:
        """Return several as one; owners are counted on from ``starts``."""
        nodes = [0, *np.cumsum([len(one.middle) for one in several]).tolist()]
        children = [
            np.where(one.children >= 0, one.children + node, one.children)
            for one, node in zip(several, nodes, strict=False)
        ]
        return cls(
            StoredShapes.joined([one.shapes for one in several]),
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

    def only(self, number: Positions) -> Pyramid:
        """Return the pyramid of some owners, numbered anew; of those whose number is -1 nothing is found."""
        kept = np.flatnonzero(number[self.owner] >= 0)
        return Pyramid(
            self.shapes, self.middle, self.children, self.root[kept], number[self.owner[kept]], self.boxes[kept]
        )

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[np.generic]]) -> Pyramid:
        """Take up what :meth:`arrays` gave."""
        return cls(
            StoredShapes.from_arrays(arrays),
            np.asarray(arrays["middle"], dtype=np.float64),
            np.asarray(arrays["children"], dtype=np.intp),
            np.asarray(arrays["root"], dtype=np.intp),
            np.asarray(arrays["owner"], dtype=np.intp),
            np.asarray(arrays["boxes"], dtype=np.float64),
        )

    def arrays(self) -> Arrays:
        """Return everything as plain arrays, for a cache."""
        told: Arrays = {"middle": self.middle, "children": self.children, "root": self.root}
        return {**self.shapes.arrays(), **told, "owner": self.owner, "boxes": self.boxes}

    @cached_property
    def tree(self) -> shapely.STRtree:
        """Of the boxes of the roots."""
        return tree_of(self.boxes)

    def holding(self, points: Geometries) -> tuple[Positions, Positions]:
        """Return which points lie in which shapes: their positions, and the owners of the areas.

        Parameters
        ----------
        points : ndarray of shapely points, shape (n,)
        """
        point, root = self.tree.query(points)
        x, y = shapely.get_x(points)[point], shapely.get_y(points)[point]
        node = self.root[root]
        going = np.arange(len(node))
        while len(going):
            middle = self.middle[node[going]]
            east, north = x[going] >= middle[:, 0], y[going] >= middle[:, 1]
            below = self.children[node[going], east.astype(np.intp) + 2 * north]
            node[going[below != _LEAF]] = below[below != _LEAF]
            going = going[below >= 0]
        there = np.flatnonzero(node >= 0)
        inside = there[shapely.intersects(self.shapes.at(node[there]), points[point[there]])]
        return point[inside], self.owner[root[inside]]

    def around(self, boxes: Floats, root: Positions) -> Geometries:
        """Return what of a root lies in a box and a little around it: an area, or something empty.

        Parameters
        ----------
        boxes : ndarray of float, shape (n, 4)
        root : ndarray of int, shape (n,)
            Positions among the roots.
        """
        wide = boxes + np.array([-_MARGIN_M, -_MARGIN_M, _MARGIN_M, _MARGIN_M])
        node = self.root[root].copy()
        going = np.arange(len(node))
        while len(going):
            middle, box = self.middle[node[going]], wide[going]
            east, north = box[:, 0] >= middle[:, 0], box[:, 1] >= middle[:, 1]
            one = (east | (box[:, 2] <= middle[:, 0])) & (north | (box[:, 3] <= middle[:, 1]))
            going, quarter = going[one], (east.astype(np.intp) + 2 * north)[one]
            below = self.children[node[going], quarter]
            node[going[below != _LEAF]] = below[below != _LEAF]
            going = going[below >= 0]
        found = np.full(len(node), _NO_AREA, dtype=object)
        there = np.flatnonzero(node >= 0)
        found[there] = _areal(clipped(self.shapes.at(node[there]), wide[there]))
        return found


def _quarters(shapes: Geometries, boxes: Floats, middle: Floats) -> Geometries:
    """Return the four quarters of every shape, shape (n, 4)."""
    west, south, east, north = (boxes + np.array([-_MARGIN_M, -_MARGIN_M, _MARGIN_M, _MARGIN_M])).T
    x, y = middle.T
    cells = [
        np.column_stack(cell)
        for cell in ((west, south, x, y), (x, south, east, y), (west, y, x, north), (x, y, east, north))
    ]
    # A cut leaves room for a third coordinate at every corner, and for corners to come: without it half is left.
    found = np.stack([shapely.force_2d(_areal(clipped(shapes, cell))) for cell in cells], axis=1)
    # All quarters together are the whole; where they are not, the fast way went wrong.
    area = shapely.area(shapes)
    wrong = np.abs(shapely.area(found).sum(axis=1) - area) > _SAME_M2 + 1e-9 * area
    for quarter, cell in enumerate(cells):
        found[wrong, quarter] = _areal(shapely.intersection(shapes[wrong], shapely.box(*cell[wrong].T)))
    return found


def _areal(shapes: Geometries) -> Geometries:
    """Return the areas of what was cut; what has a lower dimension is an artefact of the cut."""
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
