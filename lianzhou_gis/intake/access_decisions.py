"""The decision table of an access list: each distinct text once, prefilled by its wording, confirmed by a person.

Only confirmed rows take effect. A confirmed row holds for every unit, edition and county whose list has the same text.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from lianzhou_gis.errors import FormatError, RuleError
from lianzhou_gis.formats.plain_table import read_plain_table
from lianzhou_gis.formats.workbook_writing import Sheet, write_workbook
from lianzhou_gis.intake.access_list import COLUMNS, AccessList
from lianzhou_gis.rulebook import AccessItem, FactVocabulary
from lianzhou_gis.rulebook.access_phrases import condition_for_item, decide_wording, plain_wording
from lianzhou_gis.rulebook.parser import condition_of
from lianzhou_gis.vocabulary import themes

__all__ = ["TextDecision", "compile_list", "decision_table", "is_decided", "read_decisions", "share", "write_decisions"]

LIMITING = ("prohibited", "restricted")
_OUTCOMES = {"decided": "按条件判定", "restated": "重申已有规定", "undecided": "逐项目人工判断"}
_HEADS = ("条目文本", "管控类型", "条数", "管控单元", "处理", "条件", "重申主题", "说明", "确认", "确认人", "确认日期")
_WIDTHS = (60, 10, 7, 24, 16, 60, 20, 30, 8, 12, 12)
_NOTES = (
    "每种文字一行；“处理”由短语库预填，只有“确认”填“是”并写明确认人、日期的行生效，其余仍逐项目人工判断。",
    "“处理”可改为：" + "、".join(_OUTCOMES.values()) + "。条件为规则库格式的 JSON，不必改动；不同意的填“否”。",
)
_YES, _NO = {"是", "yes", "y", "1", "true"}, {"", "否", "no", "n", "0", "false"}


@dataclass(frozen=True)
class TextDecision:
    """What one text means, wherever it stands.

    Attributes
    ----------
    text : str
        As the list has it, where it stands first.
    kind : str
    count : int
        How many items have it.
    units : tuple of str
    outcome : {"decided", "restated", "undecided"}
    when : dict or None
        With ``access_item`` where a person must tell of each project.
    restates : tuple of str
        Themes.
    note : str
    confirmed_by : str or None
    confirmed_on : datetime.date or None
    """

    text: str
    kind: str
    count: int
    units: tuple[str, ...]
    outcome: str
    when: dict[str, Any] | None
    restates: tuple[str, ...]
    note: str
    confirmed_by: str | None = None
    confirmed_on: date | None = None

    @property
    def is_confirmed(self) -> bool:
        """Whether a person has confirmed it."""
        return self.confirmed_by is not None and self.confirmed_on is not None

    @property
    def key(self) -> str:
        """What the texts that mean the same have in common."""
        return f"{self.kind} {plain_wording(self.text)}"


def is_decided(item: AccessItem) -> bool:
    """Tell whether an item needs no person for every project."""
    return bool(item.industries or item.when is not None or item.restates)


def share(items: Sequence[AccessItem]) -> tuple[int, int]:
    """Return how many items prohibit or restrict, and how many of them nothing decides."""
    limiting = [item for item in items if item.kind in LIMITING]
    return len(limiting), sum(not is_decided(item) for item in limiting)


def decision_table(
    items: Sequence[AccessItem], earlier: Mapping[str, TextDecision] | None = None
) -> list[TextDecision]:
    """Return a row for each distinct text that prohibits or restricts and says nothing of industries or facts.

    Parameters
    ----------
    items : sequence of AccessItem
    earlier : mapping of str to TextDecision, optional
        Rows of another table by :attr:`TextDecision.key`; a confirmed one is taken over.

    Returns
    -------
    list of TextDecision
        The most frequent first.
    """
    groups: dict[str, list[AccessItem]] = {}
    for item in items:
        if item.kind in LIMITING and not is_decided(item):
            groups.setdefault(f"{item.kind} {plain_wording(item.text)}", []).append(item)
    rows = []
    for key, own in groups.items():
        found = decide_wording(own[0].text)
        units = tuple(sorted({item.unit_id for item in own}))
        row = TextDecision(
            own[0].text, own[0].kind, len(own), units, found.outcome, found.when, found.themes, found.phrase
        )
        before = (earlier or {}).get(key)
        if before is not None and before.is_confirmed:
            row = replace(before, count=len(own), units=units)
        rows.append(row)
    return sorted(rows, key=lambda row: (-row.count, row.text))


def write_decisions(path: Path, rows: Sequence[TextDecision], day: date) -> None:
    """Write the table as a workbook that comes back filled in."""
    cells = [
        (
            row.text,
            {"prohibited": "禁止", "restricted": "限制"}[row.kind],
            row.count,
            "、".join(row.units[:6]) + (f" 等 {len(row.units)} 个" if len(row.units) > 6 else ""),
            _OUTCOMES[row.outcome],
            "" if row.when is None else json.dumps(row.when, ensure_ascii=False),
            "、".join(themes()[name].label["zh"] for name in row.restates),
            row.note,
            "是" if row.is_confirmed else "",
            row.confirmed_by or "",
            "" if row.confirmed_on is None else row.confirmed_on.isoformat(),
        )
        for row in rows
    ]
    sheet = Sheet("判定表", _NOTES, _HEADS, _WIDTHS, cells, frozen_columns=1)
    write_workbook(path, [sheet], title="准入清单判定表", day=day)


def read_decisions(path: Path, vocabulary: FactVocabulary) -> dict[str, TextDecision]:
    """Read a table that came back, by :attr:`TextDecision.key`.

    Raises
    ------
    MissingFileError, FormatError
        If it is no decision table, or a confirmed row is not complete or not possible.
    """
    table = read_plain_table(path, known=list(_HEADS))
    needed = ("条目文本", "管控类型", "处理", "条件", "确认", "确认人", "确认日期")
    missing = [name for name in needed if name not in table.frame]
    if missing:
        raise FormatError(
            f"{path.name}：不是判定表，缺少列 {'、'.join(missing)}", f"{path.name}: no decision table, lacks {missing}"
        )
    rows = [_row(cells, f"{path.name}:{line}", vocabulary) for line, cells in table.rows() if cells["条目文本"]]
    return {row.key: row for row in rows}


def _row(cells: Mapping[str, str | None], where: str, vocabulary: FactVocabulary) -> TextDecision:
    def fail(zh: str, en: str) -> FormatError:
        return FormatError(f"{where}：{zh}", f"{where}: {en}")

    cell = {name: (value or "").strip() for name, value in cells.items()}
    kind = {"禁止": "prohibited", "限制": "restricted"}.get(cell["管控类型"])
    outcome = next((code for code, words in _OUTCOMES.items() if words == cell["处理"]), None)
    answer = cell["确认"].casefold()
    if kind is None or outcome is None or answer not in _YES | _NO:
        raise fail("管控类型、处理或确认一栏无法识别", "kind, outcome or confirmation cannot be read")
    labels = {theme.label["zh"]: name for name, theme in themes().items()}
    named = [part for part in cell.get("重申主题", "").replace(",", "、").split("、") if part]
    when: dict[str, Any] | None = None
    try:
        restates = tuple(labels[part] for part in named)
        confirmed_on = date.fromisoformat(cell["确认日期"][:10]) if cell["确认日期"] else None
        if cell["条件"]:
            when = json.loads(cell["条件"])
            condition_of(condition_for_item(when, "check"), vocabulary, where)
    except (KeyError, ValueError, RecursionError, RuleError) as error:
        raise fail(f"条件、主题或日期无法识别（{error}）", f"condition, theme or date: {error}") from error
    if answer in _YES:
        if not cell["确认人"] or confirmed_on is None:
            raise fail("已确认的行须写明确认人和日期", "a confirmed row needs a name and a date")
        if (outcome == "decided") != (when is not None) or (outcome == "restated") != bool(restates):
            raise fail("处理与条件、重申主题不一致", "outcome does not fit the condition or themes")
    confirmed = answer in _YES
    return TextDecision(
        text=cell["条目文本"],
        kind=kind,
        count=0,
        units=(),
        outcome=outcome,
        when=when,
        restates=restates,
        note=cell.get("说明", ""),
        confirmed_by=cell["确认人"] if confirmed else None,
        confirmed_on=confirmed_on if confirmed else None,
    )


def compile_list(listed: AccessList, rows: Mapping[str, TextDecision]) -> str:
    """Return the list with what the confirmed rows decide, as CSV that a layer of control units refers to.

    Parameters
    ----------
    listed : AccessList
        As :func:`lianzhou_gis.intake.access_list.read_access_table` reads it.
    rows : mapping of str to TextDecision
    """
    stream = io.StringIO()
    writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n", restval="")
    writer.writeheader()
    for cells in csv.DictReader(io.StringIO(listed.text)):
        own = rows.get(f"{cells['kind']} {plain_wording(cells['text'])}")
        if own is not None and own.is_confirmed and not (cells["industries"] or cells["when"]):
            if own.outcome == "decided":
                cells["when"] = json.dumps(condition_for_item(own.when, cells["item_id"]), ensure_ascii=False)
            elif own.outcome == "restated":
                cells["restates"] = ";".join(own.restates)
        writer.writerow(cells)
    return stream.getvalue()
