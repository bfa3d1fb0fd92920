"""What was looked at, theme by theme, negatives included."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from lianzhou_gis.findings.records import Gap
from lianzhou_gis.overlay import Overlay
from lianzhou_gis.table import Columns, cells
from lianzhou_gis.vocabulary import themes

__all__ = ["checks_of"]

_KINDS = {
    **dict.fromkeys(("site_id", "theme", "status"), object),
    "zones": np.int64,
    **dict.fromkeys(("gross_area_m2", "net_area_m2", "nearest_m"), np.float64),
}


def checks_of(
    site_ids: Sequence[str], scope: Sequence[str], gaps: Sequence[Gap], measured: Overlay, ruled: Sequence[str]
) -> Columns:
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
    Columns
        ``site_id, theme, status, zones, gross_area_m2, net_area_m2, nearest_m``. ``status`` is ``hit`` (an overlap,
        whether or not a rule bears on it), ``none``, ``not_assessed`` (no overlap is known, but part of the theme was
        not looked at) or ``not_in_scope``.
    """
    zones: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in measured.overlap_columns.select(["site_id", "theme", "zone_id", "subject", "relation"]).rows():
        if row.subject == "footprint" and row.relation in ("overlap", "within"):
            zones[row.site_id, row.theme].add(row.zone_id)
    areas = {
        (row.site_id, row.theme): (row.gross_area_m2, row.net_area_m2)
        for row in measured.total_columns.rows()
        if row.grade is None
    }
    near = {(row.site_id, row.theme): row.nearest_m for row in measured.nearest_columns.rows()}
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
            records.append((site_id, name, status, len(zones.get(key, ())), *areas.get(key, (0.0, 0.0)), near.get(key)))
    arrays = zip(*records, strict=True) if records else ((),) * len(_KINDS)
    return Columns(
        {
            name: cells(array) if kind is object else np.array(array, dtype=kind)
            for (name, kind), array in zip(_KINDS.items(), arrays, strict=True)
        }
    )
