"""Corridors: lines widened by true metres, to 1 cm over 100 km.

In the equal-area plane a metre changes with the latitude: one scale factor for a whole line is 1 m off at 61 km and a
half width of 500 m. Long or wide corridors are therefore buffered in a conformal projection of their own, whose scale
differs from 1 by less than 1e-5 along the line: transverse Mercator along a meridian, Lambert conic along a parallel.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt
import pyproj
import shapely
from shapely.geometry.base import BaseGeometry

from lianzhou_gis.geodesy.distance import scale
from lianzhou_gis.geodesy.plane import LONGEST_EDGE_M, Plane
from lianzhou_gis.geodesy.reference_systems import CGCS2000

__all__ = ["corridors"]

Geometries = npt.NDArray[np.object_]
Floats = npt.NDArray[np.float64]

_RADIUS_M = 6_371_000.0
_TOLERANCE_M = 0.005
# Relative change of the scale of the plane for each metre of northing, at most (tan of 26 degrees over the radius).
_SCALE_PER_METRE = 0.5 / _RADIUS_M
# Own projections are shared by corridors whose middles lie within so many degrees.
_GRID_DEG = 0.05


@cache
def _own_projection(proj: str) -> pyproj.Transformer:
    return pyproj.Transformer.from_crs(CGCS2000.crs, pyproj.CRS.from_user_input(proj), always_xy=True)


def corridors(lines: Geometries, half_width_m: Floats, plane: Plane) -> Geometries:
    """Return the corridors of lines, which end where the lines end.

    Parameters
    ----------
    lines : ndarray of shapely geometries, shape (n,)
        In the plane, none empty, long edges densified.
    half_width_m : ndarray of float, shape (n,)
    plane : Plane

    Returns
    -------
    ndarray of shapely geometries, shape (n,)
        In the plane.
    """
    if not len(lines):
        return lines
    west, south, east, north = shapely.bounds(lines).T
    extent = np.maximum(east - west, north - south) + 2.0 * half_width_m
    # Half the extent to either side of the middle, where the factor is right.
    own = half_width_m * _SCALE_PER_METRE * extent / 2.0 > _TOLERANCE_M
    k = plane.conformal_factor(plane.latitude((south + north) / 2.0))
    result = np.empty(len(lines), dtype=object)
    plain = np.flatnonzero(~own)
    wide = [
        _flat_buffer(line, radius)
        for line, radius in zip(scale(lines[plain], k[plain]), half_width_m[plain].tolist(), strict=True)
    ]
    result[plain] = scale(np.array([*wide, None], dtype=object)[:-1], 1.0 / k[plain])
    for position in np.flatnonzero(own):
        result[position] = _in_own_projection(lines[[position]], float(half_width_m[position]), plane)
    return result


def _flat_buffer(line: BaseGeometry, radius: float) -> BaseGeometry:
    """Return the area within a distance of a line, flat at its ends; arcs and borders within 5 mm.

    ``shapely.buffer`` first simplifies a line by 1 % of the distance, which is 5 m for a corridor of 1,000 m.
    """
    areas = []
    for part in shapely.get_parts(line):
        xy = shapely.get_coordinates(part)
        xy = xy[np.append(True, np.hypot(*np.diff(xy, axis=0).T) > 0.0)]
        if len(xy) > 1:
            areas.append(_outline(xy, radius) or _union_of_edges(xy, radius))
    return areas[0] if len(areas) == 1 else shapely.union_all(areas)


def _normals(xy: Floats) -> Floats:
    """Return the unit normals to the left of the edges."""
    steps = np.diff(xy, axis=0)
    steps /= np.hypot(*steps.T)[:, None]
    return np.column_stack([-steps[:, 1], steps[:, 0]])


def _turns(normals: Floats) -> Floats:
    """Return the angles between consecutive normals, positive to the left."""
    one, other = normals[:-1], normals[1:]
    cross = one[:, 0] * other[:, 1] - one[:, 1] * other[:, 0]
    return np.asarray(np.arctan2(cross, (one * other).sum(axis=1)), dtype=np.float64)


def _arcs(centres: Floats, normals: Floats, turns: Floats, radius: float) -> tuple[Floats, npt.NDArray[np.intp]]:
    """Return points of arcs that begin at a normal and turn by an angle, and the arc of each."""
    step = 2.0 * np.arccos(1.0 - min(_TOLERANCE_M / radius, 0.3))
    count = np.ceil(np.abs(turns) / step).astype(np.intp) + 1
    arc = np.repeat(np.arange(len(turns)), count)
    number = np.arange(len(arc)) - np.repeat(np.cumsum(count) - count, count)
    angle = turns[arc] * number / np.maximum(count[arc] - 1, 1)
    x, y = normals[arc].T
    turned = np.column_stack([x * np.cos(angle) - y * np.sin(angle), x * np.sin(angle) + y * np.cos(angle)])
    return centres[arc] + radius * turned, arc


def _outline(xy: Floats, radius: float) -> BaseGeometry | None:
    """Return the corridor drawn along both sides; None where a side would meet itself."""
    if (xy[0] == xy[-1]).all():
        return None
    normals = _normals(xy)
    turns = _turns(normals)
    # On the inner side of a bend the borders of two edges meet, so far before their common end.
    short = radius * np.abs(np.tan(turns / 2.0))
    room = np.hypot(*np.diff(xy, axis=0).T) - np.append(0.0, short) - np.append(short, 0.0)
    if (np.abs(turns) > 3.0).any() or (room < 0.0).any():
        return None
    sides = []
    for side in (1.0, -1.0):
        own = side * normals
        inner = side * turns >= 0.0
        # Where the line turns away from the side the border is an arc, else a corner.
        points, bend = _arcs(xy[1:-1], own[:-1], np.where(inner, 0.0, turns), radius)
        mitre = own[:-1] + own[1:]
        mitre *= (radius / np.maximum(1.0 + (own[:-1] * own[1:]).sum(axis=1), 1e-9))[:, None]
        points[inner[bend]] = (xy[1:-1] + mitre)[bend[inner[bend]]]
        sides.append(np.vstack([xy[:1] + radius * own[:1], points, xy[-1:] + radius * own[-1:]]))
    outline = shapely.Polygon(np.vstack([sides[0], sides[1][::-1]]))
    return outline if outline.is_valid else None


def _union_of_edges(xy: Floats, radius: float) -> BaseGeometry:
    """Return the union of the rectangles along the edges and of the sectors at the bends."""
    normals = _normals(xy)
    across = radius * normals
    parts: list[BaseGeometry] = []
    rectangles = shapely.polygons(
        np.stack([xy[:-1] + across, xy[1:] + across, xy[1:] - across, xy[:-1] - across], axis=1)
    )
    parts += np.asarray(rectangles, dtype=object).tolist()
    if (xy[0] == xy[-1]).all():
        xy, normals = np.vstack([xy, xy[1:2]]), np.vstack([normals, normals[:1]])
    turns, centres = _turns(normals), xy[1:-1]
    bends = np.flatnonzero(turns)
    side = -np.sign(turns[bends])[:, None]
    points, arc = _arcs(centres[bends], side * normals[:-1][bends], turns[bends], radius)
    ring = np.concatenate([points, centres[bends]])
    owner = np.concatenate([arc, np.arange(len(bends))])
    order = np.argsort(owner, kind="stable")
    if len(bends):
        sectors = shapely.polygons(shapely.linearrings(ring[order], indices=owner[order]))
        parts += np.asarray(sectors, dtype=object).tolist()
    union: BaseGeometry = shapely.union_all(parts)
    return union


def _in_own_projection(line: Geometries, half_width_m: float, plane: Plane) -> BaseGeometry:
    lonlat = plane.unproject(line)
    west, south, east, north = shapely.total_bounds(lonlat)
    lon, lat = (round(float(middle) / _GRID_DEG) * _GRID_DEG for middle in ((west + east) / 2, (south + north) / 2))
    x_extent, y_extent = np.diff(shapely.total_bounds(line).reshape(2, 2), axis=0)[0]
    # The scale grows with the square of the distance from the true line: half of it is taken off in the middle.
    k = 1.0 - (min(x_extent, y_extent) / 2.0 / _RADIUS_M) ** 2 / 4.0
    ellipsoid = "+a=6378137 +rf=298.257222101 +units=m"
    if x_extent <= y_extent:
        step = _own_projection(f"+proj=tmerc +lat_0=0 +lon_0={lon:.2f} +k=1 {ellipsoid}")
    else:
        step = _own_projection(f"+proj=lcc +lat_1={lat:.2f} +lat_0={lat:.2f} +lon_0={lon:.2f} +k_0=1 {ellipsoid}")

    def forward(xy: Floats) -> Floats:
        return np.asarray(np.column_stack(step.transform(xy[:, 0], xy[:, 1])) * k, dtype=np.float64)

    def backward(xy: Floats) -> Floats:
        return np.column_stack(step.transform(xy[:, 0] / k, xy[:, 1] / k, direction="INVERSE"))

    wide = shapely.segmentize(_flat_buffer(shapely.transform(lonlat, forward)[0], half_width_m), LONGEST_EDGE_M)
    corridor: BaseGeometry = plane.project_vertices([shapely.transform(wide, backward)])[0]
    return corridor
