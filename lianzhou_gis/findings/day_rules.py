"""The rules of a day that are in scope, sorted by what calls them up: made ready once for all sites."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import date
from typing import Any

from lianzhou_gis.rulebook import Rulebook, RuleVersion, Test

__all__ = ["ACCESS_RULE", "OUTFALL", "DayRules"]

# The fact that is missing where a rule is about the outfall and none was given as a point.
OUTFALL = "outfall"
# The rule that says by which law the access list binds, who decides and what follows; every item takes these from it.
ACCESS_RULE = "control_unit.access_list"


class DayRules:
    """The rules of a day that are in scope.

    Parameters
    ----------
    rulebook : Rulebook
    day : datetime.date
    scope : sequence of str
        Themes; rules that need no layer apply whatever the scope.

    Attributes
    ----------
    everywhere : list of RuleVersion
        That facts alone decide.
    of_theme : dict of str to list of RuleVersion
    access : RuleVersion or None
        :data:`ACCESS_RULE`; without it an item of an access list has no law to rest on.
    unread : list of RuleVersion
        First versions that begin only later, where the law before them was not read.
    """

    def __init__(self, rulebook: Rulebook, day: date, scope: Sequence[str]) -> None:
        rules = [rule for rule in rulebook.in_force(day) if rule.everywhere or rule.theme in scope]
        self.everywhere = [rule for rule in rules if rule.everywhere]
        self.of_theme: dict[str, list[RuleVersion]] = {}
        for rule in rules:
            if rule.theme is not None:
                self.of_theme.setdefault(rule.theme, []).append(rule)
        self.access = next((rule for rule in rules if rule.id == ACCESS_RULE), None)
        # Before its first law nothing was read at all, which is said once.
        later = rulebook.unread(day) if day >= rulebook.begins else ()
        self.unread = [rule for rule in later if rule.everywhere or rule.theme in scope]
        self.about_outfalls = {
            name: about
            for name, own in self.of_theme.items()
            if (about := [rule for rule in own if rule.subject == OUTFALL])
        }
        self._outside = {
            name: [rule for rule in own if rule.relation == "outside"] for name, own in self.of_theme.items()
        }
        self._setbacks = {
            name: sorted({rule.setback_m for rule in own if rule.setback_m is not None})
            for name, own in self.of_theme.items()
        }
        self._named = {name: any(rule.named is not None for rule in own) for name, own in self.of_theme.items()}
        self._tests: dict[str, tuple[Test, ...]] = {}

    def outside(self, name: str) -> list[RuleVersion]:
        """Return the rules of a theme on what lies outside of its zones."""
        return self._outside.get(name, [])

    def reach(self, name: str, distance_m: float) -> int:
        """Return how many setbacks of a theme end before a distance, metres: equal ones meet equal rules."""
        return bisect_left(self._setbacks.get(name, ()), distance_m)

    def short(self, name: str, margin_m: float) -> int:
        """Return how many setbacks of a theme a margin holds, metres."""
        return bisect_right(self._setbacks.get(name, ()), margin_m)

    def name_of(self, row: Any) -> str | None:  # noqa: ANN401 - a named tuple of the overlaps
        """Return the name of a zone where a rule of its theme asks for it."""
        return row.zone_name if self._named.get(row.theme) else None

    def tests(self, rule: RuleVersion) -> tuple[Test, ...]:
        """Return the comparisons of facts that a rule makes."""
        if rule.id not in self._tests:
            self._tests[rule.id] = rule.tests()
        return self._tests[rule.id]
