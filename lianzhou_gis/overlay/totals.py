"""Areas of themes and grades under a site: overlapping zones never make 120 %."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely

from lianzhou_gis.overlay.pairs import merged
from lianzhou_gis.overlay.relations import TOUCH_WIDTH_M, may_be_thin
from lianzhou_gis.overlay.uncovered import mean_width
from lianzhou_gis.table import Columns

__all__ = ["totals_of"]

Geometries = npt.NDArray[np.object_]
Positions = npt.NDArray[np.intp]


def _net(rows: Columns, first: Positions, group: Positions, sites: Geometries) -> tuple[Columns, Geometries]:
    """Return sum and union of the pieces of every group; groups are numbered, with the first row of each."""
    count = len(first)
    site = rows["site"][first]
    whole = np.bincount(group, weights=rows["whole"], minlength=count) > 0
    # Where one zone holds the site whole, the union is the site.
    asked = np.flatnonzero(~whole[group])
    shapes = merged(rows["shape"][asked], group[asked], count)
    shapes[whole] = sites[site[whole]]
    gross = np.bincount(group, weights=rows["area_m2"], minlength=count)
    net = np.asarray(shapely.area(shapes), dtype=np.float64)
    # One piece alone is summed from its tiles; a union may differ in the last bits and must not exceed it.
    net = np.where(np.bincount(group, minlength=count) == 1, gross, np.minimum(net, gross))
    kept = rows.select(["theme", "grade"]).take(first)
    return kept.assign(site=site, gross_area_m2=gross, net_area_m2=net, whole=whole), shapes


def totals_of(rows: Columns, sites: Geometries) -> tuple[Columns, Columns]:
    """Return the areas of every theme, and of every grade of it, under every site.

    Parameters
    ----------
    rows : Columns
        Overlaps of footprints, with ``site`` (position), ``theme_number, grade_number, theme, grade``, ``shape`` (in
        the plane) and ``whole``.
    sites : ndarray of shapely geometries
        In the plane.

    Returns
    -------
    totals : Columns
        ``site, theme, grade, gross_area_m2, net_area_m2, net_share``; ``grade`` is None in the row of the whole theme.
    inside : Columns
        ``site, theme`` of the sites of which less than a rim of 2 mm lies outside the zones of the theme.
    """
    hit = np.flatnonzero(((rows["relation"] == "overlap") | (rows["relation"] == "within")) & (rows["area_m2"] > 0.0))
    # Once for its theme, once more for its grade if it has one.
    graded = hit[rows["grade_number"][hit] >= 0]
    level = np.concatenate([np.zeros(len(hit), dtype=np.intp), rows["grade_number"][graded] + 1])
    counted = rows.take(np.concatenate([hit, graded]))
    themes, levels = int(counted["theme_number"].max(initial=0)) + 1, int(level.max(initial=0)) + 1
    key = (counted["site"].astype(np.int64) * themes + counted["theme_number"]) * levels + level
    _, first, group = np.unique(key, return_index=True, return_inverse=True)
    table, shapes = _net(counted, first, group.astype(np.intp), sites)
    own = sites[table["site"]]
    area = shapely.area(own)
    of_theme = level[first] == 0
    grade = table["grade"].copy()
    grade[of_theme] = None
    table = table.assign(net_share=table["net_area_m2"] / area, grade=grade)
    inside = table["whole"] & of_theme
    maybe = of_theme & ~inside
    maybe[maybe] = may_be_thin(area[maybe] - table["net_area_m2"][maybe], own[maybe], shapes[maybe])
    if maybe.any():
        rest = np.asarray(shapely.difference(own[maybe], shapes[maybe]), dtype=object)
        inside[maybe] = mean_width(rest) < TOUCH_WIDTH_M
    names = ["site", "theme", "grade", "gross_area_m2", "net_area_m2", "net_share"]
    return table.select(names), table.take(inside).select(["site", "theme"])
