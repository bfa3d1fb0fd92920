"""KML: longitude and latitude of WGS 84 by its standard. Links to other files and entities are refused."""

from __future__ import annotations

import hashlib
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from lianzhou_gis.errors import FormatError, Issue
from lianzhou_gis.formats.encodings import codec_name, decode_text
from lianzhou_gis.formats.limits import MAX_FEATURES, MAX_TEXT_BYTES, read_bounded, refuse_count
from lianzhou_gis.formats.normalise import close_ring, ring_closed_issue
from lianzhou_gis.formats.plain_xml import parse_plain_xml
from lianzhou_gis.formats.raw_features import RawFeatures, unique_names, unreadable_issue

__all__ = ["read_kml"]

_DECLARED = re.compile(r"<\?xml[^>]*encoding\s*=\s*[\"']([\w.\-]+)[\"']")
_DRAWN = ("GroundOverlay", "ScreenOverlay", "PhotoOverlay", "Tour")
# The map program Ovital exports GCJ-02 under these names.
_GCJ02_SUFFIX = re.compile(r"\.ovkm[lz](?:/|$)", re.IGNORECASE)
_FOLDERS = ("Document", "Folder")
# The standard has MultiGeometry alone; programs write the others as well.
_MULTI = ("MultiGeometry", "MultiPolygon", "MultiLineString", "MultiPoint", "polygonMember", "lineStringMember")
_SHAPES = ("Point", "LineString", "LinearRing", "Polygon", "Track", "MultiTrack", "Model", *_MULTI)


def read_kml(path: Path, name: str, layer: str | None, encoding: str | None) -> RawFeatures:
    """Read the placemarks of a KML file.

    Parameters
    ----------
    path : Path
    name : str
        For messages.
    layer : str, optional
        A folder inside it; all placemarks are read where none is named.
    encoding : str, optional
        As the file declares it, where not given.

    Returns
    -------
    RawFeatures
        Columns ``name``, ``description``, ``folder`` and the extended data.

    Raises
    ------
    FormatError
        If it is no well-formed KML, has a document type, or links to other files.
    """
    content = read_bounded(path, MAX_TEXT_BYTES)
    text, issues = _text(content, name, encoding)
    root = parse_plain_xml(text, name, {"NetworkLink": "link", "NetworkLinkControl": "link"})
    if root.tag.lower() != "kml":
        raise FormatError.from_code("kml_root", file=name, tag=root.tag)
    marks = [(mark, folders) for mark, folders in _placemarks(root, ()) if layer is None or layer in folders]
    refuse_count(name, len(marks), MAX_FEATURES, "features")
    if layer is not None and not marks:
        known = sorted({folder for _, folders in _placemarks(root, ()) for folder in folders})
        listed = ", ".join(known[:8]) or "-"
        raise FormatError.from_code("kml_folder_missing", file=name, layer=layer, listed=listed)
    geometries = np.full(len(marks), None, dtype=object)
    broken = np.zeros(len(marks), dtype=bool)
    closed = np.zeros(len(marks), dtype=bool)
    passed_over = {tag for tag in _DRAWN if root.find(f".//{tag}") is not None}
    for row, (mark, _) in enumerate(marks):
        shapes = [child for child in mark if child.tag in _SHAPES]
        passed_over.update(child.tag for child in shapes if child.tag == "Model")
        unclosed: list[npt.NDArray[np.float64]] = []
        parts = [part for child in shapes for part in _parts(child, unclosed)]
        sound = [part for part in parts if part is not None]
        closed[row] = bool(unclosed)
        broken[row] = len(sound) < len(parts)
        if parts and not broken[row]:
            geometries[row] = _joined(sound)
    issues.extend(unreadable_issue(broken, name))
    issues.extend(ring_closed_issue(closed & ~broken, name))
    if passed_over:
        listed = ", ".join(sorted(passed_over))
        issues.append(Issue.from_code("info", "kml_not_read", name, listed=listed))
    columns, renamed = _columns(marks, name)
    issues.extend(renamed)
    return RawFeatures(
        name=name,
        columns=columns,
        geometries=geometries,
        crs=None,
        encoding=None,
        issues=issues,
        sha256=hashlib.sha256(content).hexdigest(),
        wgs84_by="KML",
        datum="gcj02" if _GCJ02_SUFFIX.search(name) else None,
    )


def _text(content: bytes, name: str, encoding: str | None) -> tuple[str, list[Issue]]:
    """Return the text of a file in the encoding that it declares; the parser itself knows no GBK."""
    declared = _DECLARED.search(content[:200].decode("ascii", errors="replace"))
    codec = codec_name(declared[1]) if declared and encoding is None else None
    if codec is not None and not content.startswith(b"\xef\xbb\xbf"):
        try:
            return content.decode(codec), []
        except UnicodeDecodeError:
            pass
    text, used, issues = decode_text(content, name, encoding=encoding)
    if codec is not None and used != "utf-8-sig":
        issues.append(Issue.from_code("warning", "encoding_contradiction", name, codec=codec, used=used))
    return text, issues


