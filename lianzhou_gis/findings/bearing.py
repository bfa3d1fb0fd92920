"""Rules x overlaps x facts: which rules bear on which sites, and which hang on a fact that is not known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from lianzhou_gis.columns import Columns
from lianzhou_gis.findings.effects import any_bears, cure_of, proven_effect, worst_of
from lianzhou_gis.findings.questions import OpenPoint
from lianzhou_gis.findings.records import Finding, Gap, finding_id
from lianzhou_gis.rulebook import Outcome, RuleVersion
from lianzhou_gis.vocabulary import Effect, GapReason, Verdict, theme

__all__ = ["OUTFALL", "Bearing", "Said"]

# The fact that is missing where a rule is about the outfall and none was given as a point.
OUTFALL = "outfall"
_HITS = ("overlap", "within")
# Different sets of facts of which the outcomes are remembered.
_FACTS_KEPT = 64
_EFFECTS = list(Effect)
# For facts as text, what each rule makes of them.
Said = dict[str, dict[str, Outcome]]


def number(value: Any) -> float | None:  # noqa: ANN401 - a cell
    """Return a measure, ``None`` where there is none."""
    return None if value is None or np.isnan(value) else float(value)


class Bearing:
    """Applies the rules of a day to one site after the other.

    Parameters
    ----------
    rules : sequence of RuleVersion
        In force and in scope.
    said : dict, optional
        What these rules made of facts before; added to here.
    """

    def __init__(self, rules: Sequence[RuleVersion], said: Said | None = None) -> None:
        self.findings: list[Finding] = []
        self.gaps: list[Gap] = []
        self.open: dict[tuple[str, str], OpenPoint] = {}
        self._said: Said = {} if said is None else said
        self._spared: dict[tuple[str, frozenset[str], Effect, bool], OpenPoint] = {}
        self._everywhere = [rule for rule in rules if rule.everywhere]
        self._of_theme: dict[str, list[RuleVersion]] = {}
        for rule in rules:
            if rule.theme is not None:
                self._of_theme.setdefault(rule.theme, []).append(rule)

    def themes(self) -> list[str]:
        """Return the themes that some rule is about."""
        return list(self._of_theme)

    def apply(
        self,
        site_id: str,
        facts: Mapping[str, Any],
        rows: Sequence[Any],
        *,
        outside: Mapping[str, str],
        margins: Sequence[Any],
        outfall: bool,
    ) -> None:
        """Apply all rules to one site.

        Parameters
        ----------
        facts : mapping
            Of the site.
        rows : sequence of named tuples
            Its overlaps.
        outside : mapping of str to str
            Themes with a layer whose zones do not hold the site whole, and the layer.
        margins : sequence of named tuples
            How far from the site the coverage of each layer ends (``theme, layer_id, margin_m``).
        outfall : bool
            Whether the outfall is given as a point.
        """
        # Of many sites most have the same facts: what a rule makes of them is found out once.
        told = repr(sorted(facts.items()))
        if told not in self._said and len(self._said) >= _FACTS_KEPT:
            self._said.clear()
        known = self._said.setdefault(told, {})

        def says(rule: RuleVersion) -> Outcome:
            if rule.id not in known:
                known[rule.id] = rule.evaluate(facts)
            return known[rule.id]

        for row in rows:
            self._row(site_id, facts, row, says)
        for name, layer_id in outside.items():
            for rule in self._of_theme.get(name, ()):
                if rule.relation == "outside":
                    self._bears(site_id, facts, rule, says(rule), layer_id=layer_id, relation="apart")
        for margin in margins:
            for rule in self._of_theme.get(margin.theme, ()):
                if rule.setback_m is None or margin.margin_m >= rule.setback_m:
                    continue
                if says(rule).value is not False:
                    self._short_of_setback(site_id, rule, margin, says(rule).missing)
                elif rule.subject != OUTFALL:
                    self._spare(site_id, rule, says(rule), closes_if_true=False)
        if outfall:
            self._receiving(site_id, facts, rows, says)
        for rule in self._everywhere:
            self._bears(site_id, facts, rule, says(rule))
        if not outfall:
            for rules in self._of_theme.values():
                for rule in rules:
                    if rule.subject != OUTFALL:
                        continue
                    if says(rule).value is not False:
                        self._missing(site_id, rule, says(rule).missing | {OUTFALL}, closes_if_true=False)
                    else:
                        self._spare(site_id, rule, says(rule), closes_if_true=False)

    def _row(self, site_id: str, facts: Mapping[str, Any], row: Any, says: Any) -> None:  # noqa: ANN401
        rules = [rule for rule in self._of_theme.get(row.theme, ()) if rule.subject == row.subject]
        hit = row.relation in _HITS and row.subject == "footprint"
        graded = bool(theme(row.theme).grades)
        bearing = [rule for rule in rules if rule.bears(row.relation, row.distance_m)]
        applying = [rule for rule in bearing if rule.applies_to(row.grade, row.part, row.zone_name)]
        if graded and row.grade is None and (hit or bearing):
            self._unknown_grade(site_id, row)
        elif hit and not applying:
            self._no_rule(site_id, row)
        for rule in applying:
            self._bears(site_id, facts, rule, says(rule), row=row, layer_id=row.layer_id, relation=row.relation)

    def _receiving(self, site_id: str, facts: Mapping[str, Any], rows: Sequence[Any], says: Any) -> None:  # noqa: ANN401
        """Say that the water into which an outfall leads is of no known class where none of the rules on it bears."""
        for name, rules in self._of_theme.items():
            about = [rule for rule in rules if rule.subject == OUTFALL]
            asking = [rule for rule in about if says(rule).value is not False]
            met = [row for row in rows if row.theme == name and row.subject == OUTFALL]
            known = any(rule.bears(row.relation, row.distance_m) for rule in about for row in met)
            if known or not asking or not theme(name).receiving:
                continue
            self.gaps.append(
                Gap(
                    site_id=site_id,
                    reason=GapReason.UNKNOWN_GRADE,
                    theme=name,
                    layer_id=None,
                    zone_id=None,
                    rule_id=None,
                    facts=tuple(sorted(any_bears(asking, facts).missing)),
                    detail={
                        "zh": "排污口附近没有已划定类别的水域，受纳水体的类别不明",
                        "en": "no classified water lies at the outfall: the class of what receives it is unknown",
                    },
                    worst=worst_of(asking, facts),
                )
            )
            self.open[site_id, f"outfall {name}"] = OpenPoint(
                self.gaps[-1],
                partial(any_bears, asking),
                tuple(test for rule in asking for test in rule.tests()),
                Effect.NOTICE,
                Effect.NOTICE,
                closes_if_true=False,
                worst_of=partial(worst_of, asking),
            )

    def _bears(
        self,
        site_id: str,
        facts: Mapping[str, Any],
        rule: RuleVersion,
        outcome: Outcome,
        *,
        row: Any = None,  # noqa: ANN401 - a named tuple of the overlaps
        layer_id: str | None = None,
        relation: str | None = None,
    ) -> None:
        if outcome.value is False:
            self._spare(site_id, rule, outcome, doubtful=row is not None and bool(row.doubtful))
            return
        if outcome.value is None:
            self._missing(site_id, rule, outcome.missing, row=row, layer_id=layer_id)
            return
        doubtful = row is not None and bool(row.doubtful)
        zone_id = None if row is None else row.zone_id
        area = 0.0 if row is None else float(row.area_m2)
        self.findings.append(
            Finding(
                finding_id=finding_id(site_id, layer_id, zone_id, rule.id, rule.subject),
                site_id=site_id,
                layer_id=layer_id,
                theme=rule.theme,
                zone_id=zone_id,
                zone_name=None if row is None else row.zone_name,
                grade=None if row is None else row.grade,
                relation=relation,
                subject=rule.subject,
                rule_id=rule.id,
                title=rule.title,
                effect=proven_effect(rule, doubtful),
                worst=rule.strictest,
                doubtful=doubtful,
                unverified=rule.unverified,
                general_procedure=rule.general_procedure,
                facts_used={name: facts.get(name) for name in sorted(outcome.used)},
                missing_facts=(),
                paraphrase=rule.paraphrase,
                citations=rule.citations,
                action=rule.action,
                authority=rule.authority,
                blocks=rule.blocks,
                curable=cure_of(rule, doubtful, area),
                override=None,
                area_m2=area,
                share_of_site=None if row is None else number(row.share_of_site),
                length_m=None if row is None else number(row.length_m),
                distance_m=None if row is None else number(row.distance_m),
                geometry=None if row is None else row.geometry,
            )
        )

    def _missing(
        self,
        site_id: str,
        rule: RuleVersion,
        missing: frozenset[str],
        *,
        row: Any = None,  # noqa: ANN401
        layer_id: str | None = None,
        closes_if_true: bool = True,
    ) -> None:
        """Record that a rule hangs on facts: once for a site, however many zones it is asked for."""
        # A notice restricts nothing: whether it bears or not, no verdict hangs on it.
        if rule.strictest is Effect.NOTICE:
            return
        zone_id = None if row is None else row.zone_id
        proven = proven_effect(rule, row is not None and bool(row.doubtful))
        if (site_id, rule.id) in self.open:
            point = self.open[site_id, rule.id]
            asked = point.gap
            asked.zone_id = zone_id if asked.zone_id == zone_id else None
            asked.layer_id = layer_id if asked.layer_id == layer_id else None
            point.effect = min(point.effect, proven, key=list(Effect).index)
            return
        self.gaps.append(
            Gap(
                site_id=site_id,
                reason=GapReason.MISSING_FACT,
                theme=rule.theme,
                layer_id=layer_id,
                zone_id=zone_id,
                rule_id=rule.id,
                facts=tuple(sorted(missing)),
                detail={
                    "zh": f"“{rule.title['zh']}”是否适用，取决于尚未提供的项目信息",
                    "en": f"whether “{rule.title['en']}” bears hangs on facts that were not given",
                },
                worst=rule.strictest.verdict,
            )
        )
        self.open[site_id, rule.id] = OpenPoint(
            self.gaps[-1], rule.evaluate, rule.tests(), proven, rule.strictest, closes_if_true
        )

    def _spare(
        self, site_id: str, rule: RuleVersion, outcome: Outcome, *, doubtful: bool = False, closes_if_true: bool = True
    ) -> None:
        """Keep at hand a rule that such a project is not asked for: an answer to something else may bring it up.

        Nothing in it is of the site, so one point serves all of which the same is known.
        """
        if not outcome.spared or rule.strictest is Effect.NOTICE:
            return
        proven = proven_effect(rule, doubtful)
        told = (rule.id, outcome.spared, proven, closes_if_true)
        if told not in self._spared:
            gap = Gap(
                site_id="",
                reason=GapReason.MISSING_FACT,
                theme=rule.theme,
                layer_id=None,
                zone_id=None,
                rule_id=rule.id,
                facts=tuple(sorted(outcome.spared)),
                detail={"zh": "", "en": ""},
                worst=rule.strictest.verdict,
            )
            self._spared[told] = OpenPoint(
                gap, rule.evaluate, rule.tests(), proven, rule.strictest, closes_if_true, asked=False
            )
        point = self.open.get((site_id, rule.id))
        if point is None or _EFFECTS.index(proven) < _EFFECTS.index(point.effect):
            self.open[site_id, rule.id] = self._spared[told]

    def _short_of_setback(self, site_id: str, rule: RuleVersion, margin: Any, missing: frozenset[str]) -> None:  # noqa: ANN401
        # A notice restricts nothing: that it may not have been seen opens no verdict.
        if rule.subject == OUTFALL or rule.strictest is Effect.NOTICE:
            return
        self.gaps.append(
            Gap(
                site_id=site_id,
                reason=GapReason.OUTSIDE_COVERAGE,
                theme=rule.theme,
                layer_id=margin.layer_id,
                zone_id=None,
                rule_id=rule.id,
                facts=tuple(sorted(missing)),
                detail={
                    "zh": f"“{rule.title['zh']}”须看到 {rule.setback_m:g} 米，图层覆盖止于 {margin.margin_m:.0f} 米处",
                    "en": f"{rule.id} looks {rule.setback_m:g} m far, the coverage ends {margin.margin_m:.0f} m away",
                },
                worst=rule.strictest.verdict,
            )
        )
        # Beyond the coverage nothing is known of zones: only that the rule is not about the project closes it.
        self.open[site_id, f"{rule.id} {margin.layer_id}"] = OpenPoint(
            self.gaps[-1], rule.evaluate, rule.tests(), rule.effect, rule.strictest, closes_if_true=False
        )

    def _zone_gap(self, site_id: str, reason: GapReason, row: Any, zh: str, en: str) -> None:  # noqa: ANN401
        self.gaps.append(
            Gap(
                site_id=site_id,
                reason=reason,
                theme=row.theme,
                layer_id=row.layer_id,
                zone_id=row.zone_id,
                rule_id=None,
                facts=(),
                detail={"zh": zh, "en": en},
                worst=Verdict.PROHIBITED,
                area_m2=float(row.area_m2),
                geometry=row.geometry,
            )
        )

    def _unknown_grade(self, site_id: str, row: Any) -> None:  # noqa: ANN401
        name = row.zone_name or row.zone_id
        self._zone_gap(
            site_id,
            GapReason.UNKNOWN_GRADE,
            row,
            f"区域“{name}”的级别无法识别，不能确定适用哪一级的规定",
            f"the grade of {name} is not known, nor therefore which rules bear",
        )

    def _no_rule(self, site_id: str, row: Any) -> None:  # noqa: ANN401
        name = row.zone_name or row.zone_id
        self._zone_gap(
            site_id,
            GapReason.NO_RULE,
            row,
            f"规则库对“{name}”这类区域没有有效规则",
            f"the rulebook has no rule in force for zones like {name}",
        )


def rows_by_site(rows: Columns) -> dict[str, list[Any]]:
    """Return the rows of every site as named tuples."""
    found: dict[str, list[Any]] = {}
    for row in rows.rows():
        found.setdefault(row.site_id, []).append(row)
    return found
