"""The one normalising step of all readers: rings closed, heights and empty members stripped, collections split.

A reader that builds rings from lists of corners closes them with :func:`close_ring`; WKT and WKB come through
:func:`parse_geometries`, which closes rings alike. :func:`normalise` then brings the geometries of any reader to one
form.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from lianzhou_gis.errors import Issue
from lianzhou_gis.formats.raw_features import Geometries, dimension_issue, unreadable_issue, with_missing

__all__ = [
    "CLOSING_TOLERANCE_M",
    "ClosedRing",
    "ParsedGeometries",
    "close_ring",
    "closing_tolerance",
    "geometries_from_wkb",
    "normalise",
    "parse_geometries",
    "ring_closed_issue",
    "rows_text",
]

CLOSING_TOLERANCE_M = 0.01
# One degree of a meridian, metres: enough for a tolerance.
_METRES_PER_DEGREE = 111_000.0
_LAST_MEASURABLE = 7
_COLLECTION = 7
_AREAL = (3, 6)
_MULTI: dict[int, Callable[..., shapely.Geometry]] = {
    0: shapely.multipoints,
    1: shapely.multilinestrings,
    2: shapely.multipolygons,
}


@dataclass(frozen=True)
class ClosedRing:
    """A ring whose last corner equals its first.

    Attributes
    ----------
    xy : ndarray of float, shape (n, 2)
    gap : float
        Distance of the last corner from the first, in units of the coordinates; 0 where the ring was closed.
    snapped : bool
        Whether the last corner was replaced by the first, being within the tolerance.
    """

    xy: npt.NDArray[np.float64]
    gap: float
    snapped: bool


@dataclass(frozen=True)
class ParsedGeometries:
    """Geometries parsed from WKT or WKB.

    Attributes
    ----------
    geometries : ndarray of shapely geometries or None, shape (n,)
        None for what is broken, and for arcs and surfaces, which GEOS cannot build.
    closed : ndarray of bool, shape (n,)
        Where a ring did not repeat its first corner and was closed.
    """

    geometries: Geometries
    closed: npt.NDArray[np.bool_]


def closing_tolerance(xy: npt.NDArray[np.float64], precision_m: float = 0.0) -> float:
    """Return the distance below which a last corner closes a ring: 1 cm or the stated precision, in units of ``xy``.

    Parameters
    ----------
    xy : ndarray of float, shape (n, 2)
        Degrees where all numbers could be, else metres.
    precision_m : float
        Precision that the source states, metres; at most 1 m of it is believed.

    Examples
    --------
    >>> closing_tolerance(np.array([[650500.0, 2746900.0]])), closing_tolerance(np.array([[112.4, 24.8]])) < 1e-7
    (0.01, True)
    """
    metres = max(CLOSING_TOLERANCE_M, min(precision_m, 1.0))
    degrees = bool(len(xy)) and bool((np.abs(xy) <= 180.0).all())
    return metres / _METRES_PER_DEGREE if degrees else metres


def close_ring(xy: npt.NDArray[np.float64], tolerance: float | None = None) -> ClosedRing:
    """Return a ring closed: a last corner within the tolerance is the first, else the first is repeated.

    Parameters
    ----------
    xy : ndarray of float, shape (n, 2)
    tolerance : float, optional
        In units of ``xy``; default :func:`closing_tolerance`.

    Examples
    --------
    >>> ring = close_ring(np.array([[0.0, 0.0], [900.0, 0.0], [900.0, 900.0], [0.0, 900.0], [0.0, 0.001]]))
    >>> len(ring.xy), ring.snapped, ring.gap
    (5, True, 0.001)
    >>> len(close_ring(np.array([[0.0, 0.0], [900.0, 0.0], [900.0, 900.0]])).xy)
    4
    """
    gap = float(np.hypot(*(xy[-1] - xy[0])))
    if gap == 0.0 and len(xy) > 1:
        return ClosedRing(xy, 0.0, False)
    tolerance = closing_tolerance(xy) if tolerance is None else tolerance
    if len(xy) > 3 and gap <= tolerance:
        return ClosedRing(np.vstack([xy[:-1], xy[:1]]), gap, True)
    return ClosedRing(np.vstack([xy, xy[:1]]), gap, False)


def parse_geometries(parse: Callable[..., Any], cells: npt.NDArray[np.object_]) -> ParsedGeometries:
    """Return the geometries of WKT or WKB, unclosed rings closed.

    Parameters
    ----------
    parse : callable
        ``shapely.from_wkt`` or ``shapely.from_wkb``.
    cells : ndarray of str, bytes or None, shape (n,)

    Examples
    --------
    >>> texts = np.array(["POINT (1 2)", "CIRCULARSTRING (0 0, 1 1, 2 0)", "POLYGON ((0 0, 1 0, 1 1))"], dtype=object)
    >>> parsed = parse_geometries(shapely.from_wkt, texts)
    >>> parsed.geometries.tolist(), parsed.closed.tolist()
    ([<POINT (1 2)>, None, <POLYGON ((0 0, 1 0, 1 1, 0 0))>], [False, False, True])
    """
    geometries = _parse(parse, cells, "ignore")
    present = np.array([cell is not None and len(cell) > 0 for cell in cells], dtype=bool)
    failed = present & shapely.is_missing(geometries)
    closed = np.zeros(len(cells), dtype=bool)
    if failed.any():
        again = _parse(parse, cells[failed], "fix")
        geometries[failed] = again
        closed[np.flatnonzero(failed)] = ~shapely.is_missing(again)
    return ParsedGeometries(geometries, closed)


def _parse(parse: Callable[..., Any], cells: npt.NDArray[np.object_], on_invalid: str) -> Geometries:
    try:
        with np.errstate(invalid="ignore"):
            return np.asarray(parse(cells, on_invalid=on_invalid), dtype=object).reshape(len(cells))
    except NotImplementedError:
        # One arc among a million geometries must not take the others with it.
        if len(cells) == 1:
            return np.array([None], dtype=object)
        half = len(cells) // 2
        return np.concatenate([_parse(parse, cells[:half], on_invalid), _parse(parse, cells[half:], on_invalid)])


def rows_text(rows: npt.NDArray[np.int_]) -> str:
    """Return the first eight record numbers, from 1, for a message.

    Examples
    --------
    >>> rows_text(np.arange(10))
    '1, 2, 3, 4, 5, 6, 7, 8 ...'
    """
    return ", ".join(str(int(row) + 1) for row in rows[:8]) + (" ..." if len(rows) > 8 else "")


def ring_closed_issue(closed: npt.NDArray[np.bool_], name: str) -> list[Issue]:
    """Return the Issue for features with rings that did not repeat their first corner, if there are any."""
    rows = np.flatnonzero(closed)
    if not len(rows):
        return []
    return [Issue.from_code("warning", "ring_not_closed", name, count=len(rows), rows=rows_text(rows))]


def geometries_from_wkb(
    blobs: npt.NDArray[np.object_] | None, name: str, rows: int = 0
) -> tuple[Geometries, list[Issue]]:
    """Return geometries from WKB that GDAL has made; what GEOS cannot read becomes None, with an Issue.

    Parameters
    ----------
    blobs : ndarray of bytes or None, shape (n,)
        None for a table without geometries.
    name : str
        File, for issues.
    rows : int
        How many there are, where there are no geometries.
    """
    if blobs is None:
        return np.full(rows, None, dtype=object), []
    parsed = parse_geometries(shapely.from_wkb, blobs)
    present = np.array([blob is not None and len(blob) > 0 for blob in blobs], dtype=bool)
    lost = present & shapely.is_missing(parsed.geometries)
    return parsed.geometries, [*unreadable_issue(lost, name), *ring_closed_issue(parsed.closed, name)]


def normalise(geometries: Geometries, name: str, issues: list[Issue]) -> Geometries:
    """Return geometries in the one form that all checks expect.

    Heights and measures are dropped; empty geometries become None; empty members are removed; a collection of one
    dimension becomes a multi-geometry, nested ones are flattened; a polygon that is invalid only because its last
    corner lies within 1 cm of the first is closed there.

    Parameters
    ----------
    geometries : ndarray of shapely geometries or None, shape (n,)
    name : str
        File, for issues.
    issues : list of Issue
        More is added.

    Examples
    --------
    >>> nested = shapely.from_wkt("GEOMETRYCOLLECTION (POLYGON EMPTY, GEOMETRYCOLLECTION (POINT (1 2), POINT (3 4)))")
    >>> normalise(np.array([nested], dtype=object), "a.wkt", issues := [])[0], [issue.code for issue in issues]
    (<MULTIPOINT ((1 2), (3 4))>, ['empty_part_dropped'])
    """
    geometries = _without_surfaces(geometries, name, issues)
    geometries = _flat(geometries, name, issues)
    geometries = _without_empty(geometries, name, issues)
    geometries = _split_collections(geometries)
    return _closed_where_invalid(geometries, name, issues)


def _without_surfaces(geometries: Geometries, name: str, issues: list[Issue]) -> Geometries:
    """Return geometries with None for kinds that nothing here can measure (arcs, surfaces)."""
    surfaces = shapely.get_type_id(geometries) > _LAST_MEASURABLE
    if not surfaces.any():
        return geometries
    issues.extend(unreadable_issue(surfaces, name))
    return with_missing(geometries, surfaces)


def _flat(geometries: Geometries, name: str, issues: list[Issue]) -> Geometries:
    if not (shapely.has_z(geometries) | shapely.has_m(geometries)).any():
        return geometries
    if not any(issue.code == "dimension_dropped" for issue in issues):
        issues.append(dimension_issue(name))
    return np.asarray(shapely.force_2d(geometries), dtype=object)


def _without_empty(geometries: Geometries, name: str, issues: list[Issue]) -> Geometries:
    empty = shapely.is_empty(geometries)
    if empty.any():
        rows = np.flatnonzero(empty)
        issues.append(Issue.from_code("warning", "geometry_empty", name, count=len(rows), rows=rows_text(rows)))
        geometries = with_missing(geometries, empty)
    # A lone polygon may have an empty ring: it is empty then. Only multi-geometries and collections have members.
    candidates = np.flatnonzero(shapely.get_type_id(geometries) > 3)
    if not len(candidates):
        return geometries
    members, owners = shapely.get_parts(geometries[candidates], return_index=True)
    inner = np.flatnonzero(shapely.get_type_id(members) > 3)
    bad = shapely.is_empty(members)
    for place in inner:
        bad[place] |= bool(shapely.is_empty(_members(members[place], empty=True)).any())
    if not bad.any():
        return geometries
    result, rows = geometries.copy(), np.unique(candidates[owners[bad]])
    for row in rows:
        members = _members(geometries[row])
        result[row] = _joined(members) if len(members) else None
    issues.append(Issue.from_code("warning", "empty_part_dropped", name, count=len(rows), rows=rows_text(rows)))
    return result


def _members(geometry: shapely.Geometry, *, empty: bool = False) -> Geometries:
    """Return the simple members of a geometry, of nested collections too; empty ones only where asked for."""
    parts = np.array([geometry], dtype=object)
    while (shapely.get_type_id(parts) > 3).any():
        multi = shapely.get_type_id(parts) > 3
        hollow = multi & (shapely.get_num_geometries(parts) == 0)
        pieces = [
            np.array([shapely.Point()], dtype=object) if hollow[place] else shapely.get_parts(part)
            for place, part in enumerate(parts)
        ]
        parts = np.concatenate(pieces)
    return parts if empty else parts[~shapely.is_empty(parts)]


def _joined(members: Geometries) -> shapely.Geometry:
    """Return simple members as the plainest geometry that holds them all."""
    if len(members) == 1:
        only: shapely.Geometry = members[0]
        return only
    kinds = set(shapely.get_dimensions(members).tolist())
    if len(kinds) > 1:
        return shapely.GeometryCollection(list(members))
    joined: shapely.Geometry = _MULTI[kinds.pop()](members)
    return joined


def _split_collections(geometries: Geometries) -> Geometries:
    """Return collections flattened; what remains one is of several dimensions, which every caller must decide about."""
    rows = np.flatnonzero(shapely.get_type_id(geometries) == _COLLECTION)
    if not len(rows):
        return geometries
    result = geometries.copy()
    for row in rows:
        result[row] = _joined(_members(geometries[row]))
    return result


def _closed_where_invalid(geometries: Geometries, name: str, issues: list[Issue]) -> Geometries:
    """Close rings whose last corner lies within 1 cm of the first, where that is what makes a polygon invalid."""
    areal = np.flatnonzero(np.isin(shapely.get_type_id(geometries), _AREAL))
    short = areal[_ends_near_start(geometries[areal])]
    result, snapped_rows = geometries, []
    for row in short[~shapely.is_valid(geometries[short])]:
        polygons = [_closed_polygon(part) for part in shapely.get_parts(geometries[row])]
        if all(polygon is None for polygon in polygons):
            continue
        parts = [
            part if polygon is None else polygon
            for part, polygon in zip(shapely.get_parts(geometries[row]), polygons, strict=True)
        ]
        closed = parts[0] if len(parts) == 1 else shapely.multipolygons(parts)
        if shapely.is_valid(closed):
            result = geometries.copy() if result is geometries else result
            result[row] = closed
            snapped_rows.append(row)
    if snapped_rows:
        rows = np.array(snapped_rows)
        issues.append(Issue.from_code("info", "closing_point_snapped", name, count=len(rows), rows=rows_text(rows)))
    return result


def _ends_near_start(polygons: Geometries) -> npt.NDArray[np.int_]:
    """Return the positions of polygons with a ring whose last edge is shorter than the closing tolerance."""
    if not len(polygons):
        return np.empty(0, dtype=np.int64)
    rings, owners = shapely.get_rings(polygons, return_index=True)
    xy, of_ring = shapely.get_coordinates(rings, return_index=True)
    if not len(xy):
        return np.empty(0, dtype=np.int64)
    last = np.flatnonzero(np.r_[of_ring[1:] != of_ring[:-1], True])
    edge = np.hypot(*(xy[last] - xy[np.maximum(last - 1, 0)]).T)
    degrees = (np.abs(xy[last]) <= 180.0).all(axis=1)
    short = edge <= np.where(degrees, CLOSING_TOLERANCE_M / _METRES_PER_DEGREE, CLOSING_TOLERANCE_M)
    return np.unique(owners[of_ring[last[short]]])


def _closed_polygon(polygon: shapely.Polygon) -> shapely.Polygon | None:
    """Return a polygon without corners that lie within the tolerance before the closing one, None if it has none."""
    changed, rings = False, []
    for ring in shapely.get_rings(polygon):
        xy = shapely.get_coordinates(ring)
        open_ring = xy[:-1]
        if len(open_ring) > 3:
            closed = close_ring(open_ring)
            if closed.snapped:
                xy, changed = closed.xy, True
        rings.append(xy)
    return shapely.Polygon(rings[0], rings[1:]) if changed else None
