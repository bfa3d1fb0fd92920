"""Imports layers, checks them, and compares their editions."""

from __future__ import annotations

from lianzhou_gis.intake.access_list import AccessList, read_access_table
from lianzhou_gis.intake.import_options import ImportOptions, parse_options, read_mapping
from lianzhou_gis.intake.importing import Imported, Plan, carry_out, plan_import
from lianzhou_gis.intake.intake_source import ImportSource, read_source
from lianzhou_gis.intake.proposal import ImportQuestion
from lianzhou_gis.intake.replacement import plan_replacement

__all__ = [
    "AccessList",
    "ImportOptions",
    "ImportQuestion",
    "ImportSource",
    "Imported",
    "Plan",
    "carry_out",
    "parse_options",
    "plan_import",
    "plan_replacement",
    "read_access_table",
    "read_mapping",
    "read_source",
]
