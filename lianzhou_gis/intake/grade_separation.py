"""Checks that the column chosen for the grade separates the zones, and lists unused columns."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from lianzhou_gis.errors import Message
from lianzhou_gis.formats.column_aliases import plain_name
from lianzhou_gis.formats.site_ids import plain_text
from lianzhou_gis.intake.import_options import ImportOptions
from lianzhou_gis.vocabulary import grade_of, theme

__all__ = ["GradeChoice", "ImportQuestion", "UnusedColumn", "separation_questions", "unused_columns"]

# More distinct values than this are names or numbers, not codes.
_MOST_CODES = 12
_VALUES_LISTED = 12
_CODE_LENGTH = 12
# Ends of column names that announce a class: 级别, 类型, 代码, JB (jibie), LX (leixing), DM (daima), FL (fenlei), FQ.
_CLASS_NAME = re.compile(
    r"(级别?|等级|类别?|类型|分类|分区|代码|jb|lx|dm|fl|fq|lb|type|class|grade|level|code)\d*$", re.I
)
_BARE_CODE = re.compile(r"[A-Za-z]{0,4}[-_]?\d{1,4}|[A-Za-z]{1,3}|[ⅠⅡⅢⅣⅤ一二三四五甲乙丙丁]{1,2}[级类区等]?")


@dataclass(frozen=True)
class GradeChoice:
    """What a value means.

    Attributes
    ----------
    value : str or None
        As the file writes it; ``None`` for empty cells.
    count : int
        Zones with it.
    grade : str or None
    how : {"stated", "spelling", "open"}
    proposed : tuple of str
        Grades whose spelling is part of the value; for a person to choose from, never chosen automatically.
    """

    value: str | None
    count: int
    grade: str | None
    how: Literal["stated", "spelling", "open"]
    proposed: tuple[str, ...] = ()


@dataclass(frozen=True)
class ImportQuestion:
    """A question about an import that only a person can answer.

    Attributes
    ----------
    kind : {"grade_column", "grade", "constant_grade", "coded_column", "coverage", "expected_count"}
    subject : str or None
        The value or column that the question is about.
    choices : tuple of str
        Likely answers first.
    message : Message
        The question, and the option that answers it.
    """

    kind: str
    subject: str | None
    choices: tuple[str, ...]
    message: Message

    @classmethod
    def build(
        cls, kind: str, subject: str | None, choices: tuple[str, ...], code: str, /, **parameters: object
    ) -> ImportQuestion:
        """Build a question with the message of a code."""
        return cls(kind, subject, choices, Message.from_code(code, **parameters))


@dataclass(frozen=True)
class UnusedColumn:
    """A column of the file that carries none of the columns of zones.

    Attributes
    ----------
    distinct : int
        Number of different values; empty cells do not count.
    values : tuple of (str, int)
        The most frequent values with the number of zones.
    empty : int
        Number of empty cells.
    """

    name: str
    distinct: int
    values: tuple[tuple[str, int], ...]
    empty: int


def unused_columns(frame: pd.DataFrame, used: set[str]) -> tuple[UnusedColumn, ...]:
    """Return the unused columns with their most frequent values.

    Parameters
    ----------
    frame : DataFrame
        Records as read.
    used : set of str
        Columns that carry one of ours.

    Examples
    --------
    >>> frame = pd.DataFrame({"QY_JB": ["01", "02", "02"], "name": ["a", "b", "c"], "source_row": [1, 2, 3]})
    >>> unused_columns(frame, {"name"})
    (UnusedColumn(name='QY_JB', distinct=2, values=(('02', 2), ('01', 1)), empty=0),)
    """
    found = []
    for name in frame.columns:
        if name in used or name in ("source_row", "geometry"):
            continue
        texts = Counter(plain_text(value, 80)[0] for value in frame[name])
        empty = texts.pop(None, 0)
        values = sorted(texts.items(), key=lambda item: (-item[1], item[0]))
        listed = tuple((str(value), count) for value, count in values[:_VALUES_LISTED])
        found.append(UnusedColumn(str(name), len(values), listed, empty))
    return tuple(found)


def _coded(column: UnusedColumn, theme_id: str) -> bool:
    """Tell whether a column may hold a class of zones: few short values that repeat, or the spellings of grades."""
    if not 2 <= column.distinct <= _MOST_CODES:
        return False
    values = [value for value, _ in column.values]
    if all(grade_of(theme_id, value) for value in values):
        return True
    if _CLASS_NAME.search(plain_name(column.name)) or _CLASS_NAME.search(column.name):
        return all(len(value) <= _CODE_LENGTH for value in values)
    repeated = sum(count for _, count in column.values) > column.distinct
    return repeated and all(_BARE_CODE.fullmatch(value) for value in values)


def separation_questions(
    theme_id: str, choices: Sequence[GradeChoice], unused: Sequence[UnusedColumn], options: ImportOptions
) -> list[ImportQuestion]:
    """Return the questions to ask if the grade may be in another column than the one chosen.

    Parameters
    ----------
    theme_id : str
    choices : sequence of GradeChoice
        The values of the column chosen for the grade; empty if the file has no such column.
    unused : sequence of UnusedColumn
    options : ImportOptions
    """
    grades = [grade.id for grade in theme(theme_id).grades]
    filled = options.fill.get("grade")
    if len(grades) < 2 or not (choices or filled):
        return []
    questions = []
    constant = len(choices) == 1 and choices[0].count > 1 and not filled
    coded = [column for column in unused if column.name not in options.not_grade and _coded(column, theme_id)]
    if coded:
        for column in coded:
            shown = [f"{value} ({count})" for value, count in column.values]
            questions.append(
                ImportQuestion.build(
                    "coded_column",
                    column.name,
                    (column.name, "none"),
                    "question_coded_column",
                    column=column.name,
                    values=shown,
                )
            )
    elif constant and not options.constant_grade:
        only = choices[0].grade or "unknown"
        questions.append(
            ImportQuestion.build("constant_grade", None, ("yes",), "question_constant_grade", grade=only, grades=grades)
        )
    return questions
