"""The outfall of a site: a point of its own, tested by the rules on discharges instead of the footprint."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from lianzhou_gis.errors import FormatError, Issue
from lianzhou_gis.formats.geojson import parse_geojson_geometry
from lianzhou_gis.formats.parse_numbers import parse_angle
from lianzhou_gis.formats.raw_features import Geometries
from lianzhou_gis.formats.site_drafts import SiteDraft
from lianzhou_gis.formats.well_known import geometry_from_wkt, split_srid
from lianzhou_gis.geodesy import CGCS2000, Plane, ReferenceSystem, to_cgcs2000

__all__ = ["far_outfalls", "outfall_point", "outfalls_from_columns", "outfalls_from_layer"]

# Beyond this an outfall is more likely a typing error.
_FAR_M = 10_000.0


def outfalls_from_columns(draft: SiteDraft, found: dict[str, str], issues: list[Issue]) -> Geometries:
    """Return the outfall points in the columns of a source, EPSG:4490, None where there is none.

    Parameters
    ----------
    draft : SiteDraft
    found : dict
        Which column is ``outfall``, ``outfall_lon`` and ``outfall_lat``.
    issues : list of Issue
        Added to.

    Raises
    ------
    FormatError
        If one is given that is no point: left out, it would make the rules on outfalls silent.
    """
    raw = np.full(len(draft.rows), None, dtype=object)
    assumed = []
    for row in range(len(raw)):
        value = _value(draft, found, row)
        if value is None:
            continue
        point = _point(value)
        if point is None or shapely.get_type_id(point) not in (0, 4) or shapely.is_empty(point):
            shown = str(value)[:60]
            raise FormatError.from_code("outfall_invalid", place=draft.places[row], outfall=shown)
        flat = shapely.force_2d(point)
        system, is_assumed = _system(flat, draft.systems[row], draft.places[row])
        raw[row] = to_cgcs2000(np.array([flat], dtype=object), system)[0]
        if is_assumed:
            assumed.append(row)
    if assumed:
        issues.append(Issue.from_code("info", "outfall_datum_assumed", draft.places[assumed[0]], count=len(assumed)))
    return raw


def outfall_point(value: object, place: str) -> BaseGeometry:
    """Return the outfall that an answer gives, EPSG:4490.

    Parameters
    ----------
    value : str, mapping or sequence
        ``longitude,latitude`` in degrees of CGCS2000, a WKT or a GeoJSON point.
    place : str
        For messages.

    Returns
    -------
    shapely Point or MultiPoint

    Raises
    ------
    FormatError
        If it is no point, or not in degrees.

    Examples
    --------
    >>> outfall_point("112.546,24.983", "S1").wkt
    'POINT (112.546 24.983)'
    """
    point = _point(value)
    if point is None or shapely.get_type_id(point) not in (0, 4) or shapely.is_empty(point):
        shown = str(value)[:60]
        raise FormatError.from_code("outfall_invalid.answer", place=place, outfall=shown)
    flat = np.array([shapely.force_2d(point)], dtype=object)
    outfall: BaseGeometry = to_cgcs2000(flat, _system(point, CGCS2000, place)[0])[0]
    return outfall


def _value(draft: SiteDraft, found: dict[str, str], row: int) -> object:
    if "outfall" in found:
        value = draft.columns[found["outfall"]][row]
        if not _is_empty(value):
            return value
    if "outfall_lon" in found and "outfall_lat" in found:
        pair = [draft.columns[found[name]][row] for name in ("outfall_lon", "outfall_lat")]
        if not all(_is_empty(value) for value in pair):
            return pair
    return None


def _is_empty(value: object) -> bool:
    if value is None or value == "" or value == []:
        return True
    return isinstance(value, float) and bool(np.isnan(value))


def _point(value: object) -> BaseGeometry | None:
    """Return the geometry of a pair, a WKT, a GeoJSON geometry or text of one, or a shapely geometry."""
    if isinstance(value, BaseGeometry):
        return value
    if isinstance(value, dict):
        return parse_geojson_geometry(value)
    if isinstance(value, list | tuple | np.ndarray):
        numbers = [parse_angle(part) for part in list(value)[:2]]
        if len(value) not in (2, 3) or numbers[0] is None or numbers[1] is None:
            return None
        return shapely.Point(numbers[0], numbers[1])
    if not isinstance(value, str) or len(value) > 10_000:
        return None
    text = value.strip()
    if text.startswith(("{", "[")):
        try:
            return _point(json.loads(text))
        except (ValueError, RecursionError):
            return None
    if text[:1].isdigit() and "," in text.replace("，", ","):
        return _point(text.replace("，", ",").split(","))
    return geometry_from_wkt(split_srid(text)[0])


def _system(point: BaseGeometry, system: ReferenceSystem, place: str) -> tuple[ReferenceSystem, bool]:
    """Return the system of an outfall: that of its file, or CGCS2000 for degrees in a planar file."""
    west, south, east, north = shapely.total_bounds(point)
    degrees = west >= -180.0 and east <= 180.0 and south >= -180.0 and north <= 180.0
    if degrees and max(abs(south), abs(north)) > 90.0:
        raise FormatError.from_code("outfall_axes", place=place)
    if system.crs.is_geographic:
        if not degrees:
            raise FormatError.from_code("outfall_planar", place=place)
        return system, False
    return (CGCS2000, True) if degrees else (system, False)


def outfalls_from_layer(draft: SiteDraft, ids: list[str], points: Geometries) -> Geometries:
    """Return ``points`` with those of the source's outfall layer added by ``site_id``.

    Raises
    ------
    FormatError
        If the layer has no ``site_id``, or one names no site or is no point.
    """
    layer = draft.outfalls
    if layer is None:
        return points
    if "site_id" not in layer.columns:
        raise FormatError.from_code("outfall_layer_without_ids", file=draft.name)
    result = points.copy()
    gathered: dict[int, list[Any]] = {}
    records = zip(*(layer.columns[name].tolist() for name in ("site_id", "geometry", "source_row")), strict=True)
    for site_id, geometry, row in records:
        key = str(site_id)
        if key not in ids or geometry is None or geometry.geom_type not in ("Point", "MultiPoint"):
            raise FormatError.from_code("outfall_unmatched", file=draft.name, row=row, key=key)
        gathered.setdefault(ids.index(key), []).extend(shapely.get_parts(geometry))
    for index, parts in gathered.items():
        result[index] = parts[0] if len(parts) == 1 else shapely.multipoints(parts)
    return result


def far_outfalls(points: Geometries, footprints: Geometries, plane: Plane, places: list[str]) -> list[Issue]:
    """Return an Issue for every outfall that lies suspiciously far from its site."""
    both = ~(shapely.is_missing(points) | shapely.is_missing(footprints))
    metres = np.full(len(points), 0.0)
    metres[both] = shapely.distance(plane.project(footprints[both]), plane.project(points[both]))
    return [
        Issue.from_code("warning", "outfall_far", places[row], distance=metres[row] / 1000)
        for row in np.flatnonzero(metres > _FAR_M)
    ]
