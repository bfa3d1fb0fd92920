"""Writes down what rules come to for one site: findings, gaps, and the points that hang on facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from lianzhou_gis.findings.day_rules import OUTFALL, DayRules
from lianzhou_gis.findings.effects import any_bears, cure_of, proven_effect, worst_of
from lianzhou_gis.findings.questions import Unresolved
from lianzhou_gis.findings.records import Finding, Gap, finding_id, of_site
from lianzhou_gis.rulebook import Outcome, RuleVersion
from lianzhou_gis.vocabulary import Effect, GapReason, Verdict

__all__ = ["Bearing", "Templates", "number"]


def number(value: Any) -> float | None:  # noqa: ANN401 - a cell
    """Return a measure, ``None`` where there is none."""
    return None if value is None or value != value else float(value)


class Templates:
    """What is the same in all records that a rule leads to, made once for one set of facts.

    Parameters
    ----------
    facts : mapping
    rules : DayRules
    """

    def __init__(self, facts: Mapping[str, Any], rules: DayRules) -> None:
        self.facts, self.rules = facts, rules
        self._findings: dict[tuple[str, bool], Finding] = {}
        self._asking: dict[tuple[str, frozenset[str]], Gap] = {}
        self._spared: dict[tuple[str, frozenset[str], Effect, bool], Unresolved] = {}

    def finding(self, rule: RuleVersion, outcome: Outcome, doubtful: bool) -> Finding:
        """Return the finding that a rule leads to, of no site and no zone yet."""
        key = rule.id, doubtful
        if key not in self._findings:
            self._findings[key] = Finding(
                finding_id="",
                site_id="",
                layer_id=None,
                theme=rule.theme,
                zone_id=None,
                zone_name=None,
                grade=None,
                relation=None,
                subject=rule.subject,
                rule_id=rule.id,
                title=rule.title,
                effect=proven_effect(rule, doubtful),
                worst=rule.strictest,
                doubtful=doubtful,
                unverified=rule.unverified,
                general_procedure=rule.general_procedure,
                facts_used={name: self.facts.get(name) for name in sorted(outcome.used)},
                missing_facts=(),
                paraphrase=rule.paraphrase,
                citations=rule.citations,
                action=rule.action,
                authority=rule.authority,
                blocks=rule.blocks,
                curable=None,
                override=None,
                area_m2=0.0,
                share_of_site=None,
                length_m=None,
                distance_m=None,
            )
        return self._findings[key]

    def asking(self, rule: RuleVersion, missing: frozenset[str]) -> Gap:
        """Return the gap of a rule that hangs on facts, of no site and no zone yet."""
        key = rule.id, missing
        if key not in self._asking:
            self._asking[key] = Gap(
                site_id="",
                reason=GapReason.MISSING_FACT,
                theme=rule.theme,
                layer_id=None,
                zone_id=None,
                rule_id=rule.id,
                facts=tuple(sorted(missing)),
                detail={
                    "zh": f"“{rule.title['zh']}”是否适用，取决于尚未提供的项目信息",
                    "en": f"whether “{rule.title['en']}” bears hangs on facts that were not given",
                },
                worst=rule.strictest.verdict,
            )
        return self._asking[key]

    def spared(self, rule: RuleVersion, outcome: Outcome, proven: Effect, closes_if_true: bool) -> Unresolved:
        """Return the point of a rule that such projects are not asked for: nothing in it is of a site."""
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
            tests = self.rules.tests(rule)
            self._spared[told] = Unresolved(
                gap, rule.evaluate, tests, proven, rule.strictest, closes_if_true, asked=False
            )
        return self._spared[told]


class Bearing:
    """Takes what rules come to for one site, one after the other.

    Parameters
    ----------
    site_id : str
    templates : Templates
        Of the facts of the site.

    Attributes
    ----------
    findings : list of Finding
    gaps : list of Gap
    open : dict of str to Unresolved
    """

    def __init__(self, site_id: str, templates: Templates) -> None:
        self.findings: list[Finding] = []
        self.gaps: list[Gap] = []
        self.open: dict[str, Unresolved] = {}
        self._site_id, self._templates = site_id, templates
        self._facts, self._rules = templates.facts, templates.rules

    def bears(
        self,
        rule: RuleVersion,
        outcome: Outcome,
        *,
        row: Any = None,  # noqa: ANN401 - a named tuple of the overlaps
        layer_id: str | None = None,
        relation: str | None = None,
    ) -> None:
        """Take a rule that is about a zone or about the whole site, and what it makes of the facts."""
        doubtful = row is not None and bool(row.doubtful)
        if outcome.value is False:
            self.spare(rule, outcome, doubtful=doubtful)
            return
        if outcome.value is None:
            self.missing(rule, outcome.missing, row=row, layer_id=layer_id)
            return
        finding = of_site(self._templates.finding(rule, outcome, doubtful), self._site_id)
        finding.layer_id, finding.relation = layer_id, relation
        if row is not None:
            finding.zone_id, finding.zone_name, finding.grade = row.zone_id, row.zone_name, row.grade
            finding.area_m2, finding.geometry = float(row.area_m2), row.geometry
            finding.share_of_site, finding.length_m = number(row.share_of_site), number(row.length_m)
            finding.distance_m = number(row.distance_m)
        finding.finding_id = finding_id(self._site_id, layer_id, finding.zone_id, rule.id, rule.subject)
        finding.curable = cure_of(rule, doubtful, finding.area_m2)
        self.findings.append(finding)

    def missing(
        self,
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
        if rule.id in self.open:
            point = self.open[rule.id]
            asked = point.gap
            asked.zone_id = zone_id if asked.zone_id == zone_id else None
            asked.layer_id = layer_id if asked.layer_id == layer_id else None
            point.effect = min(point.effect, proven, key=lambda effect: effect.rank)
            return
        gap = of_site(self._templates.asking(rule, missing), self._site_id)
        gap.layer_id, gap.zone_id = layer_id, zone_id
        self.gaps.append(gap)
        tests = self._rules.tests(rule)
        self.open[rule.id] = Unresolved(gap, rule.evaluate, tests, proven, rule.strictest, closes_if_true)

    def spare(
        self, rule: RuleVersion, outcome: Outcome, *, doubtful: bool = False, closes_if_true: bool = True
    ) -> None:
        """Keep at hand a rule that such a project is not asked for: an answer to something else may bring it up.

        Nothing in it is of the site, so one point serves all of which the same is known.
        """
        if not outcome.spared or rule.strictest is Effect.NOTICE:
            return
        proven = proven_effect(rule, doubtful)
        point = self.open.get(rule.id)
        if point is None or proven.rank < point.effect.rank:
            self.open[rule.id] = self._templates.spared(rule, outcome, proven, closes_if_true)

    def short_of_setback(self, rule: RuleVersion, margin: Any, missing: frozenset[str]) -> None:  # noqa: ANN401
        """Record that the coverage of a layer ends within the setback of a rule."""
        gap = Gap(
            site_id=self._site_id,
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
        self.gaps.append(gap)
        # Beyond the coverage nothing is known of zones: only that the rule is not about the project closes it.
        tests = self._rules.tests(rule)
        self.open[f"{rule.id} {margin.layer_id}"] = Unresolved(
            gap, rule.evaluate, tests, rule.effect, rule.strictest, closes_if_true=False
        )

    def receiving(self, name: str, rules: Sequence[RuleVersion]) -> None:
        """Record that the water into which an outfall leads is of no known class, as these rules ask for it."""
        gap = Gap(
            site_id=self._site_id,
            reason=GapReason.UNKNOWN_GRADE,
            theme=name,
            layer_id=None,
            zone_id=None,
            rule_id=None,
            facts=tuple(sorted(any_bears(rules, self._facts).missing)),
            detail={
                "zh": "排污口附近没有已划定类别的水域，受纳水体的类别不明",
                "en": "no classified water lies at the outfall: the class of what receives it is unknown",
            },
            worst=worst_of(rules, self._facts),
        )
        self.gaps.append(gap)
        self.open[f"{OUTFALL} {name}"] = Unresolved(
            gap,
            partial(any_bears, rules),
            tuple(test for rule in rules for test in self._rules.tests(rule)),
            Effect.NOTICE,
            Effect.NOTICE,
            closes_if_true=False,
            worst_of=partial(worst_of, rules),
        )

    def unknown_grade(self, row: Any) -> None:  # noqa: ANN401
        """Record that a zone is of no known grade."""
        name = row.zone_name or row.zone_id
        self._zone_gap(
            GapReason.UNKNOWN_GRADE,
            row,
            f"区域“{name}”的级别无法识别，不能确定适用哪一级的规定",
            f"the grade of {name} is not known, nor therefore which rules bear",
        )

    def no_rule(self, row: Any) -> None:  # noqa: ANN401
        """Record that no rule is about a zone that the site lies in."""
        name = row.zone_name or row.zone_id
        self._zone_gap(
            GapReason.NO_RULE,
            row,
            f"规则库对“{name}”这类区域没有有效规则",
            f"the rulebook has no rule in force for zones like {name}",
        )

    def _zone_gap(self, reason: GapReason, row: Any, zh: str, en: str) -> None:  # noqa: ANN401
        self.gaps.append(
            Gap(
                site_id=self._site_id,
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
