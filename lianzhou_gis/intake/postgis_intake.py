"""Stores an imported layer in PostGIS instead of a GeoPackage: reads it back, or removes it again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from lianzhou_gis.catalog import LayerEntry
from lianzhou_gis.errors import FormatError
from lianzhou_gis.formats import read_features
from lianzhou_gis.formats.postgis_source import PostgisSource
from lianzhou_gis.formats.postgis_writing import drop_layer, write_layer
from lianzhou_gis.geodesy import Region, from_cgcs2000
from lianzhou_gis.layers.postgis_store import record_content

__all__ = ["in_database", "pointing_to"]


def pointing_to(entry: LayerEntry, url: str) -> LayerEntry:
    """Return an entry that points to a table instead of a file; a password does not come into the catalog.

    Parameters
    ----------
    entry : LayerEntry
    url : str
        With ``?table=schema.table``, else the table has the name of the layer.

    Examples
    --------
    >>> entry = LayerEntry(id="redline", series="redline", theme="ecological_redline", path="redline.gpkg")
    >>> found = pointing_to(entry, "postgresql://zhang:secret@db.local/land?table=zones.redline&sslmode=require")
    >>> found.path, found.layer
    ('postgresql://zhang@db.local/land?sslmode=require', '"zones"."redline"')
    """
    source = PostgisSource.from_url(url)
    if source.query is not None:
        raise FormatError.from_code("store_is_query")
    names = [name for name in (source.schema, source.table or entry.id) if name]
    table = ".".join('"' + name.replace('"', '""') + '"' for name in names)
    return replace(entry, path=source.plain_url, layer=table, file_sha256=None)


@contextmanager
def in_database(entry: LayerEntry, staged: Path, url: str, region: Region | None) -> Iterator[LayerEntry]:
    """Write a GeoPackage that was imported into a database and give the entry that points to it.

    What was written is read back and must hold the same content; where that, or anything inside the block, fails, the
    table is taken out again.

    Parameters
    ----------
    entry : LayerEntry
        With the content hash.
    staged : pathlib.Path
    url : str
        See :func:`pointing_to`.
    region : Region, optional
    """
    pointed = pointing_to(entry, url)
    features = read_features(staged, region=region)
    shapes = features.frame["geometry"].to_numpy(dtype=object)
    if not features.system.reliable:
        # Coordinates of an old datum stay what they are.
        shapes = from_cgcs2000(shapes, features.system)
    table = features.frame.assign(geometry=shapes)
    write_layer(table, url, pointed.layer, system=features.system)
    try:
        # Through the URL that was given: the catalog's has no password.
        content = record_content(replace(pointed, path=url), region=region)
        if content.sha256 != entry.sha256:
            raise FormatError.from_code(
                "stored_content_differs", source=PostgisSource.from_url(url, pointed.layer).name
            )
        yield pointed
    except BaseException:
        drop_layer(url, pointed.layer)
        raise
