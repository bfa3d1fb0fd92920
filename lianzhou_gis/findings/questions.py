"""What to ask: which missing facts would close which open points, and what the verdict would then be.

An open point is something of a site that hangs on facts: a rule, an item of an access list, a setback that looks beyond
a layer. Each possible answer is tried out on all of them, with all that follows from it, so that what a question
foretells is what screening again with the answer says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Any

from lianzhou_gis.findings.records import Gap, Question, Reply
from lianzhou_gis.findings.verdicts import Tally
from lianzhou_gis.rulebook import Outcome, Rulebook, Test
from lianzhou_gis.rulebook.industries import codes_match, industries
from lianzhou_gis.vocabulary import Effect, Verdict

__all__ = ["QuestionPlanner", "Unresolved"]

Facts = Mapping[str, Any]
_DOCUMENT = "_document"
# Different facts of which it is remembered what is left of a point.
_TRIED = 512
# What stands for a document that is not known yet, in what is foretold.
_SOME_DOCUMENT = "（文号）"


@dataclass
class Unresolved:
    """Something that hangs on facts.

    Attributes
    ----------
    gap : Gap
        As it is told.
    decide : callable
        What it comes to with given facts.
    tests : tuple of Test
        The comparisons of facts that it makes.
    effect, worst : Effect
        What is proven, and may be meant, where it comes to bear.
    closes_if_true : bool
        Whether its bearing settles it too; if not, only its not bearing does (an outfall that nobody has placed).
    worst_of : callable, optional
        The strictest that it may still hide, where that changes with the facts.
    asked : bool
        Whether it is open now. One that such projects are not asked for opens or bears only by an answer to something
        else; its gap is not told.
    """

    gap: Gap
    decide: Callable[[Facts], Outcome]
    tests: tuple[Test, ...]
    effect: Effect
    worst: Effect
    closes_if_true: bool = True
    worst_of: Callable[[Facts], Verdict] | None = None
    asked: bool = True

    @cached_property
    def names(self) -> frozenset[str]:
        """The facts that it turns on."""
        return frozenset(test.fact for test in self.tests)

    def remaining(self, facts: Facts) -> Gap:
        """Return the gap as it is where the point stays open."""
        return self.gap if self.worst_of is None else replace(self.gap, worst=self.worst_of(facts))

    @cached_property
    def _known(self) -> dict[tuple[Any, ...], bool | None]:
        """What is left of it with the facts that were tried."""
        return {}

    def left(self, facts: Facts) -> bool | None:
        """Return ``None`` while it is open, else whether it bears."""
        # Nothing but the facts that it turns on counts: of all that is tried, most leaves these as they are.
        told = tuple([facts.get(name) for name in self.names])
        if told not in self._known:
            if len(self._known) >= _TRIED:
                self._known.clear()
            value = self.decide(facts).value
            self._known[told] = None if value is True and not self.closes_if_true else value
        return self._known[told]


@dataclass(frozen=True)
class _Site:
    """A site as questions see it."""

    facts: Facts
    effects: tuple[tuple[Effect, Effect], ...]
    gaps: tuple[Gap, ...]
    points: tuple[Unresolved, ...]
    contradicted: frozenset[str]

    @cached_property
    def before(self) -> tuple[bool | None, ...]:
        """Of every point what is left of it as long as nothing is answered."""
        return tuple(point.left(self.facts) for point in self.points)

    @cached_property
    def tally(self) -> Tally:
        """What is found and open whatever is answered."""
        tally = Tally()
        for effect, worst in self.effects:
            tally.finding(effect, worst)
        for gap in self.gaps:
            tally.gap(gap.worst, gap.asks)
        return tally

    @property
    def asked(self) -> list[Unresolved]:
        return [point for point in self.points if point.asked]

    @property
    def key(self) -> Any:  # noqa: ANN401 - anything hashable
        told = tuple(
            (point.gap.rule_id, point.gap.theme, point.effect, point.worst, point.closes_if_true, point.asked)
            for point in self.points
        )
        # Text beside numbers: the names differ, so values are never compared.
        known = tuple(sorted((name, value) for name, value in self.facts.items() if value is not None))
        return (
            known,
            self.contradicted,
            told,
            frozenset(self.effects),
            frozenset((gap.worst, gap.asks) for gap in self.gaps),
        )


class QuestionPlanner:
    """Makes the questions of one site after the other; sites of which the same is open share the work."""

    def __init__(self, rulebook: Rulebook, day: date) -> None:
        self._rulebook, self._day = rulebook, day
        self._made: dict[Any, list[Question]] = {}

    def questions(
        self,
        site_id: str,
        facts: Facts,
        contradicted: frozenset[str],
        effects: Sequence[tuple[Effect, Effect]],
        gaps: Sequence[Gap],
        points: Sequence[Unresolved],
    ) -> list[Question]:
        """Return the questions of a site, those that settle most first.

        Parameters
        ----------
        facts : mapping
            What was given, and all that follows from it.
        contradicted : frozenset of str
            Facts that are unknown because what was given contradicts itself.
        effects : sequence of (Effect, Effect)
            Of its findings: what is proven, and what it may mean.
        gaps : sequence of Gap
            Those of its gaps that are of no point.
        points : sequence of Unresolved
        """
        if not any(point.gap.facts for point in points if point.asked):
            return []
        site = _Site(facts, tuple(effects), tuple(gaps), tuple(points), contradicted)
        if site.key not in self._made:
            self._made[site.key] = self._ask(site)
        return [replace(question, site_id=site_id) for question in self._made[site.key]]

    def _ask(self, site: _Site) -> list[Question]:
        asked = sorted({fact for point in site.asked for fact in point.gap.facts})
        tried = {fact: list(self._replies(site, fact)) for fact in asked}
        order = self._short_list(site, tried)
        questions = []
        for fact in asked:
            hanging = [point for point in site.asked if fact in point.gap.facts]
            replies = tuple(self._foretold(site, fact, sets, value) for value, sets in tried[fact])
            kept = [reply.settles for reply in replies if not reply.contradicts]
            # Where no answer can be tried, as many as hang on it alone.
            alone = sum(set(point.gap.facts) == {fact} for point in hanging)
            place = order.get(fact)
            questions.append(
                Question(
                    site_id="",
                    fact=fact,
                    question=dict(self._rulebook.facts.get(fact).question),
                    rules=tuple(sorted({point.gap.rule_id or "" for point in hanging})),
                    settles=max(kept, default=alone),
                    settles_always=min(kept, default=alone),
                    place=None if place is None else place[0],
                    suggested=None if place is None else place[1],
                    replies=replies if self._listed(fact) else (),
                )
            )
        return sorted(questions, key=lambda item: (-item.settles, -item.settles_always, item.fact))

    def _listed(self, fact: str) -> bool:
        return self._rulebook.facts.get(fact).type in ("yes_no", "choice", "number")

    def _replies(self, site: _Site, fact: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield the answers that are worth trying: as texts, and as facts."""
        known = self._rulebook.facts.get(fact)
        if known.type == "yes_no":
            yield "no", {fact: False}
            yield "yes", {fact: True, fact + _DOCUMENT: _SOME_DOCUMENT} if known.claim else {fact: True}
        elif known.type == "choice":
            for choice in known.choices:
                yield choice, {fact: choice}
        elif known.type == "number":
            for value in _numbers([test for point in site.points for test in point.tests if test.fact == fact]):
                yield f"{value:g}", {fact: value}
        elif known.type == "codes":
            yield "", {fact: self._other_code(site, fact)}

    def _other_code(self, site: _Site, fact: str) -> tuple[str, ...]:
        """Return a code that stands under none of those that anything open asks for."""
        wanted = [test.value for point in site.points for test in point.tests if test.fact == fact]
        listed = tuple(str(code) for value in wanted for code in (value if isinstance(value, tuple) else (value,)))
        whole = (code for code in industries() if len(code) == 5)
        return next(((code,) for code in whole if codes_match((code,), listed) is False), ("T9600",))

    def _foretold(self, site: _Site, fact: str, sets: dict[str, Any], value: str) -> Reply:
        followed = self._with(site, site.facts, sets)
        facts = site.facts if followed is None else followed
        new = _added(facts, site.facts)
        # What the answer does not touch stays as it is.
        settled = [
            (point, before if point.names.isdisjoint(new) else point.left(facts))
            for point, before in zip(site.points, site.before, strict=True)
        ]
        bearing = [(point.effect, point.worst) for point, left in settled if left]
        remaining = [point.remaining(facts) for point, left in settled if left is None]
        tally = site.tally.copy()
        for effect, meant in bearing:
            tally.finding(effect, meant)
        for gap in remaining:
            tally.gap(gap.worst, gap.asks)
        verdict, worst = tally.weigh()
        vocabulary = self._rulebook.facts
        return Reply(
            value=value,
            label=vocabulary.shown(fact, sets[fact]),
            sets={name: value if name == fact else str(item) for name, item in sets.items()},
            settles=sum((left is not None) if point.asked else -(left is None) for point, left in settled),
            verdict=verdict,
            worst_possible=worst,
            contradicts=followed is None,
        )

    def _short_list(
        self, site: _Site, tried: Mapping[str, list[tuple[str, dict[str, Any]]]]
    ) -> dict[str, tuple[int, str]]:
        """Return the fewest questions found that, answered so, close every point that answers can close.

        Each next one is the answer that closes most of what is then open; what turns out to be needless is left out.
        """
        chosen: dict[str, tuple[str, dict[str, Any]]] = {}
        facts, left = dict(site.facts), list(site.asked)
        while left:
            best: tuple[int, str, str, dict[str, Any]] | None = None
            for fact, replies in tried.items():
                if fact in chosen or facts.get(fact) is not None:
                    continue
                for value, sets in replies:
                    after = self._with(site, facts, sets)
                    closed = 0 if after is None else self._closed(left, after, facts)
                    if closed and (best is None or closed > best[0]):
                        best = (closed, fact, value, sets)
            if best is None:
                break
            _, fact, value, sets = best
            chosen[fact], facts = (value, sets), self._with(site, facts, sets) or facts
            left = [point for point in left if point.left(facts) is None]
        needed = self._without_needless(site, chosen, left)
        return {fact: (place, value) for place, (fact, value) in enumerate(needed.items(), start=1)}

    def _with(self, site: _Site, facts: Facts, sets: Facts) -> dict[str, Any] | None:
        """Return the facts with an answer and all that follows; ``None`` for one that contradicts them."""
        return self._rulebook.implied_on(self._day).follow(facts, sets, site.contradicted)

    @staticmethod
    def _closed(points: Sequence[Unresolved], facts: Facts, before: Facts) -> int:
        """Return how many points the facts close that those before left open."""
        new = _added(facts, before)
        return sum(point.left(facts) is not None for point in points if not point.names.isdisjoint(new))

    def _without_needless(
        self, site: _Site, chosen: Mapping[str, tuple[str, dict[str, Any]]], left: Sequence[Unresolved]
    ) -> dict[str, str]:
        wanted = len(site.asked) - len(left)
        kept = dict(chosen)
        for fact in list(chosen):
            fewer = {name: reply for name, reply in kept.items() if name != fact}
            sets = {name: value for _, reply in fewer.values() for name, value in reply.items()}
            after = self._with(site, site.facts, sets)
            if after is not None and self._closed(site.asked, after, site.facts) >= wanted:
                kept = fewer
        return {fact: value for fact, (value, _) in kept.items()}


def _added(facts: Facts, before: Facts) -> set[str]:
    """Return the facts that were unknown before and are known now."""
    return {name for name, value in facts.items() if value is not None and before.get(name) is None}


def _numbers(tests: Sequence[Test]) -> list[float]:
    """Return the numbers on both sides of every threshold, and every number that is asked for by itself.

    Examples
    --------
    >>> _numbers([Test("livestock_head", "at_least", 500), Test("limited_activity_class", "is", 6)])
    [0.0, 6.0, 499.0, 500.0]
    """
    found = {0.0}
    for test in tests:
        values = test.value if isinstance(test.value, tuple) else (test.value,)
        for value in values:
            found.add(float(value))
            if test.operator == "at_least":
                found.add(max(0.0, float(value) - 1.0))
            elif test.operator == "at_most":
                found.add(float(value) + 1.0)
    return sorted(found)
