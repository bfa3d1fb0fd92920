"""Borders of a layer drawn again together: thinned, every vertex off those of the source, none across another.

What two zones share is one arc and is drawn once, so that no slit and no overlap opens between them.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

__all__ = ["Network", "Spots", "flat_scale"]

Floats = npt.NDArray[np.float64]
Point = tuple[float, float]

# In accuracies: how far thinning may go, where a vertex may be put, and how narrow a slit is no slit.
THIN, RINGS, SLIT = 0.2, (0.53, 0.6, 0.68, 0.76, 0.86), 0.03
_TURNS = 24
# The flat scale of a county and the ellipsoid differ by less than this.
MARGIN = 1.01
_PATIENT, _ROUNDS = 18, 30
_A, _E2 = 6378137.0, 0.006694380022900787


def flat_scale(latitude: float) -> Floats:
    """Return the metres of a degree of longitude and of latitude."""
    wide = 1 - _E2 * math.sin(math.radians(latitude)) ** 2
    east = _A / math.sqrt(wide) * math.cos(math.radians(latitude))
    scale: Floats = np.radians(np.array([east, _A * (1 - _E2) / wide**1.5]))
    return scale


class Spots:
    """Where a vertex may be put: nodes of the grid, at least half the accuracy from every vertex of the source.

    Parameters
    ----------
    own : ndarray, shape (n, 2)
        Vertices of the layer's source, degrees.
    taken : set of int
        Nodes, as whole numbers, that a vertex of any source rounds to.
    scale : ndarray
        Metres of a degree.
    """

    def __init__(
        self, own: Floats, taken: npt.NDArray[np.int64], accuracy_m: float, decimals: int, scale: Floats
    ) -> None:
        self.accuracy_m, self.unit, self.scale, self.taken = accuracy_m, 10**decimals, scale, taken
        self.tree = shapely.STRtree(np.asarray(shapely.points(own * scale), dtype=object))
        # Which way a border goes follows from the source, which the public does not have.
        seed = hashlib.sha256(np.ascontiguousarray(own).tobytes()).digest()
        self.phases = np.frombuffer(seed, dtype=np.uint8)[:4] / 255 * 2 * np.pi

    def near(self, points: Floats, *, first: float = 0.0) -> list[list[Point]]:
        """Return, for each point in flat metres, the nodes in degrees where it may go, the best first.

        ``first`` is the least way it must go, in accuracies: 0 also tries the node it stands on.
        """
        wave = points / (25 * self.accuracy_m)
        lean = (
            self.phases[0] + np.pi * np.sin(wave[:, 0] + self.phases[1]) + np.pi * np.sin(wave[:, 1] + self.phases[2])
        )
        ways = [(0.0, 0.0)] if first == 0 else []
        ways += [
            (ring, 2 * np.pi * (turn if turn <= _TURNS // 2 else turn - _TURNS) / _TURNS)
            for ring in RINGS
            for turn in sorted(range(_TURNS), key=lambda turn: min(turn, _TURNS - turn))
        ]
        radius, angle = np.array(ways).T
        turned = lean[:, None] + angle[None, :]
        reach = radius[None, :] * self.accuracy_m
        wanted = points[:, None, :] + np.stack([reach * np.cos(turned), reach * np.sin(turned)], axis=-1)
        nodes = np.round(wanted / self.scale * self.unit).astype(np.int64)
        free = self._free(nodes.reshape(-1, 2)).reshape(nodes.shape[:2])
        moved = np.linalg.norm(nodes / self.unit * self.scale - points[:, None, :], axis=-1)
        free &= moved <= 0.95 * self.accuracy_m
        return [
            list(dict.fromkeys((x / self.unit, y / self.unit) for x, y in row[good].tolist()))
            for row, good in zip(nodes, free, strict=True)
        ]

    def _free(self, nodes: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        free = ~np.isin(nodes[:, 0] * 10**9 + nodes[:, 1], self.taken)
        places = np.flatnonzero(free)
        if len(places):
            points = shapely.points(nodes[places] / self.unit * self.scale)
            _, far = self.tree.query_nearest(points, all_matches=False, return_distance=True)
            free[places] = far >= self.accuracy_m / 2 * MARGIN
        return free


class Network:
    """The arcs of a layer and where they were moved.

    Parameters
    ----------
    shapes : array of shapely geometries
        Areas and lines in flat metres.
    spots : Spots

    Attributes
    ----------
    arcs_of : list of set of int
        The arcs that bound each shape.
    bad : set of int
        Arcs that could not be drawn.
    """

    def __init__(self, shapes: Any, spots: Spots) -> None:  # noqa: ANN401 - array of geometries
        self.spots = spots
        accuracy = spots.accuracy_m
        areal = np.isin(shapely.get_type_id(shapes), (3, 6))
        lines = np.where(areal, shapely.boundary(shapes), shapes)
        merged = shapely.line_merge(shapely.union_all(lines, grid_size=SLIT * accuracy))
        self.arcs = shapely.get_parts(merged)
        self.arcs_of = self._owners(shapes, areal)
        self.bad: set[int] = set()
        self.thin = [self._thinned(arc) for arc in self.arcs]
        self._part_twins()
        self._move()

    def _owners(self, shapes: Any, areal: npt.NDArray[np.bool_]) -> list[set[int]]:  # noqa: ANN401
        """Return the arcs that bound each shape: those of its faces that no two of them share."""
        of_side = {side: number for number, arc in enumerate(self.arcs) for side in _sides(arc)}
        faces = shapely.get_parts(shapely.polygonize(self.arcs))
        arcs_of_face = [{of_side[side] for ring in shapely.get_rings(face) for side in _sides(ring)} for face in faces]
        found: list[Counter[int]] = [Counter() for _ in shapes]
        inside = shapely.point_on_surface(faces)
        for face, place in zip(*shapely.STRtree(shapes).query(inside, predicate="intersects"), strict=True):
            if areal[place]:
                found[place].update(arcs_of_face[face])
        owned = [{arc for arc, times in counts.items() if times % 2} for counts in found]
        for place in np.flatnonzero(~areal):
            middles = shapely.line_interpolate_point(self.arcs, 0.5, normalized=True)
            near = shapely.distance(middles, shapes[place]) <= SLIT * self.spots.accuracy_m
            owned[place] = set(np.flatnonzero(near).tolist())
        return owned

    def _thinned(self, arc: Any) -> list[Point]:  # noqa: ANN401 - a LineString
        accuracy = self.spots.accuracy_m
        points = shapely.get_coordinates(shapely.simplify(arc, THIN * accuracy, preserve_topology=False))
        if arc.is_closed and len(points) < 5:
            # A ring keeps four corners, spread along it.
            steps = np.linspace(0, 1, 5)[:4]
            points = shapely.get_coordinates(shapely.line_interpolate_point(arc, steps, normalized=True))
            points = np.vstack([points, points[:1]])
        return list(map(tuple, points.tolist()))

    def _part_twins(self) -> None:
        """Keep a corner where arcs between the same two ends would become the same line."""
        seen: dict[frozenset[Point], int] = {}
        for number, arc in enumerate(self.thin):
            if len(arc) > 2:
                continue
            other = seen.setdefault(frozenset(arc), number)
            if other == number:
                continue
            bent = max((number, other), key=lambda item: float(shapely.length(self.arcs[item])))
            points = shapely.get_coordinates(self.arcs[bent])[1:-1]
            chord = shapely.linestrings(np.array(arc))
            if len(points):
                far = points[int(np.argmax(shapely.distance(shapely.points(points), chord)))]
                self.thin[bent] = [self.thin[bent][0], (float(far[0]), float(far[1])), self.thin[bent][-1]]
                seen[frozenset(arc)] = number if bent == other else other

    def _move(self) -> None:
        vertices = list(dict.fromkeys(point for arc in self.thin for point in arc))
        options = (
            dict(zip(vertices, self.spots.near(np.array(vertices), first=RINGS[0]), strict=True)) if vertices else {}
        )
        self._drop(options)
        self.place: dict[Point, Point] = {}
        self.rank: dict[Point, int] = {}
        used: set[Point] = set()
        for vertex in dict.fromkeys(point for arc in self.thin for point in arc):
            self._put(vertex, options, used, 0)
        left: set[Point] = set()
        for turn in range(_ROUNDS):
            left = self._tangled()
            if not left:
                break
            # Other places first; what stays tangled is drawn with fewer corners.
            if turn >= _PATIENT and turn % 3 == 0:
                self._straighten(left)
                continue
            for vertex in sorted(left)[turn % 2 :: 2]:
                if vertex in self.place:
                    used.discard(self.place[vertex])
                    self._put(vertex, options, used, self.rank[vertex] + 1)
        left = self._tangled() if left else left
        for number, arc in enumerate(self.thin):
            if any(point in left or point not in self.place for point in arc):
                self.bad.add(number)

    def _straighten(self, tangled: set[Point]) -> None:
        """Leave out tangled vertices within arcs, every other one of those in a row."""
        for arc in self.thin:
            least = 5 if arc[0] == arc[-1] else 3
            place = 1
            while place < len(arc) - 1 and len(arc) > least:
                if arc[place] in tangled:
                    del arc[place]
                place += 1

    def _drop(self, options: dict[Point, list[Point]]) -> None:
        """Leave out vertices for which there is no place, but those where arcs meet."""
        for number, arc in enumerate(self.thin):
            kept = [point for place, point in enumerate(arc) if options[point] or place in (0, len(arc) - 1)]
            if len(kept) >= (4 if arc[0] == arc[-1] else 2):
                self.thin[number] = kept

    def _put(self, vertex: Point, options: dict[Point, list[Point]], used: set[Point], rank: int) -> None:
        choices = options[vertex]
        for step in range(len(choices)):
            place = choices[(rank + step) % len(choices)]
            if place not in used:
                self.place[vertex], self.rank[vertex] = place, (rank + step) % len(choices)
                used.add(place)
                return
        self.place.pop(vertex, None)

    def moved(self, number: int) -> list[Point]:
        """Return where an arc was moved, degrees."""
        return [self.place[point] for point in self.thin[number]]

    def _tangled(self) -> set[Point]:
        """Return the vertices whose sides cross or touch a side that is none of their neighbours."""
        ends: list[tuple[Point, Point]] = []
        for arc in self.thin:
            known = [point for point in arc if point in self.place]
            ends += pairwise(known)
        if not ends:
            return set()
        corners = np.array([[self.place[a], self.place[b]] for a, b in ends])
        sides = np.asarray(shapely.linestrings(corners), dtype=object)
        left, right = shapely.STRtree(sides).query(sides, predicate="intersects")
        one, other = left[left < right], right[left < right]
        number = {vertex: place for place, vertex in enumerate(self.place)}
        names = np.array([[number[a], number[b]] for a, b in ends])
        common = (names[one][:, :, None] == names[other][:, None, :]).sum(axis=(1, 2))
        in_a_point = shapely.get_type_id(shapely.intersection(sides[one], sides[other])) == 0
        wrong = ~((common == 1) & in_a_point)
        return {vertex for side in (*one[wrong].tolist(), *other[wrong].tolist()) for vertex in ends[side]}

    def drawn(self, place: int, *, areal: bool) -> Any:  # noqa: ANN401 - a geometry or None
        """Return a shape put together from its moved arcs, degrees; ``None`` where that fails."""
        own = self.arcs_of[place]
        if not own or own & self.bad:
            return None
        lines = shapely.multilinestrings([shapely.linestrings(self.moved(number)) for number in sorted(own)])
        if not areal:
            return lines
        built = shapely.build_area(lines)
        whole = not built.is_empty and built.is_valid and abs(built.length - lines.length) <= 1e-9 * lines.length
        return built if whole else None


def _sides(line: Any) -> Iterator[frozenset[Point]]:  # noqa: ANN401 - a line or ring
    """Yield the sides of a line, whichever way they run."""
    for pair in pairwise(map(tuple, shapely.get_coordinates(line).tolist())):
        yield frozenset(pair)
