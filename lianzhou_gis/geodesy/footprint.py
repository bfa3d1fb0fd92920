"""The footprints of sites in the plane: areas as they are, lines with a width as corridors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from lianzhou_gis.geodesy.corridors import corridors
from lianzhou_gis.geodesy.distance import scale
from lianzhou_gis.geodesy.plane import Plane

__all__ = ["buffer_metres", "footprints"]

Geometries = npt.NDArray[np.object_]
Floats = npt.NDArray[np.float64]


def buffer_metres(shapes: Geometries, metres: Floats, plane: Plane) -> Geometries:
    """Buffer shapes of the plane by true metres, in the plane stretched to be conformal at each shape.

    Parameters
    ----------
    shapes : array of shapely geometries, shape (n,)
        In the plane, none empty.
    metres : ndarray of float, shape (n,)
        Radius of each buffer.
    plane : Plane
    """
    if len(shapes) == 0:
        return shapes
    west, south, east, north = shapely.bounds(shapes).T
    k = plane.conformal_factor(plane.lonlat(np.column_stack([(west + east) / 2, (south + north) / 2]))[:, 1])
    return scale(np.asarray(shapely.buffer(scale(shapes, k), metres, quad_segs=16)), 1.0 / k)


def footprints(
    geometries: Geometries | Sequence[Any],
    plane: Plane,
    survey_crs: str | Sequence[str | None] | None = None,
    corridor_width_m: Sequence[float] | Floats | None = None,
) -> Geometries:
    """Return the footprints of sites in the plane.

    Parameters
    ----------
    geometries : array of shapely geometries or None, shape (n,)
        EPSG:4490, lon/lat.
    plane : Plane
    survey_crs : str or sequence of str, optional
        See :meth:`Plane.project`.
    corridor_width_m : array of float, shape (n,), optional
        Full width of lines; NaN for none. Ignored for areas and points.

    Returns
    -------
    ndarray of shapely geometries or None, shape (n,)
        Lines with a width as corridors with flat ends; areas and points as they are, long edges densified.

    Examples
    --------
    >>> line = shapely.LineString([(112.49, 24.82), (112.49, 24.83)])
    >>> round(footprints([line], Plane(), None, [40.0])[0].area)
    44308
    """
    shapes = plane.project(geometries, survey_crs)
    if corridor_width_m is None:
        return shapes
    width = np.asarray(corridor_width_m, dtype=np.float64)
    kinds = shapely.get_type_id(shapes)
    wide = ((kinds == 1) | (kinds == 5)) & ~shapely.is_empty(shapes) & (width > 0)
    if wide.any():
        shapes = shapes.copy()
        shapes[wide] = corridors(shapes[wide], width[wide] / 2, plane)
    return shapes
