"""What to ask: which missing facts would close which open points, and what the verdict would then be.

An open point is something of a site that depends on facts: a rule, an item of an access list, a setback that looks
beyond a layer. Each possible answer is tried on all of them, with all that follows from it, so that what a question
predicts is what screening again with the answer yields.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import NamedTuple

from lianzhou_gis.findings.decisions import FactSet, OpenPoint
from lianzhou_gis.findings.memo import memoised
from lianzhou_gis.findings.records import Question, Reply
from lianzhou_gis.findings.rules_in_force import FactValue
from lianzhou_gis.findings.verdicts import Tally, weigh
from lianzhou_gis.rulebook import Rulebook, Test
from lianzhou_gis.rulebook.industries import codes_match, industries

__all__ = ["FollowKey", "QuestionKey", "QuestionPlanner"]

Facts = Mapping[str, FactValue]

_DOCUMENT = "_document"
_CACHED_SITES = 1024
_CACHED_ANSWERS = 8192
# Stands for a document that is not known yet, in predictions.
_SOME_DOCUMENT = "示例函〔2026〕1号，示例机关，2026-01-05"


@dataclass(frozen=True)
class QuestionKey:
    """What the questions of a site depend on.

    Attributes
    ----------
    facts : FactSet
        What was given, and all that follows from it.
    contradicted : frozenset of str
        Facts that are unknown because what was given contradicts itself.
    points : tuple of OpenPoint
        In a canonical order (:meth:`from_points`); one that is open twice stands twice.
    settled : Tally
        Of its findings, and of the gaps that are of no point.
    """

    facts: FactSet
    contradicted: frozenset[str]
    points: tuple[OpenPoint, ...]
    settled: Tally

    @classmethod
    def from_points(
        cls, facts: FactSet, contradicted: frozenset[str], points: Sequence[OpenPoint], settled: Tally
    ) -> QuestionKey:
        """Return the key of some points, the same in whatever order they come."""
        return cls(facts, contradicted, tuple(sorted(points, key=id)), settled)


@dataclass(frozen=True, slots=True)
class FollowKey:
    """What follows from an answer depends on.

    Attributes
    ----------
    facts : FactSet
        As inferred.
    answer : tuple of (str, value)
    contradicted : frozenset of str
        What was contradicted already.
    """

    facts: FactSet
    answer: tuple[tuple[str, FactValue], ...]
    contradicted: frozenset[str]


class _Followed(NamedTuple):
    """Facts with an answer and all that follows, as a key and as they are read, and which of them are new.

    No facts where the answer contradicts them.
    """

    facts: FactSet | None
    known: Facts
    new: frozenset[str]


class _Site:
    """A site as questions see it."""

    def __init__(self, key: QuestionKey) -> None:
        self.facts, self.contradicted, self.tally = key.facts, key.contradicted, key.settled
        self.points = key.points
        self.asked = [point for point in self.points if point.asked]

    @cached_property
    def before(self) -> tuple[bool | None, ...]:
        """Whether each point applies as long as nothing is answered."""
        return tuple(point.value(self.facts) for point in self.points)

    @cached_property
    def tallies(self) -> tuple[Tally, ...]:
        """What each point adds to the answer as long as nothing is answered."""
        return tuple(_tally(point, value, self.facts) for point, value in zip(self.points, self.before, strict=True))

    @cached_property
    def settled(self) -> int:
        """How many points are closed already, less those that are open and not asked for."""
        return sum(_settles(point, value) for point, value in zip(self.points, self.before, strict=True))

    @cached_property
    def depending(self) -> dict[str, list[int]]:
        """Positions of the points that depend on each fact."""
        return _by_fact(self.points)


def _by_fact(points: Sequence[OpenPoint]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for position, point in enumerate(points):
        for name in point.names:
            found.setdefault(name, []).append(position)
    return found


def _touched(depending: Mapping[str, list[int]], new: frozenset[str]) -> set[int]:
    """Return the positions of the points that depend on new facts."""
    return {position for name in new for position in depending.get(name, ())}


def _tally(point: OpenPoint, value: bool | None, facts: Facts) -> Tally:
    if value is None:
        return Tally.from_gap(point.worst_with(facts), point.asks)
    return Tally.from_finding(point.effect, point.worst_effect) if value else Tally()


def _settles(point: OpenPoint, value: bool | None) -> int:
    return int(value is not None) if point.asked else -int(value is None)


class QuestionPlanner:
    """Makes the questions of one site after the other; sites with the same open points share the work.

    Parameters
    ----------
    rulebook : Rulebook
    day : datetime.date
    """

    def __init__(self, rulebook: Rulebook, day: date) -> None:
        self._rulebook, self._day = rulebook, day
        self._planned = memoised(self._plan, _CACHED_SITES)
        self._follow = memoised(self._followed, _CACHED_ANSWERS)

    def questions(self, site_id: str, key: QuestionKey) -> list[Question]:
        """Return the questions of a site, those that settle most first."""
        if not any(point.facts for point in key.points if point.asked):
            return []
        return [replace(question, site_id=site_id) for question in self._planned(key)]

    def _plan(self, key: QuestionKey) -> tuple[Question, ...]:
        return tuple(self._ask(_Site(key)))

    def _ask(self, site: _Site) -> list[Question]:
        asked = sorted({fact for point in site.asked for fact in point.facts})
        tried = {fact: list(self._replies(site, fact)) for fact in asked}
        order = self._short_list(site, tried)
        questions = []
        for fact in asked:
            hanging = [point for point in site.asked if fact in point.facts]
            replies = tuple(self._predicted(site, fact, sets, value) for value, sets in tried[fact])
            kept = [reply.settles for reply in replies if not reply.contradicts]
            # Where no answer can be tried, as many as hang on it alone.
            alone = sum(set(point.facts) == {fact} for point in hanging)
            place = order.get(fact)
            questions.append(
                Question(
                    site_id="",
                    fact=fact,
                    question=dict(self._rulebook.facts.get(fact).question),
                    rules=tuple(sorted({point.rule_id or "" for point in hanging})),
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

    def _replies(self, site: _Site, fact: str) -> Iterator[tuple[str, dict[str, FactValue]]]:
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

    def _predicted(self, site: _Site, fact: str, sets: dict[str, FactValue], value: str) -> Reply:
        followed = self._with(site, site.facts, sets)
        # What the answer does not touch stays as it is.
        touched = _touched(site.depending, followed.new)
        tallies = [site.tally, *{own for place, own in enumerate(site.tallies) if place not in touched}]
        settles = site.settled
        for position in touched:
            point = site.points[position]
            after = point.value(followed.known)
            tallies.append(_tally(point, after, followed.known))
            settles += _settles(point, after) - _settles(point, site.before[position])
        verdict, worst = weigh(Tally.total(tallies))
        vocabulary = self._rulebook.facts
        return Reply(
            value=value,
            label=vocabulary.shown(fact, sets[fact]),
            sets={name: value if name == fact else str(item) for name, item in sets.items()},
            settles=settles,
            verdict=verdict,
            worst_possible=worst,
            contradicts=followed.facts is None,
        )

    def _short_list(
        self, site: _Site, tried: Mapping[str, list[tuple[str, dict[str, FactValue]]]]
    ) -> dict[str, tuple[int, str]]:
        """Return the fewest questions found that, answered so, close every point that answers can close.

        Each next one is the answer that closes most of what is then open; what turns out to be needless is left out.
        """
        chosen: dict[str, tuple[str, dict[str, FactValue]]] = {}
        facts, left = site.facts, list(site.asked)
        while left:
            depending = _by_fact(left)
            best: tuple[int, str, str, dict[str, FactValue]] | None = None
            for fact, replies in tried.items():
                if fact in chosen or facts.get(fact) is not None:
                    continue
                for value, sets in replies:
                    closed = self._closed(left, depending, self._with(site, facts, sets))
                    if closed and (best is None or closed > best[0]):
                        best = (closed, fact, value, sets)
            if best is None:
                break
            _, fact, value, sets = best
            chosen[fact], facts = (value, sets), self._with(site, facts, sets).facts or facts
            left = [point for point in left if point.value(facts) is None]
        needed = self._without_needless(site, chosen, left)
        return {fact: (place, value) for place, (fact, value) in enumerate(needed.items(), start=1)}

    def _with(self, site: _Site, facts: FactSet, sets: Facts) -> _Followed:
        """Return the facts with an answer and all that follows."""
        return self._follow(FollowKey(facts, tuple(sets.items()), site.contradicted))

    def _followed(self, key: FollowKey) -> _Followed:
        before = key.facts.as_dict()
        known = self._rulebook.implied_on(self._day).follow(before, dict(key.answer), key.contradicted)
        if known is None:
            return _Followed(None, {}, frozenset())
        new = frozenset(name for name, value in known.items() if value is not None and name not in before)
        return _Followed(FactSet(known), known, new)

    @staticmethod
    def _closed(points: Sequence[OpenPoint], depending: Mapping[str, list[int]], after: _Followed) -> int:
        """Return how many points an answer closes that were open before."""
        if after.facts is None:
            return 0
        return sum(points[position].value(after.known) is not None for position in _touched(depending, after.new))

    def _without_needless(
        self, site: _Site, chosen: Mapping[str, tuple[str, dict[str, FactValue]]], left: Sequence[OpenPoint]
    ) -> dict[str, str]:
        wanted = len(site.asked) - len(left)
        kept, depending = dict(chosen), _by_fact(site.asked)
        for fact in list(chosen):
            fewer = {name: reply for name, reply in kept.items() if name != fact}
            sets = {name: value for _, reply in fewer.values() for name, value in reply.items()}
            if self._closed(site.asked, depending, self._with(site, site.facts, sets)) >= wanted:
                kept = fewer
        return {fact: value for fact, (value, _) in kept.items()}


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
