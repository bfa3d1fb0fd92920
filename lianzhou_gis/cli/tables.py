"""The tables that commands print for a planner in a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich import box
from rich.table import Table
from rich.text import Text

from lianzhou_gis.vocabulary import DISCLAIMER, Verdict, themes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lianzhou_gis.errors import Issue
    from lianzhou_gis.result import Result
    from lianzhou_gis.rulebook import Citation

__all__ = ["VERDICT_COLOURS", "citation_text", "issues_table", "plain_table", "printable", "summary"]

VERDICT_COLOURS = {
    Verdict.PROHIBITED: "red",
    Verdict.PROCEDURE_REQUIRED: "dark_orange",
    Verdict.NEEDS_JUDGEMENT: "magenta",
    Verdict.CONDITIONAL: "yellow",
    Verdict.NEEDS_INFORMATION: "cyan",
    Verdict.NOT_ASSESSED: "bright_black",
    Verdict.NO_CONFLICT_FOUND: "bold",
}
_ISSUES = 5


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


def citation_text(citation: Citation, lang: str) -> str:
    """Return a citation in short."""
    return citation.text(lang)


def _bracketed(text: str, lang: str) -> str:
    return f"（{text}）" if lang == "zh" else f"({text})"


def issues_table(issues: Iterable[Issue], lang: str) -> Table:
    """Return issues as a table, errors first."""
    order = ("error", "warning", "info")
    heads = ("程度", "代码", "位置", "说明") if lang == "zh" else ("Severity", "Code", "Where", "What")
    rows = sorted(issues, key=lambda issue: (order.index(issue.severity), issue.where))
    return plain_table(heads, [(item.severity, item.code, item.where, item.message[lang]) for item in rows])


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


def _layers_text(result: Result, lang: str) -> str:
    """Return how many layers were used, of which dates; their titles are in the run and in ``layers list``."""
    layers = result.layers.layers
    dates = sorted(str(layer.entry.data_date) for layer in layers if layer.entry.data_date)
    undated = len(layers) - len(dates)
    if lang == "zh":
        span = f"，数据日期 {dates[0]} 至 {dates[-1]}" if dates else ""
        return f"图层 {len(layers)} 个{span}{f'，{undated} 个未注明日期' if undated else ''}（清单见 layers list）"
    span = f", dated {dates[0]} to {dates[-1]}" if dates else ""
    return f"{len(layers)} layers{span}{f', {undated} without a date' if undated else ''} (see layers list)"


def summary(result: Result, lang: str) -> Text:
    """Return the text under every table: the day, the rulebook, the layers with their dates, the disclaimer."""
    scope = _scope_text(result, lang)
    if lang == "zh":
        lines = [
            f"基准日 {result.as_of}；规则库 {result.rulebook.version}；核查范围：{scope}",
            *_elsewhere_lines(result, lang),
            _layers_text(result, lang),
            *(["图层含合成演示数据，不代表连州市真实区划。"] if result.synthetic else []),
            f"{DISCLAIMER['zh']}。",
        ]
    else:
        lines = [
            f"As of {result.as_of}; rulebook {result.rulebook.version}; scope: {scope}",
            *_elsewhere_lines(result, lang),
            _layers_text(result, lang),
            *(["Layers are synthetic demo data; they do not show Lianzhou's real zones."] if result.synthetic else []),
            f"{DISCLAIMER['en']}.",
        ]
    notable = [issue for issue in result.issues if issue.severity != "info"]
    if notable:
        head = f"需注意 {len(notable)} 项：" if lang == "zh" else f"{len(notable)} issues:"
        shown = [f"  {issue.where}: {issue.message[lang]}" for issue in notable[:_ISSUES]]
        rest = [f"  … +{len(notable) - _ISSUES} (result.json)"] if len(notable) > _ISSUES else []
        lines += [head, *shown, *rest]
    return Text(printable("\n".join(lines)))
