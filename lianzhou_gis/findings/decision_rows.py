"""Decisions on sites as coded columns, and the evaluation that they make up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from threading import Lock

import numpy as np
import numpy.typing as npt

from lianzhou_gis.findings.access_list import ComparedItem
from lianzhou_gis.findings.decisions import Decision, FactSet
from lianzhou_gis.findings.verdicts import Answer, Tally, answer_to, fold
from lianzhou_gis.overlay import Overlay

__all__ = [
    "ALL_UNITS",
    "ENDS",
    "FINDING",
    "GAP",
    "KIND",
    "LAYER",
    "NOWHERE",
    "OVERLAPS",
    "POINT",
    "RANK",
    "REMAINDER",
    "UNIT",
    "ZONE",
    "DecisionRegister",
    "Evaluation",
    "Rows",
    "UnitRows",
    "distinct",
    "expand",
]

Positions = npt.NDArray[np.intp]
Flags = npt.NDArray[np.bool_]

# Where the measures and the shape of a finding or gap are found.
NOWHERE, OVERLAPS, REMAINDER, ENDS, UNIT, ALL_UNITS = range(6)
_FEW = 256
# What a decision is: a finding, a gap, a mere open point, nothing.
FINDING, GAP, POINT, NEITHER = range(4)
# Columns of a register: kind, layer, zone, rank of the effect of a point, then the tally.
KIND, LAYER, ZONE, RANK, TALLY = range(5)
_CODES = TALLY + len(Tally._fields)


class Rows:
    """Decisions on sites: columns of one length, the rows of one array.

    Attributes
    ----------
    array : ndarray of int, shape (6, n)
    site : ndarray of int
        Position of the site.
    decision : ndarray of int
        Number of the decision in the :class:`DecisionRegister`.
    layer, zone : ndarray of int
        Codes of the ids; 0 for none.
    source : ndarray of int
        Where measures and shape are found: ``NOWHERE``, ``OVERLAPS``, ``REMAINDER``, ``ENDS``, ``UNIT`` (a control
        unit) or ``ALL_UNITS`` (all control units of the site together).
    row : ndarray of int
        The row there.
    """

    __slots__ = ("array", "decision", "layer", "row", "site", "source", "zone")

    def __init__(self, array: Positions) -> None:
        self.array = array
        self.site: Positions
        self.site, self.decision, self.layer, self.zone, self.source, self.row = array

    @classmethod
    def make(
        cls,
        site: Positions,
        decision: Positions,
        *,
        layer: Positions | int = 0,
        zone: Positions | int = 0,
        source: Positions | int = NOWHERE,
        row: Positions | int = 0,
    ) -> Rows:
        """Return rows; a number stands for all of them."""
        array = np.empty((6, len(site)), dtype=np.intp)
        for position, column in enumerate((site, decision, layer, zone, source, row)):
            array[position] = column
        return cls(array)

    @classmethod
    def joined(cls, parts: Sequence[Rows]) -> Rows:
        """Return several as one, in their order."""
        return cls(np.concatenate([_NO_ROWS, *(part.array for part in parts)], axis=1))

    def take(self, chosen: Positions | Flags) -> Rows:
        """Return some rows."""
        return Rows(self.array[:, chosen])

    def __len__(self) -> int:
        return len(self.site)


_NO_ROWS = np.empty((6, 0), dtype=np.intp)


class DecisionRegister:
    """Numbers decisions, with what of each the columns need.

    Parameters
    ----------
    layer_code, zone_code : mapping of str or None to int
        Codes of the ids that gaps of layers carry themselves.
    """

    def __init__(self, layer_code: Mapping[str | None, int], zone_code: Mapping[str | None, int]) -> None:
        self.decisions: list[Decision] = []
        self._layer_code, self._zone_code = layer_code, zone_code
        # Decisions are held here, so that no other object can have the same id.
        self._lock = Lock()
        self._numbers: dict[int, int] = {}
        self._coded = np.empty((0, _CODES), dtype=np.int64)
        self._new: list[tuple[int, ...]] = []

    def number(self, decision: Decision) -> int:
        """Return the number of a decision."""
        found = self._numbers.get(id(decision))
        return self._add(decision) if found is None else found

    def _add(self, decision: Decision) -> int:
        gap, point = decision.gap, decision.point
        with self._lock:
            # Another thread may have been faster.
            if id(decision) in self._numbers:
                return self._numbers[id(decision)]
            self._new.append(
                (
                    _kind_of(decision),
                    0 if gap is None else self._layer_code[gap.layer_id],
                    0 if gap is None else self._zone_code[gap.zone_id],
                    0 if point is None else point.effect.rank,
                    *Tally.from_decision(decision),
                )
            )
            self.decisions.append(decision)
            self._numbers[id(decision)] = number = len(self.decisions) - 1
        return number

    def numbers(self, decisions: Iterable[Decision]) -> Positions:
        """Return the numbers of decisions."""
        return np.array([self.number(decision) for decision in decisions], dtype=np.intp)

    @property
    def coded(self) -> npt.NDArray[np.int64]:
        """A row for every decision: kind, layer, zone, rank of the effect of its point, tally."""
        with self._lock:
            if self._new:
                self._coded = np.concatenate([self._coded, np.array(self._new, dtype=np.int64)])
                self._new.clear()
            return self._coded


def _kind_of(decision: Decision) -> int:
    if decision.finding is not None:
        return FINDING
    return GAP if decision.gap is not None else POINT if decision.point is not None else NEITHER


def distinct(codes: Positions) -> tuple[list[int], Positions]:
    """Return the position of the first of each distinct code, and which of them each code is.

    Examples
    --------
    >>> first, which = distinct(np.array([7, 5, 7]))
    >>> first, which.tolist()
    ([0, 1], [0, 1, 0])
    """
    if len(codes) <= _FEW:
        # A dictionary is several times faster than sorting for the rows of one site.
        seen: dict[int, int] = {}
        first: list[int] = []
        which: list[int] = []
        for position, code in enumerate(codes.tolist()):
            number = seen.setdefault(code, len(seen))
            if number == len(first):
                first.append(position)
            which.append(number)
        return first, np.array(which, dtype=np.intp)
    _, positions, inverse = np.unique(codes, return_index=True, return_inverse=True)
    return positions.tolist(), inverse


def expand(which: Positions, lists: Sequence[Sequence[int] | Positions]) -> tuple[Positions, Positions]:
    """Return, for rows that each stand for a list, the row and the value of every member.

    Examples
    --------
    >>> [part.tolist() for part in expand(np.array([1, 0, 1]), [[7], [8, 9]])]
    [[0, 0, 1, 2, 2], [8, 9, 7, 8, 9]]
    """
    if len(which) == 1:
        values = np.asarray(lists[which[0]], dtype=np.intp)
        return np.zeros(len(values), dtype=np.intp), values
    lengths = np.array([len(one) for one in lists], dtype=np.intp)
    starts = np.cumsum(lengths) - lengths
    counts = lengths[which]
    ends = np.cumsum(counts)
    row = np.repeat(np.arange(len(which)), counts)
    # Of every member its position in the list that its row stands for.
    within = np.arange(len(row)) + np.repeat(starts[which] - ends + counts, counts)
    flat = np.array([value for one in lists for value in one], dtype=np.intp)
    return row, flat[within]


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
    register : DecisionRegister
        The decisions by their numbers.
    findings, gaps : Rows
        In the order in which they were made.
    spared : Rows
        Open points of rules that such projects are not asked for: neither finding nor gap.
    zones : ndarray of int
        Number of control zones that each site lies in, those of context themes apart; of an id of a theme one.
    units : tuple of UnitRows
    overlay : Overlay
    layer_ids, zone_ids : ndarray of str or None
        Of the codes; ``None`` first, then sorted.
    uncounted : bool
        Whether nobody could count the zones of a layer in scope.
    """

    ids: npt.NDArray[np.object_]
    facts: tuple[FactSet, ...]
    register: DecisionRegister
    findings: Rows
    gaps: Rows
    spared: Rows
    zones: Positions
    units: tuple[UnitRows, ...]
    overlay: Overlay
    layer_ids: npt.NDArray[np.object_]
    zone_ids: npt.NDArray[np.object_]
    uncounted: bool

    @property
    def decisions(self) -> Sequence[Decision]:
        """The decisions by their numbers; those of other sites among them."""
        return self.register.decisions

    @cached_property
    def answers(self) -> list[Answer]:
        """The answer for every site: its findings and gaps folded."""
        rows = np.concatenate([self.findings.array[:2], self.gaps.array[:2]], axis=1)
        tallies = fold(self.zones, rows[0], self.register.coded[rows[1], TALLY:], uncounted=self.uncounted)
        return [answer_to(tally) for tally in tallies]
