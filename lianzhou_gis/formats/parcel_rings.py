"""Areas, lines or points from the rings of a parcel TXT; holes are decided by containment.

Ring numbers above 1 mean holes by the rule but separate parts in many files; deviations are reported.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from lianzhou_gis.errors import Issue, Message
from lianzhou_gis.formats.normalise import close_ring, closing_tolerance
from lianzhou_gis.formats.parcel_grammar import Corner, Plot

__all__ = ["PlotShape", "build_plot_shape"]

Xy = npt.NDArray[np.float64]


@dataclass
class PlotShape:
    """The geometry of a plot in its own coordinates.

    Attributes
    ----------
    geometry : shapely geometry, optional
        None where the points make none.
    trouble : Message, optional
        Why the geometry cannot be trusted.
    """

    geometry: Any
    trouble: Message | None = None
    issues: list[Issue] = field(default_factory=list)


@dataclass
class _CornerRing:
    corners: list[Corner]
    xy: Xy
    closed: bool

    @property
    def line(self) -> int:
        return self.corners[0].line


def build_plot_shape(plot: Plot, xy: Xy, name: str, *, precision_m: float = 0.0) -> PlotShape:
    """Return the geometry of a plot.

    Parameters
    ----------
    plot : Plot
    xy : ndarray of float, shape (n, 2)
        East and north of its corners.
    name : str
        File.
    precision_m : float
        Precision that the file states, metres: a last point so near to the first, or within 1 cm, closes a ring.
    """
    tolerance = closing_tolerance(xy, precision_m)
    shape = PlotShape(None)
    where = f"{name}:{plot.line}"
    rings = _rings(plot, xy, tolerance, plot.kind == "polygon", name, shape.issues)
    _check_count(plot, rings, name, shape)
    if plot.kind == "point":
        points = np.asarray(shapely.points(xy), dtype=object)
        shape.geometry = points[0] if len(points) == 1 else shapely.multipoints(points)
        return shape
    fewest = 3 if plot.kind == "polygon" else 2
    short = [ring for ring in rings if len(np.unique(ring.xy, axis=0)) < fewest]
    if short or not rings:
        line = short[0].line if short else plot.line
        shape.trouble = Message.from_code("plot_points_few", file=name, line=line, fewest=fewest)
        return shape
    if plot.kind == "line":
        lines = np.array([shapely.linestrings(ring.xy) for ring in rings], dtype=object)
        shape.geometry = lines[0] if len(lines) == 1 else shapely.multilinestrings(lines)
        return shape
    open_rings = [ring for ring in rings if not ring.closed]
    if open_rings:
        shape.issues.append(
            Issue.from_code(
                "warning",
                "ring_not_closed.in_text",
                f"{name}:{open_rings[0].corners[-1].line}",
                count=len(open_rings),
            )
        )
    shape.geometry = _areas(rings, tolerance, name, where, shape.issues)
    return shape


def _rings(plot: Plot, xy: Xy, tolerance: float, areal: bool, name: str, issues: list[Issue]) -> list[_CornerRing]:
    """Split the corners of a plot where the ring number changes, and where a ring comes back to its first point."""
    rings: list[_CornerRing] = []
    split_line = None
    start = 0
    for place in range(1, len(plot.corners) + 1):
        ended = place == len(plot.corners) or plot.corners[place].ring != plot.corners[start].ring
        back = areal and place - start >= 4 and bool(np.hypot(*(xy[place - 1] - xy[start])) <= tolerance)
        if back and not ended:
            split_line = split_line or plot.corners[place].line
        if ended or back:
            rings.append(_CornerRing(plot.corners[start:place], xy[start:place], back))
            start = place
        if start == len(plot.corners):
            break
    if split_line is not None:
        # A point alone that repeats the ring before it (a ring closed twice) is no ring of its own.
        distinct = [
            ring
            for before, ring in zip([None, *rings[:-1]], rings, strict=True)
            if before is None or len(ring.corners) > 1 or np.hypot(*(ring.xy[0] - before.xy[0])) > tolerance
        ]
        issues.append(Issue.from_code("warning", "ring_split", f"{name}:{split_line}", count=len(distinct)))
        rings = distinct
    _check_closing(plot, rings, areal, name, issues)
    if areal:
        _report_snapped(rings, name, issues)
    return rings


def _report_snapped(rings: list[_CornerRing], name: str, issues: list[Issue]) -> None:
    """Note rings whose last point closes them though it is not quite the first."""
    snapped = [ring for ring in rings if ring.closed and not np.array_equal(ring.xy[0], ring.xy[-1])]
    if snapped:
        issues.append(
            Issue.from_code(
                "info",
                "closing_point_snapped.in_text",
                f"{name}:{snapped[0].corners[-1].line}",
                count=len(snapped),
            )
        )


def _check_closing(plot: Plot, rings: list[_CornerRing], areal: bool, name: str, issues: list[Issue]) -> None:
    """Report rings whose last point has the number of the first but another position."""
    for ring in rings if areal else []:
        first, last = ring.corners[0], ring.corners[-1]
        if not ring.closed and len(ring.corners) > 3 and first.number == last.number:
            gap = float(np.hypot(*(ring.xy[0] - ring.xy[-1])))
            issues.append(
                Issue.from_code("warning", "closing_point_differs", f"{name}:{last.line}", number=last.number, gap=gap)
            )


def _check_count(plot: Plot, rings: list[_CornerRing], name: str, shape: PlotShape) -> None:
    """Compare the number of points with the header's, which may or may not count closing points."""
    total = len(plot.corners)
    closing = sum(ring.closed for ring in rings)
    declared = plot.declared_count
    if declared is None or declared in (total, total - closing):
        return
    left_open = plot.kind == "polygon" and closing < len(rings)
    if left_open and declared == total + len(rings) - closing:
        return
    if left_open and declared > total:
        # Fewer points than declared and a ring left open: the file was cut off.
        shape.trouble = Message.from_code("plot_cut_off", file=name, line=plot.line, declared=declared, total=total)
    shape.issues.append(
        Issue.from_code("warning", "point_count_differs", f"{name}:{plot.line}", declared=declared, total=total)
    )


