"""Areas of themes and grades under a site: overlapping zones never make 120 %."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from lianzhou_gis.overlay.pairs import merged
from lianzhou_gis.overlay.remainder import mean_width

__all__ = ["totals_of"]

Geometries = npt.NDArray[np.object_]

_WHOLE_WIDTH_M = 0.002
_COLUMNS = ["site_id", "theme", "grade", "gross_area_m2", "net_area_m2", "net_share"]


def _net(table: pd.DataFrame, keys: list[str]) -> tuple[pd.DataFrame, Geometries]:
    """Return sum and union of the pieces of every group."""
    group, names = pd.factorize(pd.MultiIndex.from_frame(table[keys].fillna("")))
    shapes = merged(table["shape"].to_numpy(dtype=object), np.asarray(group, dtype=np.intp), len(names))
    first = table.groupby(group, sort=True)[["site", "site_id", "theme", "grade"]].first().reset_index(drop=True)
    gross = np.bincount(group, weights=table["area_m2"].to_numpy(dtype=np.float64), minlength=len(names))
    net = np.asarray(shapely.area(shapes), dtype=np.float64)
    # One piece alone is summed from its tiles; a union may differ in the last bits and must not exceed it.
    net = np.where(np.bincount(group, minlength=len(names)) == 1, gross, np.minimum(net, gross))
    return first.assign(gross_area_m2=gross, net_area_m2=net), shapes


def totals_of(
    overlaps: pd.DataFrame, ids: Geometries, sites: Geometries
) -> tuple[pd.DataFrame, frozenset[tuple[str, str]]]:
    """Return the areas of every theme, and of every grade of it, under every site.

    Parameters
    ----------
    overlaps : DataFrame
        With ``site`` (position) and ``shape`` (in the plane).
    ids, sites : ndarray
        Ids and shapes of the sites.

    Returns
    -------
    totals : DataFrame
        ``grade`` is None in the row of the whole theme.
    wholly_inside : frozenset of (site_id, theme)
        Sites of which less than a rim of 2 mm lies outside the zones of the theme.
    """
    areal = overlaps[
        (overlaps["subject"] == "footprint")
        & overlaps["relation"].isin(["overlap", "within"])
        & (overlaps["area_m2"].astype("float64") > 0.0)
    ]
    if not len(areal):
        return pd.DataFrame(columns=_COLUMNS), frozenset()
    whole, shapes = _net(areal, ["site_id", "theme"])
    graded, _ = (
        _net(areal[areal["grade"].notna()], ["site_id", "theme", "grade"])
        if areal["grade"].notna().any()
        else (whole.iloc[:0], shapes[:0])
    )
    own = sites[whole["site"].to_numpy(dtype=np.intp)]
    thin = mean_width(np.asarray(shapely.difference(own, shapes), dtype=object)) < _WHOLE_WIDTH_M
    inside = frozenset(zip(whole["site_id"][thin], whole["theme"][thin], strict=True))
    table = pd.concat([whole.assign(grade=None), graded], ignore_index=True)
    table["net_share"] = table["net_area_m2"] / shapely.area(sites[table["site"].to_numpy(dtype=np.intp)])
    table["grade"] = table["grade"].astype(object).where(table["grade"].notna(), None)
    order = table.assign(known=table["grade"].notna(), text=table["grade"].fillna("")).sort_values(
        ["site_id", "theme", "known", "text"]
    )
    return order[_COLUMNS].reset_index(drop=True), inside
