"""Subdivision of large shapes into small tiles, so that later steps process few vertices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import shapely

from lianzhou_gis.overlay.ragged_arrays import LazyGeometries

__all__ = [
    "Tiles",
    "border_chains",
    "border_lines",
    "box_tree",
    "clip_by_boxes",
    "simple_parts",
    "split_geometries",
    "tile_geometries",
]

Geometries = npt.NDArray[np.object_]
Positions = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float64]

# 192 and 256 tie, 64 and 512 are slower (measured on layers of 30,000 to 700,000 vertices).
_MAX_VERTICES = 256
_SAME_M2 = 1e-4
_CHAIN_SEGMENTS = 64


@dataclass(frozen=True)
class Tiles:
    """The tiles of shapes.

    Attributes
    ----------
    shapes : LazyGeometries
        In the plane; the tiles of a shape share borders only, and their union is the shape.
    owner : ndarray of int, shape (m,)
        Position of the shape of each tile.
    boxes : ndarray of float, shape (m, 4)
        West, south, east, north.
    """

    shapes: LazyGeometries
    owner: Positions
    boxes: Floats

    @classmethod
    def build(cls, shapes: Geometries, owner: Positions) -> Tiles:
        """Return tiles with their boxes."""
        boxes = np.asarray(shapely.bounds(shapes), dtype=np.float64).reshape(-1, 4)
        return cls(LazyGeometries.from_geometries(shapes), owner.astype(np.intp), boxes)

    @classmethod
    def concatenate(cls, several: list[Tiles], starts: list[int]) -> Tiles:
        """Concatenate tiles; ``starts`` is added to the owners of each."""
        owners = [tiles.owner + start for tiles, start in zip(several, starts, strict=True)]
        return cls(
            LazyGeometries.concatenate([tiles.shapes for tiles in several]),
            np.concatenate([np.empty(0, dtype=np.intp), *owners]),
            np.concatenate([np.empty((0, 4)), *(tiles.boxes for tiles in several)]),
        )

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[np.generic]]) -> Tiles:
        """Restore from :meth:`arrays`."""
        owner, boxes = np.asarray(arrays["owner"], dtype=np.intp), np.asarray(arrays["boxes"], dtype=np.float64)
        return cls(LazyGeometries.from_arrays(arrays), owner, boxes)

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Return everything as plain arrays, for a cache."""
        return {**self.shapes.arrays(), "owner": self.owner, "boxes": self.boxes}

    def subset(self, number: Positions) -> Tiles:
        """Return the tiles of some owners under new numbers; -1 drops an owner."""
        chosen = np.flatnonzero(number[self.owner] >= 0)
        return Tiles(self.shapes.subset(chosen), number[self.owner[chosen]], self.boxes[chosen])

    def __len__(self) -> int:
        return len(self.owner)

    @cached_property
    def tree(self) -> shapely.STRtree:
        """Tree of the boxes."""
        return box_tree(self.boxes)


def box_tree(boxes: Floats) -> shapely.STRtree:
    """Return a tree of boxes, shape (n, 4), built from their diagonals, which are faster to make than polygons."""
    return shapely.STRtree(np.asarray(shapely.linestrings(boxes.reshape(-1, 2, 2)), dtype=object))


def clip_by_boxes(shapes: Geometries, boxes: Floats) -> Geometries:
    """Clip each shape by its own box; much faster than an intersection, for valid shapes only.

    For some valid areas whose border meets the box twice within a fraction of a millimetre, GEOS joins the pieces
    wrongly and returns an invalid area: these are intersected.

    Parameters
    ----------
    shapes : ndarray of shapely geometries, shape (n,)
    boxes : ndarray of float, shape (n, 4)
    """
    found = _clip(shapes, boxes)
    broken = ~shapely.is_valid(found)
    if broken.any():
        found = found.copy()
        found[broken] = shapely.intersection(shapes[broken], shapely.box(*boxes[broken].T))
    return found


def _clip(shapes: Geometries, boxes: Floats) -> Geometries:
    # The ufunc behind shapely.clip_by_rect, which itself takes one box for all shapes.
    try:
        return np.asarray(shapely.lib.clip_by_rect(shapes, *np.ascontiguousarray(boxes.T)), dtype=object)
    except shapely.errors.GEOSException:
        # GEOS raises for some borders that touch the box; an intersection succeeds.
        if len(shapes) == 1:
            return np.asarray(shapely.intersection(shapes, shapely.box(*boxes.T)), dtype=object)
        half = len(shapes) // 2
        return np.concatenate([_clip(shapes[:half], boxes[:half]), _clip(shapes[half:], boxes[half:])])


