"""What lies around sites: the nearest zone of every theme, where coverage ends, which zones a map shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import shapely

from lianzhou_gis.layers import COLUMNS
from lianzhou_gis.overlay.distance_search import MARGIN, Nearness, nearest
from lianzhou_gis.overlay.layer_index import LayerIndex
from lianzhou_gis.overlay.pairs import Pairs
from lianzhou_gis.table import Columns

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["margins_of", "nearest_of", "zones_drawn"]

Geometries = npt.NDArray[np.object_]
Positions = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float64]


def nearest_of(ids: Geometries, shapes: Geometries, rows: Columns, ground: LayerIndex) -> Columns:
    """Return the nearest zone of every theme for every site: among those near it, else looked for however far.

    Where one that was not read, beyond the study area, may be nearer, nothing is told.

    Parameters
    ----------
    ids, shapes : ndarray, shape (n,)
        Of the sites, by id; in the plane.
    rows : Columns
        The overlaps of the sites.
    ground : LayerIndex

    Returns
    -------
    Columns
        ``site_id, theme, layer_id, zone_id, nearest_m, zone`` (position in the ground).
    """
    place = {site_id: number for number, site_id in enumerate(ids.tolist())}
    zone_of = _positions(ground)
    own = rows.take(rows["subject"] == "footprint")
    site = np.array([place[site_id] for site_id in own["site_id"].tolist()], dtype=np.intp)
    zone = np.array(
        [zone_of[pair] for pair in zip(own["layer_id"].tolist(), own["zone_id"].tolist(), strict=True)], dtype=np.intp
    )
    found = [(site, zone, own["distance_m"])]
    theme = ground.theme[ground.layer]
    number = theme[zone]
    for which, index, members in ground.by_theme:
        known = np.zeros(len(ids), dtype=bool)
        known[site[number == which]] = True
        apart = np.flatnonzero(~known)
        far: Nearness = nearest(shapes[apart], index, ground.plane)
        found.append((apart[far.site], members[far.zone], far.distance_m))
    site, zone, metres = (np.concatenate(part) for part in zip(*found, strict=True))
    order = np.lexsort((ground.rank[zone], metres, theme[zone], site))
    site, zone, metres = site[order], zone[order], metres[order]
    first = np.flatnonzero(np.diff(site * (int(theme.max(initial=0)) + 1) + theme[zone], prepend=-1))
    first = first[_proven(shapes[site[first]], theme[zone[first]], metres[first], ground)]
    site, zone = site[first], zone[first]
    layer = ground.layer[zone]
    return Columns(
        {
            "site_id": ids[site],
            "theme": ground.theme_id[layer],
            "layer_id": ground.layer_id[layer],
            "zone_id": ground.names["zone_id"][zone],
            "nearest_m": metres[first],
        }
    )


def _proven(shapes: Geometries, theme: Positions, metres: Floats, ground: LayerIndex) -> npt.NDArray[np.bool_]:
    """Tell which of the nearest zones nothing beyond the study area can be nearer than."""
    kept = np.ones(len(metres), dtype=bool)
    for layer, number in zip(ground.layers, ground.theme, strict=True):
        if layer.study is not None:
            asked = theme == number
            border = shapely.boundary(ground.plane.project([layer.study.box])[0])
            kept[asked] &= metres[asked] <= shapely.distance(shapes[asked], border) / MARGIN
    return kept


def _positions(ground: LayerIndex) -> dict[tuple[Any, Any], int]:
    keys = zip(ground.layer_id[ground.layer].tolist(), ground.names["zone_id"].tolist(), strict=True)
    return {key: number for number, key in enumerate(keys)}


def margins_of(ground: LayerIndex, pairs: Pairs, near: Nearness, setback_m: Mapping[str, float]) -> Columns:
    """Return the sites nearer than a setback to where the coverage of a layer ends: what lies beyond is not known.

    Parameters
    ----------
    ground : LayerIndex
    pairs, near : Pairs, Nearness
        Of the sites with the shapes of the ground.
    setback_m : mapping of str to float
        By theme.

    Returns
    -------
    Columns
        ``site`` (position), ``theme, layer_id, margin_m``.
    """
    on, by = ((ground.first_end <= zone) & (zone < ground.first_doubt) for zone in (pairs.zone, near.zone))
    site = np.concatenate([pairs.site[on], near.site[by]])
    end = np.concatenate([pairs.zone[on], near.zone[by]]) - ground.first_end
    metres_away = np.concatenate([np.zeros(int(on.sum())), near.distance_m[by]])
    tables = [Columns({"site": site[:0], "margin_m": metres_away[:0]}).assign(theme="", layer_id="")]
    for place, layer in enumerate(ground.layers) if len(site) else ():
        chosen = (end == ground.coverage[place]) & (metres_away <= setback_m.get(layer.entry.theme, -1.0))
        if chosen.any():
            table = Columns({"site": site[chosen], "margin_m": metres_away[chosen]})
            tables.append(table.assign(theme=layer.entry.theme, layer_id=layer.entry.id))
    return Columns.joined(tables)


def zones_drawn(ground: LayerIndex, rows: Columns, closest: Columns) -> pd.DataFrame:
    """Return the zones near a site or nearest to one, as loaded; geometry EPSG:4490."""
    import pandas as pd

    shown = {
        pair
        for table in (rows, closest)
        for pair in zip(table["layer_id"].tolist(), table["zone_id"].tolist(), strict=True)
    }
    frames = []
    for layer in ground.layers:
        kept = [(layer.entry.id, zone_id) in shown for zone_id in layer.zones["zone_id"].tolist()]
        if any(kept):
            frames.append(layer.zones.loc[kept, [*COLUMNS, "geometry"]].astype(dict.fromkeys(COLUMNS, object)))
    if not frames:
        return pd.DataFrame({name: pd.Series(dtype=object) for name in (*COLUMNS, "geometry")})
    table = pd.concat(frames, ignore_index=True)
    return table.sort_values(["theme", "layer_id", "zone_id"], ignore_index=True)
