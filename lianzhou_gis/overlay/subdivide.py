"""Large shapes cut into small tiles, so that every later step looks at few vertices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import shapely

from lianzhou_gis.overlay.ragged_arrays import StoredShapes

__all__ = ["Tiles", "chains_of", "clipped", "parts_of", "pieces_of", "tiles_of", "tree_of"]

Geometries = npt.NDArray[np.object_]
Positions = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float64]

# 192 and 256 tie, 64 and 512 are slower (measured on layers of 30,000 to 700,000 vertices).
_MAX_VERTICES = 256
_SAME_M2 = 1e-4
_CHAIN_SEGMENTS = 64


@dataclass(frozen=True)
class Tiles:
    """Parts of shapes.

    Attributes
    ----------
    shapes : StoredShapes
        In the plane; the parts of a shape meet in their borders only and make it up exactly.
    owner : ndarray of int, shape (m,)
        Position of the shape that each is a part of.
    boxes : ndarray of float, shape (m, 4)
        West, south, east, north.
    """

    shapes: StoredShapes
    owner: Positions
    boxes: Floats

    @classmethod
    def of(cls, shapes: Geometries, owner: Positions) -> Tiles:
        """Return parts with their boxes."""
        boxes = np.asarray(shapely.bounds(shapes), dtype=np.float64).reshape(-1, 4)
        return cls(StoredShapes.of(shapes), owner.astype(np.intp), boxes)

    @classmethod
    def joined(cls, several: list[Tiles], starts: list[int]) -> Tiles:
        """Return the tiles of several indexes as one; owners are counted on from ``starts``."""
        owners = [tiles.owner + start for tiles, start in zip(several, starts, strict=True)]
        return cls(
            StoredShapes.joined([tiles.shapes for tiles in several]),
            np.concatenate([np.empty(0, dtype=np.intp), *owners]),
            np.concatenate([np.empty((0, 4)), *(tiles.boxes for tiles in several)]),
        )

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[np.generic]]) -> Tiles:
        """Take up what :meth:`arrays` gave."""
        owner, boxes = np.asarray(arrays["owner"], dtype=np.intp), np.asarray(arrays["boxes"], dtype=np.float64)
        return cls(StoredShapes.from_arrays(arrays), owner, boxes)

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Return everything as plain arrays, for a cache."""
        return {**self.shapes.arrays(), "owner": self.owner, "boxes": self.boxes}

    def only(self, number: Positions) -> Tiles:
        """Return the tiles of some owners, numbered anew; of those whose number is -1 none."""
        kept = np.flatnonzero(number[self.owner] >= 0)
        return Tiles(self.shapes.only(kept), number[self.owner[kept]], self.boxes[kept])

    def __len__(self) -> int:
        return len(self.owner)

    @cached_property
    def tree(self) -> shapely.STRtree:
        """Of the boxes."""
        return tree_of(self.boxes)


def tree_of(boxes: Floats) -> shapely.STRtree:
    """Return a tree of boxes, shape (n, 4); in it they stand as their diagonals, which are made faster."""
    return shapely.STRtree(np.asarray(shapely.linestrings(boxes.reshape(-1, 2, 2)), dtype=object))


def clipped(shapes: Geometries, boxes: Floats) -> Geometries:
    """Clip each shape by its own box; much faster than an intersection, for valid shapes only.

    Parameters
    ----------
    shapes : ndarray of shapely geometries, shape (n,)
    boxes : ndarray of float, shape (n, 4)
    """
    # The ufunc below shapely.clip_by_rect, which itself takes but one box for all shapes.
    try:
        return np.asarray(shapely.lib.clip_by_rect(shapes, *np.ascontiguousarray(boxes.T)), dtype=object)
    except shapely.errors.GEOSException:
        # Where a border touches the box just so GEOS raises over this one shape; an intersection can do it.
        if len(shapes) == 1:
            return np.asarray(shapely.intersection(shapes, shapely.box(*boxes.T)), dtype=object)
        half = len(shapes) // 2
        return np.concatenate([clipped(shapes[:half], boxes[:half]), clipped(shapes[half:], boxes[half:])])


def _halved(shapes: Geometries, boxes: Floats) -> tuple[Geometries, Positions]:
    """Cut shapes across their longer sides; what has a lower dimension than the shape is an artefact of the cut."""
    west, south, east, north = boxes.T
    wide = east - west >= north - south
    x, y = (west + east) / 2, (south + north) / 2
    # A line that runs due east has a box without height, which nothing can be clipped with.
    west, south, east, north = west - 1.0, south - 1.0, east + 1.0, north + 1.0
    first = np.column_stack([west, south, np.where(wide, x, east), np.where(wide, north, y)])
    second = np.column_stack([np.where(wide, x, west), np.where(wide, south, y), east, north])
    halves = np.stack([clipped(shapes, first), clipped(shapes, second)], axis=1)
    # Both halves together are the whole; where they are not, the fast way went wrong.
    wrong = np.abs(shapely.area(halves).sum(axis=1) - shapely.area(shapes)) > _SAME_M2 + 1e-9 * shapely.area(shapes)
    for side, box in enumerate((first[wrong], second[wrong])):
        halves[wrong, side] = shapely.intersection(shapes[wrong], shapely.box(*box.T))
    halves = halves.ravel()
    whole = np.repeat(np.arange(len(shapes)), 2)
    parts, half = shapely.get_parts(halves, return_index=True)
    origin = whole[half]
    kept = (shapely.get_dimensions(parts) == shapely.get_dimensions(shapes)[origin]) & ~shapely.is_empty(parts)
    return parts[kept], origin[kept]


