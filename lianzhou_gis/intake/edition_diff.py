"""Compares two editions: zones added, removed, moved or regraded, and areas by grade."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from lianzhou_gis.catalog import LayerEntry
from lianzhou_gis.geodesy import Plane
from lianzhou_gis.intake.editions import Edition
from lianzhou_gis.intake.planar import Geometries, Positions, beyond, shared, wide_parts
from lianzhou_gis.overlay.intersecting_pairs import union_by_group
from lianzhou_gis.overlay.shape_index import ShapeIndex
from lianzhou_gis.vocabulary import theme

__all__ = ["STATUSES", "EditionDiff", "GroundChange", "ZoneChange", "compare_editions"]

# Two zones that share half of what they hold together are one zone that moved.
_SAME_ZONE = 0.5
# A zone half of which was under other zones before is drawn anew, not added.
_REDRAWN = 0.5
# Hairs of two drawings of one border.
_WIDTH_M = 0.01
_SAID = ("name", "part", "source_name", "source_type", "town", "authority", "document", "valid_from", "valid_to",
         "official_area_m2")  # fmt: skip
STATUSES = (
    "added", "removed", "moved_regraded", "regraded", "moved", "redrawn_in", "redrawn_out", "attributes", "unchanged",
)  # fmt: skip
UNKNOWN_GRADE = "unknown"
Shared = tuple[Positions, Positions, Geometries]


@dataclass(frozen=True)
class ZoneChange:
    """The change of one zone.

    Attributes
    ----------
    status : str
        ``unchanged``, ``moved``, ``regraded``, ``moved_regraded``, ``attributes``, ``added``, ``removed``,
        ``redrawn_in`` (a new zone on ground that other zones held), ``redrawn_out`` (an old one whose ground others
        hold now).
    old_id, new_id : str or None
    gained_m2, lost_m2 : float
        Of a zone with a counterpart against that; of any other the ground that no zone of the other edition holds.
    others : tuple of str
        Zones of the other edition that hold its ground, for those drawn anew.
    changed : tuple of str
        Columns whose values differ.
    gained, lost : shapely geometry or None
        EPSG:4490.
    """

    status: str
    old_id: str | None
    new_id: str | None
    name: str | None
    old_grade: str | None
    new_grade: str | None
    old_m2: float
    new_m2: float
    gained_m2: float
    lost_m2: float
    others: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    gained: Any = None
    lost: Any = None


@dataclass(frozen=True)
class GroundChange:
    """Area that changed grade, or that was or is in no zone (``None``); areas do not overlap.

    Attributes
    ----------
    shape : shapely geometry or None
        EPSG:4490; ``None`` for ground that stayed what it was.
    """

    old_grade: str | None
    new_grade: str | None
    area_m2: float
    shape: Any = None


@dataclass(frozen=True)
class EditionDiff:
    """The comparison of two editions.

    Attributes
    ----------
    old, new : Edition or None
        ``None`` where a catalog has no edition of the series.
    zones : tuple of ZoneChange
        Those that changed first, then by id.
    ground : tuple of GroundChange
        Every pair of grades with the ground between them, what stayed included.
    """

    theme: str
    series: str
    old: Edition | None
    new: Edition | None
    zones: tuple[ZoneChange, ...]
    ground: tuple[GroundChange, ...]
    grades: tuple[str, ...] = field(default=())

    @property
    def entry(self) -> LayerEntry:
        """The entry that names the layer."""
        edition = self.new or self.old
        assert edition is not None, "a pair has at least one edition"
        return edition.entry

    def count(self, status: str) -> int:
        """Return how many zones have a status."""
        return sum(zone.status == status for zone in self.zones)

    def balance(self, grade: str) -> tuple[float, float, float, float]:
        """Return old area, new area, gained and lost of a grade, m2; overlapping zones count once."""
        old = sum(item.area_m2 for item in self.ground if item.old_grade == grade)
        new = sum(item.area_m2 for item in self.ground if item.new_grade == grade)
        gained = sum(item.area_m2 for item in self.ground if item.new_grade == grade != item.old_grade)
        lost = sum(item.area_m2 for item in self.ground if item.old_grade == grade != item.new_grade)
        return old, new, gained, lost

    def outer(self) -> tuple[float, float]:
        """Return the area that the layer gained, and the area that it released, regardless of grade."""
        gained = sum(item.area_m2 for item in self.ground if item.old_grade is None)
        lost = sum(item.area_m2 for item in self.ground if item.new_grade is None)
        return gained, lost


def _empty() -> pd.DataFrame:
    return pd.DataFrame({name: [] for name in ("zone_id", "grade", "geometry", *_SAID)}, dtype=object)


def _grades(zones: pd.DataFrame, theme_id: str) -> Geometries:
    """Return the grade of every zone; themes without grades have the one of the theme itself."""
    if not theme(theme_id).grades:
        return np.full(len(zones), theme_id, dtype=object)
    return np.array([grade if isinstance(grade, str) else UNKNOWN_GRADE for grade in zones["grade"]], dtype=object)


def _matches(
    old: pd.DataFrame, new: pd.DataFrame, one: Geometries, two: Geometries, pairs: Shared
) -> list[tuple[int, int]]:
    """Return which zone of the one is which of the other: by id, else where each is what the other shares most with."""
    places = {name: position for position, name in enumerate(old["zone_id"])}
    matched = {places[name]: position for position, name in enumerate(new["zone_id"]) if name in places}
    taken = set(matched.values())
    late, early, pieces = pairs
    area = shapely.area(pieces)
    ratio = area / np.maximum(shapely.area(two[late]) + shapely.area(one[early]) - area, 1e-9)
    order = sorted(np.flatnonzero(ratio >= _SAME_ZONE), key=lambda k: (-ratio[k], late[k], early[k]))
    for k in order:
        if early[k] not in matched and late[k] not in taken:
            matched[int(early[k])] = int(late[k])
            taken.add(int(late[k]))
    return sorted(matched.items())


def _same_shapes(one: Geometries, two: Geometries) -> npt.NDArray[np.bool_]:
    rounded = [shapely.normalize(shapely.transform(shapes, lambda xy: np.round(xy, 9) + 0.0)) for shapes in (one, two)]
    missing = [shapely.is_missing(shapes) for shapes in (one, two)]
    same = shapely.to_wkb(rounded[0]) == shapely.to_wkb(rounded[1])
    return np.asarray((missing[0] & missing[1]) | same, dtype=np.bool_)


def _cell(value: Any) -> Any:  # noqa: ANN401 - any cell
    return None if value is None or pd.isna(value) else value


@dataclass(frozen=True)
class _Pair:
    """Both editions in the plane."""

    old: pd.DataFrame
    new: pd.DataFrame
    one: Geometries
    two: Geometries
    old_grade: Geometries
    new_grade: Geometries
    plane: Plane

    def to_cgcs2000(self, shape: BaseGeometry | None) -> BaseGeometry | None:
        return None if shape is None or shape.is_empty else self.plane.unproject(np.array([shape], dtype=object))[0]


def _changed_zone(pair: _Pair, before: int, after: int, same: bool) -> ZoneChange:
    gained: BaseGeometry = shapely.Polygon()
    lost: BaseGeometry = shapely.Polygon()
    if not same:
        gained = wide_parts(shapely.difference(pair.two[after], pair.one[before]), _WIDTH_M)
        lost = wide_parts(shapely.difference(pair.one[before], pair.two[after]), _WIDTH_M)
    first, second = pair.old.iloc[before], pair.new.iloc[after]
    changed = tuple(name for name in _SAID if _cell(first[name]) != _cell(second[name]))
    regraded = pair.old_grade[before] != pair.new_grade[after]
    # Points, lines and zones without a shape have no ground to gain.
    moved = not gained.is_empty or not lost.is_empty or (not same and pair.two[after].is_empty)
    status = "moved_regraded" if moved and regraded else "moved" if moved else "regraded" if regraded else ""
    renamed = first["zone_id"] != second["zone_id"]
    return ZoneChange(
        status=status or ("attributes" if changed or renamed else "unchanged"),
        old_id=first["zone_id"],
        new_id=second["zone_id"],
        name=_cell(second["name"]) or _cell(first["name"]),
        old_grade=pair.old_grade[before],
        new_grade=pair.new_grade[after],
        old_m2=float(pair.one[before].area),
        new_m2=float(pair.two[after].area),
        gained_m2=float(gained.area),
        lost_m2=float(lost.area),
        changed=changed,
        gained=pair.to_cgcs2000(gained),
        lost=pair.to_cgcs2000(lost),
    )


def _unmatched(
    pair: _Pair, alone: Positions, *, is_new: bool, held: dict[int, list[int]], rest: dict[int, Any]
) -> Iterator[ZoneChange]:
    """Return what became of zones without a counterpart."""
    own, others = (pair.new, pair.old) if is_new else (pair.old, pair.new)
    shapes, grades = (pair.two, pair.new_grade) if is_new else (pair.one, pair.old_grade)
    for position in alone:
        area = float(shapes[position].area)
        left = rest.get(int(position), shapely.Polygon())
        redrawn = area > 0 and area - left.area >= _REDRAWN * area
        status = ("redrawn_in" if redrawn else "added") if is_new else ("redrawn_out" if redrawn else "removed")
        name = own["zone_id"].iloc[position]
        yield ZoneChange(
            status=status,
            old_id=None if is_new else name,
            new_id=name if is_new else None,
            name=_cell(own["name"].iloc[position]),
            old_grade=None if is_new else grades[position],
            new_grade=grades[position] if is_new else None,
            old_m2=0.0 if is_new else area,
            new_m2=area if is_new else 0.0,
            gained_m2=float(left.area) if is_new else 0.0,
            lost_m2=0.0 if is_new else float(left.area),
            others=tuple(sorted(str(others["zone_id"].iloc[k]) for k in held.get(int(position), ())))
            if redrawn
            else (),
            gained=pair.to_cgcs2000(left) if is_new else None,
            lost=None if is_new else pair.to_cgcs2000(left),
        )


def _zone_changes(pair: _Pair) -> list[ZoneChange]:
    late, early, pieces = shared(pair.two, ShapeIndex.build(pair.one))
    matches = _matches(pair.old, pair.new, pair.one, pair.two, (late, early, pieces))
    before, after = (np.array([match[side] for match in matches], dtype=np.intp) for side in (0, 1))
    same = _same_shapes(
        pair.old["geometry"].to_numpy(dtype=object)[before], pair.new["geometry"].to_numpy(dtype=object)[after]
    )
    zones = [_changed_zone(pair, one, two, bool(alike)) for one, two, alike in zip(before, after, same, strict=True)]
    for is_new, own, others, mine, theirs, matched in (
        (True, pair.two, pair.one, late, early, after),
        (False, pair.one, pair.two, early, late, before),
    ):
        alone = np.setdiff1d(np.arange(len(own)), matched)
        places, rests = beyond(own[alone], ShapeIndex.build(others))
        held: dict[int, list[int]] = {}
        for one, two in zip(mine, theirs, strict=True):
            held.setdefault(int(one), []).append(int(two))
        rest = {int(alone[place]): shape for place, shape in zip(places, rests, strict=True)}
        zones.extend(_unmatched(pair, alone, is_new=is_new, held=held, rest=rest))
    rank = {status: place for place, status in enumerate(STATUSES)}
    return sorted(zones, key=lambda zone: (rank[zone.status], zone.new_id or zone.old_id or ""))


def _by_strictness(shapes: Geometries, grades: Geometries, order: tuple[str, ...]) -> dict[str, Geometries]:
    """Return for every grade its ground in connected parts, without what stricter grades hold."""
    found: dict[str, Geometries] = {}
    stricter = np.array([], dtype=object)
    for grade in order:
        whole = shapely.get_parts(shapely.union_all(shapes[grades == grade]))
        whole = whole[shapely.area(whole) > 0]
        if len(stricter) and len(whole):
            places, rests = beyond(whole, ShapeIndex.build(stricter))
            whole = shapely.get_parts(rests) if len(places) else np.array([], dtype=object)
        found[grade] = np.asarray(whole, dtype=object)
        stricter = np.concatenate([stricter, found[grade]])
    return found


def _ground_changes(pair: _Pair, order: tuple[str, ...]) -> list[GroundChange]:
    early = _by_strictness(pair.one, pair.old_grade, order)
    late = _by_strictness(pair.two, pair.new_grade, order)
    every = {
        name: np.concatenate([np.array([], dtype=object), *found.values()])
        for name, found in (("o", early), ("n", late))
    }
    changes = []

    def add(one: str | None, two: str | None, pieces: Geometries) -> None:
        whole = union_by_group(pieces, np.zeros(len(pieces), dtype=np.intp), 1)[0] if len(pieces) else shapely.Polygon()
        kept = whole if one == two else wide_parts(whole, _WIDTH_M)
        if kept.area > 0:
            changes.append(GroundChange(one, two, float(kept.area), None if one == two else pair.to_cgcs2000(kept)))

    for one in order:
        index = ShapeIndex.build(early[one])
        for two in order:
            add(one, two, shared(late[two], index)[2])
        add(one, None, beyond(early[one], ShapeIndex.build(every["n"]))[1])
    for two in order:
        add(None, two, beyond(late[two], ShapeIndex.build(every["o"]))[1])
    return changes


def compare_editions(old: Edition | None, new: Edition | None) -> EditionDiff:
    """Compare two editions of a layer.

    Parameters
    ----------
    old, new : Edition or None
        At least one; the other may be ``None`` where a catalog has none.
    """
    there = new or old
    assert there is not None, "a pair has at least one edition"
    theme_id, nothing = there.entry.theme, np.array([], dtype=object)
    tables = [edition.zones if edition else _empty() for edition in (old, new)]
    grades = [_grades(table, theme_id) for table in tables]
    pair = _Pair(
        tables[0],
        tables[1],
        old.shapes if old else nothing,
        new.shapes if new else nothing,
        grades[0],
        grades[1],
        there.plane,
    )
    known = tuple(grade.id for grade in theme(theme_id).grades) or (theme_id,)
    order = (*known, UNKNOWN_GRADE) if UNKNOWN_GRADE in {*grades[0], *grades[1]} else known
    present = tuple(grade for grade in order if grade in {*grades[0], *grades[1]})
    return EditionDiff(
        theme=theme_id,
        series=there.entry.series,
        old=old,
        new=new,
        zones=tuple(_zone_changes(pair)),
        ground=tuple(_ground_changes(pair, present)),
        grades=present,
    )
