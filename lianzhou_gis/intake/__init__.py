"""Bringing layers in, checking what they hold, comparing their editions."""

from __future__ import annotations

from lianzhou_gis.intake.access_list import AccessList, read_access_table
from lianzhou_gis.intake.import_options import Told, read_mapping, told_of
from lianzhou_gis.intake.importing import Imported, Plan, carry_out, plan_import
from lianzhou_gis.intake.intake_source import Source, read_source
from lianzhou_gis.intake.proposal import Question

__all__ = [
    "AccessList",
    "Imported",
    "Plan",
    "Question",
    "Source",
    "Told",
    "carry_out",
    "plan_import",
    "read_access_table",
    "read_mapping",
    "read_source",
    "told_of",
]
