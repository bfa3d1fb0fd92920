"""Decisions: what a rule or an item of an access list comes to with given facts, for any number of sites."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

from lianzhou_gis.findings.memo import memoised
from lianzhou_gis.findings.rules_in_force import OUTFALL, Doubt, FactValue, RulesInForce
from lianzhou_gis.rulebook import Citation, Outcome, RuleVersion, Test
from lianzhou_gis.vocabulary import Effect, GapReason, Relation, Verdict

__all__ = [
    "NOTHING",
    "Decision",
    "DecisionKey",
    "FactSet",
    "FindingTemplate",
    "GapTemplate",
    "OpenPoint",
    "RuleDecisions",
    "RuleKey",
    "WaterKey",
    "proven_effect",
]

Text = dict[str, str]
Facts = Mapping[str, FactValue]

_RESTRICTING = (Effect.PROHIBITED, Effect.PROCEDURE_REQUIRED)
_CACHED_DECISIONS = 16384
_CACHED_ANSWERS = 512


class FactSet(Mapping[str, FactValue]):
    """The known facts of a project; equal sets are equal keys, whatever the order in which facts were given.

    Examples
    --------
    >>> FactSet({"livestock": True, "is_linear": None}) == FactSet({"livestock": True})
    True
    """

    __slots__ = ("_hash", "_values")

    def __init__(self, facts: Mapping[str, FactValue]) -> None:
        self._values = {name: facts[name] for name in sorted(facts) if facts[name] is not None}
        self._hash = hash(tuple(self._values.items()))

    def __getitem__(self, name: str) -> FactValue:
        return self._values[name]

    def get(self, name: str, default: Any = None) -> Any:  # noqa: ANN401 - as Mapping has it
        """Return the value of a fact."""
        return self._values.get(name, default)

    def as_dict(self) -> dict[str, FactValue]:
        """Return the facts as a dictionary of their own."""
        return self._values.copy()

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FactSet) and self._hash == other._hash and self._values == other._values


@dataclass(frozen=True, slots=True, eq=False)
class FindingTemplate:
    """What is the same in all findings of a decision; fields as those of :class:`Finding`.

    Attributes
    ----------
    curable : mapping or None
        Without the area, which is of each finding.
    relation : str or None
        Of a rule about what lies outside all zones; others take it from the overlap.
    """

    theme: str | None
    subject: str
    rule_id: str
    title: Text
    effect: Effect
    worst: Effect
    doubtful: bool
    unverified: bool
    general_procedure: bool
    facts_used: dict[str, FactValue]
    paraphrase: Text
    citations: tuple[Citation, ...]
    action: Text
    authority: Text
    blocks: tuple[str, ...]
    curable: Mapping[str, Any] | None
    relation: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class GapTemplate:
    """What is the same in all gaps of a decision; fields as those of :class:`Gap`.

    Attributes
    ----------
    layer_id, zone_id : str or None
        Of a gap that a layer itself has; gaps of rules take them from the overlap.
    detail : mapping
        In Chinese and English; ``{name}``, ``{margin}`` and ``{area}`` stand for what is of each gap.
    varies : bool
        Whether it has such a place.
    """

    reason: GapReason
    theme: str | None
    rule_id: str | None
    facts: tuple[str, ...]
    detail: Text
    worst: Verdict
    layer_id: str | None = None
    zone_id: str | None = None
    varies: bool = False

    @property
    def asks(self) -> bool:
        """Whether knowing more of the project would close it."""
        return self.reason in (GapReason.MISSING_FACT, GapReason.ACCESS_UNDECIDED)


@dataclass(frozen=True, eq=False)
class OpenPoint:
    """Something that depends on facts.

    Attributes
    ----------
    rule_id : str or None
    facts : tuple of str
        Those that are asked for.
    decide : callable
        What it comes to with given facts.
    tests : tuple of Test
        The comparisons of facts that it makes.
    effect, worst_effect : Effect
        What is proven, and may be meant, where it applies.
    worst : Verdict
        The strictest that it may hide while it is open.
    asks : bool
        Whether its gap is one that knowing more of the project would close.
    closes_if_true : bool
        Whether it is settled where it applies; if not, only its not applying settles it (a setback that looks beyond
        the coverage of a layer).
    worst_of : callable, optional
        The strictest that it may hide, where that changes with the facts.
    asked : bool
        Whether it is open now. One that such projects are not asked for is opened by an answer to something else.
    """

    rule_id: str | None
    facts: tuple[str, ...]
    decide: Callable[[Facts], Outcome]
    tests: tuple[Test, ...]
    effect: Effect
    worst_effect: Effect
    worst: Verdict
    asks: bool
    closes_if_true: bool = True
    worst_of: Callable[[Facts], Verdict] | None = None
    asked: bool = True

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The facts that it depends on."""
        return tuple(sorted({test.fact for test in self.tests}))

    @cached_property
    def _value(self) -> Callable[[tuple[FactValue, ...]], bool | None]:
        def value(known: tuple[FactValue, ...]) -> bool | None:
            found = self.decide(dict(zip(self.names, known, strict=True))).value
            return None if found is True and not self.closes_if_true else found

        return memoised(value, _CACHED_ANSWERS)

    def value(self, facts: Facts) -> bool | None:
        """Return ``None`` while it is open, else whether it applies."""
        return self._value(tuple([facts.get(name) for name in self.names]))

    def worst_with(self, facts: Facts) -> Verdict:
        """Return the strictest that it may hide where it stays open with these facts."""
        return self.worst if self.worst_of is None else self.worst_of(facts)


