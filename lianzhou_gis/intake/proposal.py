"""Proposal for reading a file as a layer: mapping of columns and grades, and open questions."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from lianzhou_gis.catalog import LayerEntry
from lianzhou_gis.errors import FormatError, Message
from lianzhou_gis.formats.column_aliases import plain_name
from lianzhou_gis.intake.grade_separation import (
    GradeChoice,
    ImportQuestion,
    UnusedColumn,
    separation_questions,
    unused_columns,
)
from lianzhou_gis.intake.import_options import UNKNOWN, ImportOptions
from lianzhou_gis.layers.schema_mapping import columns_of, grade_of_cell
from lianzhou_gis.vocabulary import theme

__all__ = ["ColumnChoice", "GradeChoice", "ImportQuestion", "Proposal", "propose"]

# The share of a column's values that must be grades of the theme for the column to be proposed as that of grades.
_MOSTLY = 0.6
_MOST_VALUES = 200


@dataclass(frozen=True)
class ColumnChoice:
    """Which column of the file carries one of ours, and whether that was options or found by its name."""

    ours: str
    theirs: str
    how: Literal["stated", "alias"]


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
    questions : tuple of ImportQuestion
        What is still open about columns and values.
    """

    columns: tuple[ColumnChoice, ...]
    grades: tuple[GradeChoice, ...]
    rivals: dict[str, tuple[str, ...]]
    unused: tuple[UnusedColumn, ...]
    questions: tuple[ImportQuestion, ...]

    def column(self, ours: str) -> str | None:
        """Return the column of the file that carries one of ours."""
        return next((choice.theirs for choice in self.columns if choice.ours == ours), None)


def _folded(text: str) -> str:
    return plain_name(text)


def _likely_grades(theme_id: str, value: str | None) -> tuple[str, ...]:
    """Return the grades whose spellings are part of a value, the longest spelling first."""
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


def _grade_choices(frame: pd.DataFrame, column: str, entry: LayerEntry, options: ImportOptions) -> list[GradeChoice]:
    answers: dict[str | None, str] = {key.strip(): grade for key, grade in options.grades.items()}
    choices = []
    for value, count in sorted(_values(frame, column, entry).items(), key=lambda item: (-item[1], str(item[0]))):
        how: Literal["stated", "spelling", "open"]
        if value in answers:
            grade, how = (None if answers[value] == UNKNOWN else answers[value]), "stated"
        elif value is None and options.fill.get("grade") == UNKNOWN:
            grade, how = None, "stated"
        else:
            grade = grade_of_cell(entry, value)[1] if value else None
            how = "spelling" if grade else "open"
        likely = () if grade else _likely_grades(entry.theme, value)
        choices.append(GradeChoice(value, count, grade, how, likely))
    return choices


def _perhaps(names: tuple[str, ...]) -> Message | None:
    return Message.from_code("perhaps", names=names) if names else None


def _grade_questions(theme_id: str, choices: list[GradeChoice]) -> list[ImportQuestion]:
    if len(choices) > _MOST_VALUES:
        raise FormatError.from_code("grade_column_unlikely", count=len(choices))
    every = tuple(grade.id for grade in theme(theme_id).grades)
    questions = []
    for choice in choices:
        if choice.how != "open":
            continue
        order = (*choice.proposed, *(grade for grade in every if grade not in choice.proposed), UNKNOWN)
        if choice.value is None:
            question = ImportQuestion.build(
                "grade", None, order, "question_blank_grade", count=choice.count, unknown=UNKNOWN
            )
        else:
            question = ImportQuestion.build(
                "grade",
                choice.value,
                order,
                "question_grade",
                value=choice.value,
                count=choice.count,
                hint=_perhaps(choice.proposed),
                grades=[*every, UNKNOWN],
            )
        questions.append(question)
    return questions


def _rivals(frame: pd.DataFrame, entry: LayerEntry, columns: dict[str, str]) -> dict[str, tuple[str, ...]]:
    """Return the columns that would have been chosen for each of ours if the chosen one were missing."""
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


def propose(frame: pd.DataFrame, entry: LayerEntry, options: ImportOptions) -> Proposal:
    """Propose how the records of a file are read as zones.

    Parameters
    ----------
    frame : DataFrame
        As read.
    entry : LayerEntry
        With the columns and grades that the options state.
    options : ImportOptions

    Raises
    ------
    CatalogError
        If a named column is not in the file.
    """
    columns = columns_of(frame, entry)
    stated_columns = set(entry.columns)
    chosen = tuple(
        ColumnChoice(ours, theirs, "stated" if theirs in stated_columns else "alias")
        for ours, theirs in columns.items()
    )
    choices: list[GradeChoice] = []
    questions: list[ImportQuestion] = []
    unused = unused_columns(frame, set(columns.values()))
    if theme(entry.theme).grades:
        if "grade" in columns:
            choices = _grade_choices(frame, columns["grade"], entry, options)
            questions = _grade_questions(entry.theme, choices)
        else:
            likely = _grade_columns(frame, entry)
            questions.append(
                ImportQuestion.build("grade_column", None, likely, "question_grade_column", hint=_perhaps(likely))
            )
        questions += separation_questions(entry.theme, choices, unused, options)
    return Proposal(chosen, tuple(choices), _rivals(frame, entry, columns), unused, tuple(questions))
