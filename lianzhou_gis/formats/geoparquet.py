"""GeoParquet: geometries as WKB in a Parquet file, their reference system in its metadata."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import shapely

from lianzhou_gis.errors import FormatError, Issue, LianzhouError, extra
from lianzhou_gis.formats.limits import MAX_FEATURES, MAX_VECTOR_BYTES, refuse_count, sha256_of_file
from lianzhou_gis.formats.normalise import parse_geometries, ring_closed_issue
from lianzhou_gis.formats.raw_features import RawFeatures, capture_warnings, unique_names, unreadable_issue
from lianzhou_gis.formats.well_known import screen_wkb

if TYPE_CHECKING:
    from pyarrow.parquet import ParquetFile

__all__ = ["ASSUMED_CRS", "declared_geometry", "read_geoparquet"]

# A few bytes can decompress to a million long texts: the output is counted while reading.
_BATCH_ROWS = 2_000
# Default of the standard for a file without a reference system.
ASSUMED_CRS = "OGC:CRS84"
_MOST_BYTES = MAX_VECTOR_BYTES // 4


def read_geoparquet(path: Path, name: str, layer: str | None, encoding: str | None) -> RawFeatures:
    """Read a GeoParquet file.

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
        If it is damaged, no GeoParquet, or unpacks to more than is read.
    """
    parquet = extra("pyarrow.parquet", "arrow")
    digest = sha256_of_file(path)
    issues: list[Issue] = []
    try:
        with parquet.ParquetFile(path) as file:
            refuse_count(name, file.metadata.num_rows, MAX_FEATURES, "features")
            groups = [file.metadata.row_group(number) for number in range(file.metadata.num_row_groups)]
            _refuse_bytes(sum(group.total_byte_size for group in groups), name)
            meta, column = _geo(file.schema_arrow.metadata or {}, name)
            flat = [field.name for field in file.schema_arrow if field.type.num_fields == 0]
            nested = [field.name for field in file.schema_arrow if field.name not in flat]
        with parquet.ParquetFile(path, read_dictionary=flat) as file:
            table = _rows(file, flat, name)
    except LianzhouError:
        raise
    except Exception as error:
        # Any exception of the reader on a damaged file.
        raise FormatError.from_code("parquet_invalid", file=name) from error
    if column not in table:
        raise FormatError.from_code("parquet_geometry_missing", file=name, column=column)
    blobs = table.pop(column)
    there = np.array([isinstance(blob, bytes) for blob in blobs], dtype=bool)
    with capture_warnings(name, []):
        parsed = parse_geometries(
            shapely.from_wkb, screen_wkb([blob if isinstance(blob, bytes) else None for blob in blobs])
        )
    issues.extend(unreadable_issue(there & shapely.is_missing(parsed.geometries), name))
    issues.extend(ring_closed_issue(parsed.closed, name))
    if nested:
        listed = ", ".join(nested[:8])
        issues.append(Issue.from_code("info", "column_not_read", name, listed=listed))
    if meta.get("edges") == "spherical":
        issues.append(Issue.from_code("warning", "edges_spherical", name))
    names, renamed = unique_names([str(title) for title in table], ["geometry", "source_row"], name)
    issues.extend(renamed)
    return RawFeatures(
        doubles=True,
        name=name,
        columns=dict(zip(names, table.values(), strict=True)),
        geometries=parsed.geometries,
        crs=None if _system(meta) == ASSUMED_CRS else _system(meta),
        encoding=None,
        issues=issues,
        sha256=digest,
        wgs84_by="GeoParquet" if _system(meta) == ASSUMED_CRS else None,
    )


def declared_geometry(metadata: dict[bytes, bytes], name: str) -> tuple[str | None, str]:
    """Return the reference system and the name of the geometry column that the metadata of a file declare.

    Raises
    ------
    FormatError
        If they declare none, or geometries that are not WKB.
    """
    meta, column = _geo(metadata, name)
    return _system(meta), column


def _geo(metadata: dict[bytes, bytes], name: str) -> tuple[dict[str, Any], str]:
    """Return metadata and name of the primary geometry column."""
    try:
        geo = json.loads(metadata.get(b"geo", b""))
        column = str(geo["primary_column"])
        meta = geo["columns"][column]
        encoding = str(meta["encoding"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise FormatError.from_code("parquet_metadata_missing", file=name) from error
    if encoding != "WKB":
        raise FormatError.from_code("parquet_encoding", file=name, encoding=encoding)
    return meta, column


def _system(meta: dict[str, Any]) -> str | None:
    """Return the reference system: PROJJSON, longitude and latitude of WGS 84 if absent, None for null."""
    if "crs" not in meta:
        return ASSUMED_CRS
    return json.dumps(meta["crs"]) if meta["crs"] is not None else None


def _refuse_bytes(total: int, name: str) -> None:
    if total > _MOST_BYTES:
        raise FormatError.from_code("parquet_unpacks_large", file=name, most=_MOST_BYTES / 2**20)


def _rows(file: ParquetFile, flat: list[str], name: str) -> dict[str, npt.NDArray[Any]]:
    """Return the columns batch by batch, within bounds; shared texts are built once but counted for each row."""
    parts: dict[str, list[npt.NDArray[Any]]] = {title: [] for title in flat}
    total = 0
    for batch in file.iter_batches(batch_size=_BATCH_ROWS, columns=flat):
        for title, values in zip(batch.schema.names, batch.columns, strict=True):
            column = np.empty(len(values), dtype=object)
            if hasattr(values, "dictionary"):
                words = values.dictionary.to_pylist()
                places = values.indices.to_pylist()
                column[:] = [None if place is None else words[place] for place in places]
                total += sum(len(word) if isinstance(word, str | bytes) else 8 for word in column if word is not None)
            else:
                total += values.nbytes
                column[:] = values.to_pylist()
            _refuse_bytes(total, name)
            parts[title].append(column)
    return {title: np.concatenate(held) if held else np.empty(0, dtype=object) for title, held in parts.items()}
