"""Decisions on sites as coded columns, and the evaluation that they make up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np
import numpy.typing as npt

from lianzhou_gis.findings.access_list import ComparedItem
from lianzhou_gis.findings.decisions import Decision, FactSet
from lianzhou_gis.findings.verdicts import Answer, answer_to, fold
from lianzhou_gis.overlay import Overlay

__all__ = [
    "ALL_UNITS",
    "ENDS",
    "NOWHERE",
    "NO_ROWS",
    "OVERLAPS",
    "REMAINDER",
    "UNIT",
    "Evaluation",
    "Numbering",
    "Rows",
    "UnitRows",
    "expand",
]

Positions = npt.NDArray[np.intp]
Flags = npt.NDArray[np.bool_]

# Where the measures and the shape of a finding or gap are found.
NOWHERE, OVERLAPS, REMAINDER, ENDS, UNIT, ALL_UNITS = range(6)
# What a decision is: a finding, a gap, a mere open point, nothing.
FINDING, GAP, POINT, NEITHER = range(4)


@dataclass(frozen=True)
class Rows:
    """Decisions on sites: columns of one length.

    Attributes
    ----------
    site : ndarray of int
        Position of the site.
    decision : ndarray of int
        Position in :attr:`Evaluation.decisions`.
    layer, zone : ndarray of int
        Codes of the ids (:attr:`Evaluator.layer_ids`, :attr:`Evaluator.zone_ids`); 0 for none.
    source : ndarray of int
        Where measures and shape are found: ``NOWHERE``, ``OVERLAPS``, ``REMAINDER``, ``ENDS``, ``UNIT`` (a control
        unit) or ``ALL_UNITS`` (all control units of the site together).
    row : ndarray of int
        The row there.
    """

    site: Positions
    decision: Positions
    layer: Positions
    zone: Positions
    source: Positions
    row: Positions

    @classmethod
    def make(
        cls,
        site: Positions,
        decision: Positions,
        *,
        layer: Positions | int = 0,
        zone: Positions | int = 0,
        source: int = NOWHERE,
        row: Positions | int = 0,
    ) -> Rows:
        """Return rows; a number stands for all of them."""
        count = len(site)

        def column(value: Positions | int) -> Positions:
            return value if isinstance(value, np.ndarray) else np.full(count, value, dtype=np.intp)

        return cls(site, decision, column(layer), column(zone), column(source), column(row))

    @classmethod
    def joined(cls, parts: Sequence[Rows]) -> Rows:
        """Return several as one, in their order."""
        return cls(*(np.concatenate([getattr(part, item.name) for part in parts]) for item in fields(cls)))

    def take(self, chosen: Positions | Flags) -> Rows:
        """Return some rows."""
        return Rows(*(getattr(self, item.name)[chosen] for item in fields(self)))

    def __len__(self) -> int:
        return len(self.site)


class Numbering:
    """Numbers decisions in the order in which they come."""

    def __init__(self) -> None:
        self.decisions: list[Decision] = []
        self._kinds: list[int] = []
        self._numbers: dict[int, int] = {}

    def number(self, decision: Decision) -> int:
        """Return the number of a decision."""
        # Decisions are held here, so that no other object can have the same id.
        found = self._numbers.get(id(decision))
        if found is None:
            found = self._numbers[id(decision)] = len(self.decisions)
            self.decisions.append(decision)
            self._kinds.append(_kind_of(decision))
        return found

    def numbers(self, decisions: Iterable[Decision]) -> Positions:
        """Return the numbers of decisions."""
        return np.array([self.number(decision) for decision in decisions], dtype=np.intp)

    def kinds(self, numbers: Positions) -> Positions:
        """Return what decisions are: ``FINDING``, ``GAP``, ``POINT`` or ``NEITHER``."""
        return np.array(self._kinds, dtype=np.intp)[numbers]


def _kind_of(decision: Decision) -> int:
    if decision.finding is not None:
        return FINDING
    return GAP if decision.gap is not None else POINT if decision.point is not None else NEITHER


def expand(which: Positions, lists: Sequence[Sequence[int] | Positions]) -> tuple[Positions, Positions]:
    """Return, for rows that each stand for a list, the row and the value of every member.

    Examples
    --------
    >>> [part.tolist() for part in expand(np.array([1, 0, 1]), [[7], [8, 9]])]
    [[0, 0, 1, 2, 2], [8, 9, 7, 8, 9]]
    """
    lengths = np.array([len(one) for one in lists], dtype=np.intp)
    starts = np.cumsum(lengths) - lengths
    counts = lengths[which]
    row = np.repeat(np.arange(len(which)), counts)
    within = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)
    flat = np.array([value for one in lists for value in one], dtype=np.intp)
    return row, flat[np.repeat(starts[which], counts) + within]


@dataclass(frozen=True)
class UnitRows:
    """The control units of a site.

    Attributes
    ----------
    site : int
    rows : tuple of int
        Positions of the overlaps with them, in their order.
    items : tuple of ComparedItem
    """

    site: int
    rows: tuple[int, ...]
    items: tuple[ComparedItem, ...]


@dataclass(frozen=True)
class Evaluation:
    """The decisions on some sites.

    Attributes
    ----------
    ids : ndarray of str
        Of the sites, sorted.
    facts : tuple of FactSet
        What is known of the project of each.
    decisions : tuple of Decision
    findings, gaps : Rows
        In the order in which they were made.
    spared : Rows
        Open points of rules that such projects are not asked for: neither finding nor gap.
    units : tuple of UnitRows
    overlay : Overlay
    layer_ids, zone_ids : ndarray of str or None
        Of the codes; ``None`` first, then sorted.
    """

    ids: npt.NDArray[np.object_]
    facts: tuple[FactSet, ...]
    decisions: tuple[Decision, ...]
    findings: Rows
    gaps: Rows
    spared: Rows
    units: tuple[UnitRows, ...]
    overlay: Overlay
    layer_ids: npt.NDArray[np.object_]
    zone_ids: npt.NDArray[np.object_]

    @cached_property
    def answers(self) -> list[Answer]:
        """The answer for every site: its findings and gaps folded."""
        site = np.concatenate([self.findings.site, self.gaps.site])
        decision = np.concatenate([self.findings.decision, self.gaps.decision])
        return [answer_to(tally) for tally in fold(len(self.ids), site, decision, self.decisions)]


_NONE = np.empty(0, dtype=np.intp)
NO_ROWS = Rows.make(_NONE, _NONE)
