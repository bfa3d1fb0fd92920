"""Implications between facts: of an industry code for its list, of a head count for a scale, of one answer for another.

Each implication is a dated, cited row of data. A row sets what was not given. Where it says otherwise than what was
given, one of the two is wrong: the fact counts as unknown and an Issue names both. A row that is ``unverified`` sets
nothing; it only doubts. Absence of a code from a list implies nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from lianzhou_gis.errors import Issue, Phrase
from lianzhou_gis.rulebook.conditions import Condition, Test
from lianzhou_gis.rulebook.facts import FactVocabulary
from lianzhou_gis.rulebook.model import Citation

__all__ = ["Derived", "Implication", "Implications", "Inference"]


@dataclass(frozen=True)
class Implication:
    """A row: where the condition holds, these facts have these values.

    Attributes
    ----------
    sets : mapping of str to value
    computes : mapping of str to (fact, times, per)
        A number made from another: ``fact * times / per``.
    """

    id: str
    file: str
    line: int
    when: Condition | Test
    sets: Mapping[str, Any]
    computes: Mapping[str, tuple[str, float, float]]
    unverified: bool
    paraphrase: dict[str, str]
    citations: tuple[Citation, ...]
    effective_from: date
    effective_to: date | None
    checked_on: date

    def in_force(self, day: date) -> bool:
        """Tell whether it is in force on a day; both ends count."""
        return self.effective_from <= day and (self.effective_to is None or day <= self.effective_to)

    def implied(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Return the implied facts: none unless its condition is known to hold."""
        if self.when.evaluate(facts).value is not True:
            return {}
        made = {
            name: facts[of] * times / per
            for name, (of, times, per) in self.computes.items()
            if facts.get(of) is not None
        }
        return {**self.sets, **made}


@dataclass(frozen=True)
class Derived:
    """A fact that a row has set."""

    fact: str
    value: Any
    row: Implication


@dataclass(frozen=True)
class Inference:
    """Facts with all that follows from them.

    Attributes
    ----------
    facts : dict
        Given and derived; contradicted ones are ``None``.
    derived : tuple of Derived
    contradicted : frozenset of str
    issues : tuple of Issue
        ``fact_contradicted`` and ``fact_doubted``.
    """

    facts: dict[str, Any]
    derived: tuple[Derived, ...]
    contradicted: frozenset[str]
    issues: tuple[Issue, ...]


class Implications:
    """The rows of a day, applied to the facts of one project after the other.

    Parameters
    ----------
    rows : sequence of Implication
        Those in force.
    vocabulary : FactVocabulary
    """

    def __init__(self, rows: Sequence[Implication], vocabulary: FactVocabulary) -> None:
        self._vocabulary = vocabulary
        self._sure = [row for row in rows if not row.unverified]
        self._doubting = [row for row in rows if row.unverified]
        self._touching: dict[str, list[Implication]] = {}
        for row in self._sure:
            made_of = {of for of, _, _ in row.computes.values()}
            for name in row.when.facts() | {*row.sets, *row.computes} | made_of:
                self._touching.setdefault(name, []).append(row)

    def infer(self, given: Mapping[str, Any], where: str) -> Inference:
        """Return facts with all that follows from them.

        Parameters
        ----------
        given : mapping
            ``None`` and absent are unknown.
        where : str
            The site, for messages.
        """
        against: dict[str, tuple[Any, Any, Implication]] = {}
        while True:
            facts = {name: None if name in against else value for name, value in given.items()}
            derived = _closure(self._sure, facts, against)
            if derived is not None:
                break
        issues = [_contradiction(self._vocabulary, where, name, *against[name]) for name in sorted(against)]
        issues += [
            _contradiction(self._vocabulary, where, name, facts[name], value, row)
            for row in self._doubting
            for name, value in row.implied(facts).items()
            if facts.get(name) is not None and facts[name] != value
        ]
        return Inference(facts, derived, frozenset(against), tuple(issues))

    def follow(
        self, facts: Mapping[str, Any], answer: Mapping[str, Any], contradicted: frozenset[str]
    ) -> dict[str, Any] | None:
        """Return inferred facts with one more answer and what follows from it; ``None`` where it contradicts them.

        The same as inferring anew, without looking again at rows that the answer does not touch.

        Parameters
        ----------
        facts : mapping
            As inferred.
        answer : mapping
            Of facts that are unknown.
        contradicted : frozenset of str
            What was contradicted already.
        """
        known = {**facts, **answer}
        blocked, moved = contradicted - set(answer), list(answer)
        while moved:
            for row in self._touching.get(moved.pop(), ()):
                for name, value in row.implied(known).items():
                    if name in blocked:
                        continue
                    if known.get(name) is None:
                        known[name] = value
                        moved.append(name)
                    elif known[name] != value:
                        return None
        return known


def _closure(
    rows: Sequence[Implication], facts: dict[str, Any], against: dict[str, tuple[Any, Any, Implication]]
) -> tuple[Derived, ...] | None:
    """Add to the facts all that follows; ``None`` where one turned out to be contradicted, so that all begins anew."""
    derived: list[Derived] = []
    moved = True
    while moved:
        moved = False
        for row in rows:
            for name, value in row.implied(facts).items():
                if name in against:
                    continue
                if facts.get(name) is None:
                    facts[name] = value
                    derived.append(Derived(name, value, row))
                    moved = True
                elif facts[name] != value:
                    against[name] = (facts[name], value, row)
                    return None
    return tuple(derived)


def _contradiction(
    vocabulary: FactVocabulary,
    where: str,
    name: str,
    before: object,
    value: object,
    row: Implication,
) -> Issue:
    """Return the issue of a given value that differs from the one implied."""
    citation = row.citations[0]
    return Issue.from_code(
        "warning",
        "fact_doubted" if row.unverified else "fact_contradicted",
        where,
        label=vocabulary.get(name).label,
        name=name,
        given=vocabulary.shown(name, before),
        implied=vocabulary.shown(name, value),
        ground=row.paraphrase,
        citation=Phrase(citation.text("zh"), citation.text("en")),
    )
