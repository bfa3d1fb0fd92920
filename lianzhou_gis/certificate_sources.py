"""The sources of a layer as the checker of certificates reads them: by the readers of files alone."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from lianzhou_gis.cache import Arrays, Cache, CacheEntry
from lianzhou_gis.catalog import Catalog, LayerEntry
from lianzhou_gis.errors import FormatError, LianzhouError, Message
from lianzhou_gis.fingerprint import file_fingerprint
from lianzhou_gis.formats import read_features
from lianzhou_gis.formats.column_aliases import find_columns
from lianzhou_gis.formats.kinds import is_database
from lianzhou_gis.resources import read_resource
from lianzhou_gis.table import Columns
from lianzhou_gis.vocabulary import grade_of

__all__ = ["CHECKER_ROOMS", "Source", "TangentPlane", "border_pieces", "read_source"]

Geometries = npt.NDArray[np.object_]
# The code that decides what is cached of a source.
CHECKER_ROOMS = ("errors.py", "cache.py", "fingerprint.py", "table.py", "vocabulary", "geodesy", "formats",
                 "layers/aliases.yaml", "certificate_sources.py")  # fmt: skip
# Radii of the ellipsoid of CGCS2000.
_SEMI_MAJOR_M, _SQUARED_ECCENTRICITY = 6378137.0, 0.006694380022900788
# Where nobody states how well a border is known, metres.
_UNSTATED_ERROR_M = 4.0
# How far an edge may bend between reference systems, per squared metre of its length.
_SAGITTA = 2e-8
_COLUMNS = ("zone_id", "name", "grade", "accuracy_m", "valid_from", "valid_to")


@dataclass(frozen=True)
class Source:
    """The zones of a layer as the checker reads them.

    Attributes
    ----------
    load : callable
        Returns the shapes, an ndarray of shape (n,): EPSG:4490; lines and broken polygons with all that they enclose.
    grades : list of str or None
    error_m, slack_m : ndarray of float, shape (n,)
        How well the borders are known, and how far their longest edge may bend between reference systems.
    """

    entry: LayerEntry
    load: Callable[[], Geometries]
    ids: list[str]
    names: list[str]
    grades: list[str | None]
    error_m: npt.NDArray[np.float64]
    slack_m: npt.NDArray[np.float64]
    whole: Message | None

    @cached_property
    def shapes(self) -> Geometries:
        """The shapes, read when first asked for."""
        return self.load()

    @property
    def ungraded(self) -> bool:
        """Whether any zone has no known grade."""
        return None in self.grades

    @cached_property
    def _tree(self) -> shapely.STRtree:
        shapely.prepare(self.shapes)
        return shapely.STRtree(self.shapes)

    def near(self, shapes: Geometries, degrees: float) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
        """Return pairs of shape and zone within a distance, as positions in both."""
        west, south, east, north = shapely.bounds(shapes).T
        boxes = shapely.box(west - degrees, south - degrees, east + degrees, north + degrees)
        shape, zone = self._tree.query(boxes)
        near = shapely.dwithin(self.shapes[zone], shapes[shape], degrees)
        return shape[near], zone[near]


def _filled(shape: BaseGeometry) -> BaseGeometry:
    """Return a broken shape as its linework and all areas that it encloses."""
    lines = shapely.node(
        shapely.union_all([shapely.force_2d(line) for line in shapely.get_rings(shapely.get_parts(shape))])
    )
    return shapely.union_all([*shapely.get_parts(shapely.polygonize([lines])), lines])


def _longest_edges(shapes: Geometries) -> npt.NDArray[np.float64]:
    """Return the longest edge of each shape, metres."""
    longest = np.zeros(len(shapes))
    coordinates, owner = shapely.get_coordinates(shapes, return_index=True)
    if len(coordinates) > 1:
        steps = np.hypot(*(np.diff(coordinates, axis=0).T * np.array([[1.0], [1.0]]))) * 111_320.0
        same = owner[1:] == owner[:-1]
        np.maximum.at(longest, owner[1:][same], steps[same])
    return longest


_Drawn = TypeVar("_Drawn", shapely.Geometry, npt.NDArray[np.object_])


class TangentPlane:
    """Metres east and north of a latitude; right within 2e-7 of the distance for each metre of it."""

    def __init__(self, latitude: float) -> None:
        sine = math.sin(math.radians(latitude))
        flat = 1.0 - _SQUARED_ECCENTRICITY * sine * sine
        north = _SEMI_MAJOR_M * (1.0 - _SQUARED_ECCENTRICITY) / flat**1.5
        east = _SEMI_MAJOR_M / math.sqrt(flat) * math.cos(math.radians(latitude))
        self.scale = np.radians(np.array([east, north]))

    def draw(self, shapes: _Drawn) -> _Drawn:
        """Return shapes of degrees in metres."""
        return shapely.transform(shapes, lambda xy: xy * self.scale)


def border_pieces(area: shapely.Geometry) -> Geometries:
    """Return the edges of an area in runs of a few."""
    lines = []
    for ring in shapely.get_rings(shapely.get_parts(area)):
        corners = shapely.get_coordinates(ring)
        lines += [shapely.linestrings(corners[first : first + 17]) for first in range(0, len(corners) - 1, 16)]
    return np.array(lines, dtype=object)


def read_source(catalog: Catalog, entry: LayerEntry, day: date, cache: Cache) -> Source | Message:
    """Read the zones in force of a layer, or take them from the cache; a message where they cannot be read."""
    try:
        files = _content_of(catalog, entry)
    except LianzhouError as error:
        return error.message
    key = {"files": files, "entry": entry.to_json(), "day": day.isoformat(), "geos": shapely.geos_version_string}
    cached = cache.get("source", key)
    if cached is not None:
        return _from_cache(cached, entry)
    source = _read(catalog, entry, day)
    if isinstance(source, Source):
        blobs = [shapely.to_wkb(shape) for shape in source.shapes]
        arrays: Arrays = {
            "wkb": np.frombuffer(b"".join(blobs), dtype=np.uint8),
            "end": np.cumsum([len(blob) for blob in blobs], dtype=np.int64),
            "error_m": source.error_m,
            "slack_m": source.slack_m,
        }
        whole = None if source.whole is None else [source.whole.code, source.whole.zh, source.whole.en]
        meta = {"ids": source.ids, "names": source.names, "grades": source.grades, "whole": whole}
        cache.put("source", key, entry.id, meta, arrays)
    return source


def _content_of(catalog: Catalog, entry: LayerEntry) -> dict[str, str | None]:
    """Return the hashes of the files of a layer, or that of the rows of its table."""
    if not is_database(entry.path):
        return file_fingerprint(catalog.file(entry.path))
    # Imported lazily: few catalogs name a database.
    from lianzhou_gis.formats.postgis_source import PostgisSource, open_connection
    from lianzhou_gis.formats.postgis_tables import describe_table

    source = PostgisSource.from_url(entry.path, entry.layer)
    if source.query is not None:
        raise FormatError.from_code("catalog_query", layer=entry.id)
    with open_connection(source) as connection:
        return {source.label: describe_table(connection, source).sha256}


def _from_cache(cached: CacheEntry, entry: LayerEntry) -> Source:
    meta, arrays = cached.meta, cached.arrays
    whole = None if meta["whole"] is None else Message(*meta["whole"])

    def shapes() -> Geometries:
        content, places = arrays["wkb"].tobytes(), [0, *arrays["end"].tolist()]
        blobs = np.array([content[first:last] for first, last in pairwise(places)] or [], dtype=object)
        return np.asarray(shapely.from_wkb(blobs), dtype=object)

    errors, slack = np.array(arrays["error_m"], dtype=np.float64), np.array(arrays["slack_m"], dtype=np.float64)
    return Source(entry, shapes, meta["ids"], meta["names"], meta["grades"], errors, slack, whole)


def _read(catalog: Catalog, entry: LayerEntry, day: date) -> Source | Message:
    try:
        features = read_features(
            entry.path if is_database(entry.path) else catalog.file(entry.path),
            layer=entry.layer,
            crs=entry.crs,
            datum=entry.datum,
            encoding=entry.encoding,
        )
    except LianzhouError as error:
        return error.message
    aliases = read_resource(Path(__file__).parent / "layers" / "aliases.yaml")
    features = features.named(
        [*aliases, *(word for words in aliases.values() for word in words)], requested=entry.columns
    )
    table, given = features.columns, {ours: theirs for theirs, ours in entry.columns.items()}
    names = [name for name in table.arrays if name not in ("source_row", "geometry")]
    found = {**find_columns([n for n in names if n not in entry.columns], aliases), **given}
    cells = {ours: [_text(cell) for cell in table[found[ours]]] for ours in _COLUMNS if ours in found}
    shapes = np.array([None if shape is None else shape for shape in table["geometry"]], dtype=object)
    empty = [None] * len(shapes)
    begin, end = cells.get("valid_from", empty), cells.get("valid_to", empty)
    current = np.array([_in_force(a, b, day) for a, b in zip(begin, end, strict=True)], dtype=bool)
    ids = [text or f"row {row}" for row, text in enumerate(cells.get("zone_id", empty))]
    whole = _whole(entry, [ids[row] for row in np.flatnonzero(current)], table, found, current)
    used = current & ~shapely.is_missing(shapes) & ~shapely.is_empty(shapes)
    for row in np.flatnonzero(used & (shapely.get_dimensions(shapes) > 0) & ~shapely.is_valid(shapes)):
        shapes[row] = _filled(shapes[row])
    usable = np.flatnonzero(used)
    stated = [_number(text) for text in cells.get("accuracy_m", empty)]
    default = entry.accuracy_m if entry.accuracy_m is not None else _UNSTATED_ERROR_M
    written = {str(key).strip(): value for key, value in entry.grades.items()}
    levels = [
        None if text is None else grade_of(entry.theme, written.get(text, text)) for text in cells.get("grade", empty)
    ]
    flat = shapely.force_2d(shapes[usable])
    return Source(
        entry,
        lambda: flat,
        [ids[row] for row in usable],
        [cells.get("name", empty)[row] or "" for row in usable],
        [levels[row] for row in usable],
        np.array([default if stated[row] is None else stated[row] for row in usable], dtype=np.float64),
        _SAGITTA * _longest_edges(shapes[usable]) ** 2,
        whole,
    )


def _whole(
    entry: LayerEntry, ids: list[str], table: Columns, found: Mapping[str, str], current: npt.NDArray[np.bool_]
) -> Message | None:
    """Return the reason why the layer cannot be taken for whole."""
    if entry.expected_count is None:
        return None if entry.uncounted else Message.from_code("completeness_unknown")
    count = len(set(ids))
    if entry.count_by == "source_row":
        count = int(current.sum())
    elif entry.count_by is not None and entry.count_by != "zone_id":
        column = found.get(entry.count_by, entry.count_by)
        if column not in table.arrays:
            return Message.from_code("count_column_missing", column=column, expected=entry.expected_count)
        count = len({_text(cell) for cell in table[column][current]} - {None})
    if count < entry.expected_count:
        unit = entry.count_by or "zone_id"
        return Message.from_code("count_below_expected", unit=unit, expected=entry.expected_count, count=count)
    return None


def _text(cell: object) -> str | None:
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return None
    text = str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)
    return text.strip() or None


def _number(text: str | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return None


def _in_force(begin: str | None, end: str | None, day: date) -> bool:
    """Tell whether a zone is in force; a day that cannot be read counts as open."""
    first, last = (None if text is None else text[:10].replace("/", "-") for text in (begin, end))
    try:
        return (first is None or date.fromisoformat(first) <= day) and (last is None or day <= date.fromisoformat(last))
    except ValueError:
        return True
