"""The enumerations: closed lists of codes."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class Verdict(StrEnum):
    """The answer for a site, strictest first.

    Examples
    --------
    >>> Verdict.PROHIBITED.stricter_than(Verdict.CONDITIONAL)
    True
    >>> Verdict.strictest([Verdict.CONDITIONAL, Verdict.NEEDS_JUDGEMENT])
    <Verdict.NEEDS_JUDGEMENT: 'needs_judgement'>
    """

    PROHIBITED = "prohibited"
    PROCEDURE_REQUIRED = "procedure_required"
    NEEDS_JUDGEMENT = "needs_judgement"
    CONDITIONAL = "conditional"
    NEEDS_INFORMATION = "needs_information"
    NOT_ASSESSED = "not_assessed"
    NO_CONFLICT_FOUND = "no_conflict_found"

    @property
    def rank(self) -> int:
        """Position in the order of strictness, 0 the strictest."""
        return _RANKS[self]

    def stricter_than(self, other: Verdict) -> bool:
        """Return whether this verdict is stricter than ``other``."""
        return self.rank < other.rank

    @staticmethod
    def strictest(verdicts: list[Verdict]) -> Verdict:
        """Return the strictest of at least one verdict."""
        return min(verdicts, key=lambda verdict: verdict.rank)


_RANKS = {verdict: rank for rank, verdict in enumerate(Verdict)}


class Effect(StrEnum):
    """Effect of a rule on a site, strictest first; ``notice`` restricts nothing."""

    PROHIBITED = "prohibited"
    PROCEDURE_REQUIRED = "procedure_required"
    NEEDS_JUDGEMENT = "needs_judgement"
    CONDITIONAL = "conditional"
    NOTICE = "notice"

    @property
    def rank(self) -> int:
        """Position in the order of strictness, 0 the strictest."""
        return _EFFECT_RANKS[self]

    @property
    def verdict(self) -> Verdict:
        """The verdict that this effect alone leads to."""
        return _VERDICTS[self]


_EFFECT_RANKS = {effect: rank for rank, effect in enumerate(Effect)}
_VERDICTS = {
    effect: Verdict.NO_CONFLICT_FOUND if effect is Effect.NOTICE else Verdict(effect.value) for effect in Effect
}


class Relation(StrEnum):
    """Spatial relation of a site to a zone; ``apart`` is never stored."""

    OVERLAP = "overlap"
    WITHIN = "within"
    TOUCH = "touch"
    NEAR = "near"
    APART = "apart"


class GapReason(StrEnum):
    """Why something is not assessed."""

    LAYER_MISSING = "layer_missing"
    LAYER_EMPTY = "layer_empty"
    LAYER_INCOMPLETE = "layer_incomplete"
    LAYER_EXPIRED = "layer_expired"
    OUTSIDE_COVERAGE = "outside_coverage"
    COVERAGE_GAP = "coverage_gap"
    UNKNOWN_CRS = "unknown_crs"
    INVALID_GEOMETRY = "invalid_geometry"
    UNKNOWN_GRADE = "unknown_grade"
    NO_GEOMETRY = "no_geometry"
    NO_FOOTPRINT = "no_footprint"
    MISSING_FACT = "missing_fact"
    ACCESS_UNDECIDED = "access_undecided"
    NO_RULE = "no_rule"
    UNRELIABLE_DATUM = "unreliable_datum"
    READ_ERROR = "read_error"
    CHECK_DISAGREES = "check_disagrees"
    INTERNAL_ERROR = "internal_error"


# Classes of secrecy that a layer may state, the lowest first; what is above none is classified.
_SECRECY = ("none", "secret", "confidential")
CLASSIFIED = frozenset(_SECRECY[1:])


def highest_secrecy(stated: Iterable[str | None]) -> str | None:
    """Return the class of what rests on several layers: the highest stated, ``None`` where that leaves a doubt.

    Examples
    --------
    >>> highest_secrecy(["none", None, "secret"]), highest_secrecy(["none", None]), highest_secrecy(["none", "none"])
    ('secret', None, 'none')
    """
    found = list(stated)
    classified = [name for name in found if name in CLASSIFIED]
    if classified:
        return max(classified, key=_SECRECY.index)
    return "none" if found and all(name == "none" for name in found) else None
