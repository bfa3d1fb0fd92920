"""One evaluation: overlaps, facts, rules and access lists become decisions on sites, as coded columns.

Each part of the evaluation (overlaps, ends of coverage, rules without a zone, control units ...) yields rows of
``(site, decision)``. The verdict folds them; records and tables are rendered from the same rows when somebody asks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import shapely

from lianzhou_gis.findings.access_list import THEME as UNITS
from lianzhou_gis.findings.access_list import AccessList, Unit, UnitsKey
from lianzhou_gis.findings.decision_rows import (
    ALL_UNITS,
    ENDS,
    FINDING,
    GAP,
    NO_ROWS,
    NOWHERE,
    OVERLAPS,
    POINT,
    REMAINDER,
    UNIT,
    Evaluation,
    Numbering,
    Rows,
    UnitRows,
    expand,
)
from lianzhou_gis.findings.decisions import (
    NOTHING,
    Decision,
    DecisionKey,
    FactSet,
    RuleDecisions,
    RuleKey,
    WaterKey,
)
from lianzhou_gis.findings.gaps import LayerGaps, Towns, gaps_of_rulebook, gaps_of_sites, zone_gap
from lianzhou_gis.findings.memo import memoised
from lianzhou_gis.findings.rules_in_force import OUTFALL, EndKind, FactValue, OverlapKind, RulesInForce, ZoneKind
from lianzhou_gis.formats import Sites
from lianzhou_gis.layers import Layers
from lianzhou_gis.overlay import LayerIndex, Overlay
from lianzhou_gis.rulebook import Rulebook
from lianzhou_gis.table import Columns
from lianzhou_gis.vocabulary import GapReason, Relation, theme

__all__ = ["Applications", "Evaluator", "SiteKey", "ZoneGapKey"]

Positions = npt.NDArray[np.intp]
Flags = npt.NDArray[np.bool_]
Facts = Mapping[str, FactValue]

_RELATIONS = tuple(Relation)
_RELATION_CODES = {relation.value: code for code, relation in enumerate(_RELATIONS)}
_SUBJECTS = ("footprint", OUTFALL)
_CACHED_SITE_KEYS = 1024
_NONE = np.empty(0, dtype=np.intp)


@dataclass(frozen=True)
class Applications:
    """Rules that apply to sites through zones: a row for every overlap and rule.

    Attributes
    ----------
    site, rule : ndarray of int
        Position of the site, number of the rule.
    row : ndarray of int
        Position of the overlap.
    doubtful : ndarray of bool
        Whether it is doubtful that the rule applies there.
    """

    site: Positions
    rule: Positions
    row: Positions
    doubtful: Flags


@dataclass(frozen=True, slots=True)
class ZoneGapKey:
    """What the gap of zones depends on of which something is not known."""

    reason: GapReason
    theme: str


@dataclass(frozen=True, slots=True)
class SiteKey:
    """What the decisions depend on that need no zone.

    Attributes
    ----------
    facts : FactSet
    outside : tuple of str
        Themes with rules on what lies outside their zones, and whose zones do not hold the site whole.
    outfall : bool
        Whether the outfall is given as a point.
    """

    facts: FactSet
    outside: tuple[str, ...]
    outfall: bool


class Evaluator:
    """The rules and layers of a day, for one table of sites after the other.

    Parameters
    ----------
    layers : Layers
    index : LayerIndex
        The zones of the layers.
    rulebook : Rulebook
    day : datetime.date
    scope : sequence of str
        Themes; rules that need no layer apply whatever the scope.

    Attributes
    ----------
    ruled : frozenset of str
        Themes in scope that a rule in force is about.
    layer_ids, zone_ids : ndarray of str or None
        Ids by their codes.
    """

    def __init__(self, layers: Layers, index: LayerIndex, rulebook: Rulebook, day: date, scope: Sequence[str]) -> None:
        self.rules = rules = RulesInForce(rulebook, day, scope)
        self.ruled = frozenset(name for name in scope if rules.of_theme(name))
        self.decide = RuleDecisions(rules)
        self.access = AccessList(layers.access_items, rules.access)
        self.layer_gaps = LayerGaps(layers, rules.outfalls)
        self.gaps_of_all = gaps_of_rulebook(rulebook, day, [name for name in scope if name not in self.ruled])
        self.loaded = {layer.entry.theme: layer.entry.id for layer in layers.layers if layer.status == "loaded"}
        self.outside = tuple(name for name in self.loaded if name in rules.outside)
        self.without_zone = memoised(self._without_zone, _CACHED_SITE_KEYS)
        self.zone_gap = memoised(self._zone_gap, _CACHED_SITE_KEYS)
        self.layer_ids = _sorted_ids([index.layer_id.tolist(), [gap.layer_id for gap in layers.gaps]])
        self.zone_ids = _sorted_ids([index.zone_columns["zone_id"].tolist(), [gap.zone_id for gap in layers.gaps]])
        self.layer_code = {text: code for code, text in enumerate(self.layer_ids.tolist())}
        self.zone_code = {text: code for code, text in enumerate(self.zone_ids.tolist())}
        # The ids and the kind of every zone of the index.
        codes = [self.layer_code[text] for text in index.layer_id.tolist()]
        self.layer_of_zone = np.array(codes, dtype=np.intp)[index.layer_of_zone]
        self.id_of_zone = np.array(
            [self.zone_code[text] for text in index.zone_columns["zone_id"].tolist()], dtype=np.intp
        )
        kinds: dict[ZoneKind, int] = {}
        columns = [index.theme_id[index.layer_of_zone].tolist()]
        columns += [index.zone_columns[name].tolist() for name in ("grade", "part", "zone_name")]
        numbers = [kinds.setdefault(rules.zone_kind(*cells), len(kinds)) for cells in zip(*columns, strict=True)]
        self.kind_of_zone, self.kinds = np.array(numbers, dtype=np.intp), tuple(kinds)
        self.is_unit = np.array([kind.theme == UNITS for kind in self.kinds], dtype=bool)

    def evaluate(self, sites: Sites, facts: Mapping[str, Facts], overlay: Overlay) -> Evaluation:
        """Apply the rules to what was measured.

        Parameters
        ----------
        sites : Sites
        facts : mapping of site_id to facts
        overlay : Overlay
            Of the sites with the zones of the index, and with the gaps of the layers.
        """
        return _Pass(self, sites, facts, overlay).evaluation()

    def _without_zone(self, key: SiteKey) -> tuple[tuple[Decision, int], ...]:
        """Return the decisions that need no zone, each with the code of its layer."""
        rules = self.rules
        found: list[tuple[Decision, int]] = []

        def decide(number: int, layer: int = 0, located: bool = True) -> None:
            values = rules.values(number, key.facts)
            found.append((self.decide.of_overlap(DecisionKey(number, values, False, located)), layer))

        for name in key.outside:
            for number in rules.outside[name]:
                decide(number, self.layer_code[self.loaded[name]])
        for number in rules.everywhere:
            decide(number)
        for numbers in rules.outfalls.values() if not key.outfall else ():
            for number in numbers:
                decide(number, located=False)
        return tuple((decision, layer) for decision, layer in found if decision is not NOTHING)

    def _zone_gap(self, key: ZoneGapKey) -> Decision:
        return zone_gap(key.reason, key.theme)


class _Pass:
    """One evaluation of one table of sites."""

    def __init__(self, rules: Evaluator, sites: Sites, facts: Mapping[str, Facts], overlay: Overlay) -> None:
        self._day, self._sites, self._overlay = rules, sites, overlay
        self._ids = sites.columns["site_id"]
        self._position = {site_id: position for position, site_id in enumerate(self._ids.tolist())}
        self._code_facts([facts.get(site_id, {}) for site_id in self._ids.tolist()])
        outfalls = sites.columns["outfall"]
        self._outfall: Flags = ~(shapely.is_missing(outfalls) | shapely.is_empty(outfalls))
        self._numbering = Numbering()
        self._findings: list[Rows] = []
        self._gaps: list[Rows] = []
        self._spared: list[Rows] = []
        self._units: list[UnitRows] = []

    def _code_facts(self, facts: Sequence[Facts]) -> None:
        """Code what is known of each project: of many sites most have the very same facts."""
        by_identity = {id(known): known for known in facts}
        sets: dict[FactSet, int] = {}
        number_of = {key: sets.setdefault(FactSet(known), len(sets)) for key, known in by_identity.items()}
        self._facts: Positions = np.array([number_of[id(known)] for known in facts], dtype=np.intp)
        self._fact_sets = tuple(sets)

    def evaluation(self) -> Evaluation:
        self._layers_and_rulebook()
        self._own_gaps()
        self._without_zone()
        self._overlaps()
        self._ends()
        self._control_units()
        self._receiving_waters()
        self._unread_rules()
        return Evaluation(
            ids=self._ids,
            facts=tuple(self._fact_sets[number] for number in self._facts.tolist()),
            decisions=tuple(self._numbering.decisions),
            findings=Rows.joined([NO_ROWS, *self._findings]),
            gaps=Rows.joined([NO_ROWS, *self._gaps]),
            spared=Rows.joined([NO_ROWS, *self._spared]),
            units=tuple(self._units),
            overlay=self._overlay,
            layer_ids=self._day.layer_ids,
            zone_ids=self._day.zone_ids,
        )

    def _file(self, rows: Rows) -> None:
        """Put rows to the findings, gaps or spared points that their decisions are."""
        kinds = self._numbering.kinds(rows.decision)
        for kind, parts in ((FINDING, self._findings), (GAP, self._gaps), (POINT, self._spared)):
            chosen = kinds == kind
            if chosen.any():
                parts.append(rows.take(chosen))

    def _gap_rows(self, site: Positions, decision: Positions, source: int = NOWHERE, row: Positions | int = 0) -> None:
        """Add gaps that carry the ids of their layer and zone themselves."""
        gaps = [one.gap for one in self._numbering.decisions]
        layer = np.array([0 if gap is None else self._day.layer_code[gap.layer_id] for gap in gaps], dtype=np.intp)
        zone = np.array([0 if gap is None else self._day.zone_code[gap.zone_id] for gap in gaps], dtype=np.intp)
        self._gaps.append(Rows.make(site, decision, layer=layer[decision], zone=zone[decision], source=source, row=row))

    def _layers_and_rulebook(self) -> None:
        """Add what layers and rulebook leave open wherever the site lies, or in its town."""
        gaps = self._day.layer_gaps
        towns: dict[Towns, int] = {}
        which = [towns.setdefault(own, len(towns)) for own in gaps.towns(self._sites.columns)]
        lists = [self._numbering.numbers((*gaps.in_towns(own), *self._day.gaps_of_all)) for own in towns]
        self._gap_rows(*expand(np.array(which, dtype=np.intp), lists))

    def _own_gaps(self) -> None:
        """Add what layers leave open at some places, and what the sites leave open themselves."""
        site, located = self._day.layer_gaps.without_shape(self._sites.columns)
        if len(site):
            decision = self._numbering.numbers(located)
            self._gap_rows(np.repeat(site, len(decision)), np.tile(decision, len(site)))
        remainder = self._overlay.remainder_columns
        row, found = self._day.layer_gaps.located(remainder)
        if len(row):
            self._gap_rows(remainder["site"][row], self._numbering.numbers(found), REMAINDER, row)
        own = gaps_of_sites(self._sites)
        if own:
            site = np.array([self._position[site_id] for site_id, _ in own], dtype=np.intp)
            self._gap_rows(site, self._numbering.numbers(decision for _, decision in own))

    def _without_zone(self) -> None:
        """Add the rules that facts alone decide, that are about the outside of zones, or about outfalls not given."""
        code = self._facts * 2 + self._outfall
        outside = []
        for name in self._day.outside:
            outside.append(np.array([(key, name) not in self._overlay.within_themes for key in self._position]))
            code = code * 2 + outside[-1]
        _, first, which = np.unique(code, return_index=True, return_inverse=True)
        decisions, layers = [], []
        for site in first.tolist():
            names = tuple(name for name, beyond in zip(self._day.outside, outside, strict=True) if beyond[site])
            key = SiteKey(self._fact_sets[self._facts[site]], names, bool(self._outfall[site]))
            found = self._day.without_zone(key)
            decisions.append(self._numbering.numbers(decision for decision, _ in found))
            layers.append(np.array([layer for _, layer in found], dtype=np.intp))
        site, decision = expand(which, decisions)
        self._file(Rows.make(site, decision, layer=expand(which, layers)[1]))

    def _overlaps(self) -> None:
        """Add the rules that apply through a zone, and zones of which something is not known."""
        rows, day = self._overlay.overlap_columns, self._day
        site, zone = rows["site"], rows["zone"]
        relation = np.array([_RELATION_CODES[text] for text in rows["relation"].tolist()], dtype=np.intp)
        outfall = rows["subject"] == OUTFALL
        reach = np.searchsorted(day.rules.setbacks, rows["distance_m"])
        kind = day.kind_of_zone[zone]
        code = (kind * 2 + outfall) * len(_RELATIONS) + relation
        code = code * (len(day.rules.setbacks) + 1) + reach
        _, first, which = np.unique(code, return_index=True, return_inverse=True)
        keys = [
            OverlapKind(day.kinds[kind[row]], _SUBJECTS[int(outfall[row])], _RELATIONS[relation[row]], int(reach[row]))
            for row in first.tolist()
        ]
        applicable = [day.rules.applicable(key) for key in keys]
        row, rule = expand(which, [one.rules for one in applicable])
        self._decide_applications(Applications(site[row], rule, row, _doubtful(rows, row)), zone)
        for reason, gap in ((GapReason.UNKNOWN_GRADE, "grade"), (GapReason.NO_RULE, "rule")):
            unknown = np.array([one.gap == gap for one in applicable], dtype=bool)
            if unknown.any():
                found = [day.zone_gap(ZoneGapKey(reason, key.zone.theme)) for key in keys]
                row = np.flatnonzero(unknown[which])
                decision = self._numbering.numbers(found)[which[row]]
                self._gaps.append(self._at_overlaps(site[row], decision, row))
        located = [key.subject == OUTFALL and one.located for key, one in zip(keys, applicable, strict=True)]
        themes = np.array([key.zone.theme for key in keys], dtype=object)
        self._known_waters = {
            name: np.unique(site[(np.array(located, dtype=bool) & (themes == name))[which]])
            for name in day.rules.outfalls
        }
        self._unread_overlaps = expand(which, [one.unread for one in applicable])
        hit = (relation == _RELATION_CODES["overlap"]) | (relation == _RELATION_CODES["within"])
        self._unit_rows = np.flatnonzero(day.is_unit[kind] & hit & ~outfall)

    def _at_overlaps(self, site: Positions, decision: Positions, row: Positions) -> Rows:
        zone = self._overlay.overlap_columns["zone"][row]
        layer, zone = self._day.layer_of_zone[zone], self._day.id_of_zone[zone]
        return Rows.make(site, decision, layer=layer, zone=zone, source=OVERLAPS, row=row)

    def _decided(self, site: Positions, rule: Positions, make: Callable[[int, FactSet], Decision]) -> Positions:
        """Return the number of the decision of each rule, made once for the same rule and facts."""
        code = self._facts[site] * len(self._day.rules.versions) + rule
        _, first, which = np.unique(code, return_index=True, return_inverse=True)
        pairs = zip(rule[first].tolist(), self._facts[site[first]].tolist(), strict=True)
        return self._numbering.numbers(make(number, self._fact_sets[facts]) for number, facts in pairs)[which]

    def _decide_applications(self, found: Applications, zone: Positions) -> None:
        """Decide rules through zones: a finding for each zone, an open point once for each site and rule."""
        rules, decide = self._day.rules, self._day.decide.of_overlap
        decision = np.empty(len(found.site), dtype=np.intp)
        for doubtful in (False, True):
            own = np.flatnonzero(found.doubtful == doubtful)
            if len(own):
                decision[own] = self._decided(
                    found.site[own],
                    found.rule[own],
                    lambda rule, facts: decide(DecisionKey(rule, rules.values(rule, facts), doubtful)),  # noqa: B023
                )
        rows = self._at_overlaps(found.site, decision, found.row)
        kinds = self._numbering.kinds(decision)
        if (kinds == FINDING).any():
            self._findings.append(rows.take(kinds == FINDING))
        for kind, parts in ((GAP, self._gaps), (POINT, self._spared)):
            own = np.flatnonzero(kinds == kind)
            if len(own):
                parts.append(self._once_a_rule(rows.take(own), found.rule[own]))

    def _once_a_rule(self, rows: Rows, rule: Positions) -> Rows:
        """Return one row for each site and rule, the strictest: with its layer and zone where all have the same."""
        rank = np.array([0 if one.point is None else one.point.effect.rank for one in self._numbering.decisions])
        order = np.lexsort((rank[rows.decision], rule, rows.site))
        rows, rule = rows.take(order), rule[order]
        first = np.flatnonzero((np.diff(rows.site, prepend=-1) != 0) | (np.diff(rule, prepend=-1) != 0))
        merged = rows.take(first)
        same = [
            np.where(np.minimum.reduceat(column, first) == np.maximum.reduceat(column, first), column[first], 0)
            for column in (rows.layer, rows.zone)
        ]
        return Rows.make(merged.site, merged.decision, layer=same[0], zone=same[1])

    def _ends(self) -> None:
        """Add the rules that look beyond the coverage of a layer."""
        ends, rules = self._overlay.margin_columns, self._day.rules
        self._unread_ends: tuple[Positions, Positions] = (_NONE, _NONE)
        if not len(ends):
            return
        reach = np.searchsorted(rules.setbacks, ends["margin_m"], side="right").tolist()
        keys: dict[EndKind, int] = {}
        pairs = zip(ends["theme"].tolist(), reach, strict=True)
        which = np.array([keys.setdefault(EndKind(*pair), len(keys)) for pair in pairs], dtype=np.intp)
        row, rule = expand(which, [rules.beyond(key) for key in keys])
        site = ends["site"][row]
        unread = np.isin(rule, rules.unread)
        self._unread_ends = site[unread], rule[unread]
        # A point has no setback to a zone beyond the coverage that is not asked of its footprint.
        footprint = np.array([version.subject != OUTFALL for version in rules.versions], dtype=bool)
        asked = ~unread & footprint[rule]
        row, site, rule = row[asked], site[asked], rule[asked]
        beyond = self._day.decide.beyond_coverage
        decision = self._decided(site, rule, lambda number, facts: beyond(RuleKey(number, rules.values(number, facts))))
        layer = np.array([self._day.layer_code[text] for text in ends["layer_id"].tolist()], dtype=np.intp)
        self._file(Rows.make(site, decision, layer=layer[row], source=ENDS, row=row))

    def _control_units(self) -> None:
        """Add the items of the access lists."""
        rows, at = self._overlay.overlap_columns, self._unit_rows
        if not len(at):
            return
        zone, doubtful = rows["zone"][at], rows["doubtful"][at].tolist()
        site, start, count = np.unique(rows["site"][at], return_index=True, return_counts=True)
        units = [Unit(name, bool(flag)) for name, flag in zip(rows["zone_id"][at].tolist(), doubtful, strict=True)]
        groups: dict[UnitsKey, list[int]] = {}
        for number, (own, first, many) in enumerate(zip(site.tolist(), start.tolist(), count.tolist(), strict=True)):
            key = UnitsKey(self._fact_sets[self._facts[own]], tuple(units[first : first + many]))
            groups.setdefault(key, []).append(number)
            items = self._day.access.compare(key)
            self._units.append(UnitRows(own, tuple(at[first : first + many].tolist()), items))
        for members in groups.values():
            decided = [item for item in self._units[members[0]].items if item.decision is not NOTHING]
            if not decided:
                continue
            decision = np.tile(self._numbering.numbers(item.decision for item in decided), len(members))
            place = np.array([-1 if item.unit is None else item.unit for item in decided] * len(members), dtype=np.intp)
            which = np.repeat(np.array(members, dtype=np.intp), len(decided))
            everywhere = place < 0
            position = start[which] + np.where(everywhere, 0, place)
            self._file(
                Rows(
                    site=site[which],
                    decision=decision,
                    # All items are listed with the layer of the first unit.
                    layer=self._day.layer_of_zone[zone[start[which]]],
                    zone=np.where(everywhere, 0, self._day.id_of_zone[zone[position]]),
                    source=np.where(everywhere, ALL_UNITS, UNIT),
                    row=np.where(everywhere, which, at[position]),
                )
            )

    def _receiving_waters(self) -> None:
        """Add the themes that would say into which water an outfall leads and do not."""
        rules, decide = self._day.rules, self._day.decide.receiving_water
        for name, numbers in rules.outfalls.items():
            unknown = self._outfall.copy()
            unknown[self._known_waters[name]] = False
            site = np.flatnonzero(unknown)
            if not theme(name).receiving or not len(site):
                continue
            used, which = np.unique(self._facts[site], return_inverse=True)
            found = [
                decide(WaterKey(name, tuple(rules.values(number, self._fact_sets[facts]) for number in numbers)))
                for facts in used.tolist()
            ]
            self._file(Rows.make(site, self._numbering.numbers(found)[which]))

    def _unread_rules(self) -> None:
        """Add what depends on law that was not read: rules that begin later, and would apply or might."""
        rules = self._day.rules
        if not rules.unread:
            return
        everyone = np.arange(len(self._ids))
        row, rule = self._unread_overlaps
        site = self._overlay.overlap_columns["site"][row]
        parts = [(site, rule, row), (*self._unread_ends, np.full(len(self._unread_ends[0]), -1, dtype=np.intp))]
        for number in rules.unread:
            version = rules.versions[number]
            met = everyone[:0]
            if version.everywhere:
                met = everyone
            elif version.relation == "outside" and version.theme in self._day.loaded:
                inside = self._overlay.within_themes
                met = np.array([self._position[key] for key in self._position if (key, version.theme) not in inside])
            elif version.subject == OUTFALL:
                met = everyone[~self._outfall]
            if len(met):
                parts.append((met.astype(np.intp), np.full(len(met), number), np.full(len(met), -1, dtype=np.intp)))
        site, rule, row = (np.concatenate(column) for column in zip(*parts, strict=True))
        # One gap for a site and rule, with the overlap where there is a single one.
        code = site * len(rules.versions) + rule
        _, first, which = np.unique(code, return_index=True, return_inverse=True)
        overlaps = np.bincount(which, weights=row >= 0, minlength=len(first))
        only = np.full(len(first), -1, dtype=np.intp)
        np.maximum.at(only, which, row)
        decide = self._day.decide.unread
        site, rule = site[first], rule[first]
        decision = self._decided(site, rule, lambda number, facts: decide(RuleKey(number, rules.values(number, facts))))
        single = overlaps == 1
        self._file(self._at_overlaps(site[single], decision[single], only[single]))
        self._file(Rows.make(site[~single], decision[~single]))


def _doubtful(rows: Columns, row: Positions) -> Flags:
    """Tell of which overlaps it is doubtful that there is one."""
    return rows["doubtful"][row].astype(bool)


def _sorted_ids(texts: Sequence[Sequence[str | None]]) -> npt.NDArray[np.object_]:
    """Return the different ids, ``None`` first, then sorted."""
    known = sorted({text for some in texts for text in some if text is not None})
    return np.array([None, *known], dtype=object)
