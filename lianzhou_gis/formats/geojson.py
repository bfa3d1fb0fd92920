"""GeoJSON: longitude and latitude of WGS 84 by its standard, whatever circulates under the name."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from lianzhou_gis.errors import FormatError, Issue
from lianzhou_gis.formats.encodings import decode_text
from lianzhou_gis.formats.limits import MAX_FEATURES, MAX_TEXT_BYTES, read_bounded, refuse_count
from lianzhou_gis.formats.normalise import close_ring, ring_closed_issue
from lianzhou_gis.formats.raw_features import (
    UNNAMED_CRS,
    Geometries,
    RawFeatures,
    capture_warnings,
    unique_names,
    unreadable_issue,
)
from lianzhou_gis.formats.server_pages import page_of_server

__all__ = ["parse_geojson", "parse_geojson_geometry", "read_geojson"]

JsonValue = Any  # what json.loads returns

_GEOMETRIES = {
    "Point",
    "MultiPoint",
    "LineString",
    "MultiLineString",
    "Polygon",
    "MultiPolygon",
    "GeometryCollection",
}


def read_geojson(path: Path, name: str, layer: str | None, encoding: str | None) -> RawFeatures:
    """Read a GeoJSON file: a FeatureCollection, a Feature or a bare geometry.

    Parameters
    ----------
    path : Path
    name : str
        For messages.
    layer : str, optional
        GeoJSON has none.
    encoding : str, optional
        UTF-8 by the standard; GB18030 is recognised.

    Raises
    ------
    FormatError
        If it is no GeoJSON.

    Notes
    -----
    ``crs`` of the result is what the old ``crs`` member names (GeoJSON of 2008), else None: what that means is
    decided in :func:`lianzhou_gis.formats.georeference.georeference_features`.
    """
    content = read_bounded(path, MAX_TEXT_BYTES)
    text, _, issues = decode_text(content, name, encoding=encoding)
    return parse_geojson(text, name, hashlib.sha256(content).hexdigest(), issues)


def parse_geojson(text: str, name: str, sha256: str, issues: list[Issue]) -> RawFeatures:
    """Return the features of a GeoJSON text; see :func:`read_geojson`."""

    def refuse_constant(constant: str) -> NoReturn:
        raise FormatError.from_code("json_constant", file=name, constant=constant)

    def single_keys(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
        found = dict(pairs)
        if len(found) != len(pairs):
            keys = [key for key, _ in pairs]
            raise FormatError.from_code("json_key_repeated", name=name, key=next(k for k in keys if keys.count(k) > 1))
        return found

    try:
        document = json.loads(text, parse_constant=refuse_constant, object_pairs_hook=single_keys)
    except json.JSONDecodeError as error:
        raise FormatError.from_code("json_invalid", file=name, line=error.lineno, column=error.colno) from error
    except (RecursionError, ValueError) as error:
        if isinstance(error, FormatError):
            raise
        raise FormatError.from_code("json_too_deep", file=name) from error
    features = _features(document, name)
    refuse_count(name, len(features), MAX_FEATURES, "features")
    geometries, lost = _geometries(features, name)
    issues.extend(lost)
    columns, renamed = _columns(features, name)
    issues.extend(renamed)
    return RawFeatures(
        name=name,
        columns=columns,
        geometries=geometries,
        crs=_old_member(document),
        encoding=None,
        issues=issues,
        sha256=sha256,
        wgs84_by="GeoJSON",
        wholeness=page_of_server(document, len(features)),
    )


def _features(document: object, name: str) -> list[dict[str, Any]]:
    if not isinstance(document, dict):
        document = {}
    kind = document.get("type")
    if kind == "FeatureCollection" and isinstance(document.get("features"), list):
        features: list[dict[str, Any]] = document["features"]
    elif kind == "Feature":
        features = [document]
    elif kind in _GEOMETRIES:
        features = [{"type": "Feature", "properties": {}, "geometry": document}]
    else:
        raise FormatError.from_code("geojson_type_missing", file=name)
    for number, feature in enumerate(features, start=1):
        if not isinstance(feature, dict) or not isinstance(feature.get("properties") or {}, dict):
            raise FormatError.from_code("geojson_feature_invalid", file=name, number=number)
    return features


def _old_member(document: dict[str, JsonValue]) -> str | None:
    """Return what the ``crs`` member names that GeoJSON of 2008 had and many programs still write.

    A member that names nothing (a link, which is not followed, or null) is returned as ``crs:`` and what it is, which
    no reference system is called.
    """
    if "crs" not in document:
        return None
    member = document["crs"]
    if isinstance(member, str):
        return member[:200]
    properties = member.get("properties") if isinstance(member, dict) else None
    if not isinstance(member, dict) or not isinstance(properties, dict):
        return f"{UNNAMED_CRS}null"
    if member.get("type") == "name" and isinstance(properties.get("name"), str):
        return str(properties["name"])[:200]
    if member.get("type") == "EPSG":
        return f"EPSG:{properties.get('code')}"
    return f"{UNNAMED_CRS}{str(member.get('type'))[:20]} {str(properties.get('href', ''))[:120]}".strip()


def parse_geojson_geometry(value: object) -> BaseGeometry | None:
    """Return the geometry of one GeoJSON geometry object, None if it is none.

    Examples
    --------
    >>> parse_geojson_geometry({"type": "Point", "coordinates": [112.4, 24.8]})
    <POINT (112.4 24.8)>
    """
    if not isinstance(value, dict) or value.get("type") not in _GEOMETRIES:
        return None
    with capture_warnings("", []):
        return shapely.from_geojson(json.dumps(value), on_invalid="ignore")


def _geometries(features: list[dict[str, Any]], name: str) -> tuple[Geometries, list[Issue]]:
    present = np.array([feature.get("geometry") is not None for feature in features], dtype=bool)
    texts = np.array(
        [json.dumps(feature["geometry"]) if there else None for feature, there in zip(features, present, strict=True)],
        dtype=object,
    )
    with capture_warnings(name, []):
        geometries = np.asarray(shapely.from_geojson(texts, on_invalid="ignore"), dtype=object)
        closed = np.zeros(len(features), dtype=bool)
        for row in np.flatnonzero(present & shapely.is_missing(geometries)):
            # GEOS refuses rings that do not repeat their first position.
            repaired = _closed(features[row]["geometry"])
            if repaired is not None:
                geometries[row] = shapely.from_geojson(json.dumps(repaired), on_invalid="ignore")
                closed[row] = geometries[row] is not None
    lost = present & shapely.is_missing(geometries)
    return geometries, [*unreadable_issue(lost, name), *ring_closed_issue(closed, name)]


def _closed(geometry: JsonValue) -> JsonValue | None:
    """Return a GeoJSON geometry with closed rings, None where it has no rings or they are no lists of positions."""
    if not isinstance(geometry, dict):
        return None
    kind, coordinates = geometry.get("type"), geometry.get("coordinates")
    if kind == "GeometryCollection" and isinstance(geometry.get("geometries"), list):
        members = [_closed(member) or member for member in geometry["geometries"]]
        return {"type": kind, "geometries": members}
    if kind not in ("Polygon", "MultiPolygon") or not isinstance(coordinates, list):
        return None
    try:
        if kind == "Polygon":
            return {"type": kind, "coordinates": [_closed_positions(ring) for ring in coordinates]}
        polygons = [[_closed_positions(ring) for ring in rings] for rings in coordinates]
        return {"type": kind, "coordinates": polygons}
    except (TypeError, ValueError, IndexError):
        return None


def _closed_positions(ring: list[list[float]]) -> list[list[float]]:
    closed: list[list[float]] = close_ring(np.array([position[:2] for position in ring], dtype=np.float64)).xy.tolist()
    return closed


def _columns(features: list[dict[str, Any]], name: str) -> tuple[dict[str, npt.NDArray[Any]], list[Issue]]:
    """Return the properties as columns, in the order in which their names first appear."""
    order: dict[str, None] = {}
    for feature in features:
        order.update(dict.fromkeys(feature.get("properties") or {}))
    has_id = any("id" in feature for feature in features) and "id" not in order
    names, issues = unique_names([*order, *(["id"] if has_id else [])], ["geometry", "source_row"], name)
    columns: dict[str, npt.NDArray[Any]] = {}
    for original, column in zip(order, names, strict=False):
        values = np.empty(len(features), dtype=object)
        for row, feature in enumerate(features):
            values[row] = (feature.get("properties") or {}).get(original)
        columns[column] = values
    if has_id:
        ids = np.empty(len(features), dtype=object)
        for row, feature in enumerate(features):
            ids[row] = feature.get("id")
        columns[names[-1]] = ids
    return columns, issues
