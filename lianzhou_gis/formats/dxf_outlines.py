"""Outlines of drawing entities: arcs as chords within a tolerance, closed ones as areas, open ones as lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import shapely

from lianzhou_gis.formats.normalise import CLOSING_TOLERANCE_M, close_ring

if TYPE_CHECKING:
    from ezdxf.entities import Circle, DXFEntity, DXFGraphic, Polyline
    from ezdxf.entities.boundary_paths import AbstractEdge
    from ezdxf.entities.polygon import DXFPolygon
    from ezdxf.math import BSpline, ConstructionEllipse, Vec2, Vec3

__all__ = ["ARC_TOLERANCE_M", "Outline", "outline_from_entity"]

ARC_TOLERANCE_M = 0.005
# A full circle of 20 km radius needs 4,443 chords for the tolerance above.
_MOST_CHORDS = 5_000
_GAP_M = 0.05
_IGNORE_INNER = 2
Xy = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Outline:
    """One entity of a drawing.

    Attributes
    ----------
    geometry : shapely geometry or None
        None where it cannot be built.
    curved : bool
        Whether arcs were linearised.
    """

    geometry: Any
    curved: bool = False


def _chords(start: Xy, end: Xy, bulge: float) -> Xy:
    """Return the points of an arc, both ends included; ``bulge`` is the tangent of a quarter of its angle.

    Examples
    --------
    >>> half = _chords(np.array([0.0, 0.0]), np.array([2.0, 0.0]), 1.0)
    >>> bool(np.allclose(np.hypot(half[:, 0] - 1.0, half[:, 1]), 1.0)), bool(half[:, 1].min() < -0.99)
    (True, True)
    """
    chord = end - start
    length = float(np.hypot(*chord))
    if length == 0.0 or bulge == 0.0:
        return np.vstack([start, end])
    angle = 4.0 * float(np.arctan(bulge))
    radius = length / 2.0 / abs(float(np.sin(angle / 2.0)))
    # The middle lies left of the chord for less than half a circle to the left.
    offset = length / 2.0 / float(np.tan(angle / 2.0))
    normal = np.array([-chord[1], chord[0]]) / length
    centre = (start + end) / 2.0 + normal * offset
    first = float(np.arctan2(*(start - centre)[::-1]))
    angles = first + np.linspace(0.0, angle, _steps(radius, abs(angle)) + 1)
    points = centre + radius * np.column_stack([np.cos(angles), np.sin(angles)])
    points[0], points[-1] = start, end
    return points


def _steps(radius: float, angle: float) -> int:
    """Return the number of chords that keeps an arc within the tolerance."""
    if radius <= ARC_TOLERANCE_M:
        return 2
    step = 2.0 * float(np.arccos(1.0 - ARC_TOLERANCE_M / radius))
    return int(np.clip(np.ceil(angle / max(step, 1e-12)), 2, _MOST_CHORDS))


def _path(points: Sequence[tuple[float, float, float]], closed: bool) -> tuple[Xy, bool]:
    """Return the corners of a polyline of (x, y, bulge), and whether it has arcs."""
    corners = np.array(points, dtype=np.float64).reshape(-1, 3)
    if not len(corners):
        return np.empty((0, 2)), False
    if closed and len(corners) > 1 and not np.array_equal(corners[0, :2], corners[-1, :2]):
        corners = np.vstack([corners, [*corners[0, :2], 0.0]])
    curved = bool((corners[:-1, 2] != 0.0).any())
    if not curved:
        return corners[:, :2], False
    pieces = [_chords(here[:2], there[:2], float(here[2]))[:-1] for here, there in pairwise(corners)]
    return np.vstack([*pieces, corners[-1:, :2]]), True


def _shape(xy: Xy, curved: bool, *, areal: bool) -> Outline:
    if not np.isfinite(xy).all() or len(xy) < (4 if areal else 2):
        return Outline(None, curved)
    return Outline(shapely.Polygon(xy) if areal else shapely.LineString(xy), curved)


def _flat(point: Vec2 | Vec3 | Sequence[float]) -> tuple[float, float]:
    return float(point[0]), float(point[1])


def _world(entity: DXFGraphic, points: Xy | Iterable[Vec3], elevation: float = 0.0) -> Xy:
    """Return points of an entity's plane as x and y of the drawing; mirrored entities have a plane of their own."""
    ocs = entity.ocs()
    if not ocs.transform and isinstance(points, np.ndarray):
        return points
    flat = [_flat(point) for point in points]
    if not ocs.transform:
        return np.array(flat, dtype=np.float64).reshape(-1, 2)
    points_wcs = [ocs.to_wcs((x, y, elevation)) for x, y in flat]
    return np.array([(point.x, point.y) for point in points_wcs], dtype=np.float64).reshape(-1, 2)


