"""Areas of themes and grades under a site: overlapping zones never make 120 %."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely

from lianzhou_gis.overlay.columns import Columns
from lianzhou_gis.overlay.pairs import merged
from lianzhou_gis.overlay.relations import TOUCH_WIDTH_M, may_be_thin
from lianzhou_gis.overlay.remainder import mean_width

__all__ = ["totals_of"]

Geometries = npt.NDArray[np.object_]
Positions = npt.NDArray[np.intp]


def _net(rows: Columns, group: Positions, sites: Geometries) -> tuple[Columns, Geometries]:
    """Return sum and union of the pieces of every group; groups are numbered."""
    count = int(group.max()) + 1 if len(group) else 0
    first = np.full(count, len(group), dtype=np.intp)
    np.minimum.at(first, group, np.arange(len(group)))
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
    return rows.take(first).assign(gross_area_m2=gross, net_area_m2=net, inside=whole), shapes


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
    hit = ((rows["relation"] == "overlap") | (rows["relation"] == "within")) & (rows["area_m2"] > 0.0)
    areal = rows.take(hit)
    themes = int(areal["theme_number"].max(initial=0)) + 1
    by_theme = areal["site"].astype(np.int64) * themes + areal["theme_number"]
    _, group = np.unique(by_theme, return_inverse=True)
    whole, shapes = _net(areal, group.astype(np.intp), sites)
    own = sites[whole["site"]]
    inside = whole["inside"].copy()
    maybe = ~inside
    maybe[maybe] = may_be_thin(shapely.area(own[maybe]) - whole["net_area_m2"][maybe], own[maybe], shapes[maybe])
    rest = np.asarray(shapely.difference(own[maybe], shapes[maybe]), dtype=object)
    inside[maybe] = mean_width(rest) < TOUCH_WIDTH_M
    graded = areal.take(areal["grade_number"] >= 0)
    grades = int(graded["grade_number"].max(initial=0)) + 1
    by_grade = (graded["site"].astype(np.int64) * themes + graded["theme_number"]) * grades + graded["grade_number"]
    _, group = np.unique(by_grade, return_inverse=True)
    apart, _ = _net(graded, group.astype(np.intp), sites)
    none = np.full(len(whole), -1, dtype=np.intp)
    table = Columns.joined([whole.assign(grade=None, grade_number=none), apart])
    table = table.take(np.lexsort((table["grade_number"], table["theme_number"], table["site"])))
    table = table.assign(net_share=table["net_area_m2"] / shapely.area(sites[table["site"]]))
    names = ["site", "theme", "grade", "gross_area_m2", "net_area_m2", "net_share"]
    return table.select(names), whole.take(inside).select(["site", "theme"])
