"""The shapes of zones made usable: those near the study area, broken ones repaired, heavy ones clipped."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from lianzhou_gis.catalog import LayerEntry
from lianzhou_gis.errors import Issue, Message
from lianzhou_gis.formats.repair import Repair, repair_geometries
from lianzhou_gis.geodesy import StudyArea
from lianzhou_gis.layers.layer import LayerGap
from lianzhou_gis.vocabulary import GapReason

__all__ = ["Usable", "far_issue", "near_zones", "usable_zones"]

Geometries = npt.NDArray[np.object_]

# Below this number of vertices clipping saves nothing.
_HEAVY = 10_000


@dataclass
class Usable:
    """Zones of a layer ready for overlay, and the repairs made.

    Attributes
    ----------
    zones : DataFrame
        Near the study area, valid shapes only.
    uncut : ndarray of shapely geometries, shape (n,)
        The same shapes where none is cut: what official areas are compared with.
    cut : frozenset of str
        The ``zone_id`` of zones of which only a part is in ``zones``.
    elsewhere : int
        How many zones turned out, once repaired, to lie beyond the study area.
    """

    zones: pd.DataFrame
    uncut: Geometries
    cut: frozenset[str]
    elsewhere: int
    gaps: list[LayerGap] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)


def usable_zones(zones: pd.DataFrame, entry: LayerEntry, study: StudyArea | None) -> Usable:
    """Return the zones of a layer with shapes that can be used.

    Parameters
    ----------
    zones : DataFrame
        Those of the day near the study area, as read.
    entry : LayerEntry
    study : StudyArea, optional
        Parts of zones beyond it concern no site.
    """
    gaps, issues = _without_shape(zones, entry), []
    near = zones[~_shapeless(zones)].reset_index(drop=True)
    shapes = near["geometry"].to_numpy(dtype=object).copy()
    uncut = shapes.copy()
    repairs = repair_geometries(shapes, study=study, accuracy_m=near["accuracy_m"].to_numpy(dtype=np.float64))
    lost = np.zeros(len(near), dtype=bool)
    cut = np.zeros(len(near), dtype=bool)
    for row, repair in repairs.items():
        lost[row], cut[row], shapes[row] = repair.geometry is None, repair.cut, repair.geometry
        uncut[row] = uncut[row] if repair.cut else repair.geometry
    here = lost | ~shapely.is_empty(shapes)
    if study is not None:
        heavy = (shapely.get_num_coordinates(shapes) > _HEAVY) & study.extends_beyond(shapes) & ~lost & ~cut
        issues += _clip_issues(near[heavy], shapes[heavy], entry)
        shapes[heavy] = study.clip(shapes[heavy])
        cut |= heavy
    for row, repair in repairs.items():
        if here[row]:
            _tell(repair, near["zone_id"].iloc[row], entry, gaps, issues)
    usable = here & ~lost
    return Usable(
        zones=near.assign(geometry=pd.Series(shapes, index=near.index, dtype=object))[usable].reset_index(drop=True),
        uncut=uncut[usable],
        cut=frozenset(near["zone_id"][usable & cut]),
        elsewhere=int((~here).sum()),
        gaps=gaps,
        issues=issues,
    )


def near_zones(zones: pd.DataFrame, study: StudyArea | None) -> pd.DataFrame:
    """Return the zones that meet the study area, and those without a shape, which may lie anywhere."""
    if study is None:
        return zones
    near = _shapeless(zones) | study.may_intersect(zones["geometry"].to_numpy(dtype=object))
    usable: pd.DataFrame = zones[near]
    return usable


def far_issue(count: int, entry: LayerEntry) -> Issue:
    """Say that zones beyond the study area were left out."""
    return Issue.from_code("info", "zones_beyond_study_area", f"layer {entry.id}", count=count)


def _shapeless(zones: pd.DataFrame) -> npt.NDArray[np.bool_]:
    shapes = zones["geometry"].to_numpy(dtype=object)
    return np.asarray(shapely.is_missing(shapes) | shapely.is_empty(shapes))


def _without_shape(zones: pd.DataFrame, entry: LayerEntry) -> list[LayerGap]:
    """Name every zone that is known only by its town, or not even that."""
    gaps = []
    zone: Any
    for zone in zones[_shapeless(zones)].itertuples():
        town = zone.town if isinstance(zone.town, str) else None
        name = zone.name if isinstance(zone.name, str) else zone.zone_id
        gaps.append(
            LayerGap(
                GapReason.NO_GEOMETRY,
                entry.theme,
                entry.id,
                Message.from_code("zone_without_shape.in_town", zone=name, town=town)
                if town
                else Message.from_code("zone_without_shape", zone=name),
                zone_id=zone.zone_id,
                towns=(town,) if town else None,
            )
        )
    return gaps


def _clip_issues(zones: pd.DataFrame, shapes: Geometries, entry: LayerEntry) -> list[Issue]:
    return [
        Issue.from_code("info", "clipped_to_study_area", f"layer {entry.id}, zone {zone_id}", vertices=vertices)
        for zone_id, vertices in zip(zones["zone_id"], shapely.get_num_coordinates(shapes), strict=True)
    ]


def _tell(repair: Repair, zone_id: str, entry: LayerEntry, gaps: list[LayerGap], issues: list[Issue]) -> None:
    """Say what a repair did, and where it is not plain what was meant."""

    def gap(message: Message, area: shapely.Geometry | None = None) -> None:
        gaps.append(LayerGap(GapReason.INVALID_GEOMETRY, entry.theme, entry.id, message, zone_id=zone_id, area=area))

    if repair.geometry is None:
        gap(Message.from_code("zone_unrepairable", zone=zone_id))
        return
    issues.append(repair.issue(f"layer {entry.id}, zone {zone_id}"))
    if repair.doubtful is not None:
        gap(Message.from_code("zone_crosses_itself", zone=zone_id), repair.doubtful)
