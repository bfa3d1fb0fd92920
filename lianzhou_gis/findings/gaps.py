"""What layers, their coverage, the rulebook and the sites themselves leave open, for every site concerned."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import shapely

from lianzhou_gis.findings.decisions import Decision, GapTemplate
from lianzhou_gis.findings.memo import memoised
from lianzhou_gis.layers import LayerGap, Layers
from lianzhou_gis.rulebook import Rulebook
from lianzhou_gis.table import Columns
from lianzhou_gis.vocabulary import GapReason, Verdict, label, theme

__all__ = [
    "LayerGaps",
    "SiteGapKey",
    "Towns",
    "UncoveredKey",
    "gap_of_site",
    "gaps_of_rulebook",
    "towns_of",
    "zone_gap",
]

Positions = npt.NDArray[np.intp]

_CACHED_TOWNS = 4096


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


@dataclass(frozen=True, slots=True)
class Towns:
    """The towns of a site.

    Attributes
    ----------
    within : frozenset of str
        Names and codes of those that it lies in.
    declared : str or None
        Of its table: a further town, and never a proof that it lies in no other.
    """

    within: frozenset[str]
    declared: str | None


class LayerGaps:
    """The gaps of layers, and which sites each of them concerns.

    Parameters
    ----------
    layers : Layers
    discharging : collection of str
        Themes with rules on outfalls: of these it matters where the outfall lies, too.
    """

    def __init__(self, layers: Layers, discharging: Collection[str]) -> None:
        self._layers = layers
        self._themes = {layer.entry.id: layer.entry.theme for layer in layers.layers}
        self._discharging = {layer_id for layer_id, name in self._themes.items() if name in discharging}
        self._decisions = tuple(Decision(gap=_layer_gap(gap)) for gap in layers.gaps)
        # Where no gap is limited to towns, nobody needs to know them.
        self._by_town = layers.towns is not None and any(gap.towns is not None for gap in layers.gaps)
        self._towns: frozenset[str] = frozenset().union(*layers.town_names) if self._by_town else frozenset()
        self._located = tuple(
            decision for decision, gap in zip(self._decisions, layers.gaps, strict=True) if gap.area is not None
        )
        self._everywhere = tuple(position for position, gap in enumerate(layers.gaps) if gap.area is None)
        self.in_towns = memoised(self._in_towns, _CACHED_TOWNS)
        self._not_covered = memoised(self._uncovered, _CACHED_TOWNS)

    def towns(self, sites: Columns) -> list[Towns]:
        """Return the towns of every site, as far as gaps depend on them."""
        if not self._by_town:
            return [Towns(frozenset(), None)] * len(sites)
        within = towns_of(sites, self._layers)
        pairs = zip(sites["site_id"].tolist(), sites["town"].tolist(), strict=True)
        return [
            Towns(frozenset(within[site_id]), town if isinstance(town, str) and town else None)
            for site_id, town in pairs
        ]

    def _in_towns(self, towns: Towns) -> tuple[Decision, ...]:
        """Return the gaps without an area of their own that concern a site in some towns."""
        gaps = self._layers.gaps
        return tuple(self._decisions[place] for place in self._everywhere if self._concerns(gaps[place], towns))

    def _concerns(self, gap: LayerGap, towns: Towns) -> bool:
        """Tell whether a gap concerns a site: unless the site is known to lie in other towns, it does."""
        if gap.towns is None or not towns.within:
            return True
        named = towns.within | ({towns.declared} if towns.declared else set())
        if any(_same_town(one, other) for one in gap.towns for other in named):
            return True
        # A town that no layer knows may be any of them, misspelt.
        return not all(any(_same_town(one, other) for other in self._towns) for one in gap.towns)

    def without_shape(self, sites: Columns) -> tuple[Positions, tuple[Decision, ...]]:
        """Return the sites that have no shape, and the gaps with an area: such a site has them all."""
        shapes = sites["geometry"]
        if not self._located:
            return np.empty(0, dtype=np.intp), ()
        return np.flatnonzero(shapely.is_missing(shapes) | shapely.is_empty(shapes)), self._located

    def located(self, remainder: Columns) -> tuple[Positions, list[Decision]]:
        """Return the rows of the remainder that are gaps, and what they are.

        Parameters
        ----------
        remainder : Columns
            ``layer_id, subject, reason, gap, area_m2`` of an overlay made with the gaps of the layers in their order.
        """
        rows, found = [], []
        names = ("subject", "layer_id", "reason", "gap", "area_m2")
        columns = (remainder[name].tolist() for name in names)
        for row, (subject, layer_id, reason, gap, area) in enumerate(zip(*columns, strict=True)):
            if subject == "outfall" and layer_id not in self._discharging:
                continue
            rows.append(row)
            if gap >= 0:
                found.append(self._decisions[gap])
            else:
                found.append(
                    self._not_covered(UncoveredKey(layer_id, reason, subject, None if area != area else bool(area)))
                )
        return np.array(rows, dtype=np.intp), found

    def _uncovered(self, key: UncoveredKey) -> Decision:
        """Return the gap of a part of a site that lies outside the coverage of a layer, or between its units."""
        reason = GapReason(key.reason)
        words = label("gap", reason)
        lies = "is in a" if reason is GapReason.COVERAGE_GAP else "lies"
        if key.areal is None:
            zh, en = (
                ("排污口距图层覆盖边界小于定位误差，边界以外", "within the position error the outfall")
                if key.subject == "outfall"
                else ("用地距图层覆盖边界小于定位误差，边界以外", "within the position error a part of the site")
            )
        elif key.subject == "outfall":
            zh, en = f"排污口{words['zh']}", "the outfall"
        else:
            part_zh, part_en = (" {area:.2f} 平方米", "{area:.2f} m2") if key.areal else ("一部分", "part")
            zh, en = f"用地有{part_zh}{words['zh']}，该部分", f"{part_en} of the site"
        gap = GapTemplate(
            reason=reason,
            theme=self._themes[key.layer_id],
            rule_id=None,
            facts=(),
            detail={"zh": f"{zh}未核查", "en": f"{en} {lies} {words['en']}"},
            worst=Verdict.PROHIBITED,
            layer_id=key.layer_id,
            varies=True,
        )
        return Decision(gap=gap)


@dataclass(frozen=True, slots=True)
class UncoveredKey:
    """What the gap of an uncovered part depends on.

    Attributes
    ----------
    areal : bool or None
        Whether the part has an area; None for a site within the coverage, but closer to its end than the position
        error.
    """

    layer_id: str
    reason: str
    subject: str
    areal: bool | None


def _layer_gap(gap: LayerGap) -> GapTemplate:
    return GapTemplate(
        reason=gap.reason,
        theme=gap.theme,
        rule_id=None,
        facts=(),
        detail={"zh": gap.zh, "en": gap.en},
        worst=Verdict.PROHIBITED,
        layer_id=gap.layer_id,
        zone_id=gap.zone_id,
    )


def zone_gap(reason: GapReason, name: str) -> Decision:
    """Return the gap of zones of a theme whose grade is not known, or about which there is no rule."""
    zh, en = {
        GapReason.UNKNOWN_GRADE: (
            "区域“{name}”的级别无法识别，不能确定适用哪一级的规定",
            "the grade of {name} is not known, nor therefore which rules bear",
        ),
        GapReason.NO_RULE: (
            "规则库对“{name}”这类区域没有有效规则",
            "the rulebook has no rule in force for zones like {name}",
        ),
    }[reason]
    detail = {"zh": zh, "en": en}
    return Decision(gap=GapTemplate(reason, name, None, (), detail, Verdict.PROHIBITED, varies=True))


@dataclass(frozen=True, slots=True)
class SiteGapKey:
    """What a site leaves open itself: no footprint, a broken shape, an unreliable datum."""

    reason: GapReason
    zh: str
    en: str


def gap_of_site(key: SiteGapKey) -> Decision:
    """Return the gap that a site has by itself."""
    detail = {"zh": key.zh, "en": key.en}
    return Decision(gap=GapTemplate(key.reason, None, None, (), detail, Verdict.PROHIBITED))


def gaps_of_rulebook(rulebook: Rulebook, day: date, unruled: Sequence[str]) -> tuple[Decision, ...]:
    """Return what the rulebook leaves open for every site.

    Parameters
    ----------
    unruled : sequence of str
        Themes in scope about which no rule at all is in force: nothing in them was judged.
    """
    themes = [
        (
            name,
            f"规则库在基准日没有关于“{theme(name).label['zh']}”的有效规则",
            f"the rulebook has no rule on {theme(name).label['en']} in force on that day",
        )
        for name in unruled
    ]
    found = [*themes, *_gap_of_time(rulebook, day)]
    return tuple(
        Decision(gap=GapTemplate(GapReason.NO_RULE, name, None, (), {"zh": zh, "en": en}, Verdict.PROHIBITED))
        for name, zh, en in found
    )


def _gap_of_time(rulebook: Rulebook, day: date) -> list[tuple[None, str, str]]:
    """Return the gap of a day that the rulebook does not reach: before its first law, or long after its last check."""
    begins, until = rulebook.begins, rulebook.known_until
    if begins <= day <= until:
        return []
    if day < begins:
        return [
            (
                None,
                f"规则库只收录 {begins} 起的法律，基准日 {day} 当时的法律未收入，不能判断",
                f"the rulebook holds the law from {begins} on; that of {day} was not read",
            )
        ]
    return [
        (
            None,
            f"规则库的核对只管到 {until}，基准日 {day} 的法律未经核对，请更新规则库",
            f"the rulebook was checked for days up to {until}; the law of {day} was not looked at: update the rulebook",
        )
    ]
