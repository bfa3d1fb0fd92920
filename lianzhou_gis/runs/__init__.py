"""The run folder: everything that a screening found, and all that is needed to repeat it.

Names resolve on first use: to tell a result as a document needs no library that reads, writes or checks folders.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lianzhou_gis.runs.document import SCHEMA_VERSION, as_document
    from lianzhou_gis.runs.folder import Run, save
    from lianzhou_gis.runs.schema import Document, json_schema

_HOMES = {
    "SCHEMA_VERSION": "document",
    "Document": "schema",
    "Run": "folder",
    "as_document": "document",
    "json_schema": "schema",
    "save": "folder",
}

__all__ = ["SCHEMA_VERSION", "Document", "Run", "as_document", "json_schema", "save"]


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
