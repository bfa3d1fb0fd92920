"""Borders in runs of a few segments, as plain arrays: shortest paths of very many pairs without geometry objects."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from lianzhou_gis.geodesy import Plane, path_between
from lianzhou_gis.overlay.subdivide import border_lines

__all__ = ["RunPaths", "SegmentRuns", "least_distances", "shortest_paths"]

Geometries = npt.NDArray[np.object_]
Positions = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]
Reals = npt.NDArray[np.floating]

# Of 4, 6, 8 and 16 segments 8 is fastest: fewer pairs of runs against fewer segments for nothing.
_SEGMENTS = 8
# Pairs of runs whose intermediate arrays fit into the processor's cache.
_BLOCK = 512


@dataclass(frozen=True)
class SegmentRuns:
    """Lines cut into runs of at most 8 segments; a shorter run repeats its last vertex.

    Attributes
    ----------
    x, y : ndarray of float, shape (n, 9)
    owner : ndarray of int, shape (n,)
        Position of the line, or shape, of each run; ascending.
    boxes : ndarray of float, shape (n, 4)
        West, south, east, north.
    """

    x: Floats
    y: Floats
    owner: Positions
    boxes: Floats

    @classmethod
    def from_lines(cls, lines: Geometries, owner: Positions) -> SegmentRuns:
        """Cut lines and points.

        Examples
        --------
        >>> line = shapely.LineString([(number, 0) for number in range(12)])
        >>> runs = SegmentRuns.from_lines(np.array([line], dtype=object), np.zeros(1, dtype=np.intp))
        >>> runs.x[:, [0, 8]].tolist()
        [[0.0, 8.0], [8.0, 11.0]]
        """
        xy = np.asarray(shapely.get_coordinates(lines), dtype=np.float64)
        return cls.from_coordinates(xy, np.asarray(shapely.get_num_coordinates(lines), dtype=np.intp), owner)

    @classmethod
    def from_coordinates(cls, xy: Floats, size: Positions, owner: Positions) -> SegmentRuns:
        """Cut lines and points given by their coordinates, shape (m, 2), and how many each has."""
        last = np.cumsum(size) - 1
        count = np.maximum(-(-(size - 1) // _SEGMENTS), 1)
        line = np.repeat(np.arange(len(size)), count)
        number = np.arange(len(line)) - np.repeat(np.cumsum(count) - count, count)
        start = (last - size + 1)[line] + number * _SEGMENTS
        vertex = np.minimum(start[:, None] + np.arange(_SEGMENTS + 1), last[line][:, None])
        x, y = xy[:, 0][vertex], xy[:, 1][vertex]
        boxes = np.column_stack([x.min(axis=1), y.min(axis=1), x.max(axis=1), y.max(axis=1)])
        return cls(x, y, owner[line].astype(np.intp), boxes)

    @classmethod
    def from_borders(cls, shapes: Geometries) -> SegmentRuns:
        """Cut the borders of shapes; None and empty ones have none."""
        lines, owner = border_lines(shapes)
        order = np.argsort(owner, kind="stable")
        return cls.from_lines(lines[order], owner[order])

    def __len__(self) -> int:
        return len(self.owner)

    def first_of(self, owners: int) -> Positions:
        """Return the first run of every owner, and the number of runs at the end, shape (owners + 1,)."""
        return np.searchsorted(self.owner, np.arange(owners + 1)).astype(np.intp)


@dataclass(frozen=True)
class RunPaths:
    """The shortest path between the runs of pairs.

    Attributes
    ----------
    distance_m, bearing_deg : ndarray of float, shape (n,)
        Geodesic, from the first run; 0 and NaN where the runs meet.
    """

    distance_m: Floats
    bearing_deg: Floats


def least_distances(one: SegmentRuns, other: SegmentRuns, first: Positions, second: Positions, k: Floats) -> Singles:
    """Return the distances of pairs of runs to single precision, in the plane scaled by (k, 1/k).

    Parameters
    ----------
    one, other : SegmentRuns
    first, second : ndarray of int, shape (n,)
        The runs of each pair.
    k : ndarray of float, shape (n,)
        Conformal factor at each pair.

    Returns
    -------
    ndarray of float32, shape (n,)
        Runs that cross have the distance of their nearest vertex: meant for shapes that do not intersect.
    """
    result = np.empty(len(first), dtype=np.float32)
    for start in range(0, len(first), _BLOCK):
        block = slice(start, start + _BLOCK)
        a, b, factor = first[block], second[block], k[block]
        x, y = one.x[a], one.y[a]
        # Single precision suffices for coordinates from an origin at the pair.
        origin_x, origin_y = x[:, :1].copy(), y[:, :1].copy()
        columns = ((x - origin_x) * factor[:, None], (y - origin_y) / factor[:, None])
        others = ((other.x[b] - origin_x) * factor[:, None], (other.y[b] - origin_y) / factor[:, None])
        ax, ay, bx, by = (
            np.ascontiguousarray(column.T, dtype=np.float32) for pair in (columns, others) for column in pair
        )
        square = np.minimum(_least_square(ax, ay, bx, by), _least_square(bx, by, ax, ay))
        np.sqrt(square, out=result[block])
    return result


def _least_square(px: Singles, py: Singles, qx: Singles, qy: Singles) -> Singles:
    """Return the smallest squared distance of vertices to segments; arrays of shape (vertices, pairs)."""
    east, _, _, north = _offsets(px, py, qx, qy)
    east *= east
    north *= north
    east += north
    return np.asarray(east.reshape(-1, east.shape[-1]).min(axis=0))


def _offsets(px: Reals, py: Reals, qx: Reals, qy: Reals) -> tuple[Reals, Reals, Reals, Reals]:
    """Return how far each vertex is from the nearest place of each segment; arrays of shape (vertices, pairs).

    Returns
    -------
    east, share, _, north : ndarray, shape (vertices, segments, pairs)
        The offset, and where on the segment the place is, from 0 to 1.
    """
    run_x, run_y = qx[1:] - qx[:-1], qy[1:] - qy[:-1]
    square = run_x * run_x + run_y * run_y
    # A segment without length is its first vertex.
    inverse = 1.0 / np.where(square > 0, square, np.ones((), dtype=square.dtype))
    east, north = px[:, None] - qx[None, :-1], py[:, None] - qy[None, :-1]
    share, step = east * run_x, north * run_y
    share += step
    share *= inverse
    np.maximum(share, 0.0, out=share)
    np.minimum(share, 1.0, out=share)
    np.multiply(share, run_x, out=step)
    east -= step
    np.multiply(share, run_y, out=step)
    north -= step
    return east, share, step, north


def _ends_on_ellipsoid(
    plane: Plane, one: SegmentRuns, other: SegmentRuns, first: Positions, second: Positions
) -> Floats:
    ax, ay, bx, by = (
        np.ascontiguousarray(column.T) for column in (one.x[first], one.y[first], other.x[second], other.y[second])
    )
    middle = (ay[0] + ay[-1] + by[0] + by[-1]) / 4.0
    # The first estimate locates the path; the second uses the conformal factor at its middle.
    for _ in range(2):
        k = plane.factor_at(middle)
        ends = _ends(ax * k, ay / k, bx * k, by / k)
        ends[[0, 2]] /= k
        ends[[1, 3]] *= k
        middle = (ends[1] + ends[3]) / 2.0
    return ends


def _ends(ax: Floats, ay: Floats, bx: Floats, by: Floats) -> Floats:
    """Return the ends of the shortest path of every pair of runs, shape (4, n): x, y on the first, x, y on the second.

    Parameters
    ----------
    ax, ay, bx, by : ndarray of float, shape (9, n)
    """
    count = ax.shape[1]
    pair = np.arange(count)
    best, ends = np.full(count, np.inf), np.empty((4, count))
    for swapped, (px, py, qx, qy) in ((False, (ax, ay, bx, by)), (True, (bx, by, ax, ay))):
        east, share, _, north = _offsets(px, py, qx, qy)
        east *= east
        north *= north
        east += north
        square = east.reshape(-1, count)
        which = square.argmin(axis=0)
        vertex, segment = np.divmod(which, _SEGMENTS)
        found = square[which, pair]
        at = share.reshape(-1, count)[which, pair]
        x, y = (q[segment, pair] + at * (q[segment + 1, pair] - q[segment, pair]) for q in (qx, qy))
        new = (px[vertex, pair], py[vertex, pair], x, y)
        better = found < best
        best[better] = found[better]
        for row, column in enumerate((new[2], new[3], new[0], new[1]) if swapped else new):
            ends[row, better] = column[better]
    return ends


def shortest_paths(plane: Plane, one: SegmentRuns, other: SegmentRuns, first: Positions, second: Positions) -> RunPaths:
    """Return the shortest path of pairs of runs on the ellipsoid; it depends on the two runs alone.

    The nearest points are found in the plane scaled to be conformal at the middle of the path.

    Parameters
    ----------
    plane : Plane
    one, other : SegmentRuns
    first, second : ndarray of int, shape (n,)
        The runs of each pair; they do not cross.
    """
    if not len(first):
        return RunPaths(np.empty(0), np.empty(0))
    ends = np.empty((4, len(first)))
    for start in range(0, len(first), _BLOCK // 2):
        rows = slice(start, start + _BLOCK // 2)
        ends[:, rows] = _ends_on_ellipsoid(plane, one, other, first[rows], second[rows])
    apart = (ends[0] != ends[2]) | (ends[1] != ends[3])
    metres, bearing = path_between(plane, ends[:2].T, ends[2:].T)
    return RunPaths(np.where(apart, metres, 0.0), np.where(apart, bearing, np.nan))