def _halve(shapes: Geometries, boxes: Floats) -> tuple[Geometries, Positions]:
    """Halve shapes across their longer sides; parts of a lower dimension are artefacts and dropped."""
    west, south, east, north = boxes.T
    wide = east - west >= north - south
    x, y = (west + east) / 2, (south + north) / 2
    # A line that runs due east has a box without height, which nothing can be clip_by_boxes with.
    west, south, east, north = west - 1.0, south - 1.0, east + 1.0, north + 1.0
    first = np.column_stack([west, south, np.where(wide, x, east), np.where(wide, north, y)])
    second = np.column_stack([np.where(wide, x, west), np.where(wide, south, y), east, north])
    halves = np.stack([clip_by_boxes(shapes, first), clip_by_boxes(shapes, second)], axis=1)
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


def simple_parts(shapes: Geometries) -> tuple[Geometries, Positions]:
    """Return the points, lines and polygons of shapes, and the position of the shape of each."""
    parts, origin = shapely.get_parts(shapes, return_index=True)
    # Collections may be nested.
    while (shapely.get_type_id(parts) > 3).any():
        parts, deeper = shapely.get_parts(parts, return_index=True)
        origin = origin[deeper]
    return parts, origin


def split_geometries(
    shapes: Geometries, *, max_vertices: int = _MAX_VERTICES, longest: float = np.inf, part: float = np.inf
) -> tuple[Geometries, Positions]:
    """Subdivide shapes.

    Parameters
    ----------
    shapes : ndarray of shapely geometries or None, shape (n,)
        In the plane, valid. None and empty shapes have no tiles.
    max_vertices : int
        Largest number of vertices of a tile, about.
    longest, part : float
        A shape whose box is longer than ``longest`` metres is divided into parts of at most ``part`` metres.

    Returns
    -------
    tiles, owner : ndarray
        The tiles and the position of the shape of each, sorted.

    Examples
    --------
    >>> tiles, _ = split_geometries(np.array([shapely.Point(0, 0).buffer(1, quad_segs=256)], dtype=object))
    >>> len(tiles) > 1, round(float(shapely.area(tiles).sum()), 6)
    (True, 3.141573)
    """
    present = np.flatnonzero(~(shapely.is_missing(shapes) | shapely.is_empty(shapes)))
    parts, index = simple_parts(shapes[present])
    owner = present[index]
    west, south, east, north = shapely.bounds(shapes).T
    long_shapes = np.maximum(east - west, north - south) > longest
    finished: list[tuple[Geometries, Positions]] = []
    while len(parts):
        boxes = shapely.bounds(parts)
        extent = np.maximum(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1])
        large = (shapely.get_num_coordinates(parts) > max_vertices) | (long_shapes[owner] & (extent > part))
        # A point, or an extent that floating point cannot halve, stays.
        large &= (shapely.get_dimensions(parts) > 0) & (extent > 1e-3)
        finished.append((parts[~large], owner[~large]))
        parts, origin = _halve(parts[large], boxes[large])
        owner = owner[large][origin]
    if not finished:
        return np.empty(0, dtype=object), np.empty(0, dtype=np.intp)
    owner = np.concatenate([some for _, some in finished]).astype(np.intp)
    order = np.argsort(owner, kind="stable")
    return np.concatenate([some for some, _ in finished])[order], owner[order]


def tile_geometries(shapes: Geometries) -> Tiles:
    """Return the tiles of shapes; see :func:`split_geometries`."""
    return Tiles.build(*split_geometries(shapes))


def border_chains(shapes: Geometries) -> Tiles:
    """Divide the borders of shapes into short chains: the distance to a zone is the distance to its border.

    Parameters
    ----------
    shapes : ndarray of shapely geometries or None, shape (n,)
        The border of a line or a point is itself.

    Examples
    --------
    >>> circle = shapely.Point(0, 0).buffer(1, quad_segs=64)
    >>> chains = border_chains(np.array([circle], dtype=object))
    >>> len(chains), bool(abs(shapely.length(chains.shapes.all()).sum() - circle.length) < 1e-12)
    (4, True)
    """
    borders, owners = border_lines(shapes)
    linear = shapely.get_dimensions(borders) == 1
    lines, owner = borders[linear], owners[linear]
    points, point_owner = borders[~linear], owners[~linear]
    if not len(lines):
        return Tiles.build(points, point_owner)
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
    return Tiles.build(np.concatenate([chains, points]), np.concatenate([owner[line], point_owner]))


def border_lines(shapes: Geometries) -> tuple[Geometries, Positions]:
    """Return the rings, lines and points that are the borders of shapes, and the position of the shape of each.

    Parameters
    ----------
    shapes : ndarray of shapely geometries or None, shape (n,)
        The border of a line or a point is itself.
    """
    present = np.flatnonzero(~(shapely.is_missing(shapes) | shapely.is_empty(shapes)))
    parts, whole = simple_parts(shapes[present])
    dimension = shapely.get_dimensions(parts)
    rings, part = shapely.get_rings(parts[dimension == 2], return_index=True)
    borders = np.concatenate([rings, parts[dimension == 1], parts[dimension == 0]])
    owner = np.concatenate([whole[dimension == 2][part], whole[dimension == 1], whole[dimension == 0]])
    return borders, present[owner]
