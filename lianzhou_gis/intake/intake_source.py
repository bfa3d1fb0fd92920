"""The file to import: features, or a list with names and towns only."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from lianzhou_gis.catalog import Catalog
from lianzhou_gis.errors import FormatError, Issue
from lianzhou_gis.formats import Features, read_features
from lianzhou_gis.formats.plain_table import PlainTable, is_plain_table, read_plain_table
from lianzhou_gis.geodesy import CGCS2000, Region
from lianzhou_gis.geodesy.reference_systems import CrsLike
from lianzhou_gis.intake.table_reader import region_of
from lianzhou_gis.layers.schema_mapping import column_names
from lianzhou_gis.rulebook import FactVocabulary
from lianzhou_gis.table import Columns

__all__ = ["ImportSource", "read_source"]


@dataclass(frozen=True)
class ImportSource:
    """A file as read, and the catalog to import it into.

    Attributes
    ----------
    name : str
        Of the file.
    catalog : Catalog or None
        ``None`` where the catalog is to be begun.
    """

    name: str
    theme: str
    features: Features
    catalog_path: Path
    catalog: Catalog | None
    region: Region
    day: date
    facts: FactVocabulary


def read_source(
    path: str | Path,
    theme: str,
    catalog_path: str | Path,
    *,
    day: date,
    facts: FactVocabulary,
    layer: str | None = None,
    crs: CrsLike | None = None,
    datum: str | None = None,
    encoding: str | None = None,
    named: Collection[str] = (),
) -> ImportSource:
    """Read the file to import.

    Parameters
    ----------
    path : str or Path
    theme : str
        What kind of zones it holds.
    catalog_path : str or Path
        The catalog; it need not exist yet.
    day : datetime.date
        The day of the import.
    facts : FactVocabulary
    layer, crs, datum, encoding : optional
        As for :func:`lianzhou_gis.formats.read_features`.
    named : collection of str
        Names of columns that are stated; the head of a table is recognised by them too.

    Raises
    ------
    MissingFileError, FormatError, ReferenceSystemError, CatalogError
        If the file or the catalog cannot be read; nothing is guessed.
    """
    path, catalog_path = Path(path), Path(catalog_path)
    catalog = Catalog.open(catalog_path) if catalog_path.exists() else None
    region = region_of(catalog)
    if is_plain_table(path):
        features = _listed(read_plain_table(path, known={*column_names(), *named}, sheet=layer))
    else:
        features = read_features(path, layer=layer, crs=crs, datum=datum, encoding=encoding, region=region)
    for fault in features.wholeness.faults:
        raise FormatError.from_code("source_incomplete", file=path.name, fault=fault.message)
    if not len(features.columns):
        raise FormatError.from_code("source_without_features", file=path.name)
    return ImportSource(path.name, theme, features, catalog_path, catalog, region, day, facts)


def _listed(table: PlainTable) -> Features:
    """Return a list without any coordinates as zones that are known by their names and towns only."""
    frame = table.frame.reset_index(drop=True)
    frame = frame.assign(source_row=np.asarray(table.frame.index, dtype=np.int64))
    frame["geometry"] = pd.Series([None] * len(frame), index=frame.index, dtype=object)
    issue = Issue.from_code("warning", "list_without_shapes", table.name, count=len(frame))
    return Features(Columns.of_frame(frame), CGCS2000, table.encoding, [*table.issues, issue], table.sha256)
