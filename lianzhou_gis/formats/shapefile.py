"""Shapefiles, with texts decoded here and not by GDAL.

GDAL is asked for the bytes of every text (as ISO 8859-1, which maps each byte to one character) and they are decoded
with the encoding that was decided before. So no guess of GDAL's comes in, and a name or value that was cut in
mid-character costs that character only.
"""

from __future__ import annotations

import struct
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lianzhou_gis.errors import FormatError, Issue, MissingFileError
from lianzhou_gis.formats.dbf import Dbf, read_dbf
from lianzhou_gis.formats.encodings import Encoding, decide_dbf_encoding, decode_cell
from lianzhou_gis.formats.gdal_layers import read_gdal_layer
from lianzhou_gis.formats.limits import (
    MAX_FEATURES,
    MAX_VECTOR_BYTES,
    read_bounded,
    refuse_count,
    refuse_outside,
    sha256_of_file,
    sha256_of_files,
)
from lianzhou_gis.formats.raw_features import RawFeatures, unique_names
from lianzhou_gis.formats.ring_order import holes_by_containment
from lianzhou_gis.formats.shape_records import check_shape_records
from lianzhou_gis.formats.wholeness import WholenessGround

__all__ = ["read_shapefile", "shapefile_parts"]

_PARTS = ("shp", "shx", "dbf", "prj", "cpg")
# A DBF text field ends here; longer texts were cut when the file was written.
_LONGEST_TEXT = 254
_BYTES = "ISO-8859-1"


def shapefile_parts(path: Path) -> dict[str, Path]:
    """Return the files of a Shapefile by extension, whatever their case.

    Parameters
    ----------
    path : Path
        Any of them.

    Raises
    ------
    FormatError
        If one is a link that leads out of the folder.
    """
    stem = path.stem.casefold()
    files = {
        file.suffix.lower().lstrip("."): file
        for file in sorted(path.parent.iterdir())
        if file.stem.casefold() == stem and file.suffix.lower().lstrip(".") in _PARTS
    }
    refuse_outside(files.values(), path)
    return files


def read_shapefile(path: Path, name: str, layer: str | None, encoding: str | None) -> RawFeatures:
    """Read a Shapefile.

    Parameters
    ----------
    path : Path
        Any of its files; the others are beside it, in upper or lower case.
    name : str
        For messages.
    layer : str, optional
        A Shapefile has none.
    encoding : str, optional
        Of the attribute table; decided from the file where not given.

    Raises
    ------
    MissingFileError
        If ``.shp`` or ``.shx`` is missing.
    FormatError
        If a file is broken or cut off.
    """
    files = shapefile_parts(path)
    for extension in ("shp", "shx"):
        if extension not in files:
            raise MissingFileError.from_code("shapefile_part_missing", file=name, extension=extension)
    digest = sha256_of_files(files)
    records = _check_lengths(name, files)
    refuse_count(name, records, MAX_FEATURES, "features")
    issues: list[Issue] = []
    table, decided = _table(name, files, encoding, records, issues)
    wholeness = check_shape_records(files["shp"], files["shx"], table.records if table else None).wholeness
    if table is not None:
        wholeness = wholeness.joined(table.wholeness)
    read = read_gdal_layer(files["shp"], None, name, issues, encoding=_BYTES)
    geometries = holes_by_containment(read.geometries, name, issues)
    deleted = table.deleted if table is not None else 0
    if deleted:
        issues.append(Issue.from_code("warning", "records_deleted", name, records=records, deleted=deleted))
    if len(geometries) + deleted < records:
        rows = records - deleted
        wholeness = wholeness.with_fault(WholenessGround.RECORD_COUNT, "rows_not_read", rows=rows, read=len(geometries))
    named = [_decoded_name(field, decided.name, name, issues) for field in read.fields.values()]
    names, renamed = unique_names(named, ["geometry", "source_row"], name)
    issues.extend(renamed)
    texts = {field: _decoded(values, decided.name) for field, values in zip(names, read.columns.values(), strict=True)}
    issues.extend(_text_issues(name, {field: counts for field, (_, counts) in texts.items()}))
    return RawFeatures(
        doubles=True,
        name=name,
        columns={field: values for field, (values, _) in texts.items()} if table else {},
        geometries=geometries,
        crs=_projection(files),
        encoding=decided.name if table else None,
        issues=issues,
        sha256=digest,
        wholeness=wholeness,
    )


