"""Conditions on facts with three values: true, false, unknown (Kleene's logic)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Condition", "Outcome", "Test"]

NONE: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Outcome:
    """What a condition says of the facts.

    Attributes
    ----------
    value : bool or None
        ``None`` where it hangs on facts that are unknown.
    missing : frozenset of str
        The unknown facts that can still change the outcome; empty where the value is known.
    used : frozenset of str
        The known facts that were looked at.
    """

    value: bool | None
    missing: frozenset[str] = NONE
    used: frozenset[str] = NONE


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
            return Outcome(None, missing=frozenset({self.fact}))
        return Outcome(_COMPARE[self.operator](known, self.value), used=frozenset({self.fact}))

    def facts(self) -> frozenset[str]:
        """Return the facts that are named."""
        return frozenset({self.fact})

    def tree(self) -> dict[str, Any]:
        """Return the comparison as it stands in the rulebook."""
        return {"fact": self.fact, self.operator: self.value}


@dataclass(frozen=True)
class Condition:
    """A tree of ``all``, ``any`` and ``not`` over tests.

    Examples
    --------
    >>> both = Condition("all", (Test("livestock", "is", True), Test("livestock_head", "at_least", 500)))
    >>> both.evaluate({"livestock": False}).value
    False
    >>> sorted(both.evaluate({"livestock": True}).missing)
    ['livestock_head']
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
        decisive = self.operator == "any"
        settled = [outcome for outcome in outcomes if outcome.value is decisive]
        if settled:
            # One decides; what it used is the ground.
            return Outcome(decisive, used=settled[0].used)
        used = frozenset().union(*(outcome.used for outcome in outcomes))
        missing = frozenset().union(*(outcome.missing for outcome in outcomes))
        return Outcome(None if missing else not decisive, missing, used)

    def facts(self) -> frozenset[str]:
        """Return all facts that are named in the tree."""
        return frozenset().union(*(member.facts() for member in self.members))

    def tree(self) -> dict[str, Any]:
        """Return the condition as it stands in the rulebook."""
        members = [member.tree() for member in self.members]
        return {self.operator: members[0] if self.operator == "not" else members}


def _codes_match(known: Any, wanted: Any) -> bool:  # noqa: ANN401 - a code or codes
    """Tell whether a code is one of those wanted, or stands under one of them in the classification."""
    codes = known if isinstance(known, tuple) else (known,)
    return any(code_under(str(code), str(parent)) for code in codes for parent in _listed(wanted))


def code_under(code: str, parent: str) -> bool:
    """Tell whether an industry code is ``parent`` or stands under it; the letter of the section may be left out.

    Examples
    --------
    >>> code_under("C2631", "26"), code_under("2631", "C2631"), code_under("C2631", "C27"), code_under("C2631", "C")
    (True, True, False, True)
    """
    code, parent = code.strip().upper(), parent.strip().upper()
    if parent.isalpha():
        return code[:1] == parent
    letter_c, letter_p = code[:1] if code[:1].isalpha() else "", parent[:1] if parent[:1].isalpha() else ""
    if letter_c and letter_p and letter_c != letter_p:
        return False
    return code.lstrip(letter_c).startswith(parent.lstrip(letter_p))


def _listed(value: Any) -> tuple[Any, ...]:  # noqa: ANN401 - one or several
    return tuple(value) if isinstance(value, list | tuple) else (value,)


def _is_in(known: Any, wanted: Any) -> bool:  # noqa: ANN401 - a value or several
    if isinstance(known, tuple):
        return _codes_match(known, wanted)
    return known in _listed(wanted)


_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "is": lambda known, value: _is_in(known, (value,)),
    "in": _is_in,
    "at_least": lambda known, value: known >= value,
    "at_most": lambda known, value: known <= value,
}
OPERATORS = tuple(_COMPARE)
