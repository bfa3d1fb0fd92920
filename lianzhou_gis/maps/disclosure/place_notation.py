"""Coordinates in texts, in whatever notation: every pair of numbers is tried in every reference system of the county.

A pair counts where it lies in the region and its last digits place it more finely than the accuracy that is published.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
import numpy.typing as npt
import pyproj

from lianzhou_gis.maps.disclosure.digit_folding import digit_spellings, plain_digits
from lianzhou_gis.maps.disclosure.place_codes import codes_in
from lianzhou_gis.maps.disclosure.text_folding import decoded

__all__ = ["PlaceFinder", "Quantity", "quantities"]

Floats = npt.NDArray[np.float64]
Bounds = tuple[float, float, float, float]

_DEGREE_M = 111_000.0
_NUMBER = re.compile(r"(?<![\d.])\d{1,3}(?:[,']\d{3})+(?:\.\d+)?(?!\d)|\d+(?:\.\d+)?")
_SEXAGESIMAL = re.compile(
    r"(\d{1,3})\s*(?:°|º|˚|度|d(?:eg)?|:|-)\s*(\d{1,2}(?:\.\d+)?)\s*(?:′|'|’|‘|分|m(?:in)?|:|-)"
    r"(?:\s*(\d{1,2}(?:\.\d+)?)(?!\s*[°º˚度]|[\d.])\s*(?:″|\"|”|“|秒|s(?:ec)?|′′|'')?)?",
    re.IGNORECASE,
)
_HALF_SEXAGESIMAL = re.compile(r"(\d{1,3})\s*(?:°|º|˚|度)\s*(\d{1,2}\.\d+)")
_UNITS = re.compile(r"\s*(千米|公里|km|万米|米|m)(?![a-z])", re.IGNORECASE)
_UNIT_M = {"千米": 1000.0, "公里": 1000.0, "km": 1000.0, "万米": 10_000.0}
_HEXADECIMAL = re.compile(
    r"(?<![0-9a-z])(?:0x([0-9a-f]{4,10})|(?=[0-9a-f]*[a-f])(?=[0-9a-f]*\d)([0-9a-f]{6,10})h?)(?![0-9a-z])",
    re.IGNORECASE,
)
_BINARY = re.compile(r"[A-Za-z0-9+/_-]{20,}={0,2}")
_POINT = re.compile(r"(?<=\d)\.(?=\d)")
_MOST = 600
# A place cannot be told in fewer digits.
_FEWEST_DIGITS = 5


@dataclass(frozen=True)
class Quantity:
    """A number of a text.

    Attributes
    ----------
    value : float
    step : float
        What one more in its last digit is worth.
    degrees : bool
        Written as degrees, minutes, seconds.
    text : str
        As it stands there.
    """

    value: float
    step: float
    degrees: bool
    text: str


def quantities(text: str) -> list[Quantity]:
    """Return the numbers of a text with what their last digit is worth.

    Examples
    --------
    >>> [(item.value, item.step) for item in quantities("112.3771 度，2741.85 公里")]
    [(112.3771, 0.0001), (2741850.0, 10.0)]
    >>> round(quantities("一百一十二度二十二分三十秒")[0].value, 4)
    112.375
    """
    plain = plain_digits(text)
    found = [
        Quantity(float(int(match.group(1) or match.group(2), 16)), 1.0, False, match.group())
        for match in _HEXADECIMAL.finditer(plain)
    ]
    taken = np.zeros(len(plain) + 1, dtype=bool)
    for pattern in (_SEXAGESIMAL, _HALF_SEXAGESIMAL):
        for match in pattern.finditer(plain):
            if taken[match.start() : match.end()].any():
                continue
            parts = [float(part) for part in match.groups() if part]
            if any(part >= 60 for part in parts[1:]):
                continue
            digits = len(match.group(len(parts)).partition(".")[2])
            value = sum(part / 60**place for place, part in enumerate(parts))
            found.append(Quantity(value, 10**-digits / 60 ** (len(parts) - 1), True, match.group()))
            if "-" not in match.group() and ":" not in match.group():
                taken[match.start() : match.end()] = True
    for match in _NUMBER.finditer(plain):
        if taken[match.start()]:
            continue
        written = match.group().replace(",", "").replace("'", "")
        unit = _UNITS.match(plain, match.end())
        factor = _UNIT_M.get(unit.group(1).lower(), 1.0) if unit else 1.0
        step = 10.0 ** -len(written.partition(".")[2])
        found.append(Quantity(float(written) * factor, step * factor, False, match.group()))
    return found


@dataclass(frozen=True)
class _Frame:
    """A plane system in which the region may be told: projection, what is added to eastings, its bounds there."""

    projection: pyproj.Proj
    added_m: float
    bounds: Bounds


@cache
def _frames(bounds: Bounds) -> tuple[_Frame, ...]:
    """Return every plane system that can hold the region.

    Gauss-Krueger zones of 3 and 6 degrees with the zone before the easting, without it, and without the 500 km; UTM;
    Web Mercator. Older datums and GCJ-02 move places by less than a kilometre, which the bounds allow for.
    """
    west, south, east, north = bounds
    middle = (west + east) / 2
    found: list[tuple[pyproj.Proj, float]] = []
    for width, first in ((3, 0.0), (6, 3.0)):
        near = round((middle + first) / width)
        for zone in range(near - 1, near + 2):
            flat = pyproj.Proj(proj="tmerc", lon_0=zone * width - first, ellps="GRS80")
            found += [(flat, zone * 1e6 + 5e5), (flat, 5e5), (flat, 0.0)]
    utm = int((middle + 180) // 6) + 1
    found += [(pyproj.Proj(proj="utm", zone=zone, ellps="GRS80"), 0.0) for zone in (utm - 1, utm, utm + 1)]
    found.append((pyproj.Proj("EPSG:3857"), 0.0))
    edge = np.linspace(0, 1, 9)
    lons = np.concatenate([west + (east - west) * edge, west + (east - west) * edge, 0 * edge + west, 0 * edge + east])
    lats = np.concatenate([0 * edge + south, 0 * edge + north, *(2 * [south + (north - south) * edge])])
    frames = []
    for projection, added in found:
        x, y = projection(lons, lats)
        box = (float(x.min()) + added, float(y.min()), float(x.max()) + added, float(y.max()))
        frames.append(_Frame(projection, added, box))
    return tuple(frames)


@dataclass(frozen=True)
class PlaceFinder:
    """Finds coordinates of a region in texts.

    Attributes
    ----------
    bounds : tuple of float
        West, south, east, north of the region, degrees.
    finest_m : float
        A notation whose last digit is worth more than this places nothing that is not public.
    """

    bounds: Bounds
    finest_m: float

    def found_in(self, text: str) -> list[str]:
        """Return what in a text places something in the region: the pair as it stands there.

        Examples
        --------
        >>> find = PlaceFinder((111.6, 24.1, 113.3, 25.7), 300).found_in
        >>> find("位于 112.37712, 24.78123")[0], find("共 12.345 公顷，2026 年 25 处")
        ('112.37712 24.78123', [])
        >>> bool(find("X=2741852.3 Y=613284.9")), bool(find("一一二点三七七一二 二四点七八一二三"))
        (True, True)
        """
        return list(_found(self, text))

    def search(self, text: str) -> tuple[str, ...]:
        """Search a text; :meth:`found_in` remembers what was found."""
        found: list[str] = []
        for plain in decoded(text):
            found += codes_in(plain, self._fine)
            for spelling in digit_spellings(plain):
                if sum(letter.isdigit() for letter in spelling) >= _FEWEST_DIGITS:
                    found += [*codes_in(spelling, self._fine)] if spelling != plain else []
                    found += [*self._pairs(quantities(spelling)), *self._packed(spelling)]
        found += self._binary(text)
        return tuple(dict.fromkeys(found))

    def _pairs(self, items: list[Quantity]) -> Iterator[str]:
        items = items[:_MOST]
        if len(items) < 2:
            return
        for left, right in _readings(items, self.finest_m, self.bounds):
            yield f"{left} {right}"

    def _packed(self, text: str) -> Iterator[str]:
        """Yield runs of digits that hold longitude and latitude one after the other."""
        west, south, east, north = self.bounds
        lons = "|".join(str(value) for value in range(int(west), int(east) + 1))
        lats = "|".join(str(value) for value in range(int(south), int(north) + 1))
        text = _POINT.sub("", text)
        for first, then in ((lons, lats), (lats, lons)):
            for match in re.finditer(rf"(?=(({first})(\d{{3,}}?)({then})(\d{{3,}})))", text):
                one, other = (float(match[place] + "." + match[place + 1]) for place in (2, 4))
                lon, lat = (one, other) if first == lons else (other, one)
                step = 10.0 ** -min(len(match[3]), len(match[5]))
                if self._fine(lon, lat, step):
                    yield match[1]

    def _binary(self, text: str) -> Iterator[str]:
        """Yield base64 or hexadecimal runs whose bytes are coordinates."""
        for run in _BINARY.findall(text):
            contents = []
            try:
                contents.append(
                    base64.b64decode(
                        run.rstrip("=").replace("-", "+").replace("_", "/") + "=" * (-len(run.rstrip("=")) % 4)
                    )
                )
            except (binascii.Error, ValueError):
                pass
            if re.fullmatch(r"(?:[0-9a-fA-F]{2})+", run):
                contents.append(bytes.fromhex(run))
            if any(self._in_bytes(content) for content in contents):
                yield run[:24]

    def _in_bytes(self, content: bytes) -> bool:
        west, south, east, north = self.bounds
        for kind, size in (("<f8", 8), (">f8", 8), ("<f4", 4), (">f4", 4)):
            for start in range(size):
                part = content[start : start + (len(content) - start) // size * size]
                with np.errstate(all="ignore"):
                    values = np.frombuffer(part, dtype=kind).astype(np.float64)
                    lon, lat = (values > west) & (values < east), (values > south) & (values < north)
                if (lon[:-1] & lat[1:]).any() or (lat[:-1] & lon[1:]).any():
                    return True
        return False

    def _holds(self, lon: float, lat: float) -> bool:
        west, south, east, north = self.bounds
        return west <= lon <= east and south <= lat <= north

    def _fine(self, lon: float, lat: float, step: float) -> bool:
        return self._holds(lon, lat) and step * _DEGREE_M <= self.finest_m


@lru_cache(maxsize=4096)
def _found(finder: PlaceFinder, text: str) -> tuple[str, ...]:
    return finder.search(text)


def _readings(items: list[Quantity], finest_m: float, bounds: Bounds) -> Iterator[tuple[str, str]]:
    """Yield pairs of numbers that can be read as a place in the region, as they are written."""
    west, south, east, north = bounds
    as_lon, as_lat = _as_degrees(items, west, east, finest_m), _as_degrees(items, south, north, finest_m)
    for left, right in _pairs_of(as_lon, as_lat):
        yield items[left].text, items[right].text
    values, steps, owners = _as_metres(items)
    fine = steps <= finest_m
    values, owners = values[fine], owners[fine]
    for frame in _frames(bounds):
        x0, y0, x1, y1 = frame.bounds
        in_x, in_y = np.flatnonzero((values >= x0) & (values <= x1)), np.flatnonzero((values >= y0) & (values <= y1))
        if not len(in_x) or not len(in_y):
            continue
        x, y = (grid.ravel() for grid in np.meshgrid(in_x, in_y))
        apart = owners[x] != owners[y]
        x, y = x[apart][:2000], y[apart][:2000]
        lon, lat = frame.projection(values[x] - frame.added_m, values[y], inverse=True)
        good = (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)
        for one, other in zip(owners[x][good].tolist(), owners[y][good].tolist(), strict=True):
            yield items[one].text, items[other].text


def _as_degrees(items: list[Quantity], low: float, high: float, finest_m: float) -> list[int]:
    """Return the numbers that can be an angle between two bounds: decimal, packed, in parts, or whole small units."""
    found = []
    for number, item in enumerate(items):
        readings = [(item.value, item.step)]
        if not item.degrees:
            whole = int(item.value)
            # Packed DDDMMSS and DDD.MMSS, whole millionths and the like, whole seconds and their thousandths.
            readings.append(
                (
                    whole // 10_000 + whole % 10_000 // 100 / 60 + (item.value - whole // 100 * 100) / 3600,
                    item.step / 3600,
                )
            )
            fraction = (item.value - whole) * 100
            readings.append((whole + int(fraction) / 60 + (fraction - int(fraction)) / 36, item.step * 100 / 36))
            if item.step >= 1 and item.value >= 10_000:
                readings += [(item.value / 10**power, item.step / 10**power) for power in range(3, 10)]
            readings += [(item.value / part, item.step / part) for part in (60, 3600, 3_600_000)]
            readings.append((np.degrees(item.value), np.degrees(item.step)))
        if any(low <= value <= high and step * _DEGREE_M <= finest_m for value, step in readings):
            found.append(number)
    return found


def _as_metres(items: list[Quantity]) -> tuple[Floats, Floats, npt.NDArray[np.int64]]:
    """Return numbers as metres, with the worth of the last digit and whose they are; also read as km, cm and mm."""
    values, steps, owners = [], [], []
    for number, item in enumerate(items):
        if item.degrees:
            continue
        factors = [1.0]
        if item.step < 1:
            factors += [1000.0, 10_000.0]
        if item.value >= 1e7:
            factors += [0.1, 0.01, 0.001]
        for factor in factors:
            for sign in (1.0, -1.0):
                values.append(sign * item.value * factor)
                steps.append(item.step * factor)
                owners.append(number)
    return np.array(values), np.array(steps), np.array(owners, dtype=np.int64)


def _pairs_of(left: list[int], right: list[int]) -> Iterator[tuple[int, int]]:
    for one in left:
        for other in right:
            if one != other:
                yield one, other
