"""The study area: the box of longitude and latitude outside of which no zone can bear on a site."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from lianzhou_gis.geodesy.reference_systems import ReferenceSystem, Region
from lianzhou_gis.geodesy.transformation import from_cgcs2000

__all__ = ["StudyArea"]

Geometries = npt.NDArray[np.object_]
Bounds = tuple[float, float, float, float]

# Distances are told up to here: whatever lies within it of the region or of a site is looked at.
_AROUND_M = 20_000.0
_METRES_IN_A_DEGREE = 110_000.0
# What bends between two reference systems over the width of a county is far less than this share of it.
_BEND = 0.02


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
        """Return the box around a region, and around sites that stick out of it.

        Parameters
        ----------
        region : Region
        shapes : iterable of shapely geometries or None
            Sites and outfalls, EPSG:4490.
        reach_m : float
            How far the rules look beyond a site; the box is at least 20 km wider than what it is around.

        Examples
        --------
        >>> area = StudyArea.around(Region("x", (112.0, 24.0, 113.0, 25.0)))
        >>> [round(value, 2) for value in area.bounds]
        [111.8, 23.82, 113.2, 25.18]
        """
        there = np.array([shape for shape in shapes if shape is not None], dtype=object)
        west, south, east, north = region.bounds
        if len(there):
            held = shapely.total_bounds(there)
            if np.isfinite(held).all():
                west, south = min(west, held[0]), min(south, held[1])
                east, north = max(east, held[2]), max(north, held[3])
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
    def box(self) -> Any:  # noqa: ANN401 - a shapely geometry
        """The box as a polygon."""
        return shapely.box(*self.bounds)

    def boxes_meet(self, shapes: Geometries) -> npt.NDArray[np.bool_]:
        """Tell of every shape whether its own box meets the area; False for what is missing or empty."""
        west, south, east, north = self.bounds
        left, bottom, right, top = shapely.bounds(shapes).T
        with np.errstate(invalid="ignore"):
            return np.asarray((left <= east) & (right >= west) & (bottom <= north) & (top >= south))

    def meets(self, shapes: Geometries) -> npt.NDArray[np.bool_]:
        """Tell of every shape whether it meets the area; of an invalid one, whether any reading of it may."""
        met = self.boxes_meet(shapes)
        met[met] = shapely.intersects(self.box, shapes[met]) | ~shapely.is_valid(shapes[met])
        return met

    def reached_beyond(self, shapes: Geometries) -> npt.NDArray[np.bool_]:
        """Tell of every shape whether its box sticks out of the area."""
        west, south, east, north = self.bounds
        left, bottom, right, top = shapely.bounds(shapes).T
        with np.errstate(invalid="ignore"):
            return np.asarray((left < west) | (right > east) | (bottom < south) | (top > north))

    def clipped(self, shapes: Geometries) -> Geometries:
        """Return what of **valid** shapes lies within the area; empty where nothing does.

        An invalid ring must never come here: clipped, a bow-tie becomes another shape in silence.
        """
        result = shapes.copy()
        cut = self.reached_beyond(shapes)
        for position in np.flatnonzero(cut):
            try:
                result[position] = shapely.clip_by_rect(shapes[position], *self.bounds)
            except shapely.errors.GEOSException:
                # Where a border touches the box just so GEOS raises; an intersection can do it.
                result[position] = None
        broken = cut & ~shapely.is_valid(result)
        result[broken] = shapely.intersection(shapes[broken], self.box)
        return result

    def thinned(self, ring: Any) -> Any:  # noqa: ANN401 - a LinearRing, a Polygon
        """Return a ring, valid or not, as an area with fewer corners that winds around every place of the area alike.

        Of corners that follow one another on one side of the area (all west of it, say) the first and the last stay,
        and between them one that is further off on that side: the way can be drawn so without sweeping over any place
        of the area. Edges that meet the area stay as they are, so that it sees the same loops and crossings; beyond
        it the shape means nothing.

        Examples
        --------
        >>> area = StudyArea((0.0, 0.0, 1.0, 1.0))
        >>> ring = shapely.LinearRing([(-1, -1), (-3, 0), (-2, 0.4), (-5, 0.9), (-1, 2), (2, 2), (2, -1)])
        >>> len(ring.coords), len(area.thinned(ring).exterior.coords)
        (8, 6)
        """
        corners = shapely.get_coordinates(ring)
        west, south, east, north = self.bounds
        x, y = corners.T
        side = np.select([x < west, x > east, y < south, y > north], [1, 2, 3, 4], 0)
        turn = np.flatnonzero(np.diff(side)) + 1
        first, last = np.r_[0, turn], np.r_[turn - 1, len(corners) - 1]
        long = (side[first] > 0) & (last - first > 1)
        kept = side == 0
        kept[first] = kept[last] = kept[first[long] + 1] = True
        # No two of these points, nor a line through them, are the same: a way drawn twice would cancel itself out.
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
        corners = corners[kept]
        return shapely.Polygon(corners) if len(corners) > 3 else shapely.Polygon()

    def bounds_in(self, system: ReferenceSystem) -> Bounds:
        """Return a box in the coordinates of another system that holds the whole area."""
        dense = shapely.segmentize(self.box, 0.05)
        west, south, east, north = shapely.total_bounds(from_cgcs2000(np.array([dense], dtype=object), system))
        spare = _BEND * max(east - west, north - south)
        return float(west - spare), float(south - spare), float(east + spare), float(north + spare)
