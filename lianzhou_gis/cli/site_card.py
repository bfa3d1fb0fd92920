"""What a screening prints: the card of one site, or one line each for several.

What is proven, what is open and the context stand apart; only what is proven has a colour.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.table import Table
from rich.text import Text

from lianzhou_gis.cli.answers import site_questionnaire
from lianzhou_gis.cli.tables import VERDICT_COLOURS, citation_text, plain_table, printable
from lianzhou_gis.vocabulary import Effect, Verdict, label, themes

if TYPE_CHECKING:
    from lianzhou_gis.findings import Override
    from lianzhou_gis.findings.questionnaire import Questionnaire
    from lianzhou_gis.findings.records import Finding, Gap
    from lianzhou_gis.result import Result

__all__ = ["order_of_sites", "site_card", "sites_lines"]

_FINDINGS, _GAPS, _FIRST = 7, 4, 4
_WORDS = {
    "proven": {"zh": "已查明", "en": "Proven"},
    "open": {"zh": "尚待查明", "en": "Open"},
    "context": {"zh": "背景", "en": "Context"},
    "site": {"zh": "项目", "en": "Site"},
    "verdict": {"zh": "结论", "en": "Verdict"},
    "worst": {"zh": "可能适用的最严结论", "en": "Strictest that may apply"},
    "more": {"zh": "另 {n} 项见 result.json 或表单", "en": "{n} more in result.json or the form"},
    "to_answer": {
        "zh": "还需答复 {n} 项（--ask 逐项回答，或 rules facts --for 生成答题表）",
        "en": "{n} answers to go (--ask, or a sheet by rules facts --for)",
    },
    "short_open": {"zh": "待答 {n} 项", "en": "{n} to answer"},
    "short_gaps": {"zh": "{n} 项未核查", "en": "{n} not assessed"},
    "first": {"zh": "先答：{names}", "en": "First: {names}"},
    "procedures": {"zh": "各类项目通用程序 {n} 项", "en": "{n} general procedures"},
    "notices": {"zh": "提示 {n} 项", "en": "{n} notices"},
}


def order_of_sites(result: Result) -> list[str]:
    """Return the sites, those that may turn out strictest first."""
    answers = result.assessment.answers
    return sorted(answers, key=lambda name: (answers[name].worst_possible.rank, answers[name].verdict.rank, name))


def site_card(result: Result, site_id: str, lang: str) -> Text:
    """Return the card of one site: what is proven, what is open, the context.

    Parameters
    ----------
    result : Result
    site_id : str
    lang : {"zh", "en"}
    """
    answer = result.assessment.answers[site_id]
    findings = [row for row in result.assessment.finding_records if row.site_id == site_id]
    gaps = [row for row in result.assessment.gap_records if row.site_id == site_id]
    text = Text()
    text.append(_name(result, site_id) + "\n", style="bold")
    text.append(f"{printable(answer.label[lang])}\n", style=VERDICT_COLOURS[answer.verdict])
    if answer.worst_possible is not answer.verdict:
        text.append(f"{_WORDS['worst'][lang]}：{label('verdict', answer.worst_possible)[lang]}\n")
    _add(text, "proven", _proven(findings, lang) or [label("nothing_proven", "requirement")[lang]], lang)
    _add(text, "open", _open(result, site_id, gaps, lang), lang)
    _add(text, "context", _context(result, site_id, findings, lang), lang)
    return text


def sites_lines(result: Result, lang: str) -> Table:
    """Return a table with one line for each site.

    Parameters
    ----------
    result : Result
    lang : {"zh", "en"}
    """
    heads = [_WORDS[name][lang] for name in ("site", "verdict", "worst", "open")]
    gaps = Counter(row.site_id for row in result.assessment.gap_records if not row.asks)
    rows: list[Sequence[Any]] = []
    for site_id in order_of_sites(result):
        answer = result.assessment.answers[site_id]
        own = site_questionnaire(result, site_id)
        parts = [_WORDS["short_open"][lang].format(n=_span(own))] if own else []
        parts += [_WORDS["short_gaps"][lang].format(n=gaps[site_id])] if gaps[site_id] else []
        worst = "" if answer.worst_possible is answer.verdict else label("verdict", answer.worst_possible)[lang]
        verdict = Text(label("verdict", answer.verdict)[lang], style=VERDICT_COLOURS[answer.verdict])
        rows.append((_name(result, site_id), verdict, worst, "；".join(parts) if lang == "zh" else "; ".join(parts)))
    return plain_table(heads, rows)


def _span(own: Questionnaire) -> str:
    """Return how many answers are still needed, at least and at most."""
    return str(own.at_least) if own.at_least == own.at_most else f"{own.at_least}-{own.at_most}"


def _add(text: Text, head: str, lines: Sequence[str], lang: str) -> None:
    if not lines:
        return
    text.append(f"{_WORDS[head][lang]}\n", style="bold")
    text.append("".join(f"  {printable(line)}\n" for line in lines))


def _name(result: Result, site_id: str) -> str:
    frame = result.sites_table
    name = dict(zip(frame["site_id"], frame["name"], strict=True)).get(site_id)
    return printable(f"{name}（{site_id}）" if isinstance(name, str) and name else site_id)


def _proven(findings: Iterable[Finding], lang: str) -> list[str]:
    """Return one line for each rule that restricts, the strictest first."""
    rank = {effect: place for place, effect in enumerate(Effect)}
    lines: list[str] = []
    for row in sorted(findings, key=lambda row: (rank[row.effect], -row.area_m2, row.rule_id)):
        if row.effect is Effect.NOTICE or row.general_procedure:
            continue
        citation = f"（{citation_text(row.citations[0], lang)}）" if row.citations else ""
        line = f"{label('effect', row.effect)[lang]}  {row.title[lang]}{_measure(row, lang)}{citation}"
        line += _doubt(row, lang) + _judged(row.override, lang)
        if line not in lines:
            lines.append(line)
    more = len(lines) - _FINDINGS
    return [*lines[:_FINDINGS], _WORDS["more"][lang].format(n=more)] if more > 0 else lines


def _measure(row: Finding, lang: str) -> str:
    if row.area_m2 > 0:
        return f"，{row.area_m2:,.1f} 平方米" if lang == "zh" else f", {row.area_m2:,.1f} m2"
    if row.distance_m:
        return f"，相距 {row.distance_m:,.0f} 米" if lang == "zh" else f", {row.distance_m:,.0f} m away"
    return ""


def _doubt(row: Finding, lang: str) -> str:
    if not row.doubtful:
        return ""
    return (
        "，重叠深度小于定位误差，须实测界址后认定" if lang == "zh" else ", within the error of position: to be surveyed"
    )


def _judged(override: Override | None, lang: str) -> str:
    """Return a person's judgement as it is printed behind the finding."""
    if override is None:
        return ""
    if lang == "zh":
        text = f"〔人工判断：{override.decision}。{override.office}，{override.decided_on}"
        return f"{text}，理由：{override.reason}，依据：{override.evidence}〕"
    text = f" [Judged by {override.office}, {override.decided_on}: {override.decision}. Reason: {override.reason}. "
    return f"{text}Evidence: {override.evidence}]"


