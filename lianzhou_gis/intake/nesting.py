"""Stricter zones inside milder ones: nested or ring-shaped data, and whether both are cut correctly."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from lianzhou_gis.errors import Message
from lianzhou_gis.intake.planar import PlanarLayer, accuracy_of, shared_within, wide_parts
from lianzhou_gis.intake.quality_issues import Defect, threshold
from lianzhou_gis.vocabulary import theme

__all__ = ["Nesting", "nesting"]

Positions = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Nesting:
    """Arrangement of two grades of one source.

    Attributes
    ----------
    source : str or None
    stricter, milder : str
        Grades.
    form : {"nested", "ring", "mixed", "apart"}
        The milder zones hold the stricter ones, surround them, neither, or do not meet them.
    stricter_m2, milder_m2 : float
        As drawn; ``cut_m2`` is the milder grade without what the stricter one holds.
    """

    source: str | None
    stricter: str
    milder: str
    form: str
    stricter_m2: float
    milder_m2: float
    cut_m2: float


def _groups(there: PlanarLayer) -> list[tuple[str | None, list[tuple[str, Positions]]]]:
    """Return for every source its grades, strictest first, with their zones."""
    zones = there.zones
    sources = np.array([name if isinstance(name, str) else "" for name in zones["source_name"]], dtype=object)
    grades = zones["grade"].to_numpy(dtype=object)
    areal = shapely.area(there.shapes) > 0
    groups = []
    for source in sorted(set(sources)):
        present = []
        for grade in theme(there.layer.entry.theme).grades:
            positions = np.flatnonzero((sources == source) & (grades == grade.id) & areal)
            if len(positions):
                present.append((grade.id, positions))
        if len(present) > 1:
            groups.append((source or None, present))
    return groups


def _defect(there: PlanarLayer, code: str, position: int, message: Message, shape: BaseGeometry) -> Defect:
    zones = there.zones
    name = zones["name"].iloc[position]
    return Defect.from_kind(
        code,
        there.layer.entry.id,
        message,
        zone_id=zones["zone_id"].iloc[position],
        zone_name=name if isinstance(name, str) else None,
        amount=shape.area,
        unit="m2",
        shape=there.on_earth(shape),
    )


def _holes_left(milder: BaseGeometry, stricter: BaseGeometry) -> list[BaseGeometry]:
    """Return the parts of the holes around stricter zones that neither grade covers."""
    rings = [ring for part in shapely.get_parts(milder) for ring in shapely.get_rings(part)[1:]]
    holes = shapely.polygons(rings) if rings else np.array([], dtype=object)
    left = []
    for hole in holes[shapely.intersects(holes, stricter)]:
        rest = wide_parts(shapely.difference(hole, stricter), threshold("nesting_gap_width_m"))
        if not rest.is_empty:
            left.append(rest)
    return left


def _pair(
    there: PlanarLayer, source: str | None, stricter: list[tuple[str, Positions]], mild: tuple[str, Positions]
) -> tuple[Nesting, list[Defect]]:
    """Compare a grade of a source with the next stricter one; ground of any stricter grade is no gap."""
    strict = stricter[-1]
    shapes, found = there.shapes, []
    whole_strict = shapely.union_all(shapes[strict[1]])
    whole_mild = shapely.union_all(shapes[mild[1]])
    inside = shapely.intersection(shapes[strict[1]], whole_mild)
    near = accuracy_of(there.zones, threshold("unstated_accuracy_m"))[strict[1]]
    rest = shapely.difference(shapes[strict[1]], whole_mild)
    # Overlaps narrower than the accuracy do not show how the grades are nested.
    held = [not wide_parts(piece, width).is_empty for piece, width in zip(inside, near, strict=True)]
    left = [not wide_parts(piece, width).is_empty for piece, width in zip(rest, near, strict=True)]
    forms = [
        "mixed" if both else "nested" if one else "ring"
        for one, both in zip(held, np.logical_and(held, left), strict=True)
    ]
    away = shapely.distance(shapes[strict[1]], whole_mild) > near
    forms = ["apart" if form == "ring" and far else form for form, far in zip(forms, away, strict=True)]
    labels = {grade.id: grade.label for grade in theme(there.layer.entry.theme).grades}
    grade = labels[mild[0]]
    for position, form, piece, width in zip(strict[1], forms, inside, near, strict=True):
        if form == "mixed":
            overlap = wide_parts(piece, width)
            message = Message.from_code("zone_partly_in_milder", area=overlap.area, grade=grade)
            found.append(_defect(there, "nesting_mixed", position, message, overlap))
        elif form == "apart" and set(forms) == {"apart"}:
            message = Message.from_code("zone_apart_from_milder", grade=grade)
            found.append(_defect(there, "nesting_apart", position, message, shapes[position]))
    for hole in _holes_left(whole_mild, shapely.union_all(shapes[np.concatenate([held for _, held in stricter])])):
        message = Message.from_code("zone_gap_to_stricter", area=hole.area, grade=grade)
        found.append(_defect(there, "nesting_gap", mild[1][0], message, hole))
    kinds = sorted(set(forms) - {"apart"}) or ["apart"]
    result = Nesting(
        source=source,
        stricter=strict[0],
        milder=mild[0],
        form=kinds[0] if len(kinds) == 1 else "mixed",
        stricter_m2=round(float(whole_strict.area), 2),
        milder_m2=round(float(whole_mild.area), 2),
        cut_m2=round(float(shapely.area(shapely.union_all(there.cut[mild[1]]))), 2),
    )
    return result, found


def _variants(there: PlanarLayer) -> list[Defect]:
    """Return the zones inside milder zones of a source with a similar name: one source, two spellings."""
    zones = there.zones
    order = {grade.id: rank for rank, grade in enumerate(theme(there.layer.entry.theme).grades)}
    rank = np.array([order.get(grade, -1) for grade in zones["grade"]])
    found, seen = [], set()
    for first, second, piece in zip(*there.overlaps, strict=True):
        one, other = (first, second) if rank[first] <= rank[second] else (second, first)
        names = [zones["source_name"].iloc[position] for position in (one, other)]
        if not all(isinstance(name, str) for name in names) or names[0] == names[1] or not 0 <= rank[one] < rank[other]:
            continue
        held = piece.area >= threshold("same_share") * there.shapes[one].area
        if not held or SequenceMatcher(None, *names).ratio() < threshold("name_likeness") or (one, names[1]) in seen:
            continue
        seen.add((one, names[1]))
        message = Message.from_code("source_named_otherwise", outer=names[1], own=names[0])
        found.append(_defect(there, "source_name_variants", one, message, there.shapes[one]))
    return found


def _cut_right(there: PlanarLayer) -> list[Defect]:
    """Return the overlaps of two grades of a source that remain after the cut made by every screening."""
    zones, cut = there.zones, there.cut
    sources = [name if isinstance(name, str) else "" for name in zones["source_name"]]
    grades = zones["grade"].to_numpy(dtype=object)
    found = []
    for one, other, piece in zip(*shared_within(cut), strict=True):
        known = isinstance(grades[one], str) and isinstance(grades[other], str)
        if known and grades[one] != grades[other] and sources[one] and sources[one] == sources[other]:
            left = wide_parts(piece, threshold("width_m"))
            if not left.is_empty:
                name = zones["zone_id"].iloc[other]
                message = Message.from_code("grades_still_overlap", zone=name, area=left.area)
                found.append(_defect(there, "cut_incomplete", one, message, left))
    return found


def nesting(there: PlanarLayer) -> tuple[list[Nesting], list[Defect]]:
    """Say how the grades of every source lie to each other, and what is wrong with it."""
    if not theme(there.layer.entry.theme).nested:
        return [], []
    groups = _groups(there)
    nestings: list[Nesting] = []
    found: list[Defect] = []
    for source, present in groups:
        for place in range(1, len(present)):
            one, defects = _pair(there, source, present[:place], present[place])
            nestings.append(one)
            found.extend(defects)
    return nestings, [*found, *_variants(there), *_cut_right(there)]
