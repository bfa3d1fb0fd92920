"""Depth: by how much borders may be wrong before a site and a zone that overlap no longer do.

With s the distance to the border of a shape, negative outside, the depth of two shapes is the maximum of s_A + s_B over
the plane. It lies in the shared ground wherever there is any; else it is minus the distance of the two. No shift, turn
or bend of both borders by less than the depth in sum ends the overlap. A line or a point has no interior: its s is 0 on
itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

__all__ = ["SEARCH_CAP_M", "SharedGround", "border_segments", "maximum_depth", "triangulate"]

Geometries = npt.NDArray[np.object_]
Positions = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

# Depths are searched up to the larger of this and the position error; beyond, "at least" is reported.
SEARCH_CAP_M = 50.0
_TOLERANCE_M = 1e-3
# Pairs of a triangle and a segment evaluated at once: bounds memory to about 100 MB.
_BLOCK = 400_000
# Every quartering halves the size of a triangle: after so many it is below the resolution of the coordinates.
_MAX_QUARTERINGS = 30
_MAX_TRIANGLES = 200_000
_FAR = np.array([1e9, 1e9, 1e9, 1e9])
_CORNERS = ((0, 1, 2), (1, 2, 0), (2, 0, 1))


@dataclass(frozen=True)
class SharedGround:
    """The shared ground of pairs of shapes, with their borders around it, in a plane conformal at each pair.

    Attributes
    ----------
    triangles : ndarray of float, shape (t, 3, 2)
        Cover the shared ground; corners of lines and points coincide.
    triangle_pair : ndarray of int, shape (t,)
        The pair of each triangle, sorted.
    first, second : ndarray of float, shape (a, 4) and (b, 4)
        Segments (x1, y1, x2, y2) of the borders of both shapes, all that lie within the goal of the shared ground.
    first_pair, second_pair : ndarray of int, shape (a,) and (b,)
        The pair of each segment, sorted.
    first_areal, second_areal : ndarray of bool, shape (pairs,)
        Whether the shape has an interior.
    """

    triangles: Floats
    triangle_pair: Positions
    first: Floats
    first_pair: Positions
    first_areal: Flags
    second: Floats
    second_pair: Positions
    second_areal: Flags

    def subset(self, pairs: Positions) -> SharedGround:
        """Return some pairs, renumbered in the order given, which must be ascending."""
        number = np.full(len(self.first_areal), -1, dtype=np.intp)
        number[pairs] = np.arange(len(pairs))
        triangle, first, second = (
            number[owner] >= 0 for owner in (self.triangle_pair, self.first_pair, self.second_pair)
        )
        return SharedGround(
            self.triangles[triangle],
            number[self.triangle_pair[triangle]],
            self.first[first],
            number[self.first_pair[first]],
            self.first_areal[pairs],
            self.second[second],
            number[self.second_pair[second]],
            self.second_areal[pairs],
        )


def border_segments(shapes: Geometries) -> tuple[Floats, Positions]:
    """Return the segments of the borders of polygons and multipolygons, shape (n, 4), and the shape of each.

    Lines and points have no interior and give none.
    """
    parts, owner = shapely.get_parts(shapes, return_index=True)
    areal = shapely.get_type_id(parts) == 3
    # get_rings returns nothing for a multipolygon: parts first.
    rings, part = shapely.get_rings(parts[areal], return_index=True)
    return line_segments(rings, owner[areal][part])


def line_segments(lines: Geometries, owner: Positions) -> tuple[Floats, Positions]:
    """Return the segments of lines, shape (n, 4), and the owner of each."""
    xy, line = shapely.get_coordinates(lines, return_index=True)
    same = np.diff(line) == 0
    return np.column_stack([xy[:-1], xy[1:]])[same], owner[line[:-1][same]]


def triangulate(pieces: Geometries, pair: Positions) -> tuple[Floats, Positions]:
    """Return triangles that cover pieces, shape (t, 3, 2), and the pair of each.

    Parameters
    ----------
    pieces : ndarray of shapely geometries, shape (n,)
        Polygons, lines and points.
    pair : ndarray of int, shape (n,)
    """
    dimension = shapely.get_dimensions(pieces)
    areal = np.flatnonzero(dimension == 2)
    found, owner = shapely.get_parts(shapely.constrained_delaunay_triangles(pieces[areal]), return_index=True)
    triangles = [shapely.get_coordinates(found).reshape(-1, 4, 2)[:, :3]]
    owners = [pair[areal][owner]]
    # A polygon too thin to triangulate is covered by its border.
    thin = np.setdiff1d(np.arange(len(areal)), owner)
    lines = [pieces[dimension == 1], shapely.get_exterior_ring(pieces[areal[thin]])]
    segments, of_line = line_segments(np.concatenate(lines), np.concatenate([pair[dimension == 1], pair[areal[thin]]]))
    triangles.append(segments.reshape(-1, 2, 2)[:, [0, 1, 1]])
    owners.append(of_line)
    points, of_point = shapely.get_coordinates(pieces[dimension == 0], return_index=True)
    triangles.append(np.repeat(points[:, None], 3, axis=1))
    owners.append(pair[dimension == 0][of_point])
    owner = np.concatenate(owners)
    order = np.argsort(owner, kind="stable")
    return np.concatenate(triangles)[order], owner[order].astype(np.intp)


def _distances(points: Floats, segments: Floats) -> Floats:
    """Return the distances of points, shape (n, k, 2), to segments, shape (n, 4); shape (n, k)."""
    x1, y1, x2, y2 = (segments[:, number, None] for number in range(4))
    dx, dy = x2 - x1, y2 - y1
    px, py = points[..., 0] - x1, points[..., 1] - y1
    square = dx * dx + dy * dy
    along = np.divide(px * dx + py * dy, square, out=np.zeros_like(px), where=square > 0)
    np.clip(along, 0.0, 1.0, out=along)
    return np.asarray(np.hypot(px - along * dx, py - along * dy), dtype=np.float64)


@dataclass
class _Candidates:
    """For every triangle the border segments that may be nearest to a place in it."""

    segments: Floats
    triangle: Positions
    segment: Positions

    def nearest(self, points: Floats) -> tuple[Floats, Positions, Floats]:
        """Return the distance and the nearest segment of every point, shape (t, k), and the distances of the first."""
        metres = _distances(points[self.triangle], self.segments[self.segment])
        start = np.searchsorted(self.triangle, np.arange(len(points)))
        least = np.minimum.reduceat(metres, start, axis=0)
        # The last writer of an assignment with repeated positions wins: any of equals will do.
        nearest = np.empty(least.shape, dtype=np.intp)
        for point in range(points.shape[1]):
            equal = np.flatnonzero(metres[:, point] == least[self.triangle, point])
            nearest[self.triangle[equal], point] = self.segment[equal]
        return least, nearest, metres[:, 0]

    def inherit(self, from_middle: Floats, limit: Floats, split: Positions) -> _Candidates:
        """Return the candidates of the quarters of some triangles: those near enough to the middle of the whole."""
        number = np.full(len(limit), -1, dtype=np.intp)
        number[split] = np.arange(len(split))
        chosen = np.flatnonzero((from_middle <= limit[self.triangle]) & (number[self.triangle] >= 0))
        triangle = number[self.triangle[chosen]]
        quarters = [triangle + quarter * len(split) for quarter in range(4)]
        return _Candidates(self.segments, np.concatenate(quarters), np.tile(self.segment[chosen], 4))


def _cross_join(triangle_pair: Positions, segment_pair: Positions) -> tuple[Positions, Positions]:
    """Return all pairs of a triangle and a segment of the same pair, sorted by triangle."""
    start = np.searchsorted(segment_pair, triangle_pair)
    size = np.searchsorted(segment_pair, triangle_pair, side="right") - start
    triangle = np.repeat(np.arange(len(triangle_pair)), size)
    segment = np.arange(size.sum()) - np.repeat(np.cumsum(size) - size, size) + np.repeat(start, size)
    return triangle, segment


def _with_far_segments(segments: Floats, pair: Positions, count: int) -> tuple[Floats, Positions]:
    """Return segments with one far away for every pair that has none: its border is beyond the search."""
    missing = np.setdiff1d(np.arange(count), pair)
    if not len(missing):
        return segments, pair
    pair = np.concatenate([pair, missing])
    order = np.argsort(pair, kind="stable")
    return np.concatenate([segments, np.broadcast_to(_FAR, (len(missing), 4))])[order], pair[order]


def _corner_bounds(corners: Floats, segments: Floats, nearest: Positions) -> Floats:
    """Return the distances of the corners to convex bounds of the distance to the border, shape (t, bounds, 3).

    The distance to one segment is convex, as is a mean of such; each bounds the distance to the border from above.
    """
    single = np.stack([_distances(corners, segments[nearest[:, number]]) for number in range(4)], axis=1)
    means = [(single[:, one] + single[:, other]) / 2.0 for one, other in ((1, 2), (2, 3), (1, 3))]
    return np.concatenate([single, np.stack([*means, single[:, 1:].mean(axis=1)], axis=1)], axis=1)


def _upper_bounds(first: Floats, second: Floats) -> Floats:
    """Return the least maximum over the corners of all sums of a bound of either, shape (t,)."""
    found = np.full(len(first), np.inf)
    for one in range(first.shape[1]):
        for other in range(second.shape[1]):
            np.minimum(found, (first[:, one] + second[:, other]).max(axis=1), out=found)
    return found


def _halve(triangles: Floats) -> Floats:
    """Return the halves of triangles, cut across the longest edge: all first halves, then all second ones."""
    edges = np.stack([np.hypot(*(triangles[:, b] - triangles[:, a]).T) for a, b, _ in _CORNERS], axis=1)
    a, b, c = np.array(_CORNERS)[edges.argmax(axis=1)].T
    row = np.arange(len(triangles))
    one, other, apex = triangles[row, a], triangles[row, b], triangles[row, c]
    middle = (one + other) / 2.0
    return np.concatenate([np.stack([one, middle, apex], axis=1), np.stack([middle, other, apex], axis=1)])


def maximum_depth(ground: SharedGround, goal_m: Floats, *, decide: bool = False) -> Floats:
    """Return the depth of pairs of shapes that overlap, by branch and bound over triangles of the shared ground.

    Parameters
    ----------
    ground : SharedGround
    goal_m : ndarray of float, shape (pairs,)
        The search of a pair stops where its depth exceeds this: what is returned is then a lower bound.
    decide : bool
        Only whether the depth exceeds the goal matters: what is returned at or below it is a lower bound, and the
        depth exceeds the goal nowhere by more than 1 mm.

    Returns
    -------
    ndarray of float, shape (pairs,)
        Exact to 1 mm up to the goal, never too large.

    Notes
    -----
    f, the sum of the distances to both borders, is 2-Lipschitz and bounded in a triangle by sums of convex functions,
    whose maximum lies at a corner; these are exact along parallel borders, where bounds by size alone never end.
    """
    count = len(goal_m)
    best = np.zeros(count)
    size = np.bincount(ground.triangle_pair, minlength=count) * (
        np.bincount(ground.first_pair, minlength=count) + np.bincount(ground.second_pair, minlength=count) + 2
    )
    block = np.cumsum(size) // _BLOCK
    for number in np.unique(block):
        pairs = np.flatnonzero(block == number)
        best[pairs] = _search(ground.subset(pairs), goal_m[pairs], decide)
    return best


def _search(ground: SharedGround, goal: Floats, decide: bool) -> Floats:
    best = np.zeros(len(goal))
    triangles, owner = ground.triangles, ground.triangle_pair
    borders = []
    for segments, pair in ((ground.first, ground.first_pair), (ground.second, ground.second_pair)):
        segments, pair = _with_far_segments(segments, pair, len(goal))
        borders.append(_Candidates(segments, *_cross_join(owner, pair)))
    areal = (ground.first_areal, ground.second_areal)
    for _ in range(_MAX_QUARTERINGS):
        if not len(triangles) or len(triangles) > _MAX_TRIANGLES:
            break
        middle = triangles.mean(axis=1)
        radius = np.hypot(*np.moveaxis(triangles - middle[:, None], 2, 0)).max(axis=1)
        points = np.concatenate([middle[:, None], triangles], axis=1)
        total, nearest, limits, from_middle = np.zeros(points.shape[:2]), [], [], []
        for candidates, interior in zip(borders, areal, strict=True):
            least, segment, away = candidates.nearest(points)
            flat = ~interior[owner]
            least[flat] = 0.0
            total += least
            nearest.append(segment)
            limits.append(np.where(flat, np.inf, least[:, 0] + 2.0 * radius + 1e-9))
            from_middle.append(away)
        np.maximum.at(best, owner, total.max(axis=1))
        needed = best + _TOLERANCE_M
        if decide:
            needed = np.maximum(needed, goal)
        split = np.flatnonzero((total[:, 0] + 2.0 * radius > needed[owner]) & (best <= goal)[owner])
        bounds = []
        for candidates, segment, interior in zip(borders, nearest, areal, strict=True):
            corner = _corner_bounds(triangles[split], candidates.segments, segment[split])
            corner[~interior[owner[split]]] = 0.0
            bounds.append(corner)
        split = split[_upper_bounds(*bounds) > needed[owner[split]]]
        borders = [
            candidates.inherit(away, limit, split)
            for candidates, away, limit in zip(borders, from_middle, limits, strict=True)
        ]
        triangles, owner = _halve(_halve(triangles[split])), np.tile(owner[split], 4)
    return best