def _table(
    name: str, files: dict[str, Path], encoding: str | None, records: int, issues: list[Issue]
) -> tuple[Dbf | None, Encoding]:
    if "dbf" not in files:
        issues.append(Issue.from_code("error", "table_missing", name))
        return None, Encoding("utf-8", "ascii")
    table = read_dbf(files["dbf"])
    cpg = read_bounded(files["cpg"], 4096) if "cpg" in files else None
    decided = decide_dbf_encoding(table.text, cpg, declared=encoding, where=name)
    issues.extend(decided.issues)
    if decided.name == "gb18030" and decided.source == "bytes":
        issues.append(Issue.from_code("info", "encoding_detected.table", name))
    return table, decided


def _check_lengths(name: str, files: dict[str, Path]) -> int:
    """Return the number of records, after proof that neither file was cut off."""
    for extension in ("shp", "shx"):
        size = files[extension].stat().st_size
        if size > MAX_VECTOR_BYTES:
            sha256_of_file(files[extension])
        with files[extension].open("rb") as stream:
            head = stream.read(100)
        declared = 2 * int(struct.unpack(">i", head[24:28])[0]) if len(head) == 100 else 0
        if len(head) < 100 or head[:4] != b"\x00\x00\x27\x0a" or declared > size:
            raise FormatError.from_code(
                "shapefile_cut", file=name, extension=extension, declared=declared, present=size
            )
    return (files["shx"].stat().st_size - 100) // 8


def _projection(files: dict[str, Path]) -> str | None:
    if "prj" not in files:
        return None
    content = read_bounded(files["prj"], 2**16)
    for encoding in ("utf-8-sig", "gb18030", _BYTES):
        try:
            return content.decode(encoding).strip("\x00 \r\n\t") or None
        except UnicodeDecodeError:
            continue
    return None


def _decoded_name(field: str, encoding: str, name: str, issues: list[Issue]) -> str:
    text, state = decode_cell(field.encode(_BYTES), encoding)
    if state != "whole":
        issues.append(Issue.from_code("info", "field_name_cut", name, text=text))
    return text.strip()


def _decoded(values: npt.NDArray[Any], encoding: str) -> tuple[npt.NDArray[Any], Counter[str]]:
    """Return a column with its texts decoded, and how many were cut or bad; other kinds as they are."""
    counts: Counter[str] = Counter()
    if values.dtype != object:
        return values, counts
    known: dict[str, tuple[str | None, str]] = {}
    result = np.empty(len(values), dtype=object)
    for row, value in enumerate(values):
        if not isinstance(value, str):
            result[row] = value
            continue
        if value not in known:
            raw = value.encode(_BYTES)
            text, state = decode_cell(raw, encoding)
            full = state == "whole" and len(raw) >= _LONGEST_TEXT
            known[value] = (text.strip() or None, "full" if full else state)
        result[row], state = known[value]
        if state != "whole":
            counts[state] += 1
    return result, counts


def _text_issues(name: str, counts: dict[str, Counter[str]]) -> list[Issue]:
    issues = []
    for field, count in counts.items():
        if count["cut"]:
            issues.append(Issue.from_code("warning", "text_cut", name, field=field, count=count["cut"]))
        if count["full"]:
            issues.append(
                Issue.from_code(
                    "warning", "text_fills_field", name, field=field, count=count["full"], longest_text=_LONGEST_TEXT
                )
            )
    return issues
