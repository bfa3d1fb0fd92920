"""Checks of control units: gaps, overlaps, and units of the access list that the layer lacks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import shapely

from lianzhou_gis.errors import Message
from lianzhou_gis.intake.access_decisions import share
from lianzhou_gis.intake.planar import PlanarLayer, areas_of, beyond, wide_parts
from lianzhou_gis.intake.quality_issues import Defect, threshold
from lianzhou_gis.rulebook import AccessItem

__all__ = ["undecided_items", "unit_gaps", "unit_list", "unit_overlaps"]


def unit_gaps(there: PlanarLayer) -> list[Defect]:
    """Return the places inside the coverage that belong to no unit; where coverage is the units' union, its holes."""
    coverage = there.layer.coverage
    if coverage is None:
        return []
    if there.layer.entry.coverage == "union":
        rings = shapely.get_rings(shapely.get_parts(coverage))
        shells = shapely.polygons([shapely.get_exterior_ring(part) for part in shapely.get_parts(coverage)])
        holes = np.asarray(shapely.polygons(rings), dtype=object)
        wanted = holes[~np.isin(shapely.to_wkb(shapely.normalize(holes)), shapely.to_wkb(shapely.normalize(shells)))]
    else:
        wanted = np.array([coverage], dtype=object)
    _, rests = beyond(areas_of(there.plane.project(wanted)), there.index)
    found = []
    for part in shapely.get_parts(rests):
        if wide_parts(part, threshold("width_m")).is_empty:
            continue
        found.append(
            Defect.from_kind(
                "unit_gap",
                there.layer.entry.id,
                Message.from_code("units_gap", area=part.area),
                amount=part.area,
                unit="m2",
                shape=there.on_earth(part),
            )
        )
    return found


def unit_overlaps(there: PlanarLayer) -> list[Defect]:
    """Return the places that belong to two units."""
    zones = there.zones
    found = []
    for one, other, piece in zip(*there.overlaps, strict=True):
        kept = wide_parts(piece, threshold("width_m"))
        if kept.is_empty:
            continue
        names = [zones["zone_id"].iloc[position] for position in (one, other)]
        found.append(
            Defect.from_kind(
                "unit_overlap",
                there.layer.entry.id,
                Message.from_code("units_overlap", one=names[0], other=names[1], area=kept.area),
                zone_id=names[0],
                zone_name=zones["name"].iloc[one] if isinstance(zones["name"].iloc[one], str) else None,
                amount=kept.area,
                unit="m2",
                shape=there.on_earth(kept),
            )
        )
    return found


def unit_list(there: PlanarLayer, items: Iterable[AccessItem]) -> list[Defect]:
    """Return the units of the access list that have no polygon; units without items are gaps of loading itself."""
    known = {str(name) for name in there.zones["zone_id"]}
    listed: dict[str, int] = {}
    for item in items:
        if not item.applies_in("") and item.unit_id not in known:
            listed[item.unit_id] = listed.get(item.unit_id, 0) + 1
    return [
        Defect.from_kind(
            "list_unit_without_polygon",
            there.layer.entry.id,
            Message.from_code("listed_unit_missing", count=count, unit=name),
            zone_id=name,
            amount=count,
            unit="count",
        )
        for name, count in sorted(listed.items())
    ]


def undecided_items(there: PlanarLayer, items: Sequence[AccessItem]) -> list[Defect]:
    """Return how many items that prohibit or restrict a person must judge for every project, as one remark."""
    total, undecided = share(items)
    if not undecided:
        return []
    message = Message.from_code("access_items_undecided", total=total, undecided=undecided, share=undecided / total)
    return [Defect.from_kind("list_items_undecided", there.layer.entry.id, message, amount=undecided, unit="count")]
