"""The shortest line from each site to the nearest zone of each theme, for drawing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from lianzhou_gis.geodesy import Plane, distances

__all__ = ["ways"]

# The line is drawn only where its length agrees with the measured distance; else the number alone is shown.
_AGREES = 0.01


def ways(
    sites: gpd.GeoDataFrame,
    zones: gpd.GeoDataFrame,
    nearest_m: Mapping[tuple[str, str], float],
    plane: Plane,
) -> dict[str, list[tuple[str, float, Any]]]:
    """Return, by site, the ways to the nearest zones: theme, measured distance and line in EPSG:4490, shortest first.

    Parameters
    ----------
    sites : GeoDataFrame
        With ``site_id``.
    zones : GeoDataFrame
        With ``theme``: all zones that are near or nearest.
    nearest_m : mapping of (site_id, theme) to float
        What was measured; themes with 0 (they meet) are left out.
    plane : Plane
    """
    ids = sites["site_id"].tolist()
    usable = ~(shapely.is_missing(sites.geometry.array) | shapely.is_empty(sites.geometry.array))
    shapes = plane.project(sites.geometry.to_numpy())
    found: dict[str, list[tuple[str, float, Any]]] = {}
    for theme, group in zones.groupby("theme", sort=True):
        asked = [
            place for place, name in enumerate(ids) if usable[place] and nearest_m.get((name, str(theme)), 0.0) > 0.0
        ]
        if not asked:
            continue
        near = plane.project(group.geometry.to_numpy())
        pairs = shapely.STRtree(near).query_nearest(shapes[asked], all_matches=False)
        own = np.asarray(asked)[pairs[0]]
        measured = distances(plane, shapes[own], near[pairs[1]])
        for place, metres, start, end in zip(
            own.tolist(), measured.distance_m.tolist(), measured.from_lonlat, measured.to_lonlat, strict=True
        ):
            measured_m = nearest_m[ids[place], str(theme)]
            if abs(metres - measured_m) <= max(0.01, _AGREES * measured_m):
                found.setdefault(ids[place], []).append((str(theme), measured_m, shapely.LineString([start, end])))
    return {site: sorted(lines, key=lambda line: (line[1], line[0])) for site, lines in found.items()}
