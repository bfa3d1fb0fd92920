"""Widths of shapes: the diameter of the largest disc inside, which separates an area from a hair of rounding."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from lianzhou_gis.overlay.subdivide import simple_parts

__all__ = [
    "TOUCH_WIDTH_M",
    "disc_diameter_bound",
    "parts_wider_than",
    "too_small_for_disc",
    "wider_than",
    "without_hairs",
]

Geometries = npt.NDArray[np.object_]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

# Twice the last digit of millimetre coordinates: a shared part that is nowhere wider is a common border.
TOUCH_WIDTH_M = 0.002


def disc_diameter_bound(parts: Geometries) -> Floats:
    """Return a lower bound on the diameter of the largest disc in each polygon; 0 for lines, points and empty shapes.

    Parameters
    ----------
    parts : ndarray of shapely geometries, shape (n,)
        Polygons, not multipolygons.

    Notes
    -----
    Every place of a polygon with inscribed radius r lies within r of its border of length P. With h holes its area is
    therefore at most ``r P + pi r^2 (h - 1)`` (inner tube formula), which bounds r from below.

    Examples
    --------
    >>> disc_diameter_bound(np.array([shapely.box(0, 0, 100, 1), shapely.Point(0, 0)], dtype=object)).round(3).tolist()
    [0.99, 0.0]
    """
    areal = shapely.get_type_id(parts) == 3
    area = np.where(areal, shapely.area(parts), 0.0)
    perimeter = np.where(areal, shapely.length(parts), 0.0)
    excess = np.pi * np.maximum(np.where(areal, shapely.get_num_interior_rings(parts), 0) - 1, 0)
    # The positive root of excess r^2 + perimeter r - area, in the form that is stable for excess = 0.
    divisor = perimeter + np.sqrt(perimeter**2 + 4.0 * excess * area)
    return np.asarray(np.divide(4.0 * area, divisor, out=np.zeros(len(parts)), where=divisor > 0), dtype=np.float64)


def too_small_for_disc(area_m2: Floats, width_m: float) -> Flags:
    """Return which areas are too small to hold a disc of a diameter, whatever their shape.

    Differences of areas, of either sign; half the area of the disc leaves room for their rounding.

    Examples
    --------
    >>> too_small_for_disc(np.array([1e-8, -1e-6, 1.0]), 0.002).tolist()
    [True, True, False]
    """
    return np.asarray(np.abs(area_m2) < np.pi / 8.0 * width_m**2, dtype=bool)


def parts_wider_than(parts: Geometries, width_m: float) -> Flags:
    """Return which polygons hold a disc of a diameter, which lines are longer than it; False for points.

    Parameters
    ----------
    parts : ndarray of shapely geometries, shape (n,)
        Points, lines and polygons.
    width_m : float

    Examples
    --------
    A square of 10 m with a hair of 20 km, whose mean width is below 1 cm:

    >>> hair = shapely.union(shapely.box(0, 0, 10, 10), shapely.box(10, 5, 20000, 5.0004))
    >>> parts_wider_than(np.array([hair, shapely.box(0, 0, 20000, 0.0004)], dtype=object), 0.002).tolist()
    [True, False]
    """
    dimension = shapely.get_dimensions(parts)
    wide = (disc_diameter_bound(parts) > width_m) | ((dimension == 1) & (shapely.length(parts) > width_m))
    open_parts = np.flatnonzero((dimension == 2) & ~wide & ~shapely.is_empty(parts))
    if len(open_parts):
        wide[open_parts] = ~shapely.is_empty(shapely.buffer(parts[open_parts], -width_m / 2.0))
    return np.asarray(wide, dtype=bool)


def wider_than(shapes: Geometries, width_m: float) -> Flags:
    """Return which shapes have a part of :func:`parts_wider_than`; False for None and empty shapes."""
    result = np.zeros(len(shapes), dtype=bool)
    parts, owner = simple_parts(shapes)
    result[owner[parts_wider_than(parts, width_m)]] = True
    return result


def without_hairs(geometry: BaseGeometry | None) -> BaseGeometry | None:
    """Return an area without the hairs that a difference leaves along a common border (opened by 1 mm).

    An area without such hairs keeps its vertices exactly.

    Examples
    --------
    >>> square, hair = shapely.box(0, 0, 10, 10), shapely.box(10, 5, 2000, 5.0004)
    >>> round(without_hairs(shapely.union(square, hair)).bounds[2], 2)
    10.0
    """
    if geometry is None or geometry.is_empty:
        return geometry
    radius = TOUCH_WIDTH_M / 2.0
    opened = shapely.buffer(shapely.buffer(geometry, -radius, join_style="mitre"), 2.0 * radius, join_style="mitre")
    hairs = shapely.difference(geometry, opened)
    return geometry if hairs.is_empty else shapely.difference(geometry, shapely.buffer(hairs, radius / 1e3))
