"""Layers that a catalog points to in a PostGIS: the rows near the study area, and what the whole table holds."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import lianzhou_gis
from lianzhou_gis.catalog import LayerEntry
from lianzhou_gis.errors import FormatError, Issue
from lianzhou_gis.formats import Features
from lianzhou_gis.formats.georeference import georeference_features
from lianzhou_gis.formats.postgis import read_rows
from lianzhou_gis.formats.postgis_source import PostgisSource, open_connection
from lianzhou_gis.formats.postgis_tables import Relation, describe_table
from lianzhou_gis.formats.postgis_writing import read_record, write_record
from lianzhou_gis.geodesy import Region, StudyArea
from lianzhou_gis.layers.content_hash import Content
from lianzhou_gis.layers.schema_mapping import as_zones

__all__ = ["read_stored", "record_content"]


_READING = ("theme", "columns", "grades", "accuracy_m", "survey_crs", "crs", "datum")


def _reading(entry: LayerEntry) -> str:
    """Return a hash of all that decides what zones a table's rows become."""
    record = {
        "version": lianzhou_gis.__version__,
        **{name: getattr(entry, name) for name in _READING},
    }
    return hashlib.sha256(json.dumps(record, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:16]


def _source(entry: LayerEntry) -> PostgisSource:
    source = PostgisSource.from_url(entry.path, entry.layer)
    if source.query is not None:
        # A catalog may come from elsewhere: it names tables, and runs nothing of its own.
        raise FormatError.from_code("catalog_query", layer=entry.id)
    return source


def _content(table: Relation, entry: LayerEntry) -> Content | None:
    """Return what the whole table holds, if it was recorded for this reading of it and no row has changed since."""
    record = read_record(table.comment)
    if record.get("fingerprint") != table.sha256:
        return None
    try:
        found = record["contents"][_reading(entry)]
        counts = {str(name): int(count) for name, count in found["counts"].items()}
        west, south, east, north = (float(value) for value in found["extent"])
        return Content(table.rows, str(found["sha256"]), counts, (west, south, east, north))
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def read_stored(
    entry: LayerEntry, *, region: Region | None, study: StudyArea | None
) -> tuple[Features, Content | None]:
    """Read the table of a catalog entry.

    Parameters
    ----------
    entry : LayerEntry
        ``path`` is a database URL, ``layer`` the table.
    region : Region, optional
        Where coordinates must plausibly lie.
    study : StudyArea, optional
        Where the table carries a record of its content that still holds, only rows near it are fetched; else all are,
        as nobody could tell otherwise whether any is missing.

    Returns
    -------
    Features
    Content or None
        Of the whole table, where it is known without reading it.
    """
    source = _source(entry)
    with open_connection(source) as connection:
        table = describe_table(connection, source)
        # The area of a whole layer is measured on all of it.
        content = _content(table, entry) if study is not None and entry.official_area_m2 is None else None
        near = study if content is not None else None
        raw = read_rows(connection, table, study=near, crs=entry.crs, datum=entry.datum)
    if source.has_password:
        raw.issues.append(Issue.from_code("warning", "password_in_catalog", f"layer {entry.id}"))
    return georeference_features(raw, crs=entry.crs, datum=entry.datum, region=region), content


def record_content(entry: LayerEntry, *, region: Region | None = None) -> Content:
    """Read the table of a catalog entry whole, and record in the comment on it what it holds.

    From then on a run fetches only the rows near its sites, as long as no row changes. The record is made only for
    tables of which every row is read without a word and no zone has dates of its own: else rows that are not fetched
    could not be referred to.

    Parameters
    ----------
    entry : LayerEntry
    region : Region, optional

    Returns
    -------
    Content

    Raises
    ------
    FormatError, MissingFileError, ReferenceSystemError
        If the table cannot be read, or its comment not be written.
    """
    source = _source(entry)
    with open_connection(source) as connection:
        table = describe_table(connection, source)
        raw = read_rows(connection, table, crs=entry.crs, datum=entry.datum)
    features = georeference_features(raw, crs=entry.crs, datum=entry.datum, region=region)
    issues: list[Issue] = list(features.issues)
    survey = None if features.system.crs.is_geographic else features.system.code
    zones = as_zones(features.frame, entry, survey, issues)
    content = Content.summarise(zones, [name for name in zones.columns if name != "geometry"])
    if content.extent is None or issues or zones[["valid_from", "valid_to"]].notna().any(axis=None):
        return content
    known: dict[str, Any] = read_record(table.comment)
    others = known.get("contents") if known.get("fingerprint") == table.sha256 else None
    contents = dict(others) if isinstance(others, dict) else {}
    contents[_reading(entry)] = {"sha256": content.sha256, "counts": content.counts, "extent": list(content.extent)}
    write_record(source, {"fingerprint": table.sha256, "contents": contents}, table.comment)
    return content
