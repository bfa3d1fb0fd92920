"""The questions that a command prints: the short list of each site, and the verdicts that answers lead to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from lianzhou_gis.cli.tables import printable
from lianzhou_gis.vocabulary import label

if TYPE_CHECKING:
    from lianzhou_gis.findings import Question
    from lianzhou_gis.screening import Result

__all__ = ["questions_text"]

_SITES = 5


def questions_text(result: Result, lang: str) -> Text | None:
    """Return the short lists of questions of the first sites that have any; ``None`` if none has.

    Parameters
    ----------
    result : Result
    lang : {"zh", "en"}
    """
    listed: dict[str, list[Question]] = {}
    for question in result.questions:
        if question.place is not None:
            listed.setdefault(question.site_id, []).append(question)
    if not listed:
        return None
    head = "待补充信息（依次回答即可判定全部未决事项；用 --set 或项目信息文件填写）"
    lines = [head if lang == "zh" else "To be answered (in this order; give by --set or a file)"]
    for site_id, questions in list(listed.items())[:_SITES]:
        lines.append(f"  {site_id}")
        for question in sorted(questions, key=lambda item: item.place or 0):
            lines += _lines(question, result, lang)
    more = len(listed) - _SITES
    if more > 0:
        lines.append(f"  … +{more} (result.json)")
    return Text(printable("\n".join(lines)))


def _lines(question: Question, result: Result, lang: str) -> list[str]:
    now = result.assessment.answers[question.site_id].verdict
    settles = f"可判定 {question.settles} 项" if lang == "zh" else f"settles {question.settles}"
    lines = [f"    {question.place}. {question.question[lang]}  --set {question.fact}=…  （{settles}）"]
    help_text = result.rulebook.facts.get(question.fact).help
    if help_text:
        lines.append(f"       {help_text[lang]}")
    changing = [reply for reply in question.replies if reply.verdict is not now and not reply.contradicts]
    if changing:
        outcomes = [f"{reply.label[lang]} → {label('verdict', reply.verdict)[lang]}" for reply in changing]
        lines.append("       " + ("；" if lang == "zh" else "; ").join(outcomes))
    return lines
