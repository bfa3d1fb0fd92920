"""Coordinates from their own system to CGCS2000 and back, vertex by vertex.

PROJ has no operation from the old datums to CGCS2000 and silently substitutes a no-op. PROJ is therefore used for
projections only; the change of datum is a separate step with given parameters.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pyproj
import shapely

from lianzhou_gis.geodesy import datums
from lianzhou_gis.geodesy.reference_systems import ReferenceSystem, authority_code, crs_of

__all__ = ["from_cgcs2000", "raw_to_lonlat", "to_cgcs2000"]

Geometries = npt.NDArray[np.object_]

_REMOVE_OFFSET = {"gcj02": (datums.gcj02_to_wgs84,), "bd09": (datums.bd09_to_gcj02, datums.gcj02_to_wgs84)}
_ADD_OFFSET = {"gcj02": (datums.wgs84_to_gcj02,), "bd09": (datums.wgs84_to_gcj02, datums.gcj02_to_bd09)}


def _axis_code(system: ReferenceSystem) -> str:
    """Return the code of the system, so that PROJ never applies a ballpark shift."""
    return authority_code(system.crs, 100) or str(system.crs.to_wkt())


@cache
def _to_geographic(code: str) -> pyproj.Transformer | None:
    """Return the inverse projection on the same datum."""
    crs = crs_of(code)
    if crs.is_geographic:
        return None
    return pyproj.Transformer.from_crs(crs, crs.geodetic_crs, always_xy=True)


@cache
def _helmert(code: str, parameters: tuple[float, ...]) -> pyproj.Transformer:
    """Return the seven-parameter transformation (position vector) through geocentric coordinates."""
    source = pyproj.CRS(code).ellipsoid
    assert source is not None, "a geodetic system has an ellipsoid"
    dx, dy, dz, rx, ry, rz, scale = parameters
    return pyproj.Transformer.from_pipeline(
        "+proj=pipeline +step +proj=unitconvert +xy_in=deg +xy_out=rad "
        f"+step +proj=cart +a={source.semi_major_metre} +rf={source.inverse_flattening} "
        f"+step +proj=helmert +x={dx} +y={dy} +z={dz} +rx={rx} +ry={ry} +rz={rz} +s={scale} "
        "+convention=position_vector "
        "+step +inv +proj=cart +a=6378137 +rf=298.257222101 +step +proj=unitconvert +xy_in=rad +xy_out=deg"
    )


def raw_to_lonlat(xy: npt.NDArray[np.float64], system: ReferenceSystem) -> npt.NDArray[np.float64]:
    """Return CGCS2000 longitude and latitude of coordinates as given, shape (n, 2)."""
    code = _axis_code(system)
    step = _to_geographic(code)
    lonlat = xy if step is None else np.column_stack(step.transform(xy[:, 0], xy[:, 1]))
    if system.datum in _REMOVE_OFFSET:
        for undo in _REMOVE_OFFSET[system.datum]:
            lonlat = undo(lonlat)
    if system.parameters is not None:
        lonlat = np.column_stack(_helmert(code, system.parameters).transform(lonlat[:, 0], lonlat[:, 1]))
    return lonlat


def _backward(lonlat: npt.NDArray[np.float64], system: ReferenceSystem) -> npt.NDArray[np.float64]:
    code = _axis_code(system)
    if system.parameters is not None:
        lonlat = np.column_stack(
            _helmert(code, system.parameters).transform(lonlat[:, 0], lonlat[:, 1], direction="INVERSE")
        )
    if system.datum in _REMOVE_OFFSET:
        for shift in _ADD_OFFSET[system.datum]:
            lonlat = shift(lonlat)
    step = _to_geographic(code)
    return lonlat if step is None else np.column_stack(step.transform(lonlat[:, 0], lonlat[:, 1], direction="INVERSE"))


def to_cgcs2000(geometries: Geometries | Sequence[Any], system: ReferenceSystem) -> Geometries:
    """Transform geometries to CGCS2000 longitude and latitude, vertex by vertex.

    Parameters
    ----------
    geometries : array of shapely geometries, shape (n,)
        In ``system``; x east, y north. A third dimension is dropped.
    system : ReferenceSystem

    Returns
    -------
    ndarray of shapely geometries, shape (n,)
        EPSG:4490, lon/lat.
    """
    flat = shapely.force_2d(np.asarray(geometries, dtype=object))
    result: Geometries = shapely.transform(flat, lambda xy: raw_to_lonlat(xy, system))
    return result


def from_cgcs2000(geometries: Geometries | Sequence[Any], system: ReferenceSystem) -> Geometries:
    """Transform CGCS2000 longitude and latitude to ``system``; the inverse of :func:`to_cgcs2000`."""
    flat = np.asarray(geometries, dtype=object)
    result: Geometries = shapely.transform(flat, lambda xy: _backward(xy, system))
    return result