def _areas(
    rings: list[_CornerRing], tolerance: float, name: str, where: str, issues: list[Issue]
) -> BaseGeometry | None:
    """Return the polygon or multipolygon of closed rings: even depth of containment is land, odd a hole."""
    polygons = np.array([shapely.polygons(close_ring(ring.xy, tolerance).xy) for ring in rings], dtype=object)
    distinct = _distinct_rings(polygons, rings, name, issues)
    polygons, rings = polygons[distinct], [rings[index] for index in distinct]
    if len(polygons) == 1:
        lone: shapely.Polygon = polygons[0]
        return lone
    usable = shapely.is_valid(polygons)
    if not usable.all():
        # Containment is undefined for a ring that crosses itself; the repair of the whole reports it.
        return shapely.MultiPolygon(list(polygons))
    inner, outer = shapely.STRtree(polygons).query(polygons, predicate="covered_by")
    inner, outer = inner[inner != outer], outer[inner != outer]
    depth = np.bincount(inner, minlength=len(polygons))
    holes: dict[int, list[int]] = {}
    area = shapely.area(polygons)
    for index in np.flatnonzero(depth % 2 == 1):
        around = outer[inner == index]
        owners = around[depth[around] == depth[index] - 1]
        holes.setdefault(int(owners[np.argmin(area[owners])]), []).append(int(index))
    shells = np.flatnonzero(depth % 2 == 0)
    parts = [
        shapely.Polygon(polygons[shell].exterior, [polygons[hole].exterior for hole in holes.get(int(shell), [])])
        for shell in shells
    ]
    _report_parts(rings, depth, name, where, issues)
    return parts[0] if len(parts) == 1 else shapely.multipolygons(parts)


def _distinct_rings(
    polygons: npt.NDArray[np.object_], rings: list[_CornerRing], name: str, issues: list[Issue]
) -> list[int]:
    """Return the indices of distinct rings: a duplicate would cut itself out of the plot."""
    seen: dict[bytes, int] = {}
    distinct = []
    for index, blob in enumerate(shapely.to_wkb(shapely.normalize(polygons))):
        if blob in seen:
            issues.append(Issue.from_code("warning", "ring_repeated", f"{name}:{rings[index].line}"))
            continue
        seen[blob] = index
        distinct.append(index)
    return distinct


def _report_parts(
    rings: list[_CornerRing], depth: npt.NDArray[np.int_], name: str, where: str, issues: list[Issue]
) -> None:
    """Report where containment and ring numbers disagree."""
    parts = [ring for ring, deep in zip(rings, depth, strict=True) if deep % 2 == 0 and ring is not rings[0]]
    if any(deep % 2 == 1 and ring.corners[0].ring == 1 for ring, deep in zip(rings, depth, strict=True)):
        issues.append(Issue.from_code("info", "ring_is_hole", where))
    if parts:
        issues.append(Issue.from_code("info", "ring_is_part", f"{name}:{parts[0].line}", count=len(parts)))
