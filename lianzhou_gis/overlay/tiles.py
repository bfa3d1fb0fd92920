"""Large shapes cut into small tiles, so that every later step looks at few vertices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

__all__ = ["Tiles", "chains_of", "pieces_of"]

Geometries = npt.NDArray[np.object_]
Positions = npt.NDArray[np.intp]

# 192 and 256 tie, 64 and 512 are slower (measured on layers of 30,000 to 700,000 vertices).
_MAX_VERTICES = 256
_CHAIN_SEGMENTS = 64


@dataclass(frozen=True)
class Tiles:
    """Parts of shapes.

    Attributes
    ----------
    shapes : ndarray of shapely geometries, shape (m,)
        In the plane; the parts of a shape meet in their borders only and make it up exactly.
    owner : ndarray of int, shape (m,)
        Position of the shape that each is a part of.
    """

    shapes: Geometries
    owner: Positions


def _halves(shape: Any) -> list[Any]:  # noqa: ANN401 - shapely geometries
    """Cut a shape across its longer side; what has a lower dimension than the shape is an artefact of the cut."""
    west, south, east, north = shape.bounds
    # A line that runs due east has a box without height, which nothing can be clipped with.
    low, high = (west - 1.0, south - 1.0), (east + 1.0, north + 1.0)
    if east - west >= north - south:
        middle = (west + east) / 2
        boxes = [(*low, middle, high[1]), (middle, low[1], *high)]
    else:
        middle = (south + north) / 2
        boxes = [(*low, high[0], middle), (low[0], middle, *high)]
    dimension = shapely.get_dimensions(shape)
    parts: list[Any] = []
    for box in boxes:
        cut = shapely.get_parts(shapely.clip_by_rect(shape, *box))
        parts.extend(cut[(shapely.get_dimensions(cut) == dimension) & ~shapely.is_empty(cut)])
    return parts


def pieces_of(
    shapes: Geometries, *, max_vertices: int = _MAX_VERTICES, longest: float = np.inf, part: float = np.inf
) -> Tiles:
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
    Tiles

    Examples
    --------
    >>> tiles = pieces_of(np.array([shapely.Point(0, 0).buffer(1, quad_segs=256)], dtype=object))
    >>> len(tiles.shapes) > 1, round(float(shapely.area(tiles.shapes).sum()), 6)
    (True, 3.141573)
    """
    present = np.flatnonzero(~(shapely.is_missing(shapes) | shapely.is_empty(shapes)))
    parts, index = shapely.get_parts(shapes[present], return_index=True)
    owner = present[index]
    done_shapes: list[Geometries] = []
    done_owner: list[Positions] = []
    west, south, east, north = shapely.bounds(shapes).T
    long_shapes = np.maximum(east - west, north - south) > longest
    while len(parts):
        bounds = shapely.bounds(parts)
        extent = np.maximum(bounds[:, 2] - bounds[:, 0], bounds[:, 3] - bounds[:, 1])
        large = (shapely.get_num_coordinates(parts) > max_vertices) | (long_shapes[owner] & (extent > part))
        # A point, or what floating point cannot halve any more, stays.
        large &= (shapely.get_dimensions(parts) > 0) & (extent > 1e-3)
        done_shapes.append(parts[~large])
        done_owner.append(owner[~large])
        cut = [_halves(shape) for shape in parts[large]]
        owner = np.repeat(owner[large], [len(halves) for halves in cut]).astype(np.intp)
        flat = [half for halves in cut for half in halves]
        parts = np.empty(len(flat), dtype=object)
        parts[:] = flat
    if not done_shapes:
        return Tiles(np.empty(0, dtype=object), np.empty(0, dtype=np.intp))
    return Tiles(np.concatenate(done_shapes), np.concatenate(done_owner))


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
    >>> len(chains.shapes), bool(abs(shapely.length(chains.shapes).sum() - circle.length) < 1e-12)
    (4, True)
    """
    present = np.flatnonzero(~(shapely.is_missing(shapes) | shapely.is_empty(shapes)))
    parts, whole = shapely.get_parts(shapes[present], return_index=True)
    dimension = shapely.get_dimensions(parts)
    rings, part = shapely.get_rings(parts[dimension == 2], return_index=True)
    lines = np.concatenate([rings, parts[dimension == 1]])
    owner = np.concatenate([whole[dimension == 2][part], whole[dimension == 1]])
    points, point_owner = parts[dimension == 0], whole[dimension == 0]
    if not len(lines):
        return Tiles(points, present[point_owner])
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
    return Tiles(np.concatenate([chains, points]), present[np.concatenate([owner[line], point_owner])])
