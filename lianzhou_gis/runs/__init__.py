"""The run folder: everything that a screening found, and all that is needed to repeat it."""

from __future__ import annotations

from lianzhou_gis.runs.document import as_document
from lianzhou_gis.runs.folder import Run, save
from lianzhou_gis.runs.schema import SCHEMA_VERSION, Document, json_schema

__all__ = ["SCHEMA_VERSION", "Document", "Run", "as_document", "json_schema", "save"]