def _open(result: Result, site_id: str, gaps: Iterable[Gap], lang: str) -> list[str]:
    """Return what answers could still bring, and what is not assessed for another reason."""
    lines = []
    own = site_questionnaire(result, site_id)
    if own:
        lines.append(_WORDS["to_answer"][lang].format(n=_span(own)))
        facts = result.rulebook.facts
        named = [facts.get(name).label[lang] for name in (*own.first, *own.single, *own.listed)][:_FIRST]
        lines.append(_WORDS["first"][lang].format(names="、".join(named)))
    names = themes()
    counted: Counter[str] = Counter()
    for row in gaps:
        if row.asks:
            continue
        theme = names[row.theme].label[lang] if row.theme in names else ""
        # What is wrong with the site itself has its remedy in the sentence.
        reason = label("gap", row.reason)[lang] if row.theme or row.layer_id else row.detail[lang]
        counted[f"{label('verdict', Verdict.NOT_ASSESSED)[lang]}：{theme}，{reason}" if theme else reason] += 1
    shown = [f"{line} ×{number}" if number > 1 else line for line, number in counted.most_common(_GAPS)]
    more = len(counted) - _GAPS
    return [*lines, *shown, *([_WORDS["more"][lang].format(n=more)] if more > 0 else [])]


def _context(result: Result, site_id: str, findings: Iterable[Finding], lang: str) -> list[str]:
    """Return where the site lies, and how many notices and general procedures there are."""
    names, columns = themes(), result.overlay.overlap_columns
    rows_of_site = (columns["site_id"] == site_id) & (columns["subject"] == "footprint")
    places = []
    for row in np.flatnonzero(rows_of_site).tolist():
        theme = names[columns["theme"][row]]
        if theme.context and columns["relation"][row] in ("overlap", "within"):
            places.append(f"{theme.label[lang]} {columns['zone_name'][row] or columns['zone_id'][row]}")
    rows = list(findings)
    procedures = len({row.rule_id for row in rows if row.general_procedure})
    notices = len({row.rule_id for row in rows if row.effect is Effect.NOTICE and not row.general_procedure})
    parts = list(dict.fromkeys(places))
    parts += [_WORDS["procedures"][lang].format(n=procedures)] if procedures else []
    parts += [_WORDS["notices"][lang].format(n=notices)] if notices else []
    return ["；".join(parts) if lang == "zh" else "; ".join(parts)] if parts else []