@dataclass(frozen=True, slots=True, eq=False)
class Decision:
    """A finding, or a gap with what would close it, or nothing but an open point."""

    finding: FindingTemplate | None = None
    gap: GapTemplate | None = None
    point: OpenPoint | None = None


NOTHING = Decision()


def proven_effect(effect: Effect, *, uncertain: bool) -> Effect:
    """Return what a rule or item proves: a restriction of which something is uncertain calls for judgement.

    Examples
    --------
    >>> [proven_effect(Effect.PROHIBITED, uncertain=said).value for said in (False, True)]
    ['prohibited', 'needs_judgement']
    """
    return Effect.NEEDS_JUDGEMENT if uncertain and effect in _RESTRICTING else effect


@dataclass(frozen=True, slots=True)
class DecisionKey:
    """What the decision of a rule depends on.

    Attributes
    ----------
    rule : int
        Number of the rule.
    values : tuple
        Of the facts that it asks for, in the order of :attr:`RulesInForce.fact_names`.
    doubt : Doubt
        How certain it is that the rule applies there.
    located : bool
        ``False`` for a rule on outfalls where the outfall is not given as a point.
    """

    rule: int
    values: tuple[FactValue, ...]
    doubt: Doubt = Doubt.CERTAIN
    located: bool = True


@dataclass(frozen=True, slots=True)
class RuleKey:
    """A rule and the values of the facts that it asks for."""

    rule: int
    values: tuple[FactValue, ...]


@dataclass(frozen=True, slots=True)
class WaterKey:
    """What the gap of a water of unknown class depends on: the rules of a theme on outfalls, with their facts."""

    rules: tuple[RuleKey, ...]


