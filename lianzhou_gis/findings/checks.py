"""What was looked at, theme by theme, negatives included."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from lianzhou_gis.findings.records import Gap
from lianzhou_gis.overlay import Overlay
from lianzhou_gis.vocabulary import themes

__all__ = ["checks_of"]

_COLUMNS = ["site_id", "theme", "status", "zones", "gross_area_m2", "net_area_m2", "nearest_m"]


def checks_of(
    site_ids: Sequence[str], scope: Sequence[str], gaps: Sequence[Gap], measured: Overlay, ruled: Sequence[str]
) -> pd.DataFrame:
    """Return a row for every site and theme of the vocabulary.

    Parameters
    ----------
    site_ids, scope : sequence of str
    gaps : sequence of Gap
    measured : Overlay
    ruled : sequence of str
        Themes that some rule in force is about.

    Returns
    -------
    DataFrame
        ``status`` is ``hit`` (an overlap, whether or not a rule bears on it), ``none``, ``not_assessed`` (no overlap is
        known, but part of the theme was not looked at) or ``not_in_scope``.
    """
    rows = measured.overlaps
    hits = rows[(rows["subject"] == "footprint") & rows["relation"].isin(["overlap", "within"])]
    zones = hits.groupby(["site_id", "theme"])["zone_id"].nunique().to_dict()
    whole = measured.totals[measured.totals["grade"].isna()].set_index(["site_id", "theme"])
    areas = whole[["gross_area_m2", "net_area_m2"]].to_dict("index")
    near = measured.nearest.set_index(["site_id", "theme"])["nearest_m"].to_dict()
    # Missing facts are about rules; that the theme was not looked at is what the other gaps say.
    open_themes = {(gap.site_id, gap.theme) for gap in gaps if not gap.asks}
    records = []
    for site_id in site_ids:
        for name in themes():
            key = (site_id, name)
            unseen = key in open_themes or (site_id, None) in open_themes
            status = (
                "not_in_scope"
                if name not in scope
                else "hit"
                if key in zones
                else "not_assessed"
                if unseen or name not in ruled
                else "none"
            )
            area = areas.get(key, {"gross_area_m2": 0.0, "net_area_m2": 0.0})
            records.append(
                (site_id, name, status, zones.get(key, 0), area["gross_area_m2"], area["net_area_m2"], near.get(key))
            )
    table = pd.DataFrame(records, columns=_COLUMNS)
    return table.astype({"gross_area_m2": "float64", "net_area_m2": "float64", "nearest_m": "float64"})
