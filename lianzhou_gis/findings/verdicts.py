"""From decisions to the answer: what is proven, what is still open, and how both are printed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from lianzhou_gis.findings.decisions import Decision
from lianzhou_gis.findings.memo import memoised
from lianzhou_gis.findings.records import Finding, Gap
from lianzhou_gis.vocabulary import Effect, Verdict, label

__all__ = ["Answer", "Tally", "answer_of", "answer_to", "fold", "weigh"]

Positions = npt.NDArray[np.intp]

_MILD = (Verdict.CONDITIONAL, Verdict.NO_CONFLICT_FOUND)
_VERDICTS = tuple(Verdict)
_NOTHING = Verdict.NO_CONFLICT_FOUND.rank
# Flags of a tally.
_OPEN, _ASKED, _BARRED, _JUDGED, _FIRM, _UNCOUNTED = 1, 2, 4, 8, 16, 32


@dataclass(frozen=True)
class Answer:
    """The verdict for a site.

    Attributes
    ----------
    verdict : Verdict
        The strictest that is proven.
    worst_possible : Verdict
        The strictest that anything unknown could still bring.
    complete : bool
        No gap, no missing fact.
    label : dict
        What is printed, zh and en.
    """

    verdict: Verdict
    worst_possible: Verdict
    complete: bool
    label: dict[str, str]


class Tally(NamedTuple):
    """All that an answer depends on; tallies of parts add up to that of the whole, in any order.

    Attributes
    ----------
    proven, worst : int
        Ranks of the strictest verdict that is proven, and that findings or gaps may mean. Added up by minimum.
    flags : int
        Any gap (1); a gap that more facts would close (2), and one of these that may hide a prohibition (4); a finding
        that calls for judgement (8), and one of these that is not doubtful (16). Added up by bitwise or.
    zones : int
        Number of control zones that the site lies in, those of context themes apart.
    """

    proven: int = _NOTHING
    worst: int = _NOTHING
    flags: int = 0
    zones: int = 0

    @classmethod
    def from_finding(cls, effect: Effect, worst: Effect, doubtful: bool = False) -> Tally:
        """Return the tally of one finding: what is proven, and what it may mean."""
        judged = effect is Effect.NEEDS_JUDGEMENT
        flags = (_JUDGED | (0 if doubtful else _FIRM)) if judged else 0
        return cls(effect.verdict.rank, worst.verdict.rank, flags)

    @classmethod
    def from_gap(cls, worst: Verdict, asks: bool) -> Tally:
        """Return the tally of one gap: the strictest that it may hide, and whether more facts would close it."""
        barred = _BARRED if asks and worst is Verdict.PROHIBITED else 0
        return cls(_NOTHING, worst.rank, _OPEN | (_ASKED if asks else 0) | barred)

    @classmethod
    def from_decision(cls, decision: Decision) -> Tally:
        """Return the tally of one finding or gap of a decision."""
        if decision.finding is not None:
            return cls.from_finding(decision.finding.effect, decision.finding.worst, decision.finding.doubtful)
        if decision.gap is not None:
            return cls.from_gap(decision.gap.worst, decision.gap.asks)
        return cls()

    @classmethod
    def total(cls, tallies: Sequence[Tally]) -> Tally:
        """Return several as one.

        Examples
        --------
        >>> judged = Tally.from_finding(Effect.NEEDS_JUDGEMENT, Effect.PROHIBITED)
        >>> [str(verdict) for verdict in weigh(Tally.total([judged, Tally()]))]
        ['needs_judgement', 'prohibited']
        """
        proven, worst, flags, zones = _NOTHING, _NOTHING, 0, 0
        for one in tallies:
            proven, worst = min(proven, one.proven), min(worst, one.worst)
            flags |= one.flags
            zones += one.zones
        return cls(proven, worst, flags, zones)


def fold(zones: Positions, site: Positions, tallies: npt.NDArray[np.int64], *, uncounted: bool = False) -> list[Tally]:
    """Return the tally of every site.

    Parameters
    ----------
    zones : ndarray of int, shape (sites,)
        Number of control zones that each site lies in.
    site : ndarray of int, shape (n,)
        A row for every finding and gap: position of the site.
    tallies : ndarray of int, shape (n, 4)
        Of each of them.
    uncounted : bool
        Whether nobody could count the zones of a layer in scope: the label of every clear says so.
    """
    total = np.empty((len(zones), 4), dtype=np.int64)
    total[:] = Tally(flags=_UNCOUNTED if uncounted else 0)
    total[:, 3] = zones
    if len(zones) == 1:
        if len(site):
            total[0, :2] = np.minimum(total[0, :2], tallies[:, :2].min(axis=0))
            total[0, 2] |= np.bitwise_or.reduce(tallies[:, 2])
    else:
        np.minimum.at(total[:, 0], site, tallies[:, 0])
        np.minimum.at(total[:, 1], site, tallies[:, 1])
        np.bitwise_or.at(total[:, 2], site, tallies[:, 2])
    return [Tally(*row) for row in total.tolist()]


def weigh(tally: Tally) -> tuple[Verdict, Verdict]:
    """Return the verdict and the worst possible."""
    proven, worst = _VERDICTS[tally.proven], min(tally.proven, tally.worst)
    verdict = proven
    asked, barred = bool(tally.flags & _ASKED), bool(tally.flags & _BARRED)
    if asked and (proven is Verdict.NO_CONFLICT_FOUND or (proven in _MILD and barred)):
        verdict = Verdict.NEEDS_INFORMATION
    elif tally.flags & _OPEN and proven is Verdict.NO_CONFLICT_FOUND:
        verdict = Verdict.NOT_ASSESSED
    if verdict is not proven:
        worst = min(worst, verdict.rank)
    return verdict, _VERDICTS[worst]


def _answer(tally: Tally) -> Answer:
    verdict, worst = weigh(tally)
    complete = not tally.flags & _OPEN
    only_doubtful = bool(tally.flags & _JUDGED) and not tally.flags & _FIRM
    texts = {lang: _text(verdict, worst, complete, tally.zones, only_doubtful, lang) for lang in ("zh", "en")}
    if tally.flags & _UNCOUNTED and verdict is Verdict.NO_CONFLICT_FOUND:
        texts = {lang: text + label("printed", "uncounted")[lang] for lang, text in texts.items()}
    return Answer(verdict, worst, complete, texts)


# Of many sites most have the same tally.
answer_to = memoised(_answer, 4096)


def answer_of(findings: Sequence[Finding], gaps: Sequence[Gap], zones: int = 0) -> Answer:
    """Return the answer for a site from the records of all its findings and gaps.

    Parameters
    ----------
    zones : int
        Number of control zones that it lies in, those of context themes apart.

    Examples
    --------
    >>> answer_of([], []).label["zh"]
    '在已核查图层内未发现冲突'
    """
    return answer_to(
        Tally.total(
            [
                Tally(zones=zones),
                *(Tally.from_finding(item.effect, item.worst, item.doubtful) for item in findings),
                *(Tally.from_gap(gap.worst, gap.asks) for gap in gaps),
            ]
        )
    )


def _text(verdict: Verdict, worst: Verdict, complete: bool, zones: int, only_doubtful: bool, lang: str) -> str:
    text, worst_text = label("verdict", verdict)[lang], label("verdict", worst)[lang]
    stricter = worst.stricter_than(verdict)
    if verdict is Verdict.NO_CONFLICT_FOUND:
        return label("printed", "zones_only")[lang].format(n=zones) if zones else text
    if verdict is Verdict.NEEDS_INFORMATION:
        if worst is Verdict.PROHIBITED:
            return text + label("printed", "may_prohibit")[lang]
        return text + (label("printed", "may_become")[lang].format(worst=worst_text) if stricter else "")
    # All that calls for judgement is an overlap no wider than the error of borders.
    if verdict is Verdict.NEEDS_JUDGEMENT and only_doubtful:
        text += label("printed", "doubtful")[lang]
    if complete or verdict is Verdict.NOT_ASSESSED:
        return text
    if not stricter:
        return text + label("printed", "incomplete")[lang]
    if worst is Verdict.PROHIBITED:
        return text + label("printed", "prohibition_open")[lang]
    return text + label("printed", "still_open")[lang].format(worst=worst_text)