def parts_of(shapes: Geometries) -> tuple[Geometries, Positions]:
    """Return the points, lines and polygons that shapes consist of, and of which shape each is one."""
    parts, origin = shapely.get_parts(shapes, return_index=True)
    # A collection may hold others.
    while (shapely.get_type_id(parts) > 3).any():
        parts, deeper = shapely.get_parts(parts, return_index=True)
        origin = origin[deeper]
    return parts, origin


def pieces_of(
    shapes: Geometries, *, max_vertices: int = _MAX_VERTICES, longest: float = np.inf, part: float = np.inf
) -> tuple[Geometries, Positions]:
    """Cut shapes into tiles.

    Parameters
    ----------
    shapes : ndarray of shapely geometries or None, shape (n,)
        In the plane, valid. None and empty ones have no tiles.
    max_vertices : int
        Tiles have at most about so many.
    longest, part : float
        A shape whose box is longer than ``longest`` metres is cut into parts of at most ``part``.

    Returns
    -------
    tiles, owner : ndarray
        The tiles and the position of the shape that each is a part of; those of a shape follow each other.

    Examples
    --------
    >>> tiles, _ = pieces_of(np.array([shapely.Point(0, 0).buffer(1, quad_segs=256)], dtype=object))
    >>> len(tiles) > 1, round(float(shapely.area(tiles).sum()), 6)
    (True, 3.141573)
    """
    present = np.flatnonzero(~(shapely.is_missing(shapes) | shapely.is_empty(shapes)))
    parts, index = parts_of(shapes[present])
    owner = present[index]
    west, south, east, north = shapely.bounds(shapes).T
    long_shapes = np.maximum(east - west, north - south) > longest
    done: list[tuple[Geometries, Positions]] = []
    while len(parts):
        boxes = shapely.bounds(parts)
        extent = np.maximum(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1])
        large = (shapely.get_num_coordinates(parts) > max_vertices) | (long_shapes[owner] & (extent > part))
        # A point, or what floating point cannot halve any more, stays.
        large &= (shapely.get_dimensions(parts) > 0) & (extent > 1e-3)
        done.append((parts[~large], owner[~large]))
        parts, origin = _halved(parts[large], boxes[large])
        owner = owner[large][origin]
    if not done:
        return np.empty(0, dtype=object), np.empty(0, dtype=np.intp)
    owner = np.concatenate([some for _, some in done]).astype(np.intp)
    order = np.argsort(owner, kind="stable")
    return np.concatenate([some for some, _ in done])[order], owner[order]


def tiles_of(shapes: Geometries) -> Tiles:
    """Return the tiles of zones; see :func:`pieces_of`."""
    return Tiles.of(*pieces_of(shapes))


def chains_of(shapes: Geometries) -> Tiles:
    """Cut the borders of shapes into short chains: how far a place is from a zone is how far it is from its border.

    Parameters
    ----------
    shapes : ndarray of shapely geometries or None, shape (n,)
        Lines and points are their own border.

    Examples
    --------
    >>> circle = shapely.Point(0, 0).buffer(1, quad_segs=64)
    >>> chains = chains_of(np.array([circle], dtype=object))
    >>> len(chains), bool(abs(shapely.length(chains.shapes.all()).sum() - circle.length) < 1e-12)
    (4, True)
    """
    present = np.flatnonzero(~(shapely.is_missing(shapes) | shapely.is_empty(shapes)))
    parts, whole = parts_of(shapes[present])
    dimension = shapely.get_dimensions(parts)
    rings, part = shapely.get_rings(parts[dimension == 2], return_index=True)
    lines = np.concatenate([rings, parts[dimension == 1]])
    owner = np.concatenate([whole[dimension == 2][part], whole[dimension == 1]])
    points, point_owner = parts[dimension == 0], whole[dimension == 0]
    if not len(lines):
        return Tiles.of(points, present[point_owner])
    coordinates = shapely.get_coordinates(lines)
    length = shapely.get_num_coordinates(lines)
    first = np.cumsum(length) - length
    count = -(-(length - 1) // _CHAIN_SEGMENTS)
    line = np.repeat(np.arange(len(lines)), count)
    number = np.arange(len(line)) - np.repeat(np.cumsum(count) - count, count)
    start = first[line] + number * _CHAIN_SEGMENTS
    size = np.minimum(_CHAIN_SEGMENTS, (first + length - 1)[line] - start) + 1
    chain = np.repeat(np.arange(len(line)), size)
    place = np.repeat(start - (np.cumsum(size) - size), size) + np.arange(size.sum())
    chains = np.asarray(shapely.linestrings(coordinates[place], indices=chain), dtype=object)
    return Tiles.of(np.concatenate([chains, points]), present[np.concatenate([owner[line], point_owner])])