class RuleDecisions:
    """Decides the rules of a day; every decision is a function of its key alone.

    Parameters
    ----------
    rules : RulesInForce
    """

    def __init__(self, rules: RulesInForce) -> None:
        self._rules = rules
        self.outcome = memoised(self._outcome, _CACHED_DECISIONS)
        self.of_overlap = memoised(self._of_overlap, _CACHED_DECISIONS)
        self.beyond_coverage = memoised(self._beyond_coverage, _CACHED_DECISIONS)
        self.unread = memoised(self._unread, _CACHED_DECISIONS)
        self.receiving_water = memoised(self._receiving_water, _CACHED_DECISIONS)

    def _facts(self, key: DecisionKey | RuleKey) -> dict[str, FactValue]:
        return dict(zip(self._rules.fact_names[key.rule], key.values, strict=True))

    def _outcome(self, key: RuleKey) -> Outcome:
        return self._rules.versions[key.rule].evaluate(self._facts(key))

    def _of_overlap(self, key: DecisionKey) -> Decision:
        """Decide a rule that applies to an overlap, or everywhere."""
        rule, outcome = self._rules.versions[key.rule], self.outcome(RuleKey(key.rule, key.values))
        # A strict rule keeps its effect where an overlap is doubtful, not where there is none as measured.
        strict = rule.strict and key.doubt is Doubt.DOUBTFUL and rule.setback_m is None
        doubtful = key.doubt is not Doubt.CERTAIN
        uncertain = doubtful and not strict
        effect = proven_effect(rule.effect, uncertain=uncertain)
        missing = outcome.missing if key.located else outcome.missing | {OUTFALL}
        if outcome.value is False:
            return _spared(rule, outcome, effect, closes_if_true=key.located)
        if outcome.value is None or not key.located:
            # A notice restricts nothing: no verdict depends on whether it applies.
            return NOTHING if rule.strictest is Effect.NOTICE else _asking(rule, missing, effect, key.located)
        facts = self._facts(key)
        return Decision(
            finding=FindingTemplate(
                theme=rule.theme,
                subject=rule.subject,
                rule_id=rule.id,
                title=rule.title,
                effect=effect,
                worst=rule.strictest,
                doubtful=doubtful,
                unverified=rule.unverified,
                general_procedure=rule.general_procedure,
                facts_used={name: facts.get(name) for name in sorted(outcome.used)},
                paraphrase=rule.paraphrase,
                citations=rule.citations,
                action=rule.action,
                authority=rule.authority,
                blocks=rule.blocks,
                curable=_cure(rule, key.doubt),
                relation=Relation.APART.value if rule.relation == "outside" else None,
            )
        )

    def _beyond_coverage(self, key: RuleKey) -> Decision:
        """Decide a rule whose setback looks beyond the coverage of a layer."""
        rule, outcome = self._rules.versions[key.rule], self.outcome(key)
        if outcome.value is False:
            return _spared(rule, outcome, rule.effect, closes_if_true=False, asks=False)
        # A notice restricts nothing: that it may have been missed opens no verdict.
        if rule.strictest is Effect.NOTICE:
            return NOTHING
        gap = GapTemplate(
            reason=GapReason.OUTSIDE_COVERAGE,
            theme=rule.theme,
            rule_id=rule.id,
            facts=tuple(sorted(outcome.missing)),
            detail={
                "zh": f"“{_literal(rule.title['zh'])}”须看到 {rule.setback_m:g} 米，图层覆盖止于 {{margin:.0f}} 米处",
                "en": f"“{_literal(rule.title['en'])}” looks {rule.setback_m:g} m, coverage ends at {{margin:.0f}} m",
            },
            worst=rule.strictest.verdict,
            varies=True,
        )
        # Zones beyond the coverage are not known: only that the rule does not concern the project closes it.
        return _open(rule, gap, rule.effect, closes_if_true=False)

    def _unread(self, key: RuleKey) -> Decision:
        """Decide a rule that begins only later, where the law before it was not read."""
        rule, outcome = self._rules.versions[key.rule], self.outcome(key)
        if outcome.value is False:
            return NOTHING
        gap = GapTemplate(
            reason=GapReason.NO_RULE,
            theme=rule.theme,
            rule_id=rule.id,
            facts=tuple(sorted(outcome.missing)),
            detail={
                "zh": f"“{rule.title['zh']}”自 {rule.effective_from} 起才收入规则库，基准日当时的法律未收入，不能判断",
                "en": f"“{rule.title['en']}” is in the rulebook from {rule.effective_from}; earlier law was not read",
            },
            worst=Verdict.PROHIBITED,
        )
        return _open(rule, gap, rule.effect, closes_if_true=False)

    def _receiving_water(self, key: WaterKey) -> Decision:
        """Decide whether a rule asks for the class of the water that an outfall leads into, which is not known."""
        asking = [self._rules.versions[one.rule] for one in key.rules if self.outcome(one).value is not False]
        if not asking:
            return NOTHING
        facts = {name: value for one in key.rules for name, value in self._facts(one).items()}
        gap = GapTemplate(
            reason=GapReason.UNKNOWN_GRADE,
            theme=asking[0].theme,
            rule_id=None,
            facts=tuple(sorted(_any_applies(asking, facts).missing)),
            detail={
                "zh": "排污口附近没有已划定类别的水域，受纳水体的类别不明",
                "en": "no classified water lies at the outfall: the class of what receives it is unknown",
            },
            worst=_strictest_of(asking, facts),
        )
        point = OpenPoint(
            rule_id=None,
            facts=gap.facts,
            decide=partial(_any_applies, asking),
            tests=tuple(test for rule in asking for test in rule.tests()),
            effect=Effect.NOTICE,
            worst_effect=Effect.NOTICE,
            worst=gap.worst,
            asks=False,
            closes_if_true=False,
            worst_of=partial(_strictest_of, asking),
        )
        return Decision(gap=gap, point=point)