def _placemarks(element: ET.Element, folders: tuple[str, ...]) -> Iterator[tuple[ET.Element, tuple[str, ...]]]:
    """Yield all placemarks with the names of the folders around them; the depth of the tree is bounded."""
    if element.tag in _FOLDERS:
        folders = (*folders, _child(element, "name") or "-")
    for child in element:
        if child.tag == "Placemark":
            yield child, folders
        elif child.tag in (*_FOLDERS, "kml", "Create", "Update", "Change"):
            yield from _placemarks(child, folders)


def _child(element: ET.Element, tag: str) -> str | None:
    found = element.find(tag)
    return (found.text or "").strip() or None if found is not None else None


def _ring(element: ET.Element) -> tuple[npt.NDArray[np.float64], bool] | None:
    """Return the corners of a ring, closed, and whether it was open; None where they are no numbers or too few."""
    numbers = _numbers(element)
    if numbers is None or len(np.unique(numbers, axis=0)) < 3:
        return None
    closed = close_ring(numbers)
    return closed.xy, closed.gap > 0.0


def _numbers(element: ET.Element) -> npt.NDArray[np.float64] | None:
    """Return longitudes and latitudes of ``coordinates``, None where they are no numbers."""
    text = (element.findtext("coordinates") or "").strip()
    # Some programs put blanks behind the commas.
    words = re.sub(r",\s+", ",", text).split()
    try:
        rows = [[float(part) for part in word.split(",")[:2]] for word in words]
        numbers = np.array(rows, dtype=np.float64)
    except ValueError:
        return None
    return numbers if numbers.ndim == 2 and numbers.shape[1] == 2 and len(numbers) else None


def _track(element: ET.Element) -> npt.NDArray[np.float64] | None:
    try:
        rows = [[float(part) for part in (child.text or "").split()[:2]] for child in element if child.tag == "coord"]
        numbers = np.array(rows, dtype=np.float64)
    except ValueError:
        return None
    return numbers if numbers.ndim == 2 and numbers.shape[1] == 2 else None


def _parts(element: ET.Element, unclosed: list[npt.NDArray[np.float64]]) -> Iterator[BaseGeometry | None]:
    """Yield the simple geometries of an element, None for each that cannot be built; open rings are collected."""
    if element.tag in (*_MULTI, "MultiTrack"):
        for child in element:
            if child.tag in _SHAPES:
                yield from _parts(child, unclosed)
        return
    if element.tag == "Model":
        return
    try:
        if element.tag == "Polygon":
            shell = element.find("outerBoundaryIs/LinearRing")
            # The standard has one ring in each inner boundary; programs write several.
            holes = element.findall("innerBoundaryIs/LinearRing")
            rings = [_ring(ring) for ring in ([shell] if shell is not None else []) + holes]
            closed = [ring for ring in rings if ring is not None]
            if shell is None or len(closed) < len(rings):
                yield None
            else:
                unclosed.extend(xy for xy, was_open in closed if was_open)
                yield shapely.Polygon(closed[0][0], [xy for xy, _ in closed[1:]])
            return
        numbers = _track(element) if element.tag == "Track" else _numbers(element)
        if numbers is None:
            yield None
        elif element.tag == "Point":
            yield shapely.Point(numbers[0])
        else:
            yield shapely.LineString(numbers)
    except (ValueError, shapely.errors.ShapelyError):
        yield None


def _joined(parts: list[BaseGeometry]) -> BaseGeometry:
    if len(parts) == 1:
        return parts[0]
    kinds = {part.geom_type for part in parts}
    if len(kinds) > 1:
        return shapely.GeometryCollection(parts)
    match kinds.pop():
        case "Point":
            return shapely.MultiPoint([part for part in parts if isinstance(part, shapely.Point)])
        case "LineString":
            return shapely.MultiLineString([part for part in parts if isinstance(part, shapely.LineString)])
        case _:
            return shapely.MultiPolygon([part for part in parts if isinstance(part, shapely.Polygon)])


def _extended(mark: ET.Element) -> dict[str, str | None]:
    """Return the extended data of a placemark, typed by a schema or not."""
    data: dict[str, str | None] = {}
    for entry in mark.iterfind("ExtendedData/Data"):
        data.setdefault(entry.get("name", "-"), _child(entry, "value"))
    for entry in mark.iterfind("ExtendedData/SchemaData/SimpleData"):
        data.setdefault(entry.get("name", "-"), (entry.text or "").strip() or None)
    return data


def _columns(
    marks: list[tuple[ET.Element, tuple[str, ...]]], name: str
) -> tuple[dict[str, npt.NDArray[Any]], list[Issue]]:
    own = [
        {
            "name": _child(mark, "name"),
            "description": _child(mark, "description"),
            "folder": "/".join(folders) or None,
        }
        for mark, folders in marks
    ]
    more = [_extended(mark) for mark, _ in marks]
    titles: dict[str, None] = {}
    for data in more:
        titles.update(dict.fromkeys(data))
    basic = [title for title in ("name", "description", "folder") if any(row[title] for row in own)]
    names, issues = unique_names([*basic, *titles], ["geometry", "source_row"], name)
    columns: dict[str, npt.NDArray[Any]] = {}
    for place, (column, title) in enumerate(zip(names, [*basic, *titles], strict=True)):
        rows: list[Any] = own if place < len(basic) else more
        values = np.empty(len(marks), dtype=object)
        values[:] = [row.get(title) for row in rows]
        columns[column] = values
    return columns, issues
