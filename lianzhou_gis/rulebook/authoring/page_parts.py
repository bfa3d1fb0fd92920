"""What all generated pages share: heads, tables, effects in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from lianzhou_gis.rulebook.model import RuleVersion
from lianzhou_gis.vocabulary import DISCLAIMER, label

__all__ = ["GENERATED", "WIDE", "effect_in_words", "head", "table"]

GENERATED = "本页由 `lianzhou-gis rules docs` 自规则库生成，请勿手工修改。"
# Pages of tables take the width of the window, and the first cell of a row is not wrapped.
WIDE = (
    "<style>div.document { width: 96%; } div.body { max-width: none; } "
    "table td:first-child { white-space: nowrap; }</style>"
)


def table(heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Return a table of Markdown; bars and line ends in cells cannot break it.

    Examples
    --------
    >>> print(table(["甲", "乙"], [("a|b", 1)]))
    | 甲 | 乙 |
    | --- | --- |
    | a｜b | 1 |
    """
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(
        "| " + " | ".join(str(cell).replace("|", "｜").replace("\n", "<br>") for cell in row) + " |" for row in lines
    )


def head(zh: str, en: str, *more: str) -> str:
    """Return the head of a page: its title in both languages, that it is generated and no ground of approval."""
    return "\n\n".join([f"# {zh}（{en}）", f"> {GENERATED}{DISCLAIMER['zh']}。", *more])


def effect_in_words(version: RuleVersion) -> str:
    """Return what a rule does, with what it may turn out to mean and how sure it is, in Chinese."""
    text = label("effect", version.effect)["zh"]
    if version.worst is not version.effect:
        text += f"（最重可为{label('effect', version.worst)['zh']}）"
    return (
        text + ("（依据文本待核）" if version.unverified else "") + ("（不因边界误差减轻）" if version.strict else "")
    )
