"""Conditions on facts with three values: true, false, unknown (Kleene's logic)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from lianzhou_gis.rulebook.industries import codes_match

__all__ = ["Condition", "Outcome", "Test"]

NONE: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Outcome:
    """Value of a condition for a set of facts.

    Attributes
    ----------
    value : bool or None
        ``None`` where it hangs on facts that are unknown.
    missing : frozenset of str
        The unknown facts that can still change the outcome; empty where the value is known.
    used : frozenset of str
        The known facts that were looked at.
    spared : frozenset of str
        Unknown facts that were taken as no because such projects are not asked for them; known, they could turn a
        ``False``. Empty where no such fact can.
    """

    value: bool | None
    missing: frozenset[str] = NONE
    used: frozenset[str] = NONE
    spared: frozenset[str] = NONE


@cache
def _outcome(fact: str, value: bool | None, given: bool) -> Outcome:
    """Return what a comparison of one fact comes to; of each fact there are four."""
    named = frozenset({fact})
    # An industry code that is too coarse is given, and still asked for.
    return Outcome(value, missing=named if value is None else NONE, used=named if given else NONE)


@dataclass(frozen=True)
class Test:
    """One comparison of one fact: ``{fact: name, is|in|at_least|at_most: value}``."""

    fact: str
    operator: str
    value: Any

    def evaluate(self, facts: Mapping[str, Any]) -> Outcome:
        """Compare; a fact that is absent or ``None`` is unknown."""
        known = facts.get(self.fact)
        if known is None:
            return _outcome(self.fact, None, False)
        return _outcome(self.fact, _COMPARE[self.operator](known, self.value), True)

    def facts(self) -> frozenset[str]:
        """Return the facts that are named."""
        return frozenset({self.fact})

    def tests(self) -> tuple[Test, ...]:
        """Return the comparison itself, as the tests of a tree."""
        return (self,)

    def tree(self) -> dict[str, Any]:
        """Return the comparison in the form of the rulebook."""
        return {"fact": self.fact, self.operator: self.value}


@dataclass(frozen=True)
class Condition:
    """A tree of ``all``, ``any``, ``not`` and ``asked_if`` over tests.

    ``asked_if`` has two members, of whom something is asked and what. Known facts count whatever the first is;
    what is unknown is asked only where the first may hold, and counts as no elsewhere. So nobody asks of a block of
    flats whether it is an incinerator, and a project that declares to be one is believed.

    Examples
    --------
    >>> both = Condition("all", (Test("livestock", "is", True), Test("livestock_head", "at_least", 500)))
    >>> both.evaluate({"livestock": False}).value
    False
    >>> sorted(both.evaluate({"livestock": True}).missing)
    ['livestock_head']
    >>> wharf = Condition("asked_if", (Test("target_use", "is", "transport"), Test("wharf", "is", True)))
    >>> [wharf.evaluate({"target_use": "industrial", "wharf": known}).value for known in (None, True)]
    [False, True]
    """

    operator: str
    members: tuple[Condition | Test, ...] = field(default=())

    def evaluate(self, facts: Mapping[str, Any]) -> Outcome:
        """Evaluate; unknown counts only where it can change the outcome.

        Parameters
        ----------
        facts : mapping of str to value
            ``None`` and absent are unknown.
        """
        outcomes = [member.evaluate(facts) for member in self.members]
        if self.operator == "not":
            (only,) = outcomes
            return Outcome(None if only.value is None else not only.value, only.missing, only.used)
        if self.operator == "asked_if":
            asked, what = outcomes
            if what.value is not None:
                return what
            if asked.value is False:
                return Outcome(False, used=asked.used, spared=what.missing)
            return Outcome(None, asked.missing | what.missing, asked.used | what.used)
        decisive = self.operator == "any"
        settled = [outcome for outcome in outcomes if outcome.value is decisive]
        if settled:
            # One decides; what it used is the ground. What nothing unknown can turn goes first.
            firm = next((outcome for outcome in settled if not outcome.spared), None)
            spared = NONE if firm else frozenset().union(*(outcome.spared for outcome in settled))
            return Outcome(decisive, used=(firm or settled[0]).used, spared=spared)
        used = frozenset().union(*(outcome.used for outcome in outcomes))
        missing = frozenset().union(*(outcome.missing for outcome in outcomes))
        if missing:
            return Outcome(None, missing, used)
        return Outcome(not decisive, used=used, spared=frozenset().union(*(outcome.spared for outcome in outcomes)))

    def facts(self) -> frozenset[str]:
        """Return all facts that are named in the tree."""
        return frozenset().union(*(member.facts() for member in self.members))

    def tests(self) -> tuple[Test, ...]:
        """Return all comparisons in the tree."""
        return tuple(test for member in self.members for test in member.tests())

    def tree(self) -> dict[str, Any]:
        """Return the condition in the form of the rulebook."""
        members = [member.tree() for member in self.members]
        return {self.operator: members[0] if self.operator == "not" else members}


def _listed(value: object) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, list | tuple) else (value,)


def _is_in(known: object, wanted: object) -> bool | None:
    if isinstance(known, tuple):
        return codes_match(known, tuple(str(code) for code in _listed(wanted)))
    return known in _listed(wanted)


_COMPARE: dict[str, Callable[[Any, Any], bool | None]] = {
    "is": lambda known, value: _is_in(known, (value,)),
    "in": _is_in,
    "at_least": lambda known, value: known >= value,
    "at_most": lambda known, value: known <= value,
}
OPERATORS = tuple(_COMPARE)