def _literal(text: str) -> str:
    """Return a text as it stands in a template: braces doubled."""
    return text.replace("{", "{{").replace("}", "}}")


def _any_applies(rules: Sequence[RuleVersion], facts: Facts) -> Outcome:
    outcomes = [rule.evaluate(facts) for rule in rules]
    if any(outcome.value for outcome in outcomes):
        return Outcome(True)
    missing = frozenset().union(*(outcome.missing for outcome in outcomes))
    return Outcome(None if missing else False, missing)


def _strictest_of(rules: Sequence[RuleVersion], facts: Facts) -> Verdict:
    """Return the strictest that any of the rules may mean for a project."""
    meant = [rule.strictest.verdict for rule in rules if rule.evaluate(facts).value is not False]
    return Verdict.strictest([Verdict.NO_CONFLICT_FOUND, *meant])


def _cure(rule: RuleVersion, doubt: Doubt) -> Mapping[str, Any] | None:
    """Return what cures a finding: a doubtful overlap a survey or a cut, ground beside the site a survey."""
    if doubt is Doubt.POSSIBLE:
        return {"by": "survey"}
    return {"by": "survey", "or": "cut"} if doubt is Doubt.DOUBTFUL else rule.curable


def _asking(rule: RuleVersion, missing: frozenset[str], effect: Effect, closes_if_true: bool) -> Decision:
    gap = GapTemplate(
        reason=GapReason.MISSING_FACT,
        theme=rule.theme,
        rule_id=rule.id,
        facts=tuple(sorted(missing)),
        detail={
            "zh": f"“{rule.title['zh']}”是否适用，取决于尚未提供的项目信息",
            "en": f"whether “{rule.title['en']}” bears hangs on facts that were not given",
        },
        worst=rule.strictest.verdict,
    )
    return _open(rule, gap, effect, closes_if_true=closes_if_true)


def _open(rule: RuleVersion, gap: GapTemplate, effect: Effect, *, closes_if_true: bool) -> Decision:
    point = OpenPoint(
        rule_id=rule.id,
        facts=gap.facts,
        decide=rule.evaluate,
        tests=rule.tests(),
        effect=effect,
        worst_effect=rule.strictest,
        worst=gap.worst,
        asks=gap.asks,
        closes_if_true=closes_if_true,
    )
    return Decision(gap=gap, point=point)


def _spared(
    rule: RuleVersion, outcome: Outcome, effect: Effect, *, closes_if_true: bool, asks: bool = True
) -> Decision:
    """Return the open point of a rule that such projects are not asked for: other answers may bring it up."""
    if not outcome.spared or rule.strictest is Effect.NOTICE:
        return NOTHING
    return Decision(
        point=OpenPoint(
            rule_id=rule.id,
            facts=tuple(sorted(outcome.spared)),
            decide=rule.evaluate,
            tests=rule.tests(),
            effect=effect,
            worst_effect=rule.strictest,
            worst=rule.strictest.verdict,
            asks=asks,
            closes_if_true=closes_if_true,
            asked=False,
        )
    )
