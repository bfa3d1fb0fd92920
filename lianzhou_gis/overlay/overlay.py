"""Sites x zones: every relation, area, share, length and distance, and the parts that no layer speaks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from lianzhou_gis.errors import Issue
from lianzhou_gis.geodesy import Plane, footprints, length
from lianzhou_gis.overlay.index import ShapeIndex, index_zones
from lianzhou_gis.overlay.nearness import Nearness, near_pairs, nearest
from lianzhou_gis.overlay.pairs import Pairs, meeting_pairs
from lianzhou_gis.overlay.relations import related
from lianzhou_gis.overlay.remainder import parts_in_gaps, parts_not_covered
from lianzhou_gis.overlay.totals import totals_of
from lianzhou_gis.vocabulary import theme
from lianzhou_gis.zones import COLUMNS, Layer, LayerGap

__all__ = ["Overlay", "overlay"]

Geometries = npt.NDArray[np.object_]

_OVERLAPS = (
    "site_id", "layer_id", "theme", "zone_id", "zone_name", "grade", "part", "subject", "relation", "area_m2",
    "share_of_site", "share_of_zone", "length_m", "distance_m", "bearing_deg", "doubtful", "geometry",
)  # fmt: skip
_MARGINS = ["site_id", "theme", "layer_id", "margin_m"]
# What an area or a position is taken to be good for where nobody says: 0.4 mm on a map of 1:10,000.
UNSTATED_ACCURACY_M = 4.0


@dataclass(frozen=True)
class Overlay:
    """What was measured, as plain tables; geometry columns hold shapely geometries, EPSG:4490.

    Attributes
    ----------
    overlaps : DataFrame
        A row for every site (or its outfall: ``subject``) and zone that overlap, touch or are near.
    totals : DataFrame
        ``site_id, theme, grade`` (None: the whole theme), ``gross_area_m2, net_area_m2, net_share``; net by union.
    wholly_inside : frozenset of (site_id, theme)
        Sites that lie wholly within the zones of a theme.
    nearest : DataFrame
        ``site_id, theme, layer_id, zone_id, nearest_m``: the nearest zone of every theme, however far.
    remainder : DataFrame
        ``site_id, reason, layer_id, gap`` (position in the gaps given, or -1), ``area_m2, geometry``.
    margins : DataFrame
        ``site_id, theme, layer_id, margin_m``: where coverage ends within the setback of a rule.
    zones_drawn : DataFrame
        The zones near a site or nearest to one, as loaded.
    """

    overlaps: pd.DataFrame
    totals: pd.DataFrame
    wholly_inside: frozenset[tuple[str, str]]
    nearest: pd.DataFrame
    remainder: pd.DataFrame
    margins: pd.DataFrame
    zones_drawn: pd.DataFrame
    issues: tuple[Issue, ...]


@dataclass(frozen=True)
class _Sites:
    """The sites in the plane, and what of them is needed beside."""

    ids: Geometries
    shapes: Geometries
    area_m2: npt.NDArray[np.float64]
    accuracy_m: npt.NDArray[np.float64]
    outfalls: Geometries


def _accuracy(values: pd.Series) -> npt.NDArray[np.float64]:
    return pd.to_numeric(values, errors="coerce").fillna(UNSTATED_ACCURACY_M).to_numpy(dtype=np.float64)


def _sites(frame: pd.DataFrame, plane: Plane) -> _Sites:
    shapes = footprints(
        frame.geometry.to_numpy(),
        plane,
        frame["survey_crs"].to_list(),
        pd.to_numeric(frame["corridor_width_m"], errors="coerce").to_numpy(dtype=np.float64),
    )
    return _Sites(
        ids=frame["site_id"].to_numpy(dtype=object),
        shapes=shapes,
        area_m2=np.nan_to_num(np.asarray(shapely.area(shapes), dtype=np.float64)),
        accuracy_m=_accuracy(frame["accuracy_m"]),
        outfalls=plane.project_vertices(np.asarray(frame["outfall"], dtype=object)),
    )


def overlay(
    sites: pd.DataFrame,
    layers: Sequence[Layer],
    plane: Plane,
    *,
    near_m: Mapping[str, float],
    setback_m: Mapping[str, float] | None = None,
    gaps: Sequence[LayerGap] = (),
) -> Overlay:
    """Lay sites over the zones of all layers.

    Parameters
    ----------
    sites : DataFrame
        The table of :class:`lianzhou_gis.Sites`.
    layers : sequence of Layer
    plane : Plane
        In which everything is measured.
    near_m : mapping of str to float
        For every theme the distance up to which zones are reported, metres.
    setback_m : mapping of str to float, optional
        For themes with rules that look beyond the site, how far: where coverage ends nearer than that is said.
    gaps : sequence of LayerGap
        Those with an area are laid over the sites as well.

    Returns
    -------
    Overlay
    """
    there = _sites(sites, plane)
    rows, rests, nearby, margins, drawn = [], [parts_in_gaps(there.shapes, gaps, plane)], [], [], []
    for layer in layers:
        if layer.status != "loaded":
            continue
        entry = theme(layer.entry.theme)
        index = index_zones(layer.zones, entry.id, plane)
        pairs = meeting_pairs(there.shapes, index)
        near = near_pairs(there.shapes, index, near_m[entry.id], plane)
        rows.append(_measured(there, layer, index, pairs, near))
        rows.append(_outfalls(there, layer, index, near_m[entry.id], plane))
        if layer.coverage is not None:
            if setback_m and entry.id in setback_m:
                margins.append(_margins(there, layer, setback_m[entry.id], plane))
            rests.append(parts_not_covered(there.shapes, layer, index, pairs, entry.covering, plane))
        closest = nearest(there.shapes, index, plane)
        nearby.append(_nearest(there, layer, closest))
        shown = np.unique(np.concatenate([near.zone, closest.zone, pairs.zone]))
        drawn.append(layer.zones.iloc[shown][[*COLUMNS, "geometry"]])
    overlaps = pd.concat(rows, ignore_index=True) if rows else pd.DataFrame(columns=[*_OVERLAPS, "shape", "site"])
    totals, wholly_inside = totals_of(overlaps, there.ids, there.shapes)
    return Overlay(
        overlaps=_overlaps(overlaps, plane),
        totals=totals,
        wholly_inside=wholly_inside,
        nearest=_of_themes(nearby),
        remainder=_remainder(rests, there, plane),
        margins=pd.concat(margins, ignore_index=True) if margins else pd.DataFrame(columns=_MARGINS),
        zones_drawn=_drawn(drawn),
        issues=tuple(_accuracy_issues(sites, layers)),
    )


def _identity(layer: Layer, zone: npt.NDArray[np.intp]) -> dict[str, Any]:
    chosen = layer.zones.iloc[zone]
    names = {"zone_id": "zone_id", "zone_name": "name", "grade": "grade", "part": "part"}
    return {
        "layer_id": layer.entry.id,
        "theme": layer.entry.theme,
        **{ours: chosen[theirs].to_numpy(dtype=object) for ours, theirs in names.items()},
    }


def _measured(there: _Sites, layer: Layer, index: ShapeIndex, pairs: Pairs, near: Nearness) -> pd.DataFrame:
    """Return the rows of the footprints with one layer."""
    table = related(there.shapes, index.shapes, pairs, near, there.accuracy_m, _accuracy(layer.zones["accuracy_m"]))
    site, zone = table["site"].to_numpy(), table["zone"].to_numpy()
    with np.errstate(divide="ignore", invalid="ignore"):
        share = table["area_m2"].to_numpy() / there.area_m2[site]
        of_zone = table["area_m2"].to_numpy() / index.areas[zone]
    return table.assign(
        site_id=there.ids[site],
        subject="footprint",
        share_of_site=np.where(there.area_m2[site] > 0, share, np.nan),
        share_of_zone=np.where(index.areas[zone] > 0, of_zone, np.nan),
        **_identity(layer, zone),
    )


def _outfalls(there: _Sites, layer: Layer, index: ShapeIndex, near_m: float, plane: Plane) -> pd.DataFrame:
    """Return the rows of the outfall points: rules about discharges look at these, not at the footprint."""
    near = near_pairs(there.outfalls, index, near_m, plane)
    meets = near.distance_m == 0.0
    accuracy = np.hypot(there.accuracy_m[near.site], _accuracy(layer.zones["accuracy_m"])[near.zone])
    # A point nearer to the border than both are known lies inside or outside by chance.
    edge = shapely.distance(there.outfalls[near.site], shapely.boundary(index.shapes[near.zone]))
    points = there.outfalls[near.site]
    points[~meets] = None
    return pd.DataFrame(
        {
            "site": near.site,
            "zone": near.zone,
            "site_id": there.ids[near.site],
            "subject": "outfall",
            "relation": np.where(meets, "within", "near"),
            "area_m2": 0.0,
            "share_of_site": np.nan,
            "share_of_zone": np.nan,
            "length_m": np.nan,
            "distance_m": near.distance_m,
            "bearing_deg": near.bearing_deg,
            "doubtful": meets & (edge < accuracy),
            "shape": points,
            **_identity(layer, near.zone),
        }
    )


def _margins(there: _Sites, layer: Layer, reach_m: float, plane: Plane) -> pd.DataFrame:
    """Return the sites nearer than that to where the coverage of a layer ends: what lies beyond is not known."""
    border = ShapeIndex.of(np.asarray(shapely.boundary(plane.project([layer.coverage])), dtype=object))
    ends = near_pairs(there.shapes, border, reach_m, plane)
    return pd.DataFrame(
        {
            "site_id": there.ids[ends.site],
            "theme": layer.entry.theme,
            "layer_id": layer.entry.id,
            "margin_m": ends.distance_m,
        }
    )


def _nearest(there: _Sites, layer: Layer, closest: Nearness) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "site_id": there.ids[closest.site],
            "theme": layer.entry.theme,
            "layer_id": layer.entry.id,
            "zone_id": layer.zones["zone_id"].to_numpy(dtype=object)[closest.zone],
            "nearest_m": closest.distance_m,
        }
    )


def _of_themes(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """Return the nearest zone of every theme from those of its layers."""
    columns = ["site_id", "theme", "layer_id", "zone_id", "nearest_m"]
    if not frames:
        return pd.DataFrame(columns=columns)
    table = pd.concat(frames, ignore_index=True).sort_values(["site_id", "theme", "nearest_m", "layer_id", "zone_id"])
    return table.drop_duplicates(["site_id", "theme"]).reset_index(drop=True)


def _unprojected(shapes: Geometries, plane: Plane) -> Geometries:
    result = shapes.copy()
    result[shapely.is_empty(shapes)] = None
    return plane.unproject(result)


def _overlaps(table: pd.DataFrame, plane: Plane) -> pd.DataFrame:
    """Return the overlaps as they are handed on: sorted, the pieces back in EPSG:4490."""
    table = table.sort_values(["site_id", "theme", "layer_id", "zone_id", "subject"], ignore_index=True)
    pieces = _unprojected(table["shape"].to_numpy(dtype=object), plane)
    lines = table["length_m"].notna().to_numpy()
    if lines.any():
        # The way along a line is measured on the ellipsoid.
        table.loc[lines, "length_m"] = length(pieces[lines], plane)
    table["geometry"] = pieces
    return table[list(_OVERLAPS)]


def _remainder(frames: list[pd.DataFrame], there: _Sites, plane: Plane) -> pd.DataFrame:
    table = pd.concat([frame for frame in frames if len(frame)] or frames[:1], ignore_index=True)
    table["site_id"] = there.ids[table["site"].to_numpy(dtype=np.intp)]
    table["geometry"] = _unprojected(table["shape"].to_numpy(dtype=object), plane)
    table = table.sort_values(["site_id", "layer_id", "reason", "gap"], ignore_index=True)
    return table[["site_id", "reason", "layer_id", "gap", "area_m2", "geometry"]]


def _drawn(frames: list[pd.DataFrame]) -> pd.DataFrame:
    full = [frame for frame in frames if len(frame)]
    if not full:
        return pd.DataFrame({name: pd.Series(dtype=object) for name in (*COLUMNS, "geometry")})
    table = pd.concat([frame.astype(dict.fromkeys(COLUMNS, object)) for frame in full], ignore_index=True)
    return table.sort_values(["theme", "layer_id", "zone_id"], ignore_index=True)


def _accuracy_issues(sites: pd.DataFrame, layers: Sequence[Layer]) -> list[Issue]:
    """Name what has no stated accuracy: 4 m is taken for it."""
    zh, en = f"未说明精度，按 {UNSTATED_ACCURACY_M:g} 米判断边界误差", f"{UNSTATED_ACCURACY_M:g} m is taken for it"
    issues = []
    if sites["accuracy_m"].isna().any():
        count = int(sites["accuracy_m"].isna().sum())
        issues.append(
            Issue("info", "accuracy_assumed", "sites", f"{count} 个项目{zh}", f"{count} sites state no accuracy; {en}")
        )
    issues += [
        Issue("info", "accuracy_assumed", f"layer {layer.entry.id}", f"图层{zh}", f"the layer states no accuracy; {en}")
        for layer in layers
        if layer.status == "loaded" and layer.zones["accuracy_m"].isna().any()
    ]
    return issues
