"""FlatGeobuf: one layer in one file."""

from __future__ import annotations

from pathlib import Path

from lianzhou_gis.errors import Issue
from lianzhou_gis.formats.flatgeobuf_records import check_flatgeobuf_records
from lianzhou_gis.formats.gdal_layers import read_gdal_layer
from lianzhou_gis.formats.limits import sha256_of_file
from lianzhou_gis.formats.raw_features import RawFeatures

__all__ = ["read_flatgeobuf"]


def read_flatgeobuf(path: Path, name: str, layer: str | None, encoding: str | None) -> RawFeatures:
    """Read a FlatGeobuf file.

    Parameters
    ----------
    path : Path
    name : str
        For messages.
    layer, encoding : str, optional
        The format has neither.

    Raises
    ------
    FormatError
        If it is damaged.
    """
    issues: list[Issue] = []
    digest = sha256_of_file(path)
    read = read_gdal_layer(path, None, name, issues, curved=True)
    return RawFeatures(
        doubles=True,
        name=name,
        columns=read.columns,
        geometries=read.geometries,
        crs=read.crs,
        encoding=None,
        issues=issues,
        sha256=digest,
        wholeness=check_flatgeobuf_records(path, len(read.geometries)),
    )
