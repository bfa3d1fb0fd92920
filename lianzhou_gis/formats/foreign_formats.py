"""Vector formats beyond the readers of this package, through a bounded process: Esri JSON, MapInfo, GML and others.

What comes back passes all checks that other formats pass.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from lianzhou_gis.errors import FormatError, Issue, MissingFileError
from lianzhou_gis.formats.layer_choice import choose_layer
from lianzhou_gis.formats.limits import (
    MAX_FEATURES,
    MAX_TEXT_BYTES,
    read_bounded,
    refuse_count,
    refuse_outside,
    sha256_of_files,
)
from lianzhou_gis.formats.normalise import parse_geometries, ring_closed_issue
from lianzhou_gis.formats.raw_features import RawFeatures, unique_names, unreadable_issue
from lianzhou_gis.formats.server_pages import page_of_server
from lianzhou_gis.formats.well_known import screen_wkb
from lianzhou_gis.formats.wholeness import Wholeness, WholenessGround

__all__ = ["DRIVERS", "read_foreign"]

_WAIT_S = 120
_WORKER = Path(__file__).with_name("foreign_worker.py")
_NEEDED = {"tab": ("dat", "map", "id"), "mif": ("mid",)}
# Name of the format: driver, ending of its main file, endings of the files that belong to it.
DRIVERS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "Esri JSON": ("ESRIJSON", "json", ()),
    "GeoJSONSeq": ("GeoJSONSeq", "geojsonl", ()),
    "MapInfo TAB": ("MapInfo File", "tab", ("dat", "map", "id", "ind")),
    "MapInfo MIF": ("MapInfo File", "mif", ("mid",)),
    "GML": ("GML", "gml", ("xsd",)),
    "GPX": ("GPX", "gpx", ()),
    "SQLite": ("SQLite", "sqlite", ()),
}
# Longitude and latitude of WGS 84 by their standard.
_WGS84 = ("GeoJSONSeq", "GPX")
_ROOT = re.compile(r"<(?:[\w.\-]+:)?FeatureCollection\b([^>]*)>", re.DOTALL)
_ATTRIBUTE = re.compile(r"([\w.\-]+)\s*=\s*[\"']([^\"']*)[\"']")


def read_foreign(path: Path, name: str, layer: str | None, encoding: str | None, *, form: str) -> RawFeatures:
    """Read one layer of a file in a process of its own.

    Parameters
    ----------
    path : Path
    name : str
        For messages.
    layer : str, optional
        Needed where several hold records.
    encoding : str, optional
        Not used: the formats state theirs.
    form : str
        Key of :data:`DRIVERS`.

    Raises
    ------
    FormatError
        If it is damaged, out of bounds, takes too long, or the layer is not there or not named.
    """
    driver, ending, companions = DRIVERS[form]
    files = _files(path, ending, companions)
    with tempfile.TemporaryDirectory(prefix="lianzhou-gis-") as place:
        folder = Path(place)
        # Drivers write beside what they read.
        for suffix, file in files.items():
            shutil.copyfile(file, folder / f"layer.{suffix}")
        output = folder / "records.jsonl"
        _run(folder / f"layer.{ending}", driver, layer or "", output, name)
        lines = _lines(output, name)
        head = next(lines, {})
        if "layers" in head:
            # One of several must be named; what was named is not there.
            chosen = choose_layer(name, [str(title) for title in head["layers"]], layer)
            _run(folder / f"layer.{ending}", driver, chosen, output, name)
            lines = _lines(output, name)
            head = next(lines, {})
        raw = _features(head, lines, name)
    raw.sha256 = sha256_of_files(files)
    if form in _WGS84:
        raw.crs, raw.wgs84_by = None, form
    raw.wholeness = raw.wholeness.joined(_page(path, form, len(raw.geometries)))
    return raw


def _files(path: Path, ending: str, companions: tuple[str, ...]) -> dict[str, Path]:
    """Return the file and those that belong to it by ending, whatever their case."""
    stem = path.stem.casefold()
    files = {ending: path}
    if companions:
        for file in sorted(path.parent.iterdir()):
            suffix = file.suffix.lower().lstrip(".")
            if file.stem.casefold() == stem and suffix in companions:
                files[suffix] = file
    for suffix in _NEEDED.get(ending, ()):
        if suffix not in files:
            raise MissingFileError.from_code("foreign_part_missing", name=path.name, suffix=suffix)
    refuse_outside(files.values(), path)
    total = sum(file.stat().st_size for file in files.values())
    if total > 2 * MAX_TEXT_BYTES:
        raise FormatError.from_code("file_large", name=path.name, size=total / 2**20, limit=2 * MAX_TEXT_BYTES / 2**20)
    return files


def _run(path: Path, driver: str, layer: str, output: Path, name: str) -> None:
    """Run the worker on a file; whatever it meets is a file that cannot be read."""
    # No proxy, no credentials, no settings of the user.
    environment = {key: value for key, value in os.environ.items() if key in ("PATH", "SYSTEMROOT", "TEMP", "TMP")}
    environment |= {"PYTHONIOENCODING": "utf-8", "PROJ_NETWORK": "OFF", "GML_SKIP_RESOLVE_ELEMS": "ALL"}
    try:
        done = subprocess.run(
            [sys.executable, "-I", str(_WORKER), str(path), driver, layer, str(output)],
            cwd=path.parent,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=_WAIT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise FormatError.from_code("foreign_slow", name=name, seconds=_WAIT_S) from error
    if done.returncode:
        if b"No module named" in done.stderr:
            raise FormatError.from_code("foreign_reader_missing", name=name)
        raise FormatError.from_code("foreign_unreadable", name=name, driver=driver)


def _lines(output: Path, name: str) -> Iterator[dict[str, Any]]:
    if not output.is_file():
        raise FormatError.from_code("foreign_unreadable", name=name, driver="-")
    with output.open(encoding="utf-8") as stream:
        for line in stream:
            yield json.loads(line)


def _features(head: dict[str, Any], lines: Iterator[dict[str, Any]], name: str) -> RawFeatures:
    refuse_count(name, int(head.get("count", 0)), MAX_FEATURES, "features")
    blobs: list[bytes | None] = []
    rows: list[list[Any]] = []
    end: int | None = None
    for line in lines:
        if "end" in line:
            end = int(line["end"])
            break
        blobs.append(bytes.fromhex(line["geometry"]) if line["geometry"] else None)
        rows.append(line["values"])
    if end is None or end != len(rows):
        raise FormatError.from_code("foreign_unreadable", name=name, driver="-")
    issues: list[Issue] = []
    parsed = parse_geometries(shapely.from_wkb, screen_wkb(blobs))
    present = np.array([blob is not None for blob in blobs], dtype=bool)
    issues += unreadable_issue(present & shapely.is_missing(parsed.geometries), name)
    issues += ring_closed_issue(parsed.closed, name)
    names, renamed = unique_names([str(field) for field in head["fields"]], ["geometry", "source_row"], name)
    columns = {title: np.empty(len(rows), dtype=object) for title in names}
    for position, title in enumerate(names):
        columns[title][:] = [row[position] for row in rows]
    whole = Wholeness()
    if int(head["count"]) > len(rows):
        whole = whole.with_fault(WholenessGround.RECORD_COUNT, "rows_not_read", rows=int(head["count"]), read=len(rows))
    return RawFeatures(
        name=name,
        columns=columns,
        geometries=parsed.geometries,
        crs=head["crs"],
        encoding=None,
        issues=[*issues, *renamed],
        wholeness=whole,
    )


def _page(path: Path, form: str, features: int) -> Wholeness:
    """Return the signs in a server's response of features that it left out."""
    if form == "Esri JSON":
        try:
            document = json.loads(read_bounded(path, MAX_TEXT_BYTES))
        except (ValueError, RecursionError):
            return Wholeness()
        return page_of_server(document, features) if isinstance(document, dict) else Wholeness()
    if form == "GML":
        with path.open("rb") as stream:
            root = _ROOT.search(stream.read(2**16).decode("utf-8", errors="replace"))
        return page_of_server(dict(_ATTRIBUTE.findall(root[1])), features) if root else Wholeness()
    return Wholeness()