def outline_from_entity(entity: DXFEntity) -> Outline | None:
    """Return the outline of an entity of a drawing, None for what is none (texts, dimensions, pictures).

    Parameters
    ----------
    entity : ezdxf entity
    """
    # Imported lazily: an extra, loaded by whoever has an entity.
    from ezdxf import entities as dxf

    match entity:
        case dxf.LWPolyline():
            xy, curved = _path([(x, y, bulge) for x, y, bulge in entity.get_points("xyb")], bool(entity.closed))
            return _of_polyline(entity, xy, curved, bool(entity.closed), float(entity.dxf.get("elevation", 0.0)))
        case dxf.Polyline():
            return _of_old_polyline(entity)
        case dxf.Line():
            ends = np.array([_flat(entity.dxf.start), _flat(entity.dxf.end)])
            return _shape(ends, False, areal=False)
        case dxf.Arc():
            sweep = (float(entity.dxf.end_angle) - float(entity.dxf.start_angle)) % 360.0 or 360.0
            return _shape(_circle(entity, float(entity.dxf.start_angle), sweep), True, areal=sweep == 360.0)
        case dxf.Circle():
            return _shape(_circle(entity, 0.0, 360.0), True, areal=True)
        case dxf.Ellipse() | dxf.Spline():
            xy = _sampled(entity.construction_tool())
            closed = len(xy) > 3 and bool(np.hypot(*(xy[0] - xy[-1])) <= ARC_TOLERANCE_M)
            return _shape(np.vstack([xy[:-1], xy[:1]]) if closed else xy, True, areal=closed)
        case dxf.Hatch() | dxf.MPolygon():
            return _of_hatch(entity)
        case dxf.Face3d():
            corners = [entity.dxf.vtx0, entity.dxf.vtx1, entity.dxf.vtx2, entity.dxf.get("vtx3", entity.dxf.vtx2)]
            xy = np.array([_flat(corner) for corner in corners])
            return _shape(np.vstack([xy, xy[:1]]), False, areal=True)
        case dxf.Solid() | dxf.Trace():
            corners = [entity.dxf.vtx0, entity.dxf.vtx1, entity.dxf.get("vtx3", entity.dxf.vtx2), entity.dxf.vtx2]
            xy = _world(entity, corners)
            return _shape(np.vstack([xy, xy[:1]]), False, areal=True)
        case dxf.Point():
            place = np.array(_flat(entity.dxf.location))
            return Outline(shapely.Point(place) if np.isfinite(place).all() else None)
        case _:
            return None


def _of_polyline(entity: DXFGraphic, xy: Xy, curved: bool, closed: bool, elevation: float) -> Outline:
    # Many programs repeat the first point instead of setting the flag.
    xy, closes = _snapped(xy)
    return _shape(_world(entity, xy, elevation), curved, areal=closed or closes)


def _snapped(xy: Xy) -> tuple[Xy, bool]:
    """Return a path that ends within 1 cm of its start closed there, and whether it closes."""
    if len(xy) < 4 or not np.isfinite(xy).all() or float(np.hypot(*(xy[-1] - xy[0]))) > CLOSING_TOLERANCE_M:
        return xy, False
    return close_ring(xy, CLOSING_TOLERANCE_M).xy, True


def _of_old_polyline(entity: Polyline) -> Outline | None:
    if entity.is_poly_face_mesh or entity.is_polygon_mesh:
        return None
    # Of a smoothed polyline the frame points of the spline are no part of the border.
    vertices = [vertex for vertex in entity.vertices if not int(vertex.dxf.get("flags", 0)) & 16]
    points = [(*_flat(vertex.dxf.location), float(vertex.dxf.get("bulge", 0.0))) for vertex in vertices]
    if entity.is_3d_polyline:
        xy, _ = _path([(x, y, 0.0) for x, y, _ in points], bool(entity.is_closed))
        xy, closes = _snapped(xy)
        return _shape(xy, False, areal=bool(entity.is_closed) or closes)
    xy, curved = _path(points, bool(entity.is_closed))
    elevation = float(entity.dxf.get("elevation", (0.0, 0.0, 0.0))[2])
    return _of_polyline(entity, xy, curved, bool(entity.is_closed), elevation)


def _circle(entity: Circle, start: float, sweep: float) -> Xy:
    radius = float(entity.dxf.radius)
    count = _steps(abs(radius), np.radians(sweep))
    angles = np.radians(start) + np.linspace(0.0, np.radians(sweep), max(count, 8) + 1)
    centre = entity.dxf.center
    xy = np.column_stack([centre[0] + radius * np.cos(angles), centre[1] + radius * np.sin(angles)])
    if sweep == 360.0:
        xy[-1] = xy[0]
    return _world(entity, xy, float(centre[2]))


