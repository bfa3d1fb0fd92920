"""Gross and net areas of themes and grades under a site; net by union, so that overlapping zones count once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely

from lianzhou_gis.overlay.intersecting_pairs import union_by_group
from lianzhou_gis.overlay.relations import may_be_thin
from lianzhou_gis.overlay.width import TOUCH_WIDTH_M, wider_than
from lianzhou_gis.table import Columns

__all__ = ["net_totals"]

Geometries = npt.NDArray[np.object_]
Positions = npt.NDArray[np.intp]


def _sum_and_union(rows: Columns, first: Positions, group: Positions, sites: Geometries) -> tuple[Columns, Geometries]:
    """Return sum and union of the shared parts of every group; ``first`` is the first row of each group."""
    count = len(first)
    site = rows["site"][first]
    whole = np.bincount(group, weights=rows["whole"], minlength=count) > 0
    # Where one zone contains the site, the union is the site.
    partial = np.flatnonzero(~whole[group])
    shapes = union_by_group(rows["shape"][partial], group[partial], count)
    shapes[whole] = sites[site[whole]]
    gross = np.bincount(group, weights=rows["area_m2"], minlength=count)
    net = np.asarray(shapely.area(shapes), dtype=np.float64)
    # A single part keeps its own sum; the area of a union may exceed it in the last bits.
    net = np.where(np.bincount(group, minlength=count) == 1, gross, np.minimum(net, gross))
    table = rows.select(["theme", "grade"]).take(first)
    return table.assign(site=site, gross_area_m2=gross, net_area_m2=net, whole=whole), shapes


def net_totals(rows: Columns, sites: Geometries) -> tuple[Columns, Columns]:
    """Return the areas of every theme, and of every grade of it, under every site.

    Parameters
    ----------
    rows : Columns
        Overlaps of footprints, with ``site`` (position), ``theme_code, grade_code, theme, grade``, ``shape`` (plane)
        and ``whole``.
    sites : ndarray of shapely geometries
        In the plane.

    Returns
    -------
    totals : Columns
        ``site, theme, grade, gross_area_m2, net_area_m2, net_share``; ``grade`` is None in the row of the whole theme.
    within : Columns
        ``site, theme`` of the sites whose part outside the zones of the theme holds no disc of 2 mm.
    """
    hit = np.flatnonzero(((rows["relation"] == "overlap") | (rows["relation"] == "within")) & (rows["area_m2"] > 0.0))
    # Each row counts for its theme, and again for its grade if it has one.
    graded = hit[rows["grade_code"][hit] >= 0]
    level = np.concatenate([np.zeros(len(hit), dtype=np.intp), rows["grade_code"][graded] + 1])
    counted = rows.take(np.concatenate([hit, graded]))
    themes, levels = int(counted["theme_code"].max(initial=0)) + 1, int(level.max(initial=0)) + 1
    key = (counted["site"].astype(np.int64) * themes + counted["theme_code"]) * levels + level
    _, first, group = np.unique(key, return_index=True, return_inverse=True)
    table, shapes = _sum_and_union(counted, first, group.astype(np.intp), sites)
    footprint = sites[table["site"]]
    area = shapely.area(footprint)
    whole_theme = level[first] == 0
    grade = table["grade"].copy()
    grade[whole_theme] = None
    table = table.assign(net_share=table["net_area_m2"] / area, grade=grade)
    within = table["whole"] & whole_theme
    maybe = whole_theme & ~within
    maybe[maybe] = may_be_thin(area[maybe] - table["net_area_m2"][maybe], footprint[maybe], shapes[maybe])
    if maybe.any():
        rest = np.asarray(shapely.difference(footprint[maybe], shapes[maybe]), dtype=object)
        within[maybe] = ~wider_than(rest, TOUCH_WIDTH_M)
    names = ["site", "theme", "grade", "gross_area_m2", "net_area_m2", "net_share"]
    return table.select(names), table.take(within).select(["site", "theme"])
