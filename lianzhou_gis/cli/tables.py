"""The tables that commands print for a planner in a terminal."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from rich import box
from rich.table import Table
from rich.text import Text

from lianzhou_gis.vocabulary import DISCLAIMER, Effect, Verdict, label, themes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd

    from lianzhou_gis.errors import Issue
    from lianzhou_gis.findings import Override
    from lianzhou_gis.result import Result
    from lianzhou_gis.rulebook import Citation

__all__ = ["citation_text", "issues_table", "plain_table", "printable", "sites_table", "summary"]

_COLOURS = {
    Verdict.PROHIBITED: "red",
    Verdict.PROCEDURE_REQUIRED: "dark_orange",
    Verdict.NEEDS_JUDGEMENT: "magenta",
    Verdict.CONDITIONAL: "yellow",
    Verdict.NEEDS_INFORMATION: "cyan",
    Verdict.NOT_ASSESSED: "bright_black",
    Verdict.NO_CONFLICT_FOUND: "green",
}
_GROUNDS = 4


def plain_table(heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> Table:
    """Return a table of texts; control characters in data are dropped."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for head in heads:
        table.add_column(head, overflow="fold")
    for row in rows:
        table.add_row(*[cell if isinstance(cell, Text) else Text(printable(cell)) for cell in row])
    return table


def printable(value: object) -> str:
    """Return a value as text without control characters."""
    text = "" if value is None else str(value)
    return "".join(character if character.isprintable() or character == "\n" else "�" for character in text)


def _grounds(findings: Iterable[Any], lang: str) -> str:
    """Return the findings of a site in short, the strictest first, notices left out."""
    lines: list[str] = []
    rank = {effect: place for place, effect in enumerate(Effect)}
    for row in sorted(findings, key=lambda row: (rank[Effect(row.effect)], row.rule_id)):
        if Effect(row.effect) is Effect.NOTICE:
            continue
        citation = row.citations[0] if row.citations else None
        article = "" if citation is None else _bracketed(citation_text(citation, lang), lang)
        line = f"{row.title[lang]} {article}".strip() + (_doubt(row.area_m2, lang) if row.doubtful else "")
        line += _judged(row.override, lang)
        if line not in lines:
            lines.append(line)
    more = len(lines) - _GROUNDS
    if more > 0:
        lines = [*lines[:_GROUNDS], f"… +{more}"]
    return "\n".join(lines)


def _judged(override: Override | None, lang: str) -> str:
    """Return a person's judgement as it is printed under the finding."""
    if override is None:
        return ""
    if lang == "zh":
        text = f"〔人工判断：{override.decision}。{override.office}，{override.decided_on}"
        return f"\n{text}，理由：{override.reason}，依据：{override.evidence}〕"
    text = f"[Judged by {override.office}, {override.decided_on}: {override.decision}. Reason: {override.reason}. "
    return f"\n{text}Evidence: {override.evidence}]"


def citation_text(citation: Citation, lang: str) -> str:
    """Return a citation in short."""
    return citation.text(lang)


def _doubt(area_m2: float, lang: str) -> str:
    return (
        ("【疑似边界误差，须实测界址】" if not area_m2 else f"【疑似边界误差，{area_m2:.2f} 平方米待测或避让】")
        if lang == "zh"
        else (" [doubtful: survey the border]" if not area_m2 else f" [doubtful: survey or cut {area_m2:.2f} m2]")
    )


def _bracketed(text: str, lang: str) -> str:
    return f"（{text}）" if lang == "zh" else f"({text})"


def issues_table(issues: Iterable[Issue], lang: str) -> Table:
    """Return issues as a table, errors first."""
    order = ("error", "warning", "info")
    heads = ("程度", "代码", "位置", "说明") if lang == "zh" else ("Severity", "Code", "Where", "What")
    rows = sorted(issues, key=lambda issue: (order.index(issue.severity), issue.where))
    return plain_table(heads, [(item.severity, item.code, item.where, item.message[lang]) for item in rows])


def _gaps(gaps: Iterable[Any], lang: str) -> str:
    names = themes()
    counted: Counter[str] = Counter()
    for row in gaps:
        what = names[row.theme].label[lang] if isinstance(row.theme, str) and row.theme in names else ""
        reason = label("gap", row.reason)[lang]
        counted[f"{what}{'：' if lang == 'zh' else ': '}{reason}" if what else reason] += 1
    lines = [f"{text} ×{number}" if number > 1 else text for text, number in counted.most_common()]
    more = len(lines) - _GROUNDS
    return "\n".join([*lines[:_GROUNDS], f"… +{more}"] if more > 0 else lines)


