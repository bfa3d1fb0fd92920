"""Codes that stand for a place: geohash, plus code, grid references, tiles, quadkeys, locators, three words."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Iterator
from itertools import pairwise

__all__ = ["codes_in"]

# Longitude, latitude and size in degrees of a cell.
Cell = tuple[float, float, float]

_GEOHASH = re.compile(r"(?<![0-9a-z])[0-9b-hjkmnp-z]{6,12}(?![0-9a-z])")
_GEOHASH_DIGITS = "0123456789bcdefghjkmnpqrstuvwxyz"
_PLUS_DIGITS = "23456789CFGHJMPQRVWX"
_PLUS_CODE = re.compile(
    rf"(?<![0-9A-Z])([{_PLUS_DIGITS}]{{4,8}})\s?\+\s?([{_PLUS_DIGITS}]{{2,5}})(?![0-9A-Z])", re.IGNORECASE
)
_PLUS_RUN = re.compile(rf"(?<![0-9A-Z])[{_PLUS_DIGITS}]{{10,13}}(?![0-9A-Z])", re.IGNORECASE)
_TILE = re.compile(r"(?<!\d)(\d{1,2})\s*[/,，:;\-_\s]\s*(\d{2,8})\s*[/,，:;\-_\s]\s*(\d{2,8})(?!\d)")
_NAMED_TILE = re.compile(r"([xyz])\s*[=:：]?\s*(\d{1,8})", re.IGNORECASE)
_QUADKEY = re.compile(r"(?<![0-9A-Za-z])[0-3]{14,24}(?![0-9A-Za-z])")
_LOCATOR = re.compile(r"(?<![0-9A-Z])[A-R]{2}\d{2}[A-X]{2}\d{2}[A-X]{2}(?:\d{2})?(?![0-9A-Z])", re.IGNORECASE)
# Forms that are refused wherever they stand: military and Chinese grid references, indexes of cells, three words.
_FORMS = (
    re.compile(r"(?<![0-9A-Z])\d{2}[C-HJ-NP-X]\s?[A-HJ-NP-Z]{2}\s?\d{3,5}\s?\d{3,5}(?!\d)"),
    re.compile(r"(?<![0-9A-Z])[NS]\d{2}[A-V]\s?[0-9A-F](?:[\s-]?[0-9A-F]){5,}(?![0-9A-Z])"),
    re.compile(r"(?<![0-9a-f])8[4-9a-f][0-9a-f]{13}(?![0-9a-f])", re.IGNORECASE),
    re.compile(r"///[\w]+[.．。][\w]+[.．。][\w]+"),
)


def codes_in(text: str, is_fine: Callable[[float, float, float], bool]) -> Iterator[str]:
    """Yield the codes in a text that stand for a place.

    Parameters
    ----------
    text : str
    is_fine : callable
        Tells of longitude, latitude and size in degrees whether that is a place in the region, finely enough.

    Examples
    --------
    >>> near = lambda lon, lat, size: abs(lon - 112.3) < 1 and abs(lat - 24.8) < 1 and size < 0.004
    >>> [list(codes_in(text, near)) for text in ("wkrv57p7b", "17/106422/56163", "OL64DT5648XX")]
    [['wkrv57p7b'], ['17/106422/56163'], []]
    """
    text = unicodedata.normalize("NFKC", text)
    for match in _GEOHASH.finditer(text.lower()):
        if is_fine(*_geohash(match.group())):
            yield match.group()
    for match in _PLUS_CODE.finditer(text):
        before, after = match.group(1).upper(), match.group(2).upper()
        if len(before) < 8 or is_fine(*_plus_code(before + after)):
            yield match.group()
    for pattern, place in ((_PLUS_RUN, _plus_code), (_QUADKEY, _quadkey), (_LOCATOR, _locator)):
        for match in pattern.finditer(text):
            if is_fine(*place(match.group().upper())):
                yield match.group()
    for match in _TILE.finditer(text):
        zoom, column, row = map(int, match.groups())
        # Rows are counted from the north, or from the south (TMS).
        if any(is_fine(*_tile(zoom, column, number)) for number in (row, (1 << min(zoom, 30)) - 1 - row)):
            yield match.group()
    named = {match.group(1).lower(): int(match.group(2)) for match in _NAMED_TILE.finditer(text)}
    if len(named) == 3 and is_fine(*_tile(named["z"], named["x"], named["y"])):
        yield "x y z"
    for pattern in _FORMS:
        yield from (match.group() for match in pattern.finditer(text))


def _geohash(text: str) -> Cell:
    bits = [(_GEOHASH_DIGITS.index(letter) >> shift) & 1 for letter in text for shift in (4, 3, 2, 1, 0)]
    ends = [[-180.0, 180.0], [-90.0, 90.0]]
    for place, bit in enumerate(bits):
        low, high = ends[place % 2]
        ends[place % 2][1 - bit] = (low + high) / 2
    (west, east), (south, north) = ends
    return (west + east) / 2, (south + north) / 2, max(east - west, north - south)


def _plus_code(digits: str) -> Cell:
    """Return the cell of an open location code of ten digits or more; further digits are left out."""
    lat, lon, size = -90.0, -180.0, 20.0
    for first, then in list(pairwise(digits[:10]))[::2]:
        lat += _PLUS_DIGITS.index(first) * size
        lon += _PLUS_DIGITS.index(then) * size
        size /= 20
    return lon + size * 10, lat + size * 10, size * 20


def _tile(zoom: int, column: int, row: int) -> Cell:
    """Return the cell of a tile of the Web Mercator pyramid; of none, a cell as large as the world."""
    count = 1 << min(zoom, 30)
    if not (0 <= column < count and 0 <= row < count):
        return 0.0, 0.0, 360.0
    size = 360 / count
    lat = math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * (row + 0.5) / count))))
    return (column + 0.5) * size - 180, lat, size


def _quadkey(text: str) -> Cell:
    column = int("".join(str(int(digit) & 1) for digit in text), 2)
    row = int("".join(str(int(digit) >> 1) for digit in text), 2)
    return _tile(len(text), column, row)


def _locator(text: str) -> Cell:
    """Return the cell of a Maidenhead locator of ten or twelve signs."""
    lon, lat, width, height = -180.0, -90.0, 20.0, 10.0
    for number, (first, then) in enumerate(list(pairwise(text))[::2]):
        base = ord("A") if first.isalpha() else ord("0")
        lon += (ord(first) - base) * width
        lat += (ord(then) - base) * height
        step = 10 if number % 2 == 0 else 24
        width, height = width / step, height / step
    return lon, lat, width
