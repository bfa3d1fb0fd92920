"""From findings and gaps to the answer: what is proven, what is still open, and how both are printed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lianzhou_gis.findings.records import Finding, Gap
from lianzhou_gis.vocabulary import Effect, Verdict, label

__all__ = ["Answer", "answer", "weigh"]

_MILD = (Verdict.CONDITIONAL, Verdict.NO_CONFLICT_FOUND)


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


def answer(findings: Sequence[Finding], gaps: Sequence[Gap]) -> Answer:
    """Return the verdict for a site from all its findings and gaps.

    Examples
    --------
    >>> answer([], []).label["zh"]
    '在已核查图层内未发现冲突'
    """
    verdict, worst = weigh([(item.effect, item.worst) for item in findings], gaps)
    complete = not gaps
    texts = {lang: _printed(verdict, worst, complete, findings, lang) for lang in ("zh", "en")}
    return Answer(verdict, worst, complete, texts)


def weigh(effects: Sequence[tuple[Effect, Effect]], gaps: Sequence[Gap]) -> tuple[Verdict, Verdict]:
    """Return the verdict and the worst possible of what was found, each by what is proven and what it may mean.

    Examples
    --------
    >>> [str(verdict) for verdict in weigh([(Effect.NEEDS_JUDGEMENT, Effect.PROHIBITED)], [])]
    ['needs_judgement', 'prohibited']
    """
    proven = Verdict.strictest([Verdict.NO_CONFLICT_FOUND, *(effect.verdict for effect, _ in effects)])
    worst = Verdict.strictest([proven, *(may.verdict for _, may in effects), *(gap.worst for gap in gaps)])
    asked = [gap for gap in gaps if gap.asks]
    prohibition_asked = any(gap.worst is Verdict.PROHIBITED for gap in asked)
    verdict = proven
    if asked and (proven is Verdict.NO_CONFLICT_FOUND or (proven in _MILD and prohibition_asked)):
        verdict = Verdict.NEEDS_INFORMATION
    elif gaps and proven is Verdict.NO_CONFLICT_FOUND:
        verdict = Verdict.NOT_ASSESSED
    if verdict in (Verdict.NEEDS_INFORMATION, Verdict.NOT_ASSESSED):
        worst = Verdict.strictest([worst, verdict])
    return verdict, worst


def _printed(verdict: Verdict, worst: Verdict, complete: bool, findings: Sequence[Finding], lang: str) -> str:
    said = label("verdict", verdict)[lang]
    worst_said = label("verdict", worst)[lang]
    stricter = worst.stricter_than(verdict)
    if verdict is Verdict.NO_CONFLICT_FOUND:
        notices = sum(item.effect is Effect.NOTICE for item in findings)
        return label("printed", "notices_only")[lang].format(n=notices) if notices else said
    if verdict is Verdict.NEEDS_INFORMATION:
        if worst is Verdict.PROHIBITED:
            return said + label("printed", "may_prohibit")[lang]
        return said + (label("printed", "may_become")[lang].format(worst=worst_said) if stricter else "")
    if verdict is Verdict.NEEDS_JUDGEMENT and _only_doubtful(findings):
        said += label("printed", "doubtful")[lang]
    if complete or verdict is Verdict.NOT_ASSESSED:
        return said
    if not stricter:
        return said + label("printed", "incomplete")[lang]
    if worst is Verdict.PROHIBITED:
        return said + label("printed", "prohibition_open")[lang]
    return said + label("printed", "still_open")[lang].format(worst=worst_said)


def _only_doubtful(findings: Sequence[Finding]) -> bool:
    """Tell whether all that calls for judgement is an overlap no wider than borders are known."""
    judged = [item for item in findings if item.effect is Effect.NEEDS_JUDGEMENT]
    return bool(judged) and all(item.doubtful for item in judged)