def _by_site(table: pd.DataFrame) -> dict[str, list[Any]]:
    rows: dict[str, list[Any]] = {}
    row: Any
    for row in table.itertuples():
        rows.setdefault(row.site_id, []).append(row)
    return rows


def sites_table(result: Result, lang: str) -> Table:
    """Return the verdicts of a run, the worst possible first."""
    findings, gaps = _by_site(result.assessment.findings), _by_site(result.assessment.gaps)
    heads = ("项目", "结论", "依据", "未核查/缺项") if lang == "zh" else ("Site", "Verdict", "Rests on", "Gaps")
    frame = result.sites_table
    order = frame.assign(
        worst=[Verdict(value).rank for value in frame["worst_possible"]],
        proven=[Verdict(value).rank for value in frame["verdict"]],
    ).sort_values(["worst", "proven", "site_id"])
    rows = []
    site: Any
    for site in order.itertuples():
        verdict = Text(printable(getattr(site, f"label_{lang}")), style=_COLOURS[Verdict(site.verdict)])
        name = f"{site.site_id}\n{site.name}" if isinstance(site.name, str) else site.site_id
        rows.append(
            (name, verdict, _grounds(findings.get(site.site_id, ()), lang), _gaps(gaps.get(site.site_id, ()), lang))
        )
    table = plain_table(heads, rows)
    table.show_lines = True
    return table


def _scope_text(result: Result, lang: str) -> str:
    """Return which themes were screened, and the names of the others."""
    asked = {item["theme"] for item in result.parameters.get("elsewhere", ())}
    left_out = [theme.label[lang] for name, theme in themes().items() if name not in {*result.scope, *asked}]
    if not left_out:
        return f"全部 {len(result.scope)} 个主题" if lang == "zh" else f"all {len(result.scope)} themes"
    comma = "、" if lang == "zh" else ", "
    screened = comma.join(themes()[name].label[lang] for name in result.scope)
    named = comma.join(left_out)
    return f"仅 {screened}（未核查：{named}）" if lang == "zh" else f"only {screened} (not screened: {named})"


def _elsewhere_lines(result: Result, lang: str) -> list[str]:
    """Return the line of the offices that hold themes of which the catalog has no layer."""
    held = result.parameters.get("elsewhere", ())
    named = [themes()[item["theme"]].label[lang] + _bracketed(item["office"], lang) for item in held]
    if not named:
        return []
    return ["须另行征求意见：" + "、".join(named)] if lang == "zh" else ["Other offices to ask: " + ", ".join(named)]


def summary(result: Result, lang: str) -> Text:
    """Return the text under every table: the day, the rulebook, the layers with their dates, the disclaimer."""
    layers = result.layers.layers
    dates = "；".join(
        f"{layer.entry.id}（{layer.entry.data_date or '日期不明'}）"
        if lang == "zh"
        else f"{layer.entry.id} ({layer.entry.data_date or 'no date'})"
        for layer in layers
    )
    scope = _scope_text(result, lang)
    if lang == "zh":
        lines = [
            f"基准日 {result.as_of}；规则库 {result.rulebook.version}；核查范围：{scope}",
            *_elsewhere_lines(result, lang),
            f"图层：{dates}",
            *(["图层含合成演示数据，不代表连州市真实区划。"] if result.synthetic else []),
            f"{DISCLAIMER['zh']}。",
        ]
    else:
        lines = [
            f"As of {result.as_of}; rulebook {result.rulebook.version}; scope: {scope}",
            *_elsewhere_lines(result, lang),
            f"Layers: {dates}",
            *(["Layers are synthetic demo data; they do not show Lianzhou's real zones."] if result.synthetic else []),
            f"{DISCLAIMER['en']}.",
        ]
    notable = [issue for issue in result.issues if issue.severity != "info"]
    if notable:
        head = f"需注意 {len(notable)} 项：" if lang == "zh" else f"{len(notable)} issues:"
        shown = [f"  {issue.where}: {issue.message[lang]}" for issue in notable[:10]]
        rest = [f"  … +{len(notable) - 10}"] if len(notable) > 10 else []
        lines += [head, *shown, *rest]
    return Text(printable("\n".join(lines)))
