"""The rules of a day that are in scope, numbered, and which of them apply to which kind of overlap."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import IntEnum
from typing import Literal

import numpy as np
import numpy.typing as npt

from lianzhou_gis.findings.memo import memoised
from lianzhou_gis.rulebook import Rulebook, RuleVersion
from lianzhou_gis.vocabulary import Effect, Relation, theme

__all__ = [
    "ACCESS_RULE",
    "OUTFALL",
    "Applicable",
    "Doubt",
    "EndKind",
    "FactValue",
    "OverlapKind",
    "RulesInForce",
    "ZoneKind",
]

Positions = npt.NDArray[np.intp]
FactValue = bool | str | float | tuple[str, ...] | None

# Name of the subject of rules on outfalls, and of the fact that is missing where none was given as a point.
OUTFALL = "outfall"
# States by which law access lists bind, who decides and what follows; every item takes these from it.
ACCESS_RULE = "control_unit.access_list"
_HITS = (Relation.OVERLAP, Relation.WITHIN)
_CACHED_KINDS = 8192


@dataclass(frozen=True, slots=True)
class ZoneKind:
    """What rules can tell of a zone.

    Attributes
    ----------
    name : str or None
        Only where a rule of the theme asks for names.
    """

    theme: str
    grade: str | None
    name: str | None


@dataclass(frozen=True, slots=True)
class OverlapKind:
    """What rules can tell of an overlap.

    Attributes
    ----------
    subject : {"footprint", "outfall"}
    relation : str
    doubtful : bool
        Whether an error of positions could undo an overlap.
    within_error : bool
        Whether such an error could make an overlap of a zone that touches or is near.
    reach, certain_reach : int
        Number of setbacks (:attr:`RulesInForce.setbacks`) that are shorter than the distance less the position error,
        and shorter than the distance with it: a setback between the two is doubtful.
    """

    zone: ZoneKind
    subject: str
    relation: str
    doubtful: bool
    within_error: bool
    reach: int
    certain_reach: int


@dataclass(frozen=True, slots=True)
class EndKind:
    """What rules can tell of the end of a coverage near a site.

    Attributes
    ----------
    reach : int
        Number of setbacks that are not longer than the distance to it less the position error.
    """

    theme: str
    reach: int


@dataclass(frozen=True, slots=True)
class Applicable:
    """The rules that apply to a kind of overlap.

    Attributes
    ----------
    rules : tuple of int
        Numbers of the rules in force.
    doubts : tuple of Doubt
        How certain the place of each is.
    gap : {"grade", "rule"} or None
        What is not known of the zone: its grade, or any rule about it.
    located : bool
        Whether a rule of the theme applies by place, whatever the grade of the zone.
    unread : tuple of int
        Numbers of the rules that begin only later and would apply, or might: the grade is unknown.
    """

    rules: tuple[int, ...]
    doubts: tuple[Doubt, ...]
    gap: Literal["grade", "rule"] | None
    located: bool
    unread: tuple[int, ...]


class Doubt(IntEnum):
    """How certain it is that a rule applies at a place.

    ``CERTAIN``; ``DOUBTFUL``: it applies as measured, and an error of positions could undo that; ``POSSIBLE``: it does
    not apply as measured, and such an error could make it apply.
    """

    CERTAIN = 0
    DOUBTFUL = 1
    POSSIBLE = 2


class RulesInForce:
    """The rules of a day that are in scope.

    Parameters
    ----------
    rulebook : Rulebook
    day : datetime.date
    scope : sequence of str
        Themes; rules that need no layer apply whatever the scope.

    Attributes
    ----------
    versions : tuple of RuleVersion
        The rules in force, then those that begin only later, where the law before them was not read
        (:attr:`unread`). Rules are numbered by their position here.
    fact_names : tuple of tuple of str
        The facts that each of them asks for.
    everywhere : tuple of int
        Rules that facts alone decide.
    outside : dict of str to tuple of int
        By theme: rules about what lies outside all its zones.
    outfalls : dict of str to tuple of int
        By theme: rules about outfalls.
    unread : tuple of int
    setbacks : ndarray of float
        The different setbacks of all rules in ascending order, metres.
    access : RuleVersion or None
        :data:`ACCESS_RULE`; without it an item of an access list has no law to rest on.
    """

    def __init__(self, rulebook: Rulebook, day: date, scope: Sequence[str]) -> None:
        in_force = [rule for rule in rulebook.in_force(day) if rule.everywhere or rule.theme in scope]
        # Of a day before all law that was read a single gap is reported, not one for every rule.
        later = rulebook.unread(day) if day >= rulebook.begins else ()
        unread = [rule for rule in later if rule.everywhere or rule.theme in scope]
        self.versions: tuple[RuleVersion, ...] = (*in_force, *unread)
        self.fact_names = tuple(tuple(sorted({test.fact for test in rule.tests()})) for rule in self.versions)
        numbered = list(enumerate(in_force))
        self.everywhere = tuple(number for number, rule in numbered if rule.everywhere)
        self.unread = tuple(range(len(in_force), len(self.versions)))
        self.access = next((rule for rule in in_force if rule.id == ACCESS_RULE), None)
        self._of_theme: dict[str, list[int]] = {}
        for number, rule in numbered:
            if rule.theme is not None:
                self._of_theme.setdefault(rule.theme, []).append(number)
        self.outside = self._some("relation", "outside")
        self.outfalls = self._some("subject", OUTFALL)
        self.setbacks = np.array(sorted({rule.setback_m for rule in self.versions if rule.setback_m is not None}))
        self._named = {rule.theme for rule in self.versions if rule.named is not None}
        self.applicable = memoised(self._applicable, _CACHED_KINDS)
        self.beyond = memoised(self._beyond, _CACHED_KINDS)

    def _some(self, attribute: str, value: str) -> dict[str, tuple[int, ...]]:
        found = {
            name: tuple(number for number in numbers if getattr(self.versions[number], attribute) == value)
            for name, numbers in self._of_theme.items()
        }
        return {name: numbers for name, numbers in found.items() if numbers}

    def of_theme(self, name: str) -> Sequence[int]:
        """Return the rules in force about the zones of a theme."""
        return self._of_theme.get(name, ())

    def zone_kind(self, name: str, grade: str | None, zone_name: str | None) -> ZoneKind:
        """Return the kind of a zone."""
        return ZoneKind(name, grade, zone_name if name in self._named else None)

    def values(self, number: int, facts: Mapping[str, FactValue]) -> tuple[FactValue, ...]:
        """Return the values of the facts that a rule asks for."""
        return tuple([facts.get(name) for name in self.fact_names[number]])

    def _doubt(self, rule: RuleVersion, kind: OverlapKind) -> Doubt | None:
        """Return how certain a rule applies to overlaps of a kind, whatever the zone; None where it does not."""
        if rule.theme != kind.zone.theme or rule.subject != kind.subject:
            return None
        if rule.setback_m is not None:
            number = bisect_left(self.setbacks, rule.setback_m)
            if kind.reach > number:
                return None
            return Doubt.CERTAIN if kind.certain_reach <= number else Doubt.DOUBTFUL
        if rule.applies_at(kind.relation, 0.0):
            return Doubt.DOUBTFUL if kind.doubtful and kind.relation in _HITS else Doubt.CERTAIN
        inside = rule.relation == Relation.OVERLAP or (rule.relation == Relation.WITHIN and rule.subject == OUTFALL)
        # A notice restricts nothing: one on a zone beside the site would only mislead.
        if inside and kind.within_error and rule.strictest is not Effect.NOTICE:
            return Doubt.POSSIBLE
        return None

    def _beyond(self, kind: EndKind) -> tuple[int, ...]:
        """Return the rules, unread ones included, whose setback looks beyond the end of a coverage."""
        numbers = [*self.of_theme(kind.theme), *self.unread]
        return tuple(
            number
            for number in numbers
            if (rule := self.versions[number]).theme == kind.theme
            and rule.setback_m is not None
            and bisect_left(self.setbacks, rule.setback_m) >= kind.reach
        )

    def _applicable(self, kind: OverlapKind) -> Applicable:
        zone = kind.zone
        doubts = {
            number: doubt
            for number in self.of_theme(zone.theme)
            if (doubt := self._doubt(self.versions[number], kind)) is not None
        }
        rules = tuple(number for number in doubts if self.versions[number].applies_to(zone.grade, zone.name))
        hit = kind.relation in _HITS and kind.subject != OUTFALL
        unknown_grade = bool(theme(zone.theme).grades) and zone.grade is None and (hit or bool(doubts))
        located = any(doubt is not Doubt.POSSIBLE for doubt in doubts.values())
        unread = tuple(
            number
            for number in self.unread
            if self._doubt(rule := self.versions[number], kind) is not None
            and (zone.grade is None or rule.applies_to(zone.grade, zone.name))
        )
        gap: Literal["grade", "rule"] | None = "grade" if unknown_grade else "rule" if hit and not rules else None
        return Applicable(rules, tuple(doubts[number] for number in rules), gap, located, unread)
