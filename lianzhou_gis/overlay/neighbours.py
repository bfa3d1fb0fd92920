"""The surroundings of sites: the nearest zone of every theme, the end of coverage, the zones that a map shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import shapely

from lianzhou_gis.layers import COLUMNS
from lianzhou_gis.overlay.distance_search import MARGIN, NearPairs, nearest
from lianzhou_gis.overlay.intersecting_pairs import IntersectingPairs
from lianzhou_gis.overlay.layer_index import LayerIndex
from lianzhou_gis.table import Columns

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["coverage_margins", "nearest_zones", "zones_shown"]

Geometries = npt.NDArray[np.object_]
Positions = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float64]


def nearest_zones(site_ids: Geometries, footprints: Geometries, overlaps: Columns, index: LayerIndex) -> Columns:
    """Return the nearest zone of every theme for every site, however far.

    No row where a zone outside the study area, which was not read, may be nearer.

    Parameters
    ----------
    site_ids, footprints : ndarray, shape (n,)
        Of the sites; footprints in the plane.
    overlaps : Columns
        The overlaps of the sites, with the positions ``site`` and ``zone``.
    index : LayerIndex

    Returns
    -------
    Columns
        Of :class:`~lianzhou_gis.overlay.rows.NearestRow`.
    """
    of_footprint = overlaps["subject"] == "footprint"
    site, zone = overlaps["site"][of_footprint], overlaps["zone"][of_footprint]
    found = [(site, zone, overlaps["distance_m"][of_footprint])]
    theme_of_zone = index.theme_code[index.layer_of_zone]
    for code, shapes, members in index.by_theme:
        known = np.zeros(len(site_ids), dtype=bool)
        known[site[theme_of_zone[zone] == code]] = True
        unknown = np.flatnonzero(~known)
        far: NearPairs = nearest(footprints[unknown], shapes, index.plane)
        found.append((unknown[far.site], members[far.zone], far.distance_m))
    site, zone, distance = (np.concatenate(part) for part in zip(*found, strict=True))
    order = np.lexsort((index.zone_rank[zone], distance, theme_of_zone[zone], site))
    site, zone, distance = site[order], zone[order], distance[order]
    theme = theme_of_zone[zone]
    first = np.flatnonzero(np.diff(site * (int(theme_of_zone.max(initial=0)) + 1) + theme, prepend=-1))
    first = first[_proven_nearest(footprints[site[first]], theme[first], distance[first], index)]
    site, zone = site[first], zone[first]
    layer = index.layer_of_zone[zone]
    return Columns(
        {
            "site": site,
            "zone": zone,
            "site_id": site_ids[site],
            "theme": index.theme_id[layer],
            "layer_id": index.layer_id[layer],
            "zone_id": index.zone_columns["zone_id"][zone],
            "nearest_m": distance[first],
        }
    )


def _proven_nearest(
    footprints: Geometries, theme: Positions, distance_m: Floats, index: LayerIndex
) -> npt.NDArray[np.bool_]:
    """Return where no zone outside the study area can be nearer than the nearest one found."""
    proven = np.ones(len(distance_m), dtype=bool)
    for layer, code in zip(index.layers, index.theme_code, strict=True):
        if layer.study is not None:
            chosen = theme == code
            border = shapely.boundary(index.plane.project([layer.study.box])[0])
            proven[chosen] &= distance_m[chosen] <= shapely.distance(footprints[chosen], border) / MARGIN
    return proven


def coverage_margins(
    index: LayerIndex,
    pairs: IntersectingPairs,
    near: NearPairs,
    setback_m: Mapping[str, float],
    site_error_m: Floats,
) -> Columns:
    """Return the sites closer to ground of which a layer knows nothing than a setback with the position error added.

    That is what lies beyond the end of its coverage, and the areas of its gaps; the least distance of each layer.

    Parameters
    ----------
    index : LayerIndex
    pairs, near : IntersectingPairs, NearPairs
        Of the sites with the shapes of the index.
    setback_m : mapping of str to float
        By theme.
    site_error_m : ndarray of float, shape (sites,)

    Returns
    -------
    Columns
        ``site`` (position), ``theme, layer_id, margin_m, error_m``.
    """
    on_border, near_border = (
        (index.first_coverage_border <= zone) & (zone < index.first_gap_area) for zone in (pairs.zone, near.zone)
    )
    site = np.concatenate([pairs.site[on_border], near.site[near_border]])
    coverage = np.concatenate([pairs.zone[on_border], near.zone[near_border]]) - index.first_coverage_border
    margin = np.concatenate([np.zeros(int(on_border.sum())), near.distance_m[near_border]])
    tables = [Columns({"site": site[:0], "margin_m": margin[:0], "error_m": margin[:0]}).assign(theme="", layer_id="")]
    for position, layer in enumerate(index.layers) if len(site) else ():
        error = np.hypot(site_error_m[site], index.coverage_error_m[position])
        chosen = coverage == index.coverage_of_layer[position]
        chosen &= margin <= setback_m.get(layer.entry.theme, 0.0) + error
        if chosen.any():
            table = Columns({"site": site[chosen], "margin_m": margin[chosen], "error_m": error[chosen]})
            tables.append(table.assign(theme=layer.entry.theme, layer_id=layer.entry.id))
    tables.append(_gap_margins(index, near, setback_m, site_error_m))
    found = Columns.joined(tables)
    order = np.lexsort((found["margin_m"], found["layer_id"].astype(str), found["site"]))
    layer_of_row, place = found["layer_id"][order], found["site"][order]
    first = np.ones(len(order), dtype=bool)
    first[1:] = (place[1:] != place[:-1]) | (layer_of_row[1:] != layer_of_row[:-1])
    return found.take(order[first])


def _gap_margins(index: LayerIndex, near: NearPairs, setback_m: Mapping[str, float], site_error_m: Floats) -> Columns:
    """Return the sites near the areas of gaps; those that meet one have the gap itself."""
    near = near.subset(near.zone >= index.first_gap_area)
    number = near.zone - index.first_gap_area
    gaps = [index.gaps[position] for position in index.gap_of_area[number]]
    setback = np.array([setback_m.get(gap.theme, 0.0) for gap in gaps], dtype=np.float64)
    error = np.hypot(site_error_m[near.site], index.gap_error_m[number])
    table = Columns({"site": near.site, "margin_m": near.distance_m, "error_m": error}).assign(
        theme=np.array([gap.theme for gap in gaps], dtype=object),
        layer_id=np.array([gap.layer_id for gap in gaps], dtype=object),
    )
    return table.take(near.distance_m <= setback + error)


def zones_shown(index: LayerIndex, overlaps: Columns, nearest_columns: Columns) -> pd.DataFrame:
    """Return the zones that overlap, touch or are near a site or nearest to one, as loaded; geometry EPSG:4490."""
    import pandas as pd

    shown = {
        pair
        for table in (overlaps, nearest_columns)
        for pair in zip(table["layer_id"].tolist(), table["zone_id"].tolist(), strict=True)
    }
    frames = []
    for layer in index.layers:
        chosen = [(layer.entry.id, zone_id) in shown for zone_id in layer.zones["zone_id"].tolist()]
        if any(chosen):
            frames.append(layer.zones.loc[chosen, [*COLUMNS, "geometry"]].astype(dict.fromkeys(COLUMNS, object)))
    if not frames:
        return pd.DataFrame({name: pd.Series(dtype=object) for name in (*COLUMNS, "geometry")})
    table = pd.concat(frames, ignore_index=True)
    return table.sort_values(["theme", "layer_id", "zone_id"], ignore_index=True)
