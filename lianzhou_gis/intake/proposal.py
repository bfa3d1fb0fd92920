"""How a file would be read as a layer: column and grade mapping, and the questions that only a person can answer."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from lianzhou_gis.catalog import LayerEntry
from lianzhou_gis.errors import FormatError
from lianzhou_gis.formats.column_aliases import plain_name
from lianzhou_gis.intake.grade_separation import (
    GradeChoice,
    Question,
    UnusedColumn,
    separation_questions,
    unused_columns,
)
from lianzhou_gis.intake.import_options import UNKNOWN, Told
from lianzhou_gis.layers.schema_mapping import columns_of, grade_of_cell
from lianzhou_gis.vocabulary import theme

__all__ = ["ColumnChoice", "GradeChoice", "Proposal", "Question", "propose"]

# The share of a column's values that must be grades of the theme for the column to be proposed as that of grades.
_MOSTLY = 0.6
_MOST_VALUES = 200


@dataclass(frozen=True)
class ColumnChoice:
    """Which column of the file carries one of ours, and whether that was told or found by its name."""

    ours: str
    theirs: str
    how: Literal["told", "alias"]


@dataclass(frozen=True)
class Proposal:
    """How a file would be read.

    Attributes
    ----------
    columns : tuple of ColumnChoice
        In the order of the columns of zones.
    grades : tuple of GradeChoice
        Most frequent first; none for themes without grades.
    rivals : dict of str to tuple of str
        For one of our columns the other columns of the file whose names would do as well.
    unused : tuple of UnusedColumn
        The columns of the file that carry none of ours.
    questions : tuple of Question
        What is still open about columns and values.
    """

    columns: tuple[ColumnChoice, ...]
    grades: tuple[GradeChoice, ...]
    rivals: dict[str, tuple[str, ...]]
    unused: tuple[UnusedColumn, ...]
    questions: tuple[Question, ...]

    def column(self, ours: str) -> str | None:
        """Return the column of the file that carries one of ours."""
        return next((choice.theirs for choice in self.columns if choice.ours == ours), None)


def _folded(text: str) -> str:
    return plain_name(text)


def _likely_grades(theme_id: str, value: str | None) -> tuple[str, ...]:
    """Return the grades whose spellings stand in a value, the longest spelling first."""
    if not value:
        return ()
    folded = _folded(value)
    found: dict[str, int] = {}
    for grade in theme(theme_id).grades:
        words = [_folded(word) for word in (grade.label["zh"], *grade.spellings)]
        longest = max((len(word) for word in words if len(word) > 1 and word in folded), default=0)
        if longest:
            found[grade.id] = longest
    return tuple(sorted(found, key=lambda grade: -found[grade]))


def _values(frame: pd.DataFrame, column: str, entry: LayerEntry) -> Counter[str | None]:
    return Counter(grade_of_cell(entry, value)[0] for value in frame[column])


def _grade_columns(frame: pd.DataFrame, entry: LayerEntry) -> tuple[str, ...]:
    """Return the columns most of whose values are grades of the theme: named for a person, never taken by itself."""
    likely = {}
    for name in frame.columns:
        if name in ("source_row", "geometry"):
            continue
        values = _values(frame, name, entry)
        known = sum(
            count
            for value, count in values.items()
            if value and (grade_of_cell(entry, value)[1] or _likely_grades(entry.theme, value))
        )
        if len(values) <= _MOST_VALUES and known >= _MOSTLY * max(len(frame), 1):
            likely[str(name)] = known
    return tuple(sorted(likely, key=lambda name: (-likely[name], name)))


def _grade_choices(frame: pd.DataFrame, column: str, entry: LayerEntry, told: Told) -> list[GradeChoice]:
    answers: dict[str | None, str] = {key.strip(): grade for key, grade in told.grades.items()}
    choices = []
    for value, count in sorted(_values(frame, column, entry).items(), key=lambda item: (-item[1], str(item[0]))):
        how: Literal["told", "spelling", "open"]
        if value in answers:
            grade, how = (None if answers[value] == UNKNOWN else answers[value]), "told"
        elif value is None and told.fill.get("grade") == UNKNOWN:
            grade, how = None, "told"
        else:
            grade = grade_of_cell(entry, value)[1] if value else None
            how = "spelling" if grade else "open"
        likely = () if grade else _likely_grades(entry.theme, value)
        choices.append(GradeChoice(value, count, grade, how, likely))
    return choices


def _grade_questions(theme_id: str, choices: list[GradeChoice]) -> list[Question]:
    if len(choices) > _MOST_VALUES:
        raise FormatError(
            f"级别字段有 {len(choices)} 种取值，似非级别；请用 --column 字段=grade 指明",
            f"the column of grades has {len(choices)} values and is hardly one; name it with --column NAME=grade",
        )
    every = tuple(grade.id for grade in theme(theme_id).grades)
    questions = []
    for choice in choices:
        if choice.how != "open":
            continue
        order = (*choice.proposed, *(grade for grade in every if grade not in choice.proposed), UNKNOWN)
        likely = f"（似为 {'、'.join(choice.proposed)}）" if choice.proposed else ""
        likely_en = f" (perhaps {', '.join(choice.proposed)})" if choice.proposed else ""
        if choice.value is None:
            zh = f"{choice.count} 个区域没有级别；请用 --fill grade=级别 给出，或 --fill grade={UNKNOWN} 作级别不明"
            en = f"{choice.count} zones have no grade; say --fill grade=GRADE, or --fill grade={UNKNOWN}"
        else:
            zh = (
                f"级别 {choice.value!r}（{choice.count} 个区域）是什么{likely}？请用 --grade '{choice.value}=级别'，"
                f"可选 {'、'.join(every)}、{UNKNOWN}"
            )
            en = (
                f"what is the grade {choice.value!r} ({choice.count} zones){likely_en}? say --grade "
                f"'{choice.value}=GRADE', one of {', '.join(every)}, {UNKNOWN}"
            )
        questions.append(Question("grade", choice.value, order, zh, en))
    return questions


def _rivals(frame: pd.DataFrame, entry: LayerEntry, columns: dict[str, str]) -> dict[str, tuple[str, ...]]:
    """Return what would have been found for each of our columns had the one that was chosen not been there."""
    rivals = {}
    for ours, theirs in columns.items():
        if theirs in entry.columns:
            continue
        others = []
        rest = frame.drop(columns=theirs)
        while (other := columns_of(rest, entry).get(ours)) is not None and other not in columns.values():
            others.append(other)
            rest = rest.drop(columns=other)
        if others:
            rivals[ours] = tuple(others)
    return rivals


def propose(frame: pd.DataFrame, entry: LayerEntry, told: Told) -> Proposal:
    """Say how the records of a file would be read as zones.

    Parameters
    ----------
    frame : DataFrame
        As read.
    entry : LayerEntry
        With the columns and grades that were told.
    told : Told

    Raises
    ------
    CatalogError
        If a column was named that the file does not have.
    """
    columns = columns_of(frame, entry)
    told_columns = set(entry.columns)
    chosen = tuple(
        ColumnChoice(ours, theirs, "told" if theirs in told_columns else "alias") for ours, theirs in columns.items()
    )
    choices: list[GradeChoice] = []
    questions: list[Question] = []
    unused = unused_columns(frame, set(columns.values()))
    if theme(entry.theme).grades:
        if "grade" in columns:
            choices = _grade_choices(frame, columns["grade"], entry, told)
            questions = _grade_questions(entry.theme, choices)
        else:
            likely = _grade_columns(frame, entry)
            named_zh = f"，似为 {'、'.join(likely)}" if likely else ""
            named_en = f"; perhaps {', '.join(likely)}" if likely else ""
            questions.append(
                Question(
                    "grade_column",
                    None,
                    likely,
                    f"没有找到级别字段{named_zh}；请用 --column 字段=grade 指明，或用 --fill grade=级别 统一给出",
                    f"no column of grades was found{named_en}; name it with --column NAME=grade, or say with "
                    "--fill grade=GRADE what all zones are",
                )
            )
        questions += separation_questions(entry.theme, choices, unused, told)
    return Proposal(chosen, tuple(choices), _rivals(frame, entry, columns), unused, tuple(questions))
