"""Ring-by-ring repair of invalid polygons; ambiguous places are marked as doubtful."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from lianzhou_gis.errors import Issue, Phrase
from lianzhou_gis.geodesy import Plane, StudyArea, statutory_area

__all__ = ["Repair", "repair_geometries"]

Geometries = npt.NDArray[np.object_]

# Differences below the accuracy of borders are no doubt (0.4 mm at 1:10,000).
_UNSTATED_ACCURACY_M = 4.0
_AREAL = (3, 6)
_COLLECTION = 7
_EMPTY = shapely.Polygon()
# A border that encloses nothing and is shorter than this, about a centimetre, is a remnant of editing.
_NEGLIGIBLE_DEG = 1e-7


@dataclass(frozen=True)
class Repair:
    """Repair of one geometry.

    Attributes
    ----------
    geometry : shapely geometry or None
        Valid; all that any reading of it holds, within the study area. Empty where nothing lies there, ``None`` where
        no area can be made of it.
    changed_m2 : float
        How far the readings lie apart.
    doubtful : shapely geometry or None
        Where they lie apart by more than the accuracy: the intended area is ambiguous.
    before_m2, after_m2 : float
        By the statutory formula: the whole as it was, and ``geometry``.
    cut : bool
        Whether ``geometry`` is only what lies within the study area.
    rings : int
        How many rings were broken.
    """

    geometry: Any
    changed_m2: float
    doubtful: Any
    before_m2: float = 0.0
    after_m2: float = 0.0
    cut: bool = False
    rings: int = 0

    def issue(self, where: str) -> Issue:
        """Say by what method it was repaired, with the area before and after."""
        within = Phrase("（研究范围内）", " (within the study area)") if self.cut else Phrase("", "")
        return Issue.from_code(
            "warning",
            "geometry_repaired",
            where,
            rings=self.rings,
            before=self.before_m2,
            after=self.after_m2,
            changed=self.changed_m2,
            within=within,
        )


@dataclass(frozen=True)
class _RingReadings:
    """The readings of one broken ring, as areas within the study area.

    Attributes
    ----------
    any, all : shapely geometry
        What any of the readings holds, and what all of them do.
    open : tuple of shapely geometry
        Where they lie apart.
    """

    any: Any
    all: Any
    open: tuple[Any, ...]


@dataclass
class _PartialRepair:
    """Accumulator for the repaired parts of one geometry."""

    shapes: list[Any] = field(default_factory=list)
    open: list[Any] = field(default_factory=list)
    rings: int = 0
    collapsed: list[Any] = field(default_factory=list)


def _polygons(geometry: BaseGeometry) -> BaseGeometry:
    """Keep the areas of what make_valid or an intersection returns; empty where there are none."""
    parts = shapely.get_parts(shapely.get_parts(geometry))
    selected = parts[(shapely.get_type_id(parts) == 3) & ~shapely.is_empty(parts)]
    if len(selected) < 2:
        return selected[0] if len(selected) else _EMPTY
    whole = shapely.multipolygons(selected)
    return whole if shapely.is_valid(whole) else shapely.union_all(selected)


def _crossings(ring: BaseGeometry) -> list[npt.NDArray[np.float64]]:
    """Return, for every place where a ring crosses itself, the corners of the smaller loop and its two neighbours."""
    corners = shapely.get_coordinates(ring)[:-1]
    count = len(corners)
    if count < 4:
        return []
    ends = np.stack([corners, np.roll(corners, -1, axis=0)], axis=1)
    edges = np.asarray(shapely.linestrings(ends), dtype=object)
    first, second = shapely.STRtree(edges).query(edges)
    # Edges that follow one another meet in their corner; to leave them out first is what makes this fast.
    apart = (second - first > 1) & (second - first < count - 1)
    first, second = first[apart], second[apart]
    loops = []
    for i, j in np.column_stack([first, second])[shapely.crosses(edges[first], edges[second])]:
        inner = np.arange(i, j + 2) % count
        outer = np.arange(j, i + count + 2) % count
        loops.append(corners[inner if len(inner) <= len(outer) else outer])
    return loops


def _read(area: shapely.Polygon, study: StudyArea | None) -> _RingReadings:
    """Read a broken ring in every way. The readings are valid, so that they can be clipped; the ring itself is not."""
    ring = area.exterior
    if study is not None:
        area = study.simplify_outside(ring)
    readings = [
        shapely.make_valid(area, method="linework"),
        shapely.make_valid(area, method="structure"),
        shapely.buffer(area, 0.0),
    ]
    # Which loop of a self-crossing ring is the error is unknown: all within their hull is doubtful.
    hulls = [shapely.convex_hull(shapely.multipoints(loop)) for loop in _crossings(ring)]
    shapes = np.array([*readings, *hulls], dtype=object)
    one, other, one_way, *loops = map(_polygons, shapes if study is None else study.clip(shapes))
    left = _polygons(shapely.difference(_polygons(shapely.union(one, other)), one_way))
    if shapely.area(left) > shapely.area(one_way):
        # A buffer of 0 keeps loops of one orientation and guesses which: the smaller part is doubtful.
        left = one_way
    apart = _polygons(shapely.symmetric_difference(one, other))
    return _RingReadings(
        any=_polygons(shapely.union(one, other)),
        all=_polygons(shapely.difference(shapely.intersection(one, other), left)),
        open=(apart, left, *loops),
    )


def _add_part(part: BaseGeometry, study: StudyArea | None, partial: _PartialRepair) -> None:
    """Repair a broken polygon: those of its rings that meet the study area one by one, then its holes taken out."""
    areas = np.asarray(shapely.polygons(shapely.get_rings(part)), dtype=object)
    if study is not None:
        areas = areas[np.r_[True, study.bounds_intersect(areas[1:])]]
    sound = shapely.is_valid(areas)
    by_any, by_all = areas.copy(), areas.copy()
    if study is not None:
        by_any[sound] = by_all[sound] = study.clip(areas[sound])
    for position in np.flatnonzero(~sound):
        ring = _read(areas[position], study)
        by_any[position], by_all[position] = ring.any, ring.all
        partial.open += ring.open
        partial.rings += 1
    if by_any[0].is_empty:
        border = shapely.LineString(shapely.get_coordinates(shapely.get_exterior_ring(part)))
        if study is None or shapely.intersects(border, study.box):
            partial.collapsed.append(border)
    odd = _odd_holes(by_any[1:], by_all[0])
    partial.open += odd
    partial.shapes += [shapely.difference(by_any[0], shapely.union_all(by_all[1:])), *odd]


def _odd_holes(holes: Geometries, shell: BaseGeometry) -> list[BaseGeometry]:
    """Return where holes overlap one another or stick out of their shell: by even and odd that is area again."""
    holes = holes[~shapely.is_empty(holes)]
    first, second = shapely.STRtree(holes).query(holes, predicate="intersects")
    pair = first < second
    overlaps = shapely.intersection(holes[first[pair]], holes[second[pair]])
    shapely.prepare(shell)
    beyond = shapely.difference(holes[~shapely.covers(shell, holes)], shell)
    return [place for place in map(_polygons, [*overlaps, *beyond]) if not place.is_empty]


def _nested(shapes: list[BaseGeometry]) -> list[BaseGeometry]:
    """Return the parts of one geometry that lie inside another of its parts: they may well be meant as holes."""
    parts = np.array([shape for shape in shapes if not shape.is_empty], dtype=object)
    outer, inner = shapely.STRtree(parts).query(parts, predicate="covers")
    is_duplicate = shapely.equals(parts[outer], parts[inner])
    return list(map(_polygons, parts[inner[~is_duplicate]]))


def _wide(places: BaseGeometry, accuracy_m: float) -> BaseGeometry | None:
    """Return those parts of open places that are somewhere wider than the accuracy; ``None`` if there are none."""
    parts = shapely.get_parts(places)
    selected = parts[~shapely.is_empty(shapely.buffer(Plane().project_vertices(parts), -accuracy_m / 2.0))]
    return None if not len(selected) else selected[0] if len(selected) == 1 else shapely.MultiPolygon(list(selected))


def _repair(geometry: BaseGeometry, study: StudyArea | None, accuracy_m: float) -> Repair:
    """Repair one geometry; where GEOS fails on it no area can be made of it, and the others are not concerned."""
    try:
        return _repair_rings(geometry, study, accuracy_m)
    except shapely.errors.GEOSException:
        return Repair(None, 0.0, None)


def _repair_rings(geometry: BaseGeometry, study: StudyArea | None, accuracy_m: float) -> Repair:
    members = shapely.get_parts(shapely.get_parts(geometry))
    areal = shapely.get_type_id(members) == 3
    parts = members[areal]
    # A lone part is what is broken.
    valid = shapely.is_valid(parts) if len(parts) > 1 else np.zeros(len(parts), dtype=bool)
    if study is not None:
        near = study.bounds_intersect(parts)
        parts, valid = parts[near], valid[near]
    partial = _PartialRepair(list(parts[valid] if study is None else study.clip(parts[valid])))
    for part in parts[~valid]:
        _add_part(part, study, partial)
    partial.open += _nested(partial.shapes)
    before = float(statutory_area([geometry])[0])
    whole = _polygons(shapely.union_all(partial.shapes))
    cut = study is not None and bool(study.extends_beyond(np.array([geometry], dtype=object))[0])
    if whole.is_empty:
        # Where borders run and yet nothing is inside, no reading makes an area of it; else it only lies elsewhere.
        runs = study is None or bool(shapely.intersects(shapely.get_rings(parts), study.box).any())
        return Repair(None if runs else _EMPTY, 0.0, None, before, 0.0, cut, partial.rings)
    after = float(statutory_area([whole])[0])
    # Lines and points of a collection are retained unchanged, as is a part of which no reading makes an area.
    lesser = [*members[~areal], *(line for line in partial.collapsed if shapely.length(line) > _NEGLIGIBLE_DEG)]
    if lesser:
        whole = shapely.GeometryCollection([*shapely.get_parts(whole), *lesser])
    places = _polygons(shapely.union_all(partial.open))
    changed = float(statutory_area([places])[0])
    return Repair(whole, changed, _wide(places, accuracy_m), before, after, cut, partial.rings)


def repair_geometries(
    geometries: Geometries, *, study: StudyArea | None = None, accuracy_m: npt.NDArray[np.float64] | None = None
) -> dict[int, Repair]:
    """Return the repairs of those geometries that are not valid, by position.

    Parameters
    ----------
    geometries : ndarray of shapely geometries or None, shape (n,)
        EPSG:4490, lon/lat. Lines and points are valid whatever they are.
    study : StudyArea, optional
        Only rings that meet it are looked at, and what lies beyond it is left out.
    accuracy_m : ndarray of float, shape (n,), optional
        How well the borders are known; NaN, or none given, counts as 4 m.

    Examples
    --------
    >>> bow_tie = shapely.Polygon([(112.4, 24.8), (112.41, 24.81), (112.41, 24.8), (112.4, 24.81)])
    >>> repair = repair_geometries(np.array([bow_tie], dtype=object))[0]
    >>> repair.geometry.is_valid, repair.doubtful.equals(shapely.box(112.4, 24.8, 112.41, 24.81))
    (True, True)
    >>> round(repair.before_m2), round(repair.after_m2)
    (0, 559991)
    """
    broken = np.isin(shapely.get_type_id(geometries), (*_AREAL, _COLLECTION)) & ~shapely.is_valid(geometries)
    known = np.full(len(geometries), np.nan) if accuracy_m is None else accuracy_m
    known = np.where(np.isnan(known), _UNSTATED_ACCURACY_M, known)
    return {
        int(position): _repair(geometries[position], study, float(known[position]))
        for position in np.flatnonzero(broken)
    }
