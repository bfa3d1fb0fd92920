"""Rows of a table of coordinates that are no coordinates: sums, notes, repeated heads, titles between plots."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lianzhou_gis.formats.column_aliases import plain_name
from lianzhou_gis.formats.parse_numbers import parse_written, split_pair

__all__ = ["RemarkRows", "find_remark_rows"]

_WORDS = (
    "面积", "用地面积", "总面积", "地块面积", "宗地面积", "合计", "总计", "小计", "共计", "周长",
    "area", "total", "perimeter",
)  # fmt: skip
_NOTES = (
    "注", "备注", "附注", "说明", "坐标系", "坐标系统", "投影", "中央子午线", "高程系", "单位", "制表", "填表", "测量",
    "绘图", "审核", "复核", "检查", "日期", "时间", "note", "notes", "remark", "remarks", "crs", "date",
)  # fmt: skip
_HEADING = re.compile(r"(?:地块|宗地|图斑|项目|第.{1,4}(?:块|宗)|plot|parcel)", re.IGNORECASE)
_SUM = re.compile("^(?:" + "|".join(sorted(_WORDS, key=len, reverse=True)) + ")", re.IGNORECASE)
_NOTE = re.compile(
    "^(?:" + "|".join(sorted(_NOTES, key=len, reverse=True)) + r")\d?\s*(?:[:：.、(（员人者]|$)", re.IGNORECASE
)
# The middle of a plot, or the mean, least or largest of a column.
_MIDDLE = re.compile(
    "(?:几何|地块|项目|场址)?(?:中心|中点|形心|重心)(?:点|位置)?(?:坐标)?|(?:算术)?平均值?|均值|最大值?|最小值?|"
    "cent(?:re|er|roid)|mean|average|max(?:imum)?|min(?:imum)?",
    re.IGNORECASE,
)
# J1, 1, A-12, JZD3, K0+100: the name of a corner.
_POINT_NUMBER = re.compile(r"(?:[A-Za-z]{0,4}|界址点|拐点|点|桩)[-_ ]?[Kk]?\d+(?:[+.\-_]\d+)*'?")


@dataclass(frozen=True)
class RemarkRows:
    """Which rows of a table are remarks.

    Attributes
    ----------
    remark : ndarray of bool, shape (n,)
    divides : ndarray of bool, shape (n,)
        Remarks that end one plot and begin another: sums, headings, repeated heads.
    texts : tuple of str
        Texts of the remarks, in the order of the rows.
    """

    remark: npt.NDArray[np.bool_]
    divides: npt.NDArray[np.bool_]
    texts: tuple[str, ...]


def find_remark_rows(
    cells: npt.NDArray[np.object_], coordinate_columns: Sequence[int], names: Sequence[str]
) -> RemarkRows:
    """Return the rows below the head of a table that hold no corner.

    A row whose coordinates can all be read is a remark only where it names a middle or a mean, which is no corner. One
    that begins with the number of a corner and lacks coordinates is none: that corner is lost, and its plot with it.

    Parameters
    ----------
    cells : ndarray, shape (n, m)
        Texts, numbers or None.
    coordinate_columns : sequence of int
        Columns that hold coordinates.
    names : sequence of str
        Of the head; a row that repeats them is a remark.

    Examples
    --------
    >>> rows = np.array([["J1", 1.0, 2.0], ["J2", None, None], ["面积：4.48公顷", None, None]], dtype=object)
    >>> find_remark_rows(rows, [1, 2], ["点号", "X", "Y"]).remark.tolist()
    [False, False, True]
    """
    head = {plain_name(name) for name in names if name}
    places = list(coordinate_columns)
    remark = np.zeros(len(cells), dtype=bool)
    divides = np.zeros(len(cells), dtype=bool)
    texts: list[str] = []
    for row, values in enumerate(cells):
        given = [values[place] for place in places]
        words = [str(value).strip() for value in values if isinstance(value, str) and value.strip()]
        if given and all(_is_coordinate(value) for value in given):
            if words and _MIDDLE.fullmatch(words[0]):
                remark[row] = True
                texts.append(" ".join(str(value).strip() for value in values if value is not None))
            continue
        kind = _kind(values, words, given, head)
        if kind is not None:
            remark[row], divides[row] = True, kind
            texts.append(" ".join(str(value).strip() for value in values if value is not None))
    return RemarkRows(remark, divides, tuple(texts))


def _is_coordinate(value: object) -> bool:
    return parse_written(value) is not None or split_pair(value) is not None


def _kind(values: npt.NDArray[np.object_], words: list[str], given: list[Any], head: set[str]) -> bool | None:
    """Return whether a remark divides plots, None where a row is no remark."""
    there = [plain_name(str(value)) for value in values if value is not None]
    if there and len(there) > 1 and all(text in head for text in there):
        return True
    if not words:
        return None
    first = words[0]
    if _SUM.match(first):
        return True
    if _NOTE.match(first):
        return False
    if any(value is not None for value in given) or _POINT_NUMBER.fullmatch(first):
        return None
    # Words alone, and no corner's number among them.
    if len(there) == len(words) and not any(_POINT_NUMBER.fullmatch(word) for word in words):
        return bool(_HEADING.match(first))
    return None
