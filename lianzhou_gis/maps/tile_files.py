"""Raster tiles out of MBTiles and PMTiles files: only those under the map, as deep as a page can hold."""

from __future__ import annotations

import base64
import gzip
import math
import sqlite3
import struct
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

from lianzhou_gis.errors import FormatError

__all__ = ["LARGEST", "from_mbtiles", "from_pmtiles"]

# Bytes of tiles in a page, before base64.
LARGEST = 6_000_000
_KINDS = {b"\x89PN": "image/png", b"\xff\xd8\xff": "image/jpeg", b"RIF": "image/webp"}
_HEADER = struct.Struct("<7sBQQQQQQQQQQQBBBBBB")
Tile = tuple[int, int, int]


def _range(bounds: list[list[float]], zoom: int) -> tuple[range, range]:
    """Return columns and rows of the tiles under an area, rows from the north."""
    count = 1 << zoom

    def place(latitude: float, longitude: float) -> tuple[int, int]:
        s = math.sin(math.radians(max(-85.0, min(85.0, latitude))))
        column = (longitude / 360 + 0.5) * count
        row = (0.5 - math.log((1 + s) / (1 - s)) / (4 * math.pi)) * count
        return int(min(count - 1, max(0, column))), int(min(count - 1, max(0, row)))

    (south, west), (north, east) = bounds
    left, bottom = place(south, west)
    right, top = place(north, east)
    return range(left, right + 1), range(top, bottom + 1)


def _gather(name: str, bounds: list[list[float]], zooms: range, tile: Callable[[Tile], bytes | None]) -> dict[str, Any]:
    """Take zoom after zoom while the page can hold it."""
    tiles: dict[str, str] = {}
    taken, size = [], 0
    for zoom in zooms:
        columns, rows = _range(bounds, zoom)
        if len(columns) * len(rows) > 4000:
            break
        level: dict[str, bytes] = {}
        for column in columns:
            for row in rows:
                content = tile((zoom, column, row))
                if content:
                    level[f"{zoom}/{column}/{row}"] = content
        weight = sum(map(len, level.values()))
        if size + weight > LARGEST:
            break
        size += weight
        if level:
            taken.append(zoom)
            tiles |= {place: _data_uri(name, content) for place, content in level.items()}
    if not tiles:
        raise FormatError.from_code("tiles_missing", file=name)
    return {"kind": "tiles", "tiles": tiles, "zooms": [taken[0], taken[-1]]}


def _data_uri(name: str, content: bytes) -> str:
    kind = _KINDS.get(content[:3])
    if kind is None:
        raise FormatError.from_code("tiles_not_raster", file=name)
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"


def from_mbtiles(path: Path, bounds: list[list[float]]) -> dict[str, Any]:
    """Return the tiles of an MBTiles file under an area.

    Raises
    ------
    FormatError
        If it is none, or holds no raster tiles of the area.
    """
    address = f"file:{quote(str(path.absolute()))}?mode=ro&immutable=1"
    try:
        with closing(sqlite3.connect(address, uri=True)) as database:
            low, high = database.execute("SELECT min(zoom_level), max(zoom_level) FROM tiles").fetchone()
            metadata = " ".join(str(value) for (value,) in database.execute("SELECT value FROM metadata"))

            def tile(place: Tile) -> bytes | None:
                zoom, column, row = place
                found = database.execute(
                    "SELECT tile_data FROM tiles WHERE zoom_level = ? AND tile_column = ? AND tile_row = ?",
                    (zoom, column, (1 << zoom) - 1 - row),
                ).fetchone()
                return bytes(found[0]) if found and found[0] else None

            zooms = range(int(low), min(int(high), 18) + 1) if low is not None else range(0)
            return _gather(path.name, bounds, zooms, tile) | {"metadata": metadata}
    except (sqlite3.Error, TypeError, ValueError) as error:
        if isinstance(error, FormatError):
            raise
        raise FormatError.from_code("mbtiles_invalid", file=path.name) from error


def _numbers(data: bytes) -> Iterator[int]:
    """Yield the varints of a PMTiles directory."""
    value = shift = 0
    for byte in data:
        value |= (byte & 0x7F) << shift
        if byte & 0x80:
            shift += 7
        else:
            yield value
            value = shift = 0


def _directory(data: bytes) -> list[tuple[int, int, int, int]]:
    """Return the entries of a directory: tile id, run length (0: a leaf), offset, length."""
    numbers = _numbers(data)
    count = next(numbers)
    ids, last = [], 0
    for _ in range(count):
        last += next(numbers)
        ids.append(last)
    runs = [next(numbers) for _ in range(count)]
    lengths = [next(numbers) for _ in range(count)]
    offsets: list[int] = []
    for index in range(count):
        number = next(numbers)
        # 0: the tile follows the one before it.
        offsets.append(offsets[-1] + lengths[index - 1] if number == 0 else number - 1)
    return list(zip(ids, runs, offsets, lengths, strict=True))


def _tile_id(place: Tile) -> int:
    """Return the number of a tile along the Hilbert curve, after all tiles of the zooms above.

    Examples
    --------
    >>> [_tile_id(place) for place in ((0, 0, 0), (1, 0, 0), (1, 0, 1), (1, 1, 1), (1, 1, 0), (2, 0, 0))]
    [0, 1, 2, 3, 4, 5]
    """
    zoom, x, y = place
    total = ((1 << (2 * zoom)) - 1) // 3
    side = (1 << zoom) >> 1
    while side:
        right, down = int(bool(x & side)), int(bool(y & side))
        total += side * side * ((3 * right) ^ down)
        if not down:
            if right:
                x, y = side - 1 - (x & (side - 1)), side - 1 - (y & (side - 1))
            x, y = y, x
        side >>= 1
    return total


def from_pmtiles(path: Path, bounds: list[list[float]]) -> dict[str, Any]:
    """Return the tiles of a PMTiles file (version 3) under an area.

    Raises
    ------
    FormatError
        If it is none, or holds no raster tiles of the area.
    """
    zh, en = f"{path.name}：不是有效的 PMTiles（第 3 版）", f"{path.name}: this is no valid PMTiles (version 3)"
    broken = FormatError(zh, en)
    try:
        data = path.read_bytes()
        head = _HEADER.unpack_from(data)
        if head[0] != b"PMTiles" or head[1] != 3:
            raise broken
        root, root_length, meta, meta_length, leaves, _, tiles, _ = head[2:10]
        inner, outer, low, high = head[14], head[15], head[17], head[18]

        def unpacked(content: bytes, way: int) -> bytes:
            if way not in (1, 2):
                raise FormatError.from_code("pmtiles_compression", file=path.name)
            return gzip.decompress(content) if way == 2 else content

        def find(wanted: int, start: int, length: int, depth: int = 0) -> bytes | None:
            found = None
            for entry in _directory(unpacked(data[start : start + length], inner)):
                if entry[0] > wanted:
                    break
                found = entry
            if found is None or depth > 3:
                return None
            first, run, offset, size = found
            if run == 0:
                return find(wanted, leaves + offset, size, depth + 1)
            if wanted >= first + run:
                return None
            return unpacked(data[tiles + offset : tiles + offset + size], outer)

        metadata = unpacked(data[meta : meta + meta_length], inner).decode("utf-8", "replace")
        zooms = range(low, min(high, 18) + 1)
        found = _gather(path.name, bounds, zooms, lambda place: find(_tile_id(place), root, root_length))
    except (struct.error, EOFError, OSError, StopIteration, IndexError, gzip.BadGzipFile) as error:
        raise broken from error
    return found | {"metadata": metadata}
