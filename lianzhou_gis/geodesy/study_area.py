"""The study area: the box of longitude and latitude outside of which no zone can matter to a site."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from lianzhou_gis.geodesy.reference_systems import ReferenceSystem, Region
from lianzhou_gis.geodesy.transformation import from_cgcs2000

__all__ = ["StudyArea"]

Geometries = npt.NDArray[np.object_]
Bounds = tuple[float, float, float, float]

# Distances are reported up to this limit: the study area reaches at least so far beyond the region and the sites.
_AROUND_M = 20_000.0
_METRES_IN_A_DEGREE = 110_000.0
# Bound on the curvature of one reference system in another over the width of a county, as a share of the width.
_CURVATURE = 0.02


@dataclass(frozen=True)
class StudyArea:
    """A box in EPSG:4490.

    Attributes
    ----------
    bounds : tuple of float
        West, south, east, north, degrees.
    """

    bounds: Bounds

    @classmethod
    def around(cls, region: Region, shapes: Iterable[Any] = (), reach_m: float = 0.0) -> StudyArea:
        """Return the box around a region and the sites that extend beyond it.

        Parameters
        ----------
        region : Region
        shapes : iterable of shapely geometries or None
            Sites and outfalls, EPSG:4490.
        reach_m : float
            Largest setback of the rules, metres; the box is at least 20 km wider than region and sites.

        Examples
        --------
        >>> area = StudyArea.around(Region("x", (112.0, 24.0, 113.0, 25.0)))
        >>> [round(value, 2) for value in area.bounds]
        [111.8, 23.82, 113.2, 25.18]
        """
        present = np.array([shape for shape in shapes if shape is not None], dtype=object)
        west, south, east, north = region.bounds
        if len(present):
            bounds = shapely.total_bounds(present)
            if np.isfinite(bounds).all():
                west, south = min(west, bounds[0]), min(south, bounds[1])
                east, north = max(east, bounds[2]), max(north, bounds[3])
        high = max(reach_m * 1.1, _AROUND_M) / _METRES_IN_A_DEGREE
        narrowest = np.cos(np.radians(min(max(abs(south), abs(north)) + high, 89.0)))
        wide = high / narrowest
        box = (
            max(float(west - wide), -180.0),
            max(float(south - high), -90.0),
            min(float(east + wide), 180.0),
            min(float(north + high), 90.0),
        )
        return cls(box)

    @property
    def box(self) -> shapely.Polygon:
        """The box as a polygon."""
        return shapely.box(*self.bounds)

    def bounds_intersect(self, shapes: Geometries) -> npt.NDArray[np.bool_]:
        """Return whether the box of each shape intersects the area; False for None and empty."""
        west, south, east, north = self.bounds
        left, bottom, right, top = shapely.bounds(shapes).T
        with np.errstate(invalid="ignore"):
            return np.asarray((left <= east) & (right >= west) & (bottom <= north) & (top >= south))

    def may_intersect(self, shapes: Geometries) -> npt.NDArray[np.bool_]:
        """Return whether each shape intersects the area; for an invalid one, whether any repair of it may."""
        found = self.bounds_intersect(shapes)
        found[found] = shapely.intersects(self.box, shapes[found]) | ~shapely.is_valid(shapes[found])
        return found

    def extends_beyond(self, shapes: Geometries) -> npt.NDArray[np.bool_]:
        """Return whether the box of each shape extends beyond the area."""
        west, south, east, north = self.bounds
        left, bottom, right, top = shapely.bounds(shapes).T
        with np.errstate(invalid="ignore"):
            return np.asarray((left < west) | (right > east) | (bottom < south) | (top > north))

    def clip(self, shapes: Geometries) -> Geometries:
        """Clip **valid** shapes to the area; empty where nothing lies inside.

        Invalid rings must be repaired first: clipping turns a bow-tie into another shape without an error.
        """
        result = shapes.copy()
        cut = self.extends_beyond(shapes)
        for position in np.flatnonzero(cut):
            try:
                result[position] = shapely.clip_by_rect(shapes[position], *self.bounds)
            except shapely.errors.GEOSException:
                # GEOS raises for some borders that touch the box; an intersection succeeds.
                result[position] = None
        broken = cut & ~shapely.is_valid(result)
        result[broken] = shapely.intersection(shapes[broken], self.box)
        return result

    def simplify_outside(self, ring: BaseGeometry) -> shapely.Polygon:
        """Drop vertices of a ring, valid or not, outside the area, keeping its winding number everywhere inside.

        Of consecutive vertices on one side of the area (all west of it) the first and the last remain, with one
        vertex further out between them: the path between the two can be replaced so without sweeping over the area.
        Edges that intersect the area remain, and with them all loops and crossings in it.

        Examples
        --------
        >>> area = StudyArea((0.0, 0.0, 1.0, 1.0))
        >>> ring = shapely.LinearRing([(-1, -1), (-3, 0), (-2, 0.4), (-5, 0.9), (-1, 2), (2, 2), (2, -1)])
        >>> len(ring.coords), len(area.simplify_outside(ring).exterior.coords)
        (8, 6)
        """
        corners = shapely.get_coordinates(ring)
        west, south, east, north = self.bounds
        x, y = corners.T
        side = np.select([x < west, x > east, y < south, y > north], [1, 2, 3, 4], 0)
        turn = np.flatnonzero(np.diff(side)) + 1
        first, last = np.r_[0, turn], np.r_[turn - 1, len(corners) - 1]
        long = (side[first] > 0) & (last - first > 1)
        chosen = side == 0
        chosen[first] = chosen[last] = chosen[first[long] + 1] = True
        # No two of these points, nor the edges through them, coincide: a path drawn twice would cancel itself out.
        number = np.arange(1, long.sum() + 1)
        off = 1.0 + np.modf(number * 0.6180339887498949)[0]
        along = np.modf(number * 0.7548776662466927)[0]
        away = np.array([(west, 0), (east, 0), (0, south), (0, north)])[side[first[long]] - 1]
        flat = side[first[long]] < 3
        beyond = np.where(np.isin(side[first[long]], (1, 3)), -off, off)
        corners[first[long] + 1] = np.where(
            flat[:, None],
            np.column_stack([away[:, 0] + beyond, south + along * (north - south)]),
            np.column_stack([west + along * (east - west), away[:, 1] + beyond]),
        )
        corners = corners[chosen]
        return shapely.Polygon(corners) if len(corners) > 3 else shapely.Polygon()

    def bounds_in(self, system: ReferenceSystem) -> Bounds:
        """Return the bounds of the area in another system, widened to contain it."""
        dense = shapely.segmentize(self.box, 0.05)
        west, south, east, north = shapely.total_bounds(from_cgcs2000(np.array([dense], dtype=object), system))
        spare = _CURVATURE * max(east - west, north - south)
        return float(west - spare), float(south - spare), float(east + spare), float(north + spare)