def _of_hatch(entity: DXFPolygon) -> Outline:
    """Return the area of a hatch: rings inside rings are holes, unless its style ignores them."""
    rings: list[Any] = []
    curved = False
    for xy, is_curved in _boundaries(entity):
        curved = curved or is_curved
        xy = _world(entity, xy, float(entity.dxf.get("elevation", (0.0, 0.0, 0.0))[2]))
        if len(xy) < 3 or not np.isfinite(xy).all():
            return Outline(None, curved)
        ring = xy if np.array_equal(xy[0], xy[-1]) else np.vstack([xy, xy[:1]])
        rings.append(shapely.Polygon(ring) if len(ring) >= 4 else None)
    if not rings or None in rings:
        return Outline(None, curved)
    area: Any = rings[0]
    if int(entity.dxf.get("hatch_style", 0)) == _IGNORE_INNER and len(rings) > 1:
        return Outline(shapely.union_all(shapely.make_valid(np.array(rings, dtype=object))), curved)
    if len(rings) > 1:
        if not shapely.is_valid(np.array(rings, dtype=object)).all():
            # Nesting is undefined for rings that cross themselves; the repair of the whole reports it.
            return Outline(shapely.multipolygons(rings), curved)
        for ring in rings[1:]:
            area = shapely.symmetric_difference(area, ring)
    return Outline(area, curved)


def _boundaries(entity: DXFPolygon) -> Iterator[tuple[Xy, bool]]:
    from ezdxf.entities.boundary_paths import PolylinePath

    for boundary in entity.paths:
        if isinstance(boundary, PolylinePath):
            points = [(float(x), float(y), float(bulge)) for x, y, bulge in boundary.vertices]
            yield _path(points, True)
            continue
        pieces: list[Xy] = []
        curved = False
        for edge in boundary.edges:
            piece, is_curved = _edge(edge)
            curved = curved or is_curved
            if len(pieces) == 1 and _nearer_from_start(pieces[0], piece):
                pieces[0] = pieces[0][::-1]
            # Edges may run against each other: each is turned so that it goes on where the last one ended.
            if pieces and np.hypot(*(piece[-1] - pieces[-1][-1])) < np.hypot(*(piece[0] - pieces[-1][-1])):
                piece = piece[::-1]
            pieces.append(piece)
        gaps = [
            np.hypot(*(here[-1] - there[0])) for here, there in zip(pieces, [*pieces[1:], *pieces[:1]], strict=True)
        ]
        if any(gap > _GAP_M for gap in gaps):
            # Edges that do not meet are no border.
            yield np.empty((0, 2)), curved
            continue
        yield (np.vstack(pieces) if pieces else np.empty((0, 2))), curved


def _nearer_from_start(first: Xy, second: Xy) -> bool:
    ends = min(np.hypot(*(first[-1] - second[0])), np.hypot(*(first[-1] - second[-1])))
    return bool(min(np.hypot(*(first[0] - second[0])), np.hypot(*(first[0] - second[-1]))) < ends)


def _edge(edge: AbstractEdge) -> tuple[Xy, bool]:
    # Imported lazily: as above.
    from ezdxf.entities.boundary_paths import ArcEdge, EllipseEdge, LineEdge, SplineEdge

    match edge:
        case LineEdge():
            return np.array([_flat(edge.start), _flat(edge.end)]), False
        case ArcEdge():
            start, end = float(edge.start_angle), float(edge.end_angle)
            sweep = (end - start) % 360.0 or 360.0
            angles = np.radians(start) + np.linspace(0.0, np.radians(sweep), _steps(edge.radius, np.radians(sweep)) + 1)
            unit = np.column_stack([np.cos(angles), np.sin(angles)])
            return np.array(_flat(edge.center)) + float(edge.radius) * unit, True
        case EllipseEdge() | SplineEdge():
            return _sampled(edge.construction_tool()), True
        case _:
            raise TypeError(f"unknown kind of edge: {type(edge).__name__}")


def _sampled(curve: ConstructionEllipse | BSpline) -> Xy:
    """Return points along a curve, of a spline twice as many until chords lie within the tolerance.

    The library's own flattening halves for ever where coordinates are absurd.
    """
    from ezdxf.math import ConstructionEllipse

    if isinstance(curve, ConstructionEllipse):
        return _of_ellipse(curve)
    count = 32
    xy = _along(curve, count)
    while count < _MOST_CHORDS:
        finer = _along(curve, 2 * count)
        away = np.abs(finer[1::2] - (finer[:-2:2] + finer[2::2]) / 2.0)
        count, xy = 2 * count, finer
        if not away.max() > ARC_TOLERANCE_M / 2.0:
            break
    return xy


def _along(curve: BSpline, count: int) -> Xy:
    return np.array([(point.x, point.y) for point in curve.approximate(count)], dtype=np.float64)


def _of_ellipse(curve: ConstructionEllipse) -> Xy:
    """Return points of an ellipse: flattened, a circle keeps its chords within the tolerance."""
    start = float(curve.start_param)
    sweep = (float(curve.end_param) - start) % (2.0 * np.pi) or 2.0 * np.pi
    middle, major, minor = (np.array(_flat(vector)) for vector in (curve.center, curve.major_axis, curve.minor_axis))
    radius = float(max(np.hypot(*major), np.hypot(*minor)))
    angles = start + np.linspace(0.0, sweep, max(_steps(radius, sweep), 32) + 1)
    return np.asarray(middle + np.outer(np.cos(angles), major) + np.outer(np.sin(angles), minor), dtype=np.float64)
