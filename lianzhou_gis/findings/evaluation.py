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
from lianzhou_gis.findings.access_list import AccessList, ComparedItem, Unit, UnitsKey
from lianzhou_gis.findings.applications import Applications, decide_on_grounds
from lianzhou_gis.findings.decision_rows import (
    ALL_UNITS,
    ENDS,
    FINDING,
    GAP,
    KIND,
    LAYER,
    NOWHERE,
    OVERLAPS,
    POINT,
    RANK,
    REMAINDER,
    UNIT,
    ZONE,
    DecisionRegister,
    Evaluation,
    Rows,
    UnitRows,
    distinct,
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
from lianzhou_gis.findings.gaps import LayerGaps, SiteGapKey, Towns, gap_of_site, gaps_of_rulebook, zone_gap
from lianzhou_gis.findings.memo import memoised
from lianzhou_gis.findings.rules_in_force import OUTFALL, Doubt, EndKind, FactValue, OverlapKind, RulesInForce, ZoneKind
from lianzhou_gis.formats import Sites
from lianzhou_gis.layers import Layers
from lianzhou_gis.overlay import LayerIndex, Overlay
from lianzhou_gis.rulebook import Rulebook
from lianzhou_gis.table import Columns
from lianzhou_gis.vocabulary import GapReason, Relation, theme

__all__ = ["Evaluator", "SiteKey", "ZoneGapKey"]

Positions = npt.NDArray[np.intp]
Flags = npt.NDArray[np.bool_]
Facts = Mapping[str, FactValue]

_RELATIONS = tuple(Relation)
_RELATION_CODES = {relation.value: code for code, relation in enumerate(_RELATIONS)}
_SUBJECTS = ("footprint", OUTFALL)
_CACHED_SITE_KEYS = 1024
_MAX_DECISIONS = 100_000
_NONE = np.empty(0, dtype=np.intp)


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
    """

    def __init__(self, layers: Layers, index: LayerIndex, rulebook: Rulebook, day: date, scope: Sequence[str]) -> None:
        self._inputs = layers, index, rulebook, day, scope
        self._prepared = _Prepared(*self._inputs)

    @property
    def ruled(self) -> frozenset[str]:
        """Themes in scope that a rule in force is about."""
        return self._prepared.ruled

    def evaluate(self, sites: Sites, facts: Mapping[str, Facts], overlay: Overlay) -> Evaluation:
        """Apply the rules to what was measured.

        Parameters
        ----------
        sites : Sites
        facts : mapping of site_id to facts
        overlay : Overlay
            Of the sites with the zones of the index, and with the gaps of the layers.
        """
        # Projects differ without end: what is held of them begins anew from time to time.
        if len(self._prepared.register.decisions) > _MAX_DECISIONS:
            self._prepared = _Prepared(*self._inputs)
        return _Pass(self._prepared, sites, facts, overlay).evaluation()


@dataclass(frozen=True)
class _Block:
    """Decisions that belong together: their numbers, and the codes of their layers."""

    decision: Positions
    layer: Positions


class _Prepared:
    """What an evaluation needs of a day; parameters as those of :class:`Evaluator`.

    Attributes
    ----------
    layer_ids, zone_ids : ndarray of str or None
        Ids by their codes.
    uncounted : bool
        Whether nobody could count the zones of a layer in scope.
    """

    def __init__(self, layers: Layers, index: LayerIndex, rulebook: Rulebook, day: date, scope: Sequence[str]) -> None:
        self.rules = rules = RulesInForce(rulebook, day, scope)
        self.ruled = frozenset(name for name in scope if rules.of_theme(name))
        self.decide = RuleDecisions(rules)
        self.access = AccessList(layers.access_items, rules.access)
        self.layer_gaps = LayerGaps(layers, rules.outfalls)
        self._gaps_of_all = gaps_of_rulebook(rulebook, day, [name for name in scope if name not in self.ruled])
        self.uncounted = any(layer.entry.uncounted for layer in layers.layers if layer.entry.theme in scope)
        self.loaded = {layer.entry.theme: layer.entry.id for layer in layers.layers if layer.status == "loaded"}
        self.outside = tuple(name for name in self.loaded if name in rules.outside)
        self.receiving = tuple(name for name in rules.outfalls if theme(name).receiving)
        self.with_setback = np.array([version.setback_m is not None for version in rules.versions], dtype=bool)
        self.footprint = np.array([version.subject != OUTFALL for version in rules.versions], dtype=bool)
        self.layer_ids = _sorted_ids([index.layer_id.tolist(), [gap.layer_id for gap in layers.gaps]])
        self.zone_ids = _sorted_ids([index.zone_columns["zone_id"].tolist(), [gap.zone_id for gap in layers.gaps]])
        self.layer_code = {text: code for code, text in enumerate(self.layer_ids.tolist())}
        zone_code = {text: code for code, text in enumerate(self.zone_ids.tolist())}
        self.register = DecisionRegister(self.layer_code, zone_code)
        # The ids and the kind of every zone of the index.
        codes = [self.layer_code[text] for text in index.layer_id.tolist()]
        self.layer_of_zone = np.array(codes, dtype=np.intp)[index.layer_of_zone]
        codes = [zone_code[text] for text in index.zone_columns["zone_id"].tolist()]
        self.id_of_zone = np.array(codes, dtype=np.intp)
        kinds: dict[ZoneKind, int] = {}
        columns = [index.theme_id[index.layer_of_zone].tolist()]
        columns += [index.zone_columns[name].tolist() for name in ("grade", "zone_name")]
        numbers = [kinds.setdefault(rules.zone_kind(*cells), len(kinds)) for cells in zip(*columns, strict=True)]
        self.kind_of_zone, self.kinds = np.array(numbers, dtype=np.intp), tuple(kinds)
        # Zones of one id and theme are one, in whichever layer; those of context themes are none.
        names = index.theme_id[index.layer_of_zone].tolist()
        pairs: dict[tuple[str, int], int] = {}
        numbers = [pairs.setdefault(pair, len(pairs)) for pair in zip(names, codes, strict=True)]
        numbers = [-1 if theme(name).context else number for name, number in zip(names, numbers, strict=True)]
        self.number_of_zone = np.array(numbers, dtype=np.intp)
        self.is_unit = np.array([kind.theme == UNITS for kind in self.kinds], dtype=bool)
        self.everywhere = memoised(self._everywhere, _CACHED_SITE_KEYS)
        self.without_zone = memoised(self._without_zone, _CACHED_SITE_KEYS)
        self.units = memoised(self._units, _CACHED_SITE_KEYS)
        self.zone_gap = memoised(self._zone_gap, _CACHED_SITE_KEYS)
        self.site_gap = memoised(gap_of_site, _CACHED_SITE_KEYS)

    def _everywhere(self, towns: Towns) -> Positions:
        """Return what layers and rulebook leave open wherever a site lies, or in its towns."""
        return self.register.numbers((*self.layer_gaps.in_towns(towns), *self._gaps_of_all))

    def _without_zone(self, key: SiteKey) -> _Block:
        """Return the decisions that need no zone."""
        rules = self.rules
        found: list[tuple[Decision, int]] = []

        def decide(number: int, layer: int = 0, located: bool = True) -> None:
            values = rules.values(number, key.facts)
            found.append((self.decide.of_overlap(DecisionKey(number, values, Doubt.CERTAIN, located)), layer))

        for name in key.outside:
            for number in rules.outside[name]:
                decide(number, self.layer_code[self.loaded[name]])
        for number in rules.everywhere:
            decide(number)
        for numbers in rules.outfalls.values() if not key.outfall else ():
            for number in numbers:
                decide(number, located=False)
        found = [pair for pair in found if pair[0] is not NOTHING]
        layers = np.array([layer for _, layer in found], dtype=np.intp)
        return _Block(self.register.numbers(decision for decision, _ in found), layers)

    def _units(self, key: UnitsKey) -> tuple[tuple[ComparedItem, ...], Positions, Positions]:
        """Return the compared items of access lists; of those that decide something numbers and positions of units.

        The position is -1 for an item that holds in every unit.
        """
        items = self.access.compare(key)
        decided = [item for item in items if item.decision is not NOTHING]
        units = np.array([-1 if item.unit is None else item.unit for item in decided], dtype=np.intp)
        return items, self.register.numbers(item.decision for item in decided), units

    def _zone_gap(self, key: ZoneGapKey) -> Decision:
        return zone_gap(key.reason, key.theme)


class _Pass:
    """One evaluation of one table of sites."""

    def __init__(self, day: _Prepared, sites: Sites, facts: Mapping[str, Facts], overlay: Overlay) -> None:
        self._day, self._register = day, day.register
        self._sites, self._overlay = sites, overlay
        self._ids = sites.columns["site_id"]
        self._position = {site_id: position for position, site_id in enumerate(self._ids.tolist())}
        self._code_facts([facts.get(site_id, {}) for site_id in self._ids.tolist()])
        outfalls = sites.columns["outfall"]
        self._outfall: Flags = ~(shapely.is_missing(outfalls) | shapely.is_empty(outfalls))
        self._findings: list[Rows] = []
        self._gaps: list[Rows] = []
        self._spared: list[Rows] = []
        self._units: list[UnitRows] = []
        self._known_waters: dict[str, Positions] = {}

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
            register=self._register,
            findings=Rows.joined(self._findings),
            gaps=Rows.joined(self._gaps),
            spared=Rows.joined(self._spared),
            zones=self._zones,
            units=tuple(self._units),
            overlay=self._overlay,
            layer_ids=self._day.layer_ids,
            zone_ids=self._day.zone_ids,
            uncounted=self._day.uncounted,
        )

    def _file(self, rows: Rows) -> None:
        """Put rows to the findings, gaps or spared points that their decisions are."""
        kinds = self._register.coded[rows.decision, KIND]
        for kind, parts in ((FINDING, self._findings), (GAP, self._gaps), (POINT, self._spared)):
            chosen = kinds == kind
            if chosen.any():
                parts.append(rows.take(chosen))

    def _gap_rows(self, site: Positions, decision: Positions, source: int = NOWHERE, row: Positions | int = 0) -> None:
        """Add gaps that carry the ids of their layer and zone themselves."""
        coded = self._register.coded[decision]
        self._gaps.append(Rows.make(site, decision, layer=coded[:, LAYER], zone=coded[:, ZONE], source=source, row=row))

    def _layers_and_rulebook(self) -> None:
        """Add what layers and rulebook leave open wherever the site lies, or in its town."""
        towns: dict[Towns, int] = {}
        which = [towns.setdefault(own, len(towns)) for own in self._day.layer_gaps.towns(self._sites.columns)]
        self._gap_rows(*expand(np.array(which, dtype=np.intp), [self._day.everywhere(own) for own in towns]))

    def _own_gaps(self) -> None:
        """Add what layers leave open at some places, and what the sites leave open themselves."""
        site, located = self._day.layer_gaps.without_shape(self._sites.columns)
        if len(site):
            decision = self._register.numbers(located)
            self._gap_rows(np.repeat(site, len(decision)), np.tile(decision, len(site)))
        remainder = self._overlay.remainder_columns
        row, found = self._day.layer_gaps.located(remainder)
        if len(row):
            self._gap_rows(remainder["site"][row], self._register.numbers(found), REMAINDER, row)
        own = self._sites.gaps
        if own:
            site = np.array([self._position[gap.site_id] for gap in own], dtype=np.intp)
            keys = [SiteGapKey(gap.reason, gap.detail["zh"], gap.detail["en"]) for gap in own]
            self._gap_rows(site, self._register.numbers(map(self._day.site_gap, keys)))

    def _without_zone(self) -> None:
        """Add the rules that facts alone decide, that are about the outside of zones, or about outfalls not given."""
        code = self._facts * 2 + self._outfall
        outside = []
        for name in self._day.outside:
            outside.append(np.array([(key, name) not in self._overlay.within_themes for key in self._position]))
            code = code * 2 + outside[-1]
        first, which = distinct(code)
        blocks = []
        for one in first:
            names = tuple(name for name, beyond in zip(self._day.outside, outside, strict=True) if beyond[one])
            key = SiteKey(self._fact_sets[self._facts[one]], names, bool(self._outfall[one]))
            blocks.append(self._day.without_zone(key))
        site, decision = expand(which, [block.decision for block in blocks])
        _, layer = expand(which, [block.layer for block in blocks])
        self._file(Rows.make(site, decision, layer=layer))

    def _overlaps(self) -> None:
        """Add the rules that apply through a zone, and zones of which something is not known."""
        rows, day = self._overlay.overlap_columns, self._day
        site, zone = rows["site"], rows["zone"]
        relation = np.array([_RELATION_CODES[text] for text in rows["relation"].tolist()], dtype=np.intp)
        outfall = rows["subject"] == OUTFALL
        doubtful, within_error = rows["doubtful"].astype(bool), rows["within_error"].astype(bool)
        reach, certain_reach = _reaches(rows, day.rules.setbacks)
        kind = day.kind_of_zone[zone]
        code = (kind * 2 + outfall) * len(_RELATIONS) + relation
        code = (code * 2 + doubtful) * 2 + within_error
        code = code * (len(day.rules.setbacks) + 1) + reach
        first, which = distinct(code * (len(day.rules.setbacks) + 1) + certain_reach)
        keys = [
            OverlapKind(
                day.kinds[kind[row]],
                _SUBJECTS[int(outfall[row])],
                _RELATIONS[relation[row]],
                bool(doubtful[row]),
                bool(within_error[row]),
                int(reach[row]),
                int(certain_reach[row]),
            )
            for row in first
        ]
        applicable = [day.rules.applicable(key) for key in keys]
        row, rule = expand(which, [one.rules for one in applicable])
        _, doubt = expand(which, [one.doubts for one in applicable])
        applications = Applications(site[row], rule, row, doubt)
        self._decide_applications(decide_on_grounds(applications, self._overlay, day.with_setback))
        for reason, gap in ((GapReason.UNKNOWN_GRADE, "grade"), (GapReason.NO_RULE, "rule")):
            unknown = [one.gap == gap for one in applicable]
            if any(unknown):
                found = [day.zone_gap(ZoneGapKey(reason, key.zone.theme)) for key in keys]
                row = np.flatnonzero(np.array(unknown)[which])
                decision = self._register.numbers(found)[which[row]]
                self._gaps.append(self._at_overlaps(site[row], decision, row))
        for name in day.receiving if self._outfall.any() else ():
            known = [
                key.subject == OUTFALL and key.zone.theme == name and one.located
                for key, one in zip(keys, applicable, strict=True)
            ]
            self._known_waters[name] = site[np.array(known, dtype=bool)[which]]
        if day.rules.unread:
            self._unread_overlaps = expand(which, [one.unread for one in applicable])
        hit = (relation == _RELATION_CODES["overlap"]) | (relation == _RELATION_CODES["within"])
        hit &= ~outfall
        self._unit_rows = np.flatnonzero(day.is_unit[kind] & (hit | (within_error & ~outfall)))
        number = day.number_of_zone[zone]
        control = hit & (number >= 0)
        inside = np.unique(site[control] * (len(day.number_of_zone) + 1) + number[control])
        self._zones = np.bincount(inside // (len(day.number_of_zone) + 1), minlength=len(self._ids))

    def _at_overlaps(self, site: Positions, decision: Positions, row: Positions) -> Rows:
        zone = self._overlay.overlap_columns["zone"][row]
        layer, zone = self._day.layer_of_zone[zone], self._day.id_of_zone[zone]
        return Rows.make(site, decision, layer=layer, zone=zone, source=OVERLAPS, row=row)

    def _decided(
        self, site: Positions, rule: Positions, doubt: Positions, make: Callable[[int, FactSet, Doubt], Decision]
    ) -> Positions:
        """Return the number of the decision of each rule, made once for the same rule, facts and doubt."""
        code = (self._facts[site] * len(self._day.rules.versions) + rule) * len(Doubt) + doubt
        first, which = distinct(code)
        parts = zip(rule[first].tolist(), self._facts[site[first]].tolist(), doubt[first].tolist(), strict=True)
        return self._register.numbers(make(number, self._fact_sets[facts], Doubt(own)) for number, facts, own in parts)[
            which
        ]

    def _decide_applications(self, found: Applications) -> None:
        """Decide rules through zones: a finding for each zone, an open point once for each site and rule."""
        rules, decide = self._day.rules, self._day.decide.of_overlap

        def make(rule: int, facts: FactSet, doubt: Doubt) -> Decision:
            return decide(DecisionKey(rule, rules.values(rule, facts), doubt))

        decision = self._decided(found.site, found.rule, found.doubt, make)
        rows = self._at_overlaps(found.site, decision, found.row)
        kinds = self._register.coded[decision, KIND]
        own = kinds == FINDING
        if own.any():
            self._findings.append(rows.take(own))
        for kind, parts in ((GAP, self._gaps), (POINT, self._spared)):
            chosen = np.flatnonzero(kinds == kind)
            if len(chosen):
                parts.append(self._once_a_rule(rows.take(chosen), found.rule[chosen]))

    def _once_a_rule(self, rows: Rows, rule: Positions) -> Rows:
        """Return one row for each site and rule, the strictest: with its layer and zone where all have the same."""
        order = np.lexsort((self._register.coded[rows.decision, RANK], rule, rows.site))
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
        reach = np.searchsorted(rules.setbacks, ends["margin_m"] - ends["error_m"], side="right").tolist()
        keys: dict[EndKind, int] = {}
        pairs = zip(ends["theme"].tolist(), reach, strict=True)
        which = np.array([keys.setdefault(EndKind(*pair), len(keys)) for pair in pairs], dtype=np.intp)
        row, rule = expand(which, [rules.beyond(key) for key in keys])
        site = ends["site"][row]
        unread = np.isin(rule, rules.unread)
        self._unread_ends = site[unread], rule[unread]
        # Each rule looks around its own subject.
        asked = ~unread & (self._day.footprint[rule] == (ends["subject"][row] == "footprint"))
        row, site, rule = row[asked], site[asked], rule[asked]
        beyond = self._day.decide.beyond_coverage

        def make(number: int, facts: FactSet, _: Doubt) -> Decision:
            return beyond(RuleKey(number, rules.values(number, facts)))

        decision = self._decided(site, rule, np.zeros(len(rule), dtype=np.intp), make)
        layer = np.array([self._day.layer_code[text] for text in ends["layer_id"].tolist()], dtype=np.intp)
        self._file(Rows.make(site, decision, layer=layer[row], source=ENDS, row=row))

    def _control_units(self) -> None:
        """Add the items of the access lists."""
        rows, at = self._overlay.overlap_columns, self._unit_rows
        if not len(at):
            return
        zone, doubtful = rows["zone"][at], (rows["doubtful"] | rows["within_error"])[at].tolist()
        site, start, count = np.unique(rows["site"][at], return_index=True, return_counts=True)
        units = [Unit(name, bool(flag)) for name, flag in zip(rows["zone_id"][at].tolist(), doubtful, strict=True)]
        groups: dict[UnitsKey, list[int]] = {}
        for number, (own, first, many) in enumerate(zip(site.tolist(), start.tolist(), count.tolist(), strict=True)):
            key = UnitsKey(self._fact_sets[self._facts[own]], tuple(units[first : first + many]))
            groups.setdefault(key, []).append(number)
            self._units.append(UnitRows(own, tuple(at[first : first + many].tolist()), self._day.units(key)[0]))
        for key, members in groups.items():
            _, decision, place = self._day.units(key)
            if not len(decision):
                continue
            which = np.repeat(np.array(members, dtype=np.intp), len(decision))
            decision, place = np.tile(decision, len(members)), np.tile(place, len(members))
            everywhere = place < 0
            position = start[which] + np.where(everywhere, 0, place)
            self._file(
                Rows.make(
                    site[which],
                    decision,
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
        for name, known in self._known_waters.items():
            unknown = self._outfall.copy()
            unknown[known] = False
            site, numbers = np.flatnonzero(unknown), rules.outfalls[name]
            if not len(site):
                continue
            first, which = distinct(self._facts[site])
            found = [
                decide(
                    WaterKey(tuple(RuleKey(number, rules.values(number, self._fact_sets[facts])) for number in numbers))
                )
                for facts in self._facts[site[first]].tolist()
            ]
            self._file(Rows.make(site, self._register.numbers(found)[which]))

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
        first, which = distinct(code)
        overlaps = np.bincount(which, weights=row >= 0, minlength=len(first))
        only = np.full(len(first), -1, dtype=np.intp)
        np.maximum.at(only, which, row)
        decide = self._day.decide.unread
        site, rule = site[first], rule[first]

        def make(number: int, facts: FactSet, _: Doubt) -> Decision:
            return decide(RuleKey(number, rules.values(number, facts)))

        decision = self._decided(site, rule, np.zeros(len(rule), dtype=np.intp), make)
        single = overlaps == 1
        self._file(self._at_overlaps(site[single], decision[single], only[single]))
        self._file(Rows.make(site[~single], decision[~single]))


def _reaches(rows: Columns, setbacks: npt.NDArray[np.float64]) -> tuple[Positions, Positions]:
    """Return how many setbacks are shorter than the distance of overlaps less and plus the position error.

    A setback is decided on setback + depth: of a certain overlap the depth exceeds the error, and every setback holds.
    """
    distance, error = rows["distance_m"], rows["error_m"]
    hit = (rows["relation"] == "overlap") | (rows["relation"] == "within")
    farthest = np.where(hit & ~rows["doubtful"].astype(bool), 0.0, distance + error)
    return np.searchsorted(setbacks, distance - error), np.searchsorted(setbacks, farthest)


def _sorted_ids(texts: Sequence[Sequence[str | None]]) -> npt.NDArray[np.object_]:
    """Return the different ids, ``None`` first, then sorted."""
    known = sorted({text for some in texts for text in some if text is not None})
    return np.array([None, *known], dtype=object)
