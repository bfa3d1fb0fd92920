"""Gross and net areas of themes and grades under a site; net by union, so that overlapping zones count once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely

from lianzhou_gis.overlay.intersecting_pairs import union_by_group
from lianzhou_gis.overlay.relations import may_be_thin
from lianzhou_gis.overlay.shape_index import ShapeIndex
from lianzhou_gis.overlay.width import TOUCH_WIDTH_M, too_small_for_disc, wider_than
from lianzhou_gis.table import Columns

__all__ = ["net_areas", "net_totals", "sharing_groups"]

Geometries = npt.NDArray[np.object_]
Positions = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


# Fewer groups are united sooner than compared.
_FEW = 32


def sharing_groups(index: ShapeIndex, zone: Positions, group: Positions, count: int) -> Flags:
    """Return which groups have two zones that may share area.

    Parameters
    ----------
    index : ShapeIndex
    zone, group : ndarray of int, shape (n,)
    count : int
        Of the groups.
    """
    result = np.zeros(count, dtype=bool)
    size = np.bincount(group, minlength=count)
    if (size > 1).sum() <= _FEW:
        return np.asarray(size > 1, dtype=bool)
    order = np.argsort(group, kind="stable")
    zone, group = zone[order], group[order]
    # Each zone against those 1, 2, 3 ... places further on in its group.
    for step in range(1, int(size.max(initial=0))):
        pairs = np.flatnonzero(group[step:] == group[:-step])
        result[group[pairs[index.may_share(zone[pairs], zone[pairs + step])]]] = True
    return result


def net_areas(index: ShapeIndex, rows: Columns, group: Positions, count: int) -> Floats:
    """Return the area of the union of the shared parts of every group, shape (count,).

    Where no zones of a group share area it is their sum.

    Parameters
    ----------
    index : ShapeIndex
    rows : Columns
        With ``zone``, ``area_m2`` and ``shape``.
    group : ndarray of int, shape (rows,)
    count : int
    """
    gross = np.bincount(group, weights=rows["area_m2"], minlength=count).astype(np.float64)
    united = sharing_groups(index, rows["zone"], group, count)
    chosen = np.flatnonzero(united[group])
    if not len(chosen):
        return gross
    number = np.cumsum(united) - 1
    unions = union_by_group(rows["shape"][chosen], number[group[chosen]], int(united.sum()))
    # The area of a union may exceed the sum in the last bits.
    gross[united] = np.minimum(shapely.area(unions), gross[united])
    return gross


def net_totals(rows: Columns, sites: Geometries, index: ShapeIndex) -> tuple[Columns, Columns]:
    """Return the areas of every theme, and of every grade of it, under every site.

    Parameters
    ----------
    rows : Columns
        Overlaps of footprints, with ``site`` (position), ``theme_code, grade_code, theme, grade``, ``shape`` (plane)
        and ``whole``.
    sites : ndarray of shapely geometries
        In the plane.
    index : ShapeIndex
        Of the zones.

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
    needed = ["site", "zone", "theme", "grade", "theme_code", "area_m2", "whole", "shape"]
    counted = rows.select(needed).take(np.concatenate([hit, graded]))
    themes, levels = int(counted["theme_code"].max(initial=0)) + 1, int(level.max(initial=0)) + 1
    key = (counted["site"].astype(np.int64) * themes + counted["theme_code"]) * levels + level
    _, first, group = np.unique(key, return_index=True, return_inverse=True)
    group, count = group.astype(np.intp), len(first)
    whole_theme = level[first] == 0
    table = counted.select(["site", "theme", "grade"]).take(first)
    footprint = sites[table["site"]]
    area = np.asarray(shapely.area(footprint), dtype=np.float64)
    whole = np.bincount(group, weights=counted["whole"], minlength=count) > 0
    gross = np.bincount(group, weights=counted["area_m2"], minlength=count)
    size = np.bincount(group, minlength=count)
    # Where one zone contains the site, the union is the site; a single part keeps its own sum.
    net = np.where(whole & (size > 1), np.minimum(area, gross), gross)
    # A theme of which all parts have one grade has the areas of that grade.
    theme_group = np.flatnonzero(whole_theme)[np.cumsum(whole_theme) - 1]
    same = ~whole_theme & (size == size[theme_group])
    partial = np.flatnonzero((~whole & (size > 1) & ~same)[group])
    if len(partial):
        members, number = np.unique(group[partial], return_inverse=True)
        net[members] = net_areas(index, counted.take(partial), number.astype(np.intp), len(members))
    net[same] = net[theme_group[same]]
    grade = table["grade"].copy()
    grade[whole_theme] = None
    table = table.assign(gross_area_m2=gross, net_area_m2=net, net_share=net / area, grade=grade)
    within = whole_theme & (whole | ((area > 0.0) & too_small_for_disc(area - net, TOUCH_WIDTH_M)))
    maybe = whole_theme & ~within
    length = np.bincount(group, weights=shapely.length(counted["shape"]), minlength=count)
    maybe[maybe] = may_be_thin(area[maybe] - net[maybe], shapely.length(footprint[maybe]) + length[maybe])
    thin = np.flatnonzero(maybe)
    if len(thin):
        parts = np.flatnonzero(maybe[group])
        shapes = union_by_group(counted["shape"][parts], np.searchsorted(thin, group[parts]), len(thin))
        rest = np.asarray(shapely.difference(footprint[thin], shapes), dtype=object)
        within[thin] = ~wider_than(rest, TOUCH_WIDTH_M)
    names = ["site", "theme", "grade", "gross_area_m2", "net_area_m2", "net_share"]
    return table.select(names), table.take(within).select(["site", "theme"])
