"""FileGDB: layers with field aliases and coded-value domains."""

from __future__ import annotations

import shutil
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lianzhou_gis.errors import FormatError, Issue
from lianzhou_gis.formats.gdal_layers import layer_geometry_types, read_gdal_layer
from lianzhou_gis.formats.layer_choice import choose_layer
from lianzhou_gis.formats.limits import refuse_outside, sha256_of_files
from lianzhou_gis.formats.plain_xml import parse_plain_xml
from lianzhou_gis.formats.raw_features import RawFeatures, unique_names

__all__ = ["filegdb_layers", "read_filegdb"]

_MOST_FILES = 20_000
_ITEMS = "GDB_Items"


def _files(folder: Path) -> dict[str, Path]:
    files = {file.name: file for file in sorted(folder.iterdir()) if file.is_file()}
    if len(files) > _MOST_FILES:
        raise FormatError.from_code("gdb_files_many", file=folder.name, count=len(files))
    refuse_outside(files.values(), folder / "gdb")
    return files


@contextmanager
def _as_gdb(folder: Path) -> Iterator[Path]:
    """Yield the folder under a name that ends with ``.gdb``, by which alone GDAL knows it."""
    if folder.suffix.lower() == ".gdb":
        yield folder
        return
    with tempfile.TemporaryDirectory(prefix="lianzhou-gis-") as place:
        named = Path(place) / "layer.gdb"
        try:
            named.symlink_to(folder.resolve(), target_is_directory=True)
        except OSError:
            shutil.copytree(folder, named)
        yield named


def filegdb_layers(folder: Path, name: str) -> dict[str, str | None]:
    """Return the layers of a FileGDB with the kind of their geometry, None for tables.

    Raises
    ------
    FormatError
        If it cannot be opened.
    """
    _files(folder)
    with _as_gdb(folder) as place:
        return layer_geometry_types(place, name)


def read_filegdb(path: Path, name: str, layer: str | None, encoding: str | None) -> RawFeatures:
    """Read one layer of a FileGDB.

    Parameters
    ----------
    path : Path
        Its folder, or a file in it.
    name : str
        For messages.
    layer : str, optional
        Needed where there are several with geometry.
    encoding : str, optional
        Not used: the format fixes it.

    Returns
    -------
    RawFeatures
        A column with coded values holds their texts, and ``<column>_code`` beside it the codes.

    Raises
    ------
    FormatError
        If it is damaged, compressed, or the layer is not there or not named.
    """
    folder = path if path.is_dir() else path.parent
    digest = sha256_of_files(_files(folder))
    with _as_gdb(folder) as place:
        kinds = layer_geometry_types(place, name)
        shaped = [title for title, kind in kinds.items() if kind is not None]
        chosen = choose_layer(name, shaped, layer, also=[title for title in kinds if title not in shaped])
        if len(kinds) > 1:
            name = f"{name}/{chosen}"
        issues: list[Issue] = []
        read = read_gdal_layer(place, chosen, name, issues, counted=True, curved=True)
        aliases, domains = _described(place, chosen, name, issues)
    columns = _resolved(read.columns, read.fields, domains, name, issues)
    named = {field: column for column, field in read.fields.items()}
    return RawFeatures(
        doubles=True,
        name=name,
        columns=columns,
        geometries=read.geometries,
        crs=read.crs,
        encoding=None,
        issues=issues,
        sha256=digest,
        aliases={named[field]: alias for field, alias in aliases.items() if field in named and alias != field},
    )


def _described(
    place: Path, layer: str, name: str, issues: list[Issue]
) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    """Return the aliases of a layer's fields, and the coded values of those that have a domain."""
    try:
        rows = read_gdal_layer(place, _ITEMS, name, []).columns
        definitions = [str(text) for text in rows.get("Definition", ()) if text]
    except FormatError:
        definitions = []
    fields: dict[str, ET.Element] = {}
    coded: dict[str, dict[str, str]] = {}
    for text in definitions:
        if not text.lstrip().startswith("<"):
            continue
        try:
            item = parse_plain_xml(text, name)
        except FormatError:
            continue
        if "CodedValueDomain" in item.tag:
            pairs = item.iterfind("CodedValues/CodedValue")
            coded[item.findtext("DomainName") or ""] = {
                (pair.findtext("Code") or "").strip(): (pair.findtext("Name") or "").strip() for pair in pairs
            }
        elif item.findtext("Name") == layer and item.find("GPFieldInfoExs") is not None:
            fields = {field.findtext("Name") or "": field for field in item.iterfind("GPFieldInfoExs/GPFieldInfoEx")}
    if not fields:
        issues.append(Issue.from_code("warning", "gdb_description_missing", name))
    aliases = {title: field.findtext("AliasName") or "" for title, field in fields.items()}
    domains = {title: coded.get(field.findtext("DomainName") or "", {}) for title, field in fields.items()}
    return (
        {title: alias.strip() for title, alias in aliases.items() if alias.strip()},
        {title: values for title, values in domains.items() if values},
    )


def _code(value: object) -> str:
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value).strip()


def _resolved(
    columns: dict[str, npt.NDArray[Any]],
    fields: dict[str, str],
    domains: dict[str, dict[str, str]],
    name: str,
    issues: list[Issue],
) -> dict[str, npt.NDArray[Any]]:
    """Return columns with the texts of coded values, codes beside them."""
    result: dict[str, npt.NDArray[Any]] = {}
    for column, values in columns.items():
        domain = domains.get(fields[column])
        if domain is None:
            result[column] = values
            continue
        texts = np.empty(len(values), dtype=object)
        unknown = set()
        for row, value in enumerate(values):
            if value is None or (isinstance(value, float | np.floating) and np.isnan(value)):
                continue
            texts[row] = domain.get(_code(value), value)
            if _code(value) not in domain:
                unknown.add(_code(value))
        result[column] = texts
        (code,), _ = unique_names([f"{column}_code"], [*columns, *result], name)
        result[code] = values
        issues.append(Issue.from_code("info", "domain_resolved", name, column=column, code=code))
        if unknown:
            listed = ", ".join(sorted(unknown)[:8])
            issues.append(Issue.from_code("warning", "domain_value_unknown", name, column=column, listed=listed))
    return result
