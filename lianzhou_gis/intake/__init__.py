"""Bringing layers in, checking what they hold, comparing their editions."""

from __future__ import annotations

from lianzhou_gis.intake.importing import Imported, Plan, Source, carry_out, plan_import, read_source
from lianzhou_gis.intake.proposal import Question
from lianzhou_gis.intake.told import Told, read_mapping, told_of

__all__ = [
    "Imported",
    "Plan",
    "Question",
    "Source",
    "Told",
    "carry_out",
    "plan_import",
    "read_mapping",
    "read_source",
    "told_of",
]
