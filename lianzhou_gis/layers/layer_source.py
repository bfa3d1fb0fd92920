"""What a catalog entry points to, a file or a table of a database, read unchanged."""

from __future__ import annotations

import re
from dataclasses import replace

from lianzhou_gis.catalog import Catalog, LayerEntry
from lianzhou_gis.errors import Issue
from lianzhou_gis.formats import Features, read_features
from lianzhou_gis.formats.kinds import is_database
from lianzhou_gis.geodesy import Region, StudyArea
from lianzhou_gis.layers.content_hash import Content
from lianzhou_gis.layers.postgis_store import read_stored

__all__ = ["read_source"]

# The line, record or cell of a file behind its name.
_ROW = re.compile(r":[A-Z]*\d+$")


def read_source(
    catalog: Catalog, entry: LayerEntry, *, region: Region | None, study: StudyArea | None = None
) -> tuple[Features, Content | None]:
    """Read a layer of a catalog before any repair: a file whole, of a database the rows that may matter.

    Parameters
    ----------
    catalog : Catalog
    entry : LayerEntry
    region : Region, optional
        Where coordinates must plausibly lie.
    study : StudyArea, optional
        Of a database only the rows near it are fetched, where it is recorded what the whole table holds.

    Returns
    -------
    Features
        Geometry EPSG:4490, as read. Its issues name the layer, not the file or table: the same whatever store holds it.
    Content or None
        Of the whole table, where it is known without reading it.

    Raises
    ------
    MissingFileError, FormatError, ReferenceSystemError, CatalogError
        If it cannot be read.
    """
    content = None
    if is_database(entry.path):
        features, content = read_stored(entry, region=region, study=study)
    else:
        features = read_features(
            catalog.file(entry.path),
            layer=entry.layer,
            crs=entry.crs,
            datum=entry.datum,
            encoding=entry.encoding,
            region=region,
        )
    features.issues = [_of_layer(issue, entry) for issue in features.issues]
    return features, content


def _of_layer(issue: Issue, entry: LayerEntry) -> Issue:
    row = _ROW.search(issue.where)
    return replace(issue, where=f"layer {entry.id}{row[0] if row else ''}")
