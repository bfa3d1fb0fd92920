"""Water courses that run downstream, joined where one ends at another, and the flow from a point along them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, cast

import numpy as np
import numpy.typing as npt
import shapely
from shapely.ops import substring

if TYPE_CHECKING:
    import networkx as nx

__all__ = ["Flow", "RiverNetwork", "Stretch", "single_courses"]

Geometries = npt.NDArray[np.object_]
# A place on a course: its number, and the metres from its beginning.
Place = tuple[int, float]


@dataclass(frozen=True)
class Stretch:
    """A part of a water course that the flow from a point runs along.

    Attributes
    ----------
    course : int
        Number of the course in the network.
    line : shapely LineString
        In the plane, downstream.
    from_m : float
        Metres along the flow from the point to where the stretch begins.
    """

    course: int
    line: shapely.LineString
    from_m: float


@dataclass(frozen=True)
class Flow:
    """The flow from a point.

    Attributes
    ----------
    stretches : tuple of Stretch
        From near to far; all branches.
    ends : tuple of shapely Point
        Mouths within reach at which no course goes on.
    """

    stretches: tuple[Stretch, ...]
    ends: tuple[shapely.Point, ...]


@dataclass(frozen=True, eq=False)
class RiverNetwork:
    """Water courses of a plane, each from source to mouth.

    Attributes
    ----------
    courses : ndarray of shapely LineString, shape (n,)
    names : tuple of str, length n
    join_m : float
        A course whose mouth or source lies within this of another one is joined to it there, whichever vertices
        either has.

    Examples
    --------
    >>> lines = [shapely.LineString([(0, 100), (0, 0)]), shapely.LineString([(-500, 0), (500, 0)])]
    >>> network = RiverNetwork(np.array(lines, dtype=object), ("brook", "river"), join_m=1.0)
    >>> flow = network.downstream(shapely.Point(2, 60), bank_m=10.0, reach_m=300.0)
    >>> [(network.names[part.course], part.from_m, part.line.length) for part in flow.stretches]
    [('brook', 0.0, 60.0), ('river', 60.0, 240.0)]
    """

    courses: Geometries
    names: tuple[str, ...]
    join_m: float

    def downstream(self, point: shapely.Point, *, bank_m: float, reach_m: float) -> Flow:
        """Return the flow from a point on or beside a course.

        Parameters
        ----------
        point : shapely Point
        bank_m : float
            The flow begins in every course that lies within this of the point.
        reach_m : float
            How far the flow is followed along the courses.

        Returns
        -------
        Flow
            Without stretches where no course is near enough.
        """
        import networkx as nx

        stretches, reached = [], dict[Place, float]()
        for course in self._tree.query(point, predicate="dwithin", distance=bank_m).tolist():
            joints = self._joints[course]
            measure = min(float(shapely.line_locate_point(self.courses[course], point)), float(joints[-1]))
            joint = float(joints[np.searchsorted(joints, measure)])
            if joint > measure:
                stretches.append(Stretch(course, self._cut(course, measure, min(joint, measure + reach_m)), 0.0))
            if joint - measure <= reach_m:
                metres = nx.single_source_dijkstra_path_length(
                    self._graph, (course, joint), cutoff=reach_m - (joint - measure), weight="metres"
                )
                for place, far in metres.items():
                    reached[place] = min(far + joint - measure, reached.get(place, np.inf))
        for (course, measure), far in reached.items():
            for other, end in self._graph.successors((course, measure)):
                if other == course and end > measure and far < reach_m:
                    line = self._cut(course, measure, min(end, measure + reach_m - far))
                    stretches.append(Stretch(course, line, far))
        stretches.sort(key=lambda stretch: (stretch.from_m, stretch.course))
        ends = [shapely.get_point(self.courses[place[0]], -1) for place in reached if self._is_open_mouth(place)]
        return Flow(tuple(stretches), tuple(ends))

    def _cut(self, course: int, start: float, end: float) -> shapely.LineString:
        # A point only where both ends are one place, which no caller asks for.
        return cast(shapely.LineString, substring(self.courses[course], start, end))

    def _is_open_mouth(self, place: Place) -> bool:
        """Return whether a place is the mouth of its course from which nothing flows on, straight or over joints."""
        if not self._is_mouth(place):
            return False
        seen, waiting = {place}, [place]
        while waiting:
            for following in self._graph.successors(waiting.pop()):
                if not self._is_mouth(following):
                    return False
                if following not in seen:
                    seen.add(following)
                    waiting.append(following)
        return True

    def _is_mouth(self, place: Place) -> bool:
        return place[1] >= float(self._joints[place[0]][-1])

    @cached_property
    def _tree(self) -> shapely.STRtree:
        return shapely.STRtree(self.courses)

    @cached_property
    def _links(self) -> list[tuple[Place, Place]]:
        """Return from which place to which the flow changes from one course to another."""
        links: list[tuple[Place, Place]] = []
        lengths = shapely.length(self.courses)
        for at_mouth in (True, False):
            ends = shapely.get_point(self.courses, -1 if at_mouth else 0)
            own, other = self._tree.query(ends, predicate="dwithin", distance=self.join_m)
            own, other = own[own != other], other[own != other]
            measures = shapely.line_locate_point(self.courses[other], ends[own])
            for course, joined, measure in zip(own.tolist(), other.tolist(), measures.tolist(), strict=True):
                end = (course, float(lengths[course]) if at_mouth else 0.0)
                place = (joined, float(measure))
                links.append((end, place) if at_mouth else (place, end))
        return links

    @cached_property
    def _joints(self) -> list[npt.NDArray[np.float64]]:
        """Return the places of each course at which its edges end, ascending: its own ends, and where others join."""
        found: list[set[float]] = [{0.0, float(length)} for length in shapely.length(self.courses)]
        for link in self._links:
            for course, measure in link:
                found[course].add(measure)
        return [np.array(sorted(measures)) for measures in found]

    @cached_property
    def _graph(self) -> nx.DiGraph:
        import networkx as nx

        graph = nx.DiGraph()
        for course, measures in enumerate(self._joints):
            places = [(course, measure) for measure in measures.tolist()]
            nx.add_path(graph, places)
            for here, there in pairwise(places):
                graph.edges[here, there]["metres"] = there[1] - here[1]
        graph.add_edges_from(self._links, metres=0.0)
        return graph


def single_courses(lines: Geometries, names: Sequence[str]) -> tuple[Geometries, tuple[str, ...]]:
    """Return the single lines of courses that may have several parts, each with the name of its course."""
    parts, whole = shapely.get_parts(lines, return_index=True)
    return parts, tuple(names[number] for number in whole)
