"""The equal-area plane in which everything is measured; edges stay straight in their survey system."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyproj
import shapely

from lianzhou_gis.geodesy.reference_systems import CGCS2000, system_from_code
from lianzhou_gis.geodesy.transformation import from_cgcs2000, raw_to_lonlat

__all__ = ["LIANZHOU_PROJ", "LONGEST_EDGE_M", "Plane", "statutory_area"]

Geometries = npt.NDArray[np.object_]
Floats = npt.NDArray[np.float64]

LIANZHOU_PROJ = "+proj=cea +lat_ts=24.9 +lon_0=112.5 +a=6378137 +rf=298.257222101 +units=m"
# Longer edges are densified: the offset from a survey line grows with the square of its length, 1 mm at 250 m.
LONGEST_EDGE_M = 250.0


def _densify(geometries: Geometries, longest: float) -> Geometries:
    """Densify long edges, each from its lexicographically smaller end, so that neighbours get identical vertices."""
    coordinates, owners = shapely.get_coordinates(geometries, return_index=True)
    if len(coordinates) < 2:
        return geometries
    steps = np.diff(coordinates, axis=0)
    if not (np.hypot(steps[:, 0], steps[:, 1])[np.diff(owners) == 0] > longest).any():
        return geometries
    parts, to_whole = shapely.get_parts(geometries, return_index=True)
    kinds = shapely.get_type_id(parts)
    result = parts.copy()
    areal = kinds == 3
    if areal.any():
        rings, to_part = shapely.get_rings(parts[areal], return_index=True)
        points, ring_ends = _densify_lines(rings, longest)
        part_ends = np.concatenate([[0], np.cumsum(np.bincount(to_part, minlength=int(areal.sum())))])
        result[areal] = shapely.from_ragged_array(shapely.GeometryType.POLYGON, points, (ring_ends, part_ends))
    linear = (kinds == 1) | (kinds == 2)
    if linear.any():
        points, ends = _densify_lines(parts[linear], longest)
        result[linear] = shapely.from_ragged_array(shapely.GeometryType.LINESTRING, points, (ends,))
    return _gather(geometries, result, to_whole)


def _densify_lines(lines: Geometries, longest: float) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Insert points into the edges of lines or rings that are longer than ``longest``.

    Returns the concatenated coordinates and the offsets of the lines.
    """
    coordinates, owners = shapely.get_coordinates(lines, return_index=True)
    same = np.diff(owners) == 0
    start, end = coordinates[:-1], coordinates[1:]
    length = np.hypot(*(end - start).T)
    pieces = np.where(same, np.maximum(np.ceil(length / longest), 1), 1).astype(np.int64)
    edge = np.repeat(np.arange(len(pieces)), pieces)
    step = np.arange(len(edge)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    swapped = (start[:, 0] > end[:, 0]) | ((start[:, 0] == end[:, 0]) & (start[:, 1] > end[:, 1]))
    low, high = np.where(swapped[:, None], end, start), np.where(swapped[:, None], start, end)
    fraction = step / pieces[edge]
    fraction = np.where(swapped[edge], (pieces[edge] - step) / pieces[edge], fraction)
    points = low[edge] + (high[edge] - low[edge]) * fraction[:, None]
    # Vertices are copied: interpolation may differ in the last bit.
    points = np.where((step == 0)[:, None], start[edge], points)
    count = np.bincount(owners[:-1], weights=pieces, minlength=len(lines)).astype(np.int64)
    count[-1:] += 1
    return np.concatenate([points, coordinates[-1:]]), np.concatenate([[0], np.cumsum(count)])


_COLLECT = {
    4: shapely.multipoints,
    5: shapely.multilinestrings,
    6: shapely.multipolygons,
    7: shapely.geometrycollections,
}


def _gather(originals: Geometries, parts: Geometries, to_whole: npt.NDArray[np.intp]) -> Geometries:
    """Reassemble parts into geometries of their original types."""
    result = originals.copy()
    kinds = shapely.get_type_id(originals)
    single = (kinds >= 0) & (kinds < 4)
    lone = single[to_whole]
    result[to_whole[lone]] = parts[lone]
    collect: Any
    for kind, collect in _COLLECT.items():
        chosen = kinds[to_whole] == kind
        if chosen.any():
            wholes, codes = np.unique(to_whole[chosen], return_inverse=True)
            result[wholes] = collect(parts[chosen], indices=codes)
    return result


def _still_valid(projected: Geometries, source: Geometries) -> Geometries:
    """Return projected geometries, those valid that were valid before the projection."""
    broken = np.flatnonzero(~shapely.is_valid(projected) & ~shapely.is_missing(projected))
    broken = broken[shapely.is_valid(source[broken])]
    if not len(broken):
        return projected
    result = projected.copy()
    result[broken] = shapely.make_valid(projected[broken], method="structure", keep_collapsed=False)
    return result


@cache
def _transformer(proj: str) -> pyproj.Transformer:
    # Slow to create; shared by threads and planes.
    # force_over: a polygon around the world must not be split at the antimeridian of the plane.
    return pyproj.Transformer.from_crs(CGCS2000.crs, pyproj.CRS.from_user_input(proj), always_xy=True, force_over=True)


class Plane:
    """An equal-area plane on the ellipsoid of CGCS2000.

    Parameters
    ----------
    proj : str
        A proj string; default the plane of Lianzhou. Another region sets its own in its catalog.

    Examples
    --------
    >>> import shapely
    >>> square = shapely.box(112.49, 24.82, 112.492, 24.822)
    >>> round(Plane().project([square])[0].area, 2)
    44793.64
    """

    def __init__(self, proj: str = LIANZHOU_PROJ) -> None:
        self.proj = proj

    @property
    def _transformer(self) -> pyproj.Transformer:
        return _transformer(self.proj)

    @cached_property
    def _latitude_of_true_scale(self) -> float:
        operation = pyproj.CRS.from_user_input(self.proj).coordinate_operation
        parameters = {item.name: item.value for item in operation.params} if operation else {}
        return float(parameters.get("Latitude of 1st standard parallel", 0.0))

    def conformal_factor(self, latitude: Floats) -> Floats:
        """Return k: scaling by (k, 1/k) makes the plane conformal at a latitude.

        In a cylindrical equal-area plane the east scale at a latitude is h = k0(lat_ts) / k0(lat), the north scale 1/h.
        """
        e2 = 0.006694380022900686
        true, phi = np.radians(self._latitude_of_true_scale), np.radians(latitude)

        def radius(angle: Floats) -> Floats:
            return np.cos(angle) / np.sqrt(1.0 - e2 * np.sin(angle) ** 2)

        return np.asarray(radius(phi) / radius(true), dtype=np.float64)

    def project_vertices(self, geometries: Geometries | Sequence[Any]) -> Geometries:
        """Project EPSG:4490 geometries vertex by vertex, without densifying."""
        flat = np.asarray(geometries, dtype=object)
        result: Geometries = shapely.transform(
            flat, lambda xy: np.column_stack(self._transformer.transform(xy[:, 0], xy[:, 1]))
        )
        return result

    def project(
        self, geometries: Geometries | Sequence[Any], survey_crs: str | Sequence[str | None] | None = None
    ) -> Geometries:
        """Project EPSG:4490 geometries with edges straight in their survey system.

        Parameters
        ----------
        geometries : array of shapely geometries, shape (n,)
            EPSG:4490, lon/lat.
        survey_crs : str or sequence of str, shape (n,), optional
            The system in which edges are straight (codes of ``survey_crs``); ``None`` where that is EPSG:4490 itself.

        Returns
        -------
        ndarray of shapely geometries, shape (n,)
            Metres in the plane; edges longer than 250 m are densified. Areas that are valid stay so: a border that
            all but meets itself may cross itself by a rounding error, which is undone.
        """
        flat = np.asarray(geometries, dtype=object)
        return _still_valid(self._project(flat, survey_crs), flat)

    def _project(self, flat: Geometries, survey_crs: str | Sequence[str | None] | None) -> Geometries:
        if survey_crs is None or isinstance(survey_crs, str):
            return self._project_from(flat, survey_crs)
        # An empty cell means EPSG:4490.
        codes = [None if code is None or isinstance(code, float) else str(code) for code in survey_crs]
        place = {code: number for number, code in enumerate(dict.fromkeys(codes))}
        if len(place) == 1:
            return self._project_from(flat, codes[0])
        which = np.fromiter((place[code] for code in codes), dtype=np.intp, count=len(codes))
        result = np.empty(len(flat), dtype=object)
        for code, number in place.items():
            chosen = which == number
            result[chosen] = self._project_from(flat[chosen], code)
        return result

    def _project_from(self, geometries: Geometries, survey_crs: str | None) -> Geometries:
        if survey_crs is None:
            # Densified in degrees, at most 250 m at any latitude.
            return self.project_vertices(_densify(geometries, LONGEST_EDGE_M / 111_000.0))
        system = system_from_code(survey_crs)
        if system.crs.is_geographic:
            return self._project_from(geometries, None)
        surveyed = from_cgcs2000(geometries, system)
        dense = _densify(surveyed, LONGEST_EDGE_M)
        unchanged = shapely.get_num_coordinates(dense) == shapely.get_num_coordinates(geometries)
        # Undensified geometries keep their source vertices exactly.
        back: Geometries = geometries.copy()
        if not unchanged.all():
            back[~unchanged] = shapely.transform(dense[~unchanged], lambda xy: raw_to_lonlat(xy, system))
        return self.project_vertices(back)

    def unproject(self, geometries: Geometries | Sequence[Any]) -> Geometries:
        """Transform plane geometries to EPSG:4490; see :meth:`lonlat`."""
        result: Geometries = shapely.transform(np.asarray(geometries, dtype=object), self.lonlat)
        return result

    def latitude(self, y: Floats) -> Floats:
        """Return the latitudes of northings, degrees, accurate to 2 mm: enough for the conformal factor."""
        _, found = self._transformer.transform(np.zeros(len(y)), y, direction="INVERSE")
        return np.asarray(found, dtype=np.float64)

    def factor_at(self, y: Floats) -> Floats:
        """Return :meth:`conformal_factor` at northings, interpolated to 1e-8."""
        return np.interp(y, *self._factors)

    @cached_property
    def _factors(self) -> tuple[Floats, Floats]:
        """Northings every 0.05 degrees of latitude, with the conformal factors there."""
        latitude = np.linspace(-89.0, 89.0, 3561)
        _, y = self._transformer.transform(np.zeros(len(latitude)), latitude)
        return np.asarray(y, dtype=np.float64), self.conformal_factor(latitude)

    def lonlat(self, xy: Floats) -> Floats:
        """Transform plane coordinates, shape (n, 2), to EPSG:4490; one step corrects PROJ's inverse, 1.5 mm off."""
        if not len(xy):
            return xy
        x, y = xy[:, 0], xy[:, 1]
        lon, lat = self._transformer.transform(x, y, direction="INVERSE")
        again_x, again_y = self._transformer.transform(lon, lat)
        return np.column_stack(self._transformer.transform(2 * x - again_x, 2 * y - again_y, direction="INVERSE"))


_LIANZHOU = Plane()


def statutory_area(geometries: Geometries | Sequence[Any], plane: Plane | None = None) -> Floats:
    """Return the ellipsoidal area of polygons on their vertices as given, square metres.

    The statutory series formula (国土调查办发〔2008〕32号) gives the area of a polygon whose edges are straight in an
    equal-area cylindrical plane: the planar area without densified edges equals it.

    Parameters
    ----------
    geometries : array of shapely geometries, shape (n,)
        EPSG:4490, lon/lat.
    plane : Plane, optional

    Returns
    -------
    ndarray of float, shape (n,)
        0 for lines and points.

    Examples
    --------
    >>> import shapely
    >>> statutory_area([shapely.box(112.49, 24.82, 112.492, 24.822)]).round(2).tolist()
    [44793.64]
    """
    return np.asarray(shapely.area((plane or _LIANZHOU).project_vertices(geometries)), dtype=np.float64)
