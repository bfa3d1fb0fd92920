"""``publish --check``: every published file is made again and compared byte for byte.

Without the source, the manifest and the GeoJSON and CSV files are read strictly, and every file is made again from
them. With it, everything is made again from the source, so that nothing can stand in the folder that is not published.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import shapely
from pydantic import ValidationError

from lianzhou_gis.errors import DisclosureError, FormatError, Issue, MissingFileError
from lianzhou_gis.maps.disclosure.manifest_checks import manifest_issues, part_issues
from lianzhou_gis.maps.disclosure.open_data import FOLDER, PICTURE, guarded, names_of, published_files
from lianzhou_gis.maps.disclosure.policy import policy
from lianzhou_gis.maps.disclosure.publication import (
    FEW,
    MANIFEST,
    PAGE,
    Manifest,
    Part,
    PublicPart,
    profile_of,
)
from lianzhou_gis.maps.disclosure.sources import Source

__all__ = ["check_publication", "day_of_publication"]

_LARGEST = 200_000_000
_DEEPEST = 8


def check_publication(folder: Path, source: Source | None = None) -> list[Issue]:
    """Return everything that is wrong with a publication; nothing where it is sound.

    Parameters
    ----------
    folder : pathlib.Path
    source : Source, optional
        What it was made from: without it no value and no coordinate can be compared.

    Raises
    ------
    MissingFileError, FormatError
        If the folder is no publication at all.
    """
    if not (folder / MANIFEST).is_file():
        raise MissingFileError.from_code("no_publication", folder=folder, manifest=MANIFEST)
    contents, found = _contents(folder)
    manifest, wrong = _manifest(contents.get(MANIFEST, b""))
    found += wrong
    if manifest is None:
        return found
    found += _files(manifest, contents, folder)
    parts: list[Part] = []
    for record in manifest.layers:
        part, wrong = _part(record, contents)
        found += wrong
        if part is not None:
            parts.append(part)
            found += part_issues(manifest, part)
    if len(parts) == len(manifest.layers):
        found += manifest_issues(manifest, parts)
    if source is not None:
        return found + _against_source(manifest, contents, source)
    if len(parts) == len(manifest.layers):
        found += _compared(published_files(manifest, parts), contents)
    return found


def day_of_publication(folder: Path) -> str | None:
    """Return the day as of which a publication was made; ``None`` where its manifest does not say."""
    try:
        manifest, _ = _manifest((folder / MANIFEST).read_bytes())
    except OSError:
        return None
    return manifest.as_of.isoformat() if manifest else None


def _contents(folder: Path) -> tuple[dict[str, bytes], list[Issue]]:
    """Return the files of a folder; links, and whatever is no plain file, are issues."""
    contents, found, size = {}, [], 0
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            found.append(Issue.from_code("error", "foreign_file", name))
            continue
        if path.is_dir():
            if name != FOLDER:
                found.append(Issue.from_code("error", "foreign_folder", name))
            continue
        size += path.stat().st_size
        if size > _LARGEST:
            raise FormatError.from_code("publication_too_large", folder=folder)
        contents[name] = path.read_bytes()
    return contents, found


class _Repeated(ValueError):
    """A key stands twice in a mapping of JSON."""


def _strict_json(content: bytes) -> Any:  # noqa: ANN401 - parsed JSON
    """Parse JSON in which no key stands twice and every number is finite."""

    def mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({key for key, _ in pairs}) != len(pairs):
            raise _Repeated
        return dict(pairs)

    def refused(text: str) -> float:
        raise ValueError(text)

    text = content.decode("utf-8")
    if text.count("[") > 0 and "[" * (_DEEPEST + 4) in text:
        raise ValueError("nested too deeply")
    return json.loads(text, object_pairs_hook=mapping, parse_constant=refused)


def _manifest(content: bytes) -> tuple[Manifest | None, list[Issue]]:
    """Return the manifest if it is exactly what this software writes."""
    try:
        _strict_json(content)
        manifest = Manifest.model_validate_json(content)
    except _Repeated:
        return None, [Issue.from_code("error", "key_twice", MANIFEST)]
    except ValidationError as error:
        first: Any = error.errors(include_url=False)[0]
        key = ".".join(str(step) for step in first["loc"]) or "-"
        return None, [Issue.from_code("error", "manifest_broken", MANIFEST, key=key)]
    except (ValueError, RecursionError):
        return None, [Issue.from_code("error", "manifest_broken", MANIFEST, key="-")]
    found = []
    if manifest.written() != content:
        found.append(Issue.from_code("error", "not_canonical", MANIFEST))
    if (manifest.approval_number is None) == (manifest.approval_ground not in policy().approval_grounds):
        return None, [*found, Issue.from_code("error", "approval_missing", MANIFEST)]
    least = policy().least_protect_m
    for part in manifest.layers:
        if part.show == "shapes" and part.as_published is None:
            report = part.attacks
            if part.grid is None or report is None or part.protect_m is None or part.protect_m < least:
                return None, [*found, Issue.from_code("error", "attacks_missing", MANIFEST, layer=part.id)]
            if report.median_m < part.protect_m or report.least_m < part.protect_m / 2:
                found.append(Issue.from_code("error", "attacks_succeed", MANIFEST, layer=part.id))
    return manifest, found


def _wanted(manifest: Manifest) -> set[str]:
    names = {PAGE, f"{FOLDER}/index.html", *(name for part in manifest.layers for name in names_of(part))}
    return names | ({PICTURE} if any(part.show == "shapes" for part in manifest.layers) else set())


def _files(manifest: Manifest, contents: dict[str, bytes], folder: Path) -> Iterator[Issue]:
    """Exactly the files of the manifest, with their hashes."""
    wanted = _wanted(manifest)
    listed = {record.name: (record.sha256, record.bytes) for record in manifest.files}
    for name in sorted(set(contents) - wanted - {MANIFEST}):
        yield Issue.from_code("error", "foreign_file", name)
    for name in sorted(wanted - set(contents)):
        yield Issue.from_code("error", "public_file_missing", name)
    for name in sorted(wanted & set(contents)):
        if listed.get(name) != (hashlib.sha256(contents[name]).hexdigest(), len(contents[name])):
            yield Issue.from_code("error", "hash_differs", name)
    if set(listed) - wanted or len(listed) != len(manifest.files):
        yield Issue.from_code("error", "foreign_record", MANIFEST)


def _compared(made: dict[str, bytes], contents: dict[str, bytes]) -> Iterator[Issue]:
    """Compare files that were made again with those that stand there."""
    for name in sorted(made):
        if name in contents and made[name] != contents[name]:
            yield Issue.from_code("error", "bytes_differ", name)


def _against_source(manifest: Manifest, contents: dict[str, bytes], source: Source) -> list[Issue]:
    """Make the whole publication again from its source, and compare it."""
    from lianzhou_gis.maps.disclosure.publishing import make_publication

    if source.day != manifest.as_of:
        return [Issue.from_code("error", "other_day", MANIFEST, day=manifest.as_of, given=source.day)]
    try:
        made = make_publication(source, profile_of(manifest), exact=manifest.exact_confirmed)
    except ValidationError:
        return [Issue.from_code("error", "manifest_broken", MANIFEST, key="layers")]
    except DisclosureError as error:
        return [Issue.from_code("error", "not_publishable", MANIFEST, why=error)]
    found = [Issue.from_code("error", "foreign_file", name) for name in sorted(set(contents) - set(made))]
    found += [Issue.from_code("error", "public_file_missing", name) for name in sorted(set(made) - set(contents))]
    return found + [
        Issue.from_code("error", "bytes_differ.source", name)
        for name in sorted(set(made) & set(contents))
        if made[name] != contents[name]
    ]


def _part(record: PublicPart, contents: dict[str, bytes]) -> tuple[Part | None, list[Issue]]:
    """Read the files of a layer: exactly the columns of the manifest, nothing beside."""
    columns = [column.id for column in record.columns]
    columns = [*columns, "count"] if record.show == "counts" else ["number", *columns]
    if record.show == "shapes":
        return _geojson(record, columns, contents.get(f"{FOLDER}/{record.id}.geojson", b""))
    name = f"{FOLDER}/{record.id}.csv"
    try:
        table = list(csv.reader(io.StringIO(contents.get(name, b"").decode("utf-8-sig")), strict=True))
    except (UnicodeDecodeError, csv.Error):
        return None, [Issue.from_code("error", "file_broken", name)]
    if not table or table[0] != columns or any(len(row) != len(columns) for row in table):
        return None, [Issue.from_code("error", "foreign_column", name)]
    kinds = {column.id: column.type for column in record.columns} | {"number": "count", "count": "count"}
    rows = [[_cell(cell, kinds[column]) for cell, column in zip(row, columns, strict=True)] for row in table[1:]]
    found = []
    for row in rows:
        count = row[-1]
        if record.show == "counts" and count != FEW and not (isinstance(count, int) and count >= policy().fewest):
            found.append(Issue.from_code("error", "small_count", name))
    return Part(record, pd.DataFrame(rows, columns=columns, dtype=object), None), found


def _cell(text: str, kind: str) -> object:
    """Return a cell of a CSV file as it was before it was guarded against formulas."""
    if text == "":
        return None
    if kind in ("year", "count", "area") and text.isdigit():
        return int(text)
    plain = text[1:] if text[0] == "'" else text
    return plain if guarded(plain) == text else text


def _geojson(record: PublicPart, columns: list[str], content: bytes) -> tuple[Part | None, list[Issue]]:
    name = f"{FOLDER}/{record.id}.geojson"
    broken = [Issue.from_code("error", "file_broken", name)]
    try:
        document = _strict_json(content)
        if set(document) != {"type", "features"}:
            return None, [Issue.from_code("error", "foreign_column", name)]
        rows, shapes = [], []
        for feature in document["features"]:
            beside = set(feature) ^ {"type", "properties", "geometry"} or set(feature["geometry"]) ^ {
                "type",
                "coordinates",
            }
            if beside or list(feature["properties"]) != columns:
                return None, [Issue.from_code("error", "foreign_column", name)]
            rows.append(list(feature["properties"].values()))
            shapes.append(shapely.from_geojson(json.dumps(feature["geometry"])))
    except _Repeated:
        return None, [Issue.from_code("error", "key_twice", name)]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, shapely.GEOSException):
        return None, broken
    found = []
    xy = shapely.get_coordinates(np.array(shapes, dtype=object)) if shapes else np.empty((0, 2))
    if shapes and shapely.has_z(np.array(shapes, dtype=object)).any():
        found.append(Issue.from_code("error", "too_precise", name))
    if record.grid is not None and not record.grid.lattice.holds_corners(xy):
        found.append(Issue.from_code("error", "off_grid", name))
    return Part(record, pd.DataFrame(rows, columns=columns, dtype=object), shapes), found
