"""Cache of loaded layers: read, checked and repaired once for the bytes of a file."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from lianzhou_gis.cache import Arrays, Cache, CacheEntry
from lianzhou_gis.catalog import LayerEntry
from lianzhou_gis.errors import Issue, Message
from lianzhou_gis.fingerprint import file_fingerprint
from lianzhou_gis.geodesy import StudyArea
from lianzhou_gis.layers.layer import Layer, LayerGap
from lianzhou_gis.table import Columns, Deferred, cells
from lianzhou_gis.vocabulary import GapReason

__all__ = ["Loaded", "cached_or_loaded"]

_KIND = "zones"
_PLAIN = ("float64", "int64", "bool")
# Numbers, truth values and objects: of what else there is (times) a list of cells would not bring back the unit.
_KINDS = "biufO"


@dataclass(frozen=True)
class Loaded:
    """A layer, and what was found while it was read.

    Attributes
    ----------
    turns : tuple of datetime.date
        Days from which on other zones of it are in force.
    """

    layer: Layer
    gaps: tuple[LayerGap, ...]
    issues: tuple[Issue, ...]
    turns: tuple[date, ...]


def cached_or_loaded(
    cache: Cache, entry: LayerEntry, path: Path, day: date, parameters: dict[str, Any], load: Callable[[], Loaded]
) -> Loaded:
    """Return a layer from the cache, or load and store it.

    Parameters
    ----------
    cache : Cache
    entry : LayerEntry
    path : pathlib.Path
        Its file.
    day : datetime.date
        The zones in force on it are in use.
    parameters : dict
        What else the content depends on.
    load : callable
        Reads it.
    """
    files = file_fingerprint(path)
    if cache.folder is None or not path.exists():
        return _with_files(load(), files)
    key = {"files": files, "entry": entry.to_json(), **parameters}
    cached = cache.get(_KIND, key)
    if cached is not None:
        try:
            if _holds_on(cached.meta, day):
                return _with_files(_decode(cached, entry), files)
        except (KeyError, ValueError, TypeError, AttributeError, shapely.errors.ShapelyError):
            # Whole, and yet not what this code writes: made anew.
            pass
    loaded = _with_files(load(), files)
    if loaded.layer.status == "loaded" and loaded.layer.sha256 is not None and file_fingerprint(path) == files:
        try:
            meta, arrays = _plain(loaded, day)
            if _same(_decode(CacheEntry(json.loads(json.dumps(meta)), dict(arrays)), entry), loaded):
                cache.put(_KIND, key, entry.id, meta, arrays)
        except (TypeError, ValueError):
            # A column type that cannot be cached: the layer is read every time.
            return loaded
    return loaded


def _with_files(loaded: Loaded, files: dict[str, str | None]) -> Loaded:
    return replace(loaded, layer=replace(loaded.layer, files=files))


def _holds_on(meta: dict[str, Any], day: date) -> bool:
    """Return whether the same zones with the same attributes are in force on a day."""
    made = date.fromisoformat(meta["day"])
    if made == day:
        return True
    first, last = sorted((made, day))
    turned = any(first < date.fromisoformat(turn) <= last for turn in meta["turns"])
    return not turned and not meta["left_out"]


def _cell(value: object) -> object:
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if type(value) is date:
        return {"day": value.isoformat()}
    if type(value) is datetime:
        return {"time": value.isoformat()}
    raise TypeError(f"{type(value).__name__} cannot be cached")


def _value(cell: object) -> object:
    if isinstance(cell, dict):
        return date.fromisoformat(cell["day"]) if "day" in cell else datetime.fromisoformat(cell["time"])
    return cell


def _plain(loaded: Loaded, day: date) -> tuple[dict[str, Any], Arrays]:
    """Encode a layer as plain values and arrays."""
    zones = loaded.layer.columns
    arrays: dict[str, Any] = {}
    columns: list[list[Any]] = []
    *names, last = zones.arrays
    if last != "geometry":
        raise ValueError("geometry is not the last column")
    for number, name in enumerate(names):
        column = zones[name]
        if column.dtype.kind not in _KINDS:
            raise TypeError(f"{column.dtype} cannot be cached")
        kind = str(column.dtype)
        if kind in _PLAIN:
            arrays[f"column_{number}"] = column
        columns.append([name, kind, None if kind in _PLAIN else [_cell(value) for value in column.tolist()]])
    shapes = [*zones["geometry"], *(gap.area for gap in loaded.gaps)]
    blobs = [b"" if shape is None else shapely.to_wkb(shape) for shape in shapes]
    arrays["wkb"] = np.frombuffer(b"".join(blobs), dtype=np.uint8)
    arrays["end"] = np.cumsum([len(blob) for blob in blobs], dtype=np.int64)
    meta = {
        "day": day.isoformat(),
        "turns": [turn.isoformat() for turn in loaded.turns],
        "left_out": any(issue.code == "zones_of_other_dates" for issue in loaded.issues),
        "count": len(zones),
        "columns": columns,
        "sha256": loaded.layer.sha256,
        "study": None if loaded.layer.study is None else list(loaded.layer.study.bounds),
        "cut": sorted(loaded.layer.cut),
        "issues": [asdict(issue) for issue in loaded.issues],
        "gaps": [{**asdict(gap), "area": None} for gap in loaded.gaps],
    }
    return meta, arrays


def _decode(cached: CacheEntry, entry: LayerEntry) -> Loaded:
    """Decode a cached layer."""
    meta, arrays = cached.meta, cached.arrays
    wkb, end = np.asarray(arrays["wkb"], dtype=np.uint8), np.asarray(arrays["end"], dtype=np.int64)
    count = meta["count"]
    if (
        len(end) != count + len(meta["gaps"])
        or (len(end) and end[-1] != len(wkb))
        or (np.diff(end, prepend=0) < 0).any()
    ):
        raise ValueError("shapes are missing")
    table = {
        # Tables may be changed by who holds them, the memory map may not.
        name: np.array(arrays[f"column_{number}"])
        if values is None
        else cells(map(_value, values)).astype(kind, copy=False)
        for number, (name, kind, values) in enumerate(meta["columns"])
    }
    gaps = [
        LayerGap(
            **{
                **gap,
                "reason": GapReason(gap["reason"]),
                "message": Message(**gap["message"]),
                "area": area,
                "towns": None if gap["towns"] is None else tuple(gap["towns"]),
            }
        )
        for gap, area in zip(meta["gaps"], _shapes(wkb, end, count, len(end)), strict=True)
    ]
    return Loaded(
        Layer(
            entry,
            # Most zones are asked for by their index alone.
            Columns(Deferred(table, {"geometry": partial(_shapes, wkb, end, 0, count)})),
            "loaded",
            None,
            meta["sha256"],
            None if meta["study"] is None else StudyArea(tuple(meta["study"])),
            frozenset(meta["cut"]),
        ),
        tuple(gaps),
        tuple(Issue(**issue) for issue in meta["issues"]),
        tuple(date.fromisoformat(turn) for turn in meta["turns"]),
    )


def _shapes(wkb: npt.NDArray[Any], end: npt.NDArray[Any], first: int, last: int) -> npt.NDArray[np.object_]:
    places = [0, *end.tolist()][first : last + 1]
    content = wkb[places[0] : places[-1]].tobytes()
    blobs = cells(content[start - places[0] : stop - places[0]] or None for start, stop in pairwise(places))
    return np.asarray(shapely.from_wkb(blobs), dtype=object)


def _same(one: Loaded, other: Loaded) -> bool:
    """Return whether a decoded layer equals the loaded one; otherwise it is not cached."""
    left, right = one.layer.columns, other.layer.columns
    columns = list(left.arrays) == list(right.arrays) and all(
        _equal(left[name], right[name]) for name in left.arrays if name != "geometry"
    )
    shapes = _alike(list(left["geometry"]), list(right["geometry"]))
    areas = _alike([gap.area for gap in one.gaps], [gap.area for gap in other.gaps])
    bare = [[asdict(gap) | {"area": None} for gap in loaded.gaps] for loaded in (one, other)]
    seen = [(loaded.layer.study, loaded.layer.cut, loaded.issues) for loaded in (one, other)]
    return columns and shapes and areas and bare[0] == bare[1] and seen[0] == seen[1]


def _equal(one: npt.NDArray[Any], other: npt.NDArray[Any]) -> bool:
    """Tell whether two columns hold the same cells of the same kinds; NaN is NaN."""
    pairs = zip(one.tolist(), other.tolist(), strict=True)
    return one.dtype == other.dtype and all(
        type(left) is type(right) and (left == right or (left != left and right != right)) for left, right in pairs
    )


def _alike(one: Sequence[Any], other: Sequence[Any]) -> bool:
    return len(one) == len(other) and all(
        (left is None and right is None) or (left is not None and right is not None and left.wkb == right.wkb)
        for left, right in zip(one, other, strict=True)
    )
