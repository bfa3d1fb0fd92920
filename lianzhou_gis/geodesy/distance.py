"""Lengths and distances on the ellipsoid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyproj
import shapely

from lianzhou_gis.geodesy.plane import Plane

__all__ = ["Distances", "distances", "length", "path_between", "scale"]

Geometries = npt.NDArray[np.object_]
Floats = npt.NDArray[np.float64]

GEOD = pyproj.Geod(a=6378137.0, rf=298.257222101)


@dataclass(frozen=True)
class Distances:
    """Shortest paths from each geometry of one array to its partner in another.

    Attributes
    ----------
    distance_m : ndarray of float, shape (n,)
        Geodesic, metres; 0 where they intersect.
    bearing_deg : ndarray of float, shape (n,)
        From the first to the second, clockwise from north in [0, 360); NaN where they intersect.
    from_lonlat, to_lonlat : ndarray of float, shape (n, 2)
        The ends of the path, EPSG:4490.
    """

    distance_m: Floats
    bearing_deg: Floats
    from_lonlat: Floats
    to_lonlat: Floats


def distances(plane: Plane, a: Geometries | Sequence[Any], b: Geometries | Sequence[Any]) -> Distances:
    """Return the shortest path between the members of pairs.

    The nearest points are found in the plane stretched to be conformal at each pair; the distance is the geodesic
    between them, accurate to 1e-5 or 1 cm up to 20 km.

    Parameters
    ----------
    plane : Plane
    a, b : array of shapely geometries, shape (n,)
        In the plane.

    Returns
    -------
    Distances

    Examples
    --------
    >>> import shapely
    >>> plane = Plane()
    >>> one, two = plane.project(shapely.points([[112.49, 24.82], [112.49, 24.83]]))
    >>> float(distances(plane, [one], [two]).distance_m[0].round(2))
    1107.7
    """
    first, second = np.asarray(a, dtype=object), np.asarray(b, dtype=object)
    if len(first) == 0:
        return Distances(np.empty(0), np.empty(0), np.empty((0, 2)), np.empty((0, 2)))
    line = shapely.shortest_line(first, second)
    # The first estimate locates the path; the second uses the conformal factor at its middle.
    k = plane.conformal_factor(plane.lonlat(_ends(line).mean(axis=1))[:, 1])
    line = shapely.shortest_line(scale(first, k), scale(second, k))
    ends = _ends(line)
    ends[:, :, 0] /= k[:, None]
    ends[:, :, 1] *= k[:, None]
    lonlat = plane.lonlat(ends.reshape(-1, 2)).reshape(-1, 2, 2)
    start, end = lonlat[:, 0], lonlat[:, 1]
    azimuth, _, metres = GEOD.inv(start[:, 0], start[:, 1], end[:, 0], end[:, 1])
    apart = np.asarray(shapely.length(line)) > 0.0
    return Distances(
        distance_m=np.where(apart, metres, 0.0),
        bearing_deg=np.where(apart, np.asarray(azimuth) % 360.0, np.nan),
        from_lonlat=start,
        to_lonlat=end,
    )


def path_between(plane: Plane, start: Floats, end: Floats) -> tuple[Floats, Floats]:
    """Return geodesic distances and bearings, in [0, 360), between places of the plane, shape (n, 2)."""
    lonlat = plane.lonlat(np.concatenate([start, end]))
    one, other = lonlat[: len(start)], lonlat[len(start) :]
    azimuth, _, metres = GEOD.inv(one[:, 0], one[:, 1], other[:, 0], other[:, 1])
    return np.asarray(metres, dtype=np.float64), np.asarray(azimuth, dtype=np.float64) % 360.0


def _ends(lines: Geometries) -> Floats:
    return shapely.get_coordinates(lines).reshape(-1, 2, 2)


def scale(geometries: Geometries, k: Floats) -> Geometries:
    """Scale each geometry by its own factors (k, 1/k)."""
    counts = shapely.get_num_coordinates(geometries)
    factor = np.repeat(np.column_stack([k, 1.0 / k]), counts, axis=0)
    result: Geometries = shapely.set_coordinates(geometries.copy(), shapely.get_coordinates(geometries) * factor)
    return result


def length(
    geometries: Geometries | Sequence[Any], plane: Plane, survey_crs: str | Sequence[str | None] | None = None
) -> Floats:
    """Return the length of lines (the perimeter of polygons) on the ellipsoid, metres.

    Parameters
    ----------
    geometries : array of shapely geometries, shape (n,)
        EPSG:4490, lon/lat.
    plane : Plane
        Used to densify long edges, which are straight in ``survey_crs``.
    survey_crs : str or sequence of str, optional
        See :meth:`Plane.project`.

    Examples
    --------
    >>> import shapely
    >>> length([shapely.LineString([(112.49, 24.82), (112.49, 24.83)])], Plane()).round(2).tolist()
    [1107.7]
    """
    dense = plane.unproject(plane.project(geometries, survey_crs))
    coordinates, owners = shapely.get_coordinates(dense, return_index=True)
    if len(coordinates) < 2:
        return np.zeros(len(dense))
    _, _, metres = GEOD.inv(*coordinates[:-1].T, *coordinates[1:].T)
    # Steps between parts or rings are not part of the line.
    inner = _inner_steps(dense)
    lengths: Floats = np.bincount(owners[:-1][inner], weights=np.asarray(metres)[inner], minlength=len(dense)).astype(
        np.float64
    )
    return lengths


def _inner_steps(geometries: Geometries) -> npt.NDArray[np.bool_]:
    """Return, for each pair of consecutive coordinates, whether both lie on the same part and ring."""
    parts = shapely.get_parts(geometries)
    counts = [
        shapely.get_num_coordinates(shapely.get_rings(part) if shapely.get_type_id(part) == 3 else part)
        for part in parts
    ]
    chain = np.repeat(
        np.arange(sum(np.size(count) for count in counts)), np.concatenate([np.atleast_1d(count) for count in counts])
    )
    same: npt.NDArray[np.bool_] = np.diff(chain) == 0
    return same
