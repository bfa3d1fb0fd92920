"""From findings and gaps to the answer: what is proven, what is still open, and how both are printed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from lianzhou_gis.findings.records import Finding, Gap
from lianzhou_gis.vocabulary import Effect, Verdict, label

__all__ = ["Answer", "Tally", "answer"]

_MILD = (Verdict.CONDITIONAL, Verdict.NO_CONFLICT_FOUND)
_VERDICTS = tuple(Verdict)
_NOTHING = Verdict.NO_CONFLICT_FOUND.rank


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


@dataclass(slots=True)
class Tally:
    """All that the answer hangs on: added up from findings and gaps, in whatever order and parts they come.

    Attributes
    ----------
    proven, worst : int
        Ranks of the strictest verdict that is proven, and that findings or gaps may mean.
    open : bool
        Any gap.
    asked, barred : bool
        A gap that more facts would close, and one of these that may hide a prohibition.
    notices, judged : int
        Findings that restrict nothing, and that call for judgement.
    firm : bool
        One that calls for judgement and is not doubtful.

    Examples
    --------
    >>> tally = Tally()
    >>> tally.finding(Effect.NEEDS_JUDGEMENT, Effect.PROHIBITED)
    >>> [str(verdict) for verdict in tally.weigh()]
    ['needs_judgement', 'prohibited']
    """

    proven: int = _NOTHING
    worst: int = _NOTHING
    open: bool = False
    asked: bool = False
    barred: bool = False
    notices: int = 0
    judged: int = 0
    firm: bool = False

    def finding(self, effect: Effect, worst: Effect, doubtful: bool = False) -> None:
        """Add a finding: what is proven, and what it may mean."""
        self.proven = min(self.proven, effect.verdict.rank)
        self.worst = min(self.worst, worst.verdict.rank)
        if effect is Effect.NOTICE:
            self.notices += 1
        elif effect is Effect.NEEDS_JUDGEMENT:
            self.judged += 1
            self.firm = self.firm or not doubtful

    def gap(self, worst: Verdict, asks: bool) -> None:
        """Add a gap: the strictest that it may hide, and whether knowing more of the project would close it."""
        self.open = True
        self.worst = min(self.worst, worst.rank)
        if asks:
            self.asked = True
            self.barred = self.barred or worst is Verdict.PROHIBITED

    def add(self, other: Tally) -> None:
        """Add all that another holds."""
        if other.proven < self.proven:
            self.proven = other.proven
        if other.worst < self.worst:
            self.worst = other.worst
        self.open |= other.open
        self.asked |= other.asked
        self.barred |= other.barred
        self.notices += other.notices
        self.judged += other.judged
        self.firm |= other.firm

    def copy(self) -> Tally:
        """Return one of its own that holds the same."""
        return Tally(self.proven, self.worst, self.open, self.asked, self.barred, self.notices, self.judged, self.firm)

    def weigh(self) -> tuple[Verdict, Verdict]:
        """Return the verdict and the worst possible."""
        proven, worst = _VERDICTS[self.proven], min(self.proven, self.worst)
        verdict = proven
        if self.asked and (proven is Verdict.NO_CONFLICT_FOUND or (proven in _MILD and self.barred)):
            verdict = Verdict.NEEDS_INFORMATION
        elif self.open and proven is Verdict.NO_CONFLICT_FOUND:
            verdict = Verdict.NOT_ASSESSED
        if verdict is not proven:
            worst = min(worst, verdict.rank)
        return verdict, _VERDICTS[worst]

    def answer(self) -> Answer:
        """Return the verdict with what is printed."""
        verdict, worst = self.weigh()
        only_doubtful = bool(self.judged) and not self.firm
        zh, en = _printed(verdict, worst, not self.open, self.notices, only_doubtful)
        return Answer(verdict, worst, not self.open, {"zh": zh, "en": en})


def answer(findings: Sequence[Finding], gaps: Sequence[Gap]) -> Answer:
    """Return the verdict for a site from all its findings and gaps.

    Examples
    --------
    >>> answer([], []).label["zh"]
    '在已核查图层内未发现冲突'
    """
    tally = Tally()
    for item in findings:
        tally.finding(item.effect, item.worst, item.doubtful)
    for gap in gaps:
        tally.gap(gap.worst, gap.asks)
    return tally.answer()


@lru_cache(maxsize=1024)
def _printed(verdict: Verdict, worst: Verdict, complete: bool, notices: int, only_doubtful: bool) -> tuple[str, str]:
    zh, en = (_text(verdict, worst, complete, notices, only_doubtful, lang) for lang in ("zh", "en"))
    return zh, en


def _text(verdict: Verdict, worst: Verdict, complete: bool, notices: int, only_doubtful: bool, lang: str) -> str:
    said = label("verdict", verdict)[lang]
    worst_said = label("verdict", worst)[lang]
    stricter = worst.stricter_than(verdict)
    if verdict is Verdict.NO_CONFLICT_FOUND:
        return label("printed", "notices_only")[lang].format(n=notices) if notices else said
    if verdict is Verdict.NEEDS_INFORMATION:
        if worst is Verdict.PROHIBITED:
            return said + label("printed", "may_prohibit")[lang]
        return said + (label("printed", "may_become")[lang].format(worst=worst_said) if stricter else "")
    # All that calls for judgement is an overlap no wider than borders are known.
    if verdict is Verdict.NEEDS_JUDGEMENT and only_doubtful:
        said += label("printed", "doubtful")[lang]
    if complete or verdict is Verdict.NOT_ASSESSED:
        return said
    if not stricter:
        return said + label("printed", "incomplete")[lang]
    if worst is Verdict.PROHIBITED:
        return said + label("printed", "prohibition_open")[lang]
    return said + label("printed", "still_open")[lang].format(worst=worst_said)
