"""Contradictions between layers, by the statements about pairs of layers in ``checks.yaml``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from lianzhou_gis.errors import Message
from lianzhou_gis.intake.planar import Geometries, PlanarLayer, accuracy_of, beyond, shared, wide_parts
from lianzhou_gis.intake.quality_issues import Defect, contradictions, threshold, title_of
from lianzhou_gis.overlay.intersecting_pairs import union_by_group
from lianzhou_gis.overlay.shape_index import ShapeIndex
from lianzhou_gis.vocabulary import theme

__all__ = ["contradicting"]


def _chosen(there: PlanarLayer, grades: Sequence[str] | None) -> npt.NDArray[np.intp]:
    areal = shapely.area(there.shapes) > 0
    if grades is None:
        return np.flatnonzero(areal)
    return np.flatnonzero(areal & there.zones["grade"].isin(grades).to_numpy(dtype=bool))


def _others(layers: Sequence[PlanarLayer], grades: Sequence[str] | None) -> tuple[Geometries, float]:
    """Return the shapes of some layers in one array, and the coarsest of their accuracies."""
    shapes, accuracy = [np.array([], dtype=object)], 0.0
    for there in layers:
        positions = _chosen(there, grades)
        shapes.append(there.shapes[positions])
        known = accuracy_of(there.zones, threshold("unstated_accuracy_m"))[positions]
        accuracy = max(accuracy, float(known.max(initial=0.0)))
    return np.concatenate(shapes), accuracy


def _pieces(kind: str, holders: Geometries, others: Geometries) -> tuple[Any, Geometries]:
    """Return what of every holder contradicts the statement."""
    index = ShapeIndex.build(others)
    if kind == "within":
        return beyond(holders, index)
    holder, _, pieces = shared(holders, index)
    positions, group = np.unique(holder, return_inverse=True)
    return positions, union_by_group(pieces, group.astype(np.intp), len(positions))


def _message(kind: str, area: float, other: Mapping[str, Any]) -> Message:
    entry = theme(other["theme"])
    names = [grade.label for grade in entry.grades if grade.id in (other.get("grades") or ())] or [entry.label]
    return Message.from_code(
        "contradiction_outside" if kind == "within" else "contradiction_overlap", area=area, zones=names
    )


def contradicting(layers: Sequence[PlanarLayer]) -> list[Defect]:
    """Return the contradictions between the layers of a day by zone; slivers within accuracy do not count."""
    by_theme: dict[str, list[PlanarLayer]] = {}
    for there in layers:
        by_theme.setdefault(there.layer.entry.theme, []).append(there)
    found = []
    for statement in contradictions():
        holder, other, kind = statement["holder"], statement["other"], statement["kind"]
        holders = by_theme.get(holder["theme"], [])
        if holders and other["theme"] not in by_theme:
            missing = theme(other["theme"]).label
            message = Message.from_code("contradiction_unchecked", theme=missing, statement=title_of(statement["code"]))
            found.append(Defect.from_kind("contradiction_unchecked", holders[0].layer.entry.id, message))
            continue
        others, accuracy = _others(by_theme.get(other["theme"], []), other.get("grades"))
        for there in holders:
            positions = _chosen(there, holder.get("grades"))
            own = accuracy_of(there.zones, threshold("unstated_accuracy_m"))[positions]
            for place, piece in zip(*_pieces(kind, there.shapes[positions], others), strict=True):
                kept = wide_parts(piece, float(np.hypot(own[place], accuracy)))
                if kept.is_empty:
                    continue
                row = there.zones.iloc[positions[place]]
                found.append(
                    Defect.from_kind(
                        statement["code"],
                        there.layer.entry.id,
                        _message(kind, kept.area, other),
                        zone_id=row["zone_id"],
                        zone_name=row["name"] if isinstance(row["name"], str) else None,
                        amount=kept.area,
                        unit="m2",
                        shape=there.on_earth(kept),
                    )
                )
    return found
