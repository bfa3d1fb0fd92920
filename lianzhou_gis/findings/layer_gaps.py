"""What the layers, their coverage and the sites themselves leave open, said for every site that it bears on."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import shapely

from lianzhou_gis.findings.records import Gap, of_site
from lianzhou_gis.formats import Sites
from lianzhou_gis.layers import LayerGap, Layers
from lianzhou_gis.overlay import Overlay
from lianzhou_gis.table import Columns
from lianzhou_gis.vocabulary import GapReason, Verdict, label, theme

__all__ = ["LayerGaps", "gaps_of_rules", "gaps_of_sites", "towns_of"]

# Different sets of towns of which the gaps are remembered.
_KEPT = 4096


def towns_of(sites: Columns, layers: Layers) -> dict[str, set[str]]:
    """Return the names and codes of the towns that every site lies in; empty where none is known."""
    ids = sites["site_id"]
    found: dict[str, set[str]] = {site_id: set() for site_id in ids}
    if layers.towns is None or not len(layers.towns):
        return found
    site, place = layers.in_towns(sites["geometry"])
    for row, number in zip(ids[site], place.tolist(), strict=True):
        found[row] |= layers.town_names[number]
    return found


def _same_town(one: str, other: str) -> bool:
    """Tell whether two names or codes may mean one town: they differ in what is put before or behind them."""
    if one.isdigit():
        # 441882103, 441882103000 and DEMO-441882103; 441882 is no town but the county around it.
        return other.endswith(one) or other.endswith(one.removesuffix("000"))
    return one in other or other in one


def _in_town(gap: LayerGap, here: set[str], declared: Any, known: set[str]) -> bool:  # noqa: ANN401 - a cell
    """Tell whether a gap of some towns is one of a site: unless the site is known to lie in others, it is.

    Parameters
    ----------
    here : set of str
        Names and codes of the towns that the site lies in.
    declared : str or None
        Of its table: a further town, and never a proof that it lies in no other.
    known : set of str
        Names and codes of all towns: one that is not among them may be any of them, misspelt.
    """
    if gap.towns is None or not here:
        return True
    named = here | ({declared} if isinstance(declared, str) and declared else set())
    if any(_same_town(one, other) for one in gap.towns for other in named):
        return True
    return not all(any(_same_town(one, other) for other in known) for one in gap.towns)


def _of_layer(gap: LayerGap) -> Gap:
    return Gap(
        site_id="",
        reason=gap.reason,
        theme=gap.theme,
        layer_id=gap.layer_id,
        zone_id=gap.zone_id,
        rule_id=None,
        facts=(),
        detail={"zh": gap.zh, "en": gap.en},
        worst=Verdict.PROHIBITED,
    )


class LayerGaps:
    """The gaps of layers, and which of them bear on which sites.

    Parameters
    ----------
    layers : Layers
    discharging : collection of str
        Themes with rules on outfalls: of these it matters where the outfall lies, too.
    """

    def __init__(self, layers: Layers, discharging: Collection[str]) -> None:
        self._layers, self._discharging = layers, discharging
        self._themes = {layer.entry.id: layer.entry.theme for layer in layers.layers}
        self._gaps = [_of_layer(gap) for gap in layers.gaps]
        # Where no gap is one of some towns, nobody needs to know them.
        self._asked = layers.towns is not None and any(gap.towns is not None for gap in layers.gaps)
        self._towns: set[str] = set().union(*layers.town_names) if self._asked else set()
        self._placed = [gap for gap, of in zip(self._gaps, layers.gaps, strict=True) if of.area is not None]
        self._everywhere = tuple(place for place, gap in enumerate(layers.gaps) if gap.area is None)
        self._of_town: dict[tuple[frozenset[str], Any], tuple[int, ...]] = {}

    def unplaced(self, sites: Columns) -> list[tuple[int, ...]]:
        """Return, for every site, the places of the gaps without an area of their own that bear on it."""
        if not self._asked:
            return [self._everywhere] * len(sites)
        here = towns_of(sites, self._layers)
        pairs = zip(sites["site_id"], sites["town"], strict=True)
        return [self._in(frozenset(here[site_id]), declared) for site_id, declared in pairs]

    def _in(self, here: frozenset[str], declared: Any) -> tuple[int, ...]:  # noqa: ANN401 - a cell
        key = here, declared if isinstance(declared, str) else None
        if key not in self._of_town:
            if len(self._of_town) >= _KEPT:
                self._of_town.clear()
            gaps = self._layers.gaps
            self._of_town[key] = tuple(
                place for place in self._everywhere if _in_town(gaps[place], set(here), declared, self._towns)
            )
        return self._of_town[key]

    def at(self, places: Sequence[int]) -> list[Gap]:
        """Return gaps by their places, of no site yet."""
        return [self._gaps[place] for place in places]

    def placed(self, sites: Columns, measured: Overlay) -> dict[str, list[Gap]]:
        """Return the gaps that lie somewhere, for every site that they bear on.

        Parameters
        ----------
        sites : Columns
        measured : Overlay
            Made with the gaps of the layers, in their order.
        """
        found: dict[str, list[Gap]] = {}
        # A site without a shape meets nothing: it has every gap that lies somewhere.
        if self._placed:
            shapes = sites["geometry"]
            for site_id in sites["site_id"][shapely.is_missing(shapes) | shapely.is_empty(shapes)]:
                found.setdefault(site_id, []).extend(of_site(gap, site_id) for gap in self._placed)
        for row in measured.remainder_columns.rows():
            if row.subject == "outfall" and self._themes.get(row.layer_id) not in self._discharging:
                continue
            known = row.gap >= 0
            gap = of_site(self._gaps[row.gap], row.site_id) if known else _not_covered(row, self._themes)
            gap.area_m2 = None if row.area_m2 is None or np.isnan(row.area_m2) else float(row.area_m2)
            gap.geometry = row.geometry
            found.setdefault(row.site_id, []).append(gap)
        return found


def _not_covered(row: Any, themes: Mapping[str, str]) -> Gap:  # noqa: ANN401 - a named tuple
    layer_id, reason = row.layer_id, GapReason(row.reason)
    said = label("gap", reason)
    area_zh, area_en = (f" {row.area_m2:.2f} 平方米", f"{row.area_m2:.2f} m2") if row.area_m2 else ("一部分", "part")
    outfall = row.subject == "outfall"
    where_zh = f"排污口{said['zh']}" if outfall else f"用地有{area_zh}{said['zh']}，该部分"
    where_en = "the outfall" if outfall else f"{area_en} of the site"
    return Gap(
        site_id=row.site_id,
        reason=reason,
        theme=themes[layer_id],
        layer_id=layer_id,
        zone_id=None,
        rule_id=None,
        facts=(),
        detail={
            "zh": f"{where_zh}未核查",
            "en": f"{where_en} {'is in a' if reason is GapReason.COVERAGE_GAP else 'lies'} {said['en']}",
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


def gaps_of_rules(unruled: Collection[str]) -> list[Gap]:
    """Return the gap of every theme in scope about which no rule at all is in force: nothing of it was judged."""
    return [
        Gap(
            site_id="",
            reason=GapReason.NO_RULE,
            theme=name,
            layer_id=None,
            zone_id=None,
            rule_id=None,
            facts=(),
            detail={
                "zh": f"规则库在基准日没有关于“{theme(name).label['zh']}”的有效规则",
                "en": f"the rulebook has no rule on {theme(name).label['en']} in force on that day",
            },
            worst=Verdict.PROHIBITED,
        )
        for name in unruled
    ]
