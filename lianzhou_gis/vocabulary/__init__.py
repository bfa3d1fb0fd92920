"""The words of the field: verdicts, effects, relations, gap reasons, themes and grades, with their labels and styles.

Codes are enums here, labels and colours are data in the YAML files beside this one.
"""

from __future__ import annotations

from lianzhou_gis.vocabulary.codes import Effect, GapReason, Relation, Verdict
from lianzhou_gis.vocabulary.labels import DISCLAIMER, label
from lianzhou_gis.vocabulary.themes import Grade, Style, Theme, grade_of, theme, themes

__all__ = [
    "DISCLAIMER",
    "Effect",
    "GapReason",
    "Grade",
    "Relation",
    "Style",
    "Theme",
    "Verdict",
    "grade_of",
    "label",
    "theme",
    "themes",
]
