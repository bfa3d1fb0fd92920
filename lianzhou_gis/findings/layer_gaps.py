"""What the layers, their coverage and the sites themselves leave open, said for every site that it bears on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from lianzhou_gis.findings.records import Gap
from lianzhou_gis.formats import Sites
from lianzhou_gis.overlay import Overlay
from lianzhou_gis.vocabulary import GapReason, Verdict, label
from lianzhou_gis.zones import LayerGap, Layers

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["gaps_of_layers", "gaps_of_sites", "towns_of"]


def towns_of(frame: pd.DataFrame, towns: pd.DataFrame | None) -> dict[str, set[str]]:
    """Return the towns of every site: those named in its table and those that it lies in; empty where none is known."""
    found = {
        site_id: {town} if isinstance(town, str) and town else set()
        for site_id, town in zip(frame["site_id"], frame["town"], strict=True)
    }
    if towns is None or not len(towns):
        return found
    tree = shapely.STRtree(towns.geometry.to_numpy())
    site, place = tree.query(frame.geometry.to_numpy(), predicate="intersects")
    ids, names = frame["site_id"].to_numpy(), towns["name"].to_numpy()
    for row, name in zip(ids[site], names[place], strict=True):
        if isinstance(name, str):
            found[row].add(name)
    return found


def _in_town(gap: LayerGap, towns: set[str]) -> bool:
    """Tell whether a gap of some towns is one of a site; where its town is not known it is."""
    if gap.towns is None or not towns:
        return True
    # 龙坪镇 and 龙坪镇（示例） are one: names differ in what is put behind them.
    return any(one in other or other in one for one in gap.towns for other in towns)


def _of_layer(site_id: str, gap: LayerGap) -> Gap:
    return Gap(
        site_id=site_id,
        reason=gap.reason,
        theme=gap.theme,
        layer_id=gap.layer_id,
        zone_id=gap.zone_id,
        rule_id=None,
        facts=(),
        detail={"zh": gap.zh, "en": gap.en},
        worst=Verdict.PROHIBITED,
    )


def gaps_of_layers(sites: Sites, layers: Layers, measured: Overlay) -> list[Gap]:
    """Return the gaps of layers for every site that they bear on.

    Parameters
    ----------
    sites : Sites
    layers : Layers
    measured : Overlay
        Made with the gaps of ``layers``, in their order.
    """
    frame = sites.table
    # Where no gap is one of some towns, nobody needs to know them.
    asked = any(gap.towns is not None for gap in layers.gaps)
    towns = towns_of(frame, layers.towns if asked else None)
    found = [
        _of_layer(site_id, gap)
        for gap in layers.gaps
        if gap.area is None
        for site_id in frame["site_id"]
        if _in_town(gap, towns[site_id])
    ]
    # A site without a shape meets nothing: it has every gap that lies somewhere.
    shapes = frame["geometry"].to_numpy(dtype=object)
    lost = frame["site_id"][shapely.is_missing(shapes) | shapely.is_empty(shapes)]
    found += [_of_layer(site_id, gap) for gap in layers.gaps if gap.area is not None for site_id in lost]
    themes = {layer.entry.id: layer.entry.theme for layer in layers.layers}
    for row in measured.rest.rows():
        gap = _of_layer(row.site_id, layers.gaps[row.gap]) if row.gap >= 0 else _not_covered(row, themes)
        gap.area_m2 = None if row.area_m2 is None or np.isnan(row.area_m2) else float(row.area_m2)
        gap.geometry = row.geometry
        found.append(gap)
    return found


def _not_covered(row: Any, themes: Mapping[str, str]) -> Gap:  # noqa: ANN401 - a named tuple
    layer_id, reason = row.layer_id, GapReason(row.reason)
    said = label("gap", reason)
    area_zh, area_en = (f" {row.area_m2:.2f} 平方米", f"{row.area_m2:.2f} m2") if row.area_m2 else ("一部分", "part")
    return Gap(
        site_id=row.site_id,
        reason=reason,
        theme=themes[layer_id],
        layer_id=layer_id,
        zone_id=None,
        rule_id=None,
        facts=(),
        detail={
            "zh": f"用地有{area_zh}{said['zh']}，该部分未核查",
            "en": f"{area_en} of the site {'is in a' if reason is GapReason.COVERAGE_GAP else 'lies'} {said['en']}",
        },
        worst=Verdict.PROHIBITED,
    )


def gaps_of_sites(sites: Sites) -> list[Gap]:
    """Return what the sites themselves leave open: no footprint, a broken shape, an unreliable datum."""
    return [
        Gap(
            site_id=gap.site_id,
            reason=gap.reason,
            theme=None,
            layer_id=None,
            zone_id=None,
            rule_id=None,
            facts=(),
            detail=dict(gap.detail),
            worst=Verdict.PROHIBITED,
        )
        for gap in sites.gaps
    ]
