"""Reference systems: the CGCS2000 zones, the old datums, the offset coordinates of web maps."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

import pyproj
from pyproj.exceptions import CRSError

from lianzhou_gis.errors import ReferenceSystemError

__all__ = [
    "CGCS2000",
    "LIANZHOU",
    "ReferenceSystem",
    "Region",
    "gauss_kruger",
    "parse_reference_system",
    "system_from_code",
]

Bounds = tuple[float, float, float, float]

OFFSETS = {"gcj02": "GCJ-02", "bd09": "BD-09"}
# Towers, phones and maps disagree by about this much on offset coordinates; stated, never added.
OFFSET_BAND_M = 10.0
_OLD_DATUMS = {"beijing54": ("beijing 1954",), "xian80": ("xian 1980", "xi'an 1980")}


@dataclass(frozen=True)
class Region:
    """The area in which coordinates are plausible: west, south, east, north in degrees."""

    name: str
    bounds: Bounds


# The extent of the city (112.12-112.78 E, 24.62-25.20 N) and some 50 km around it, for sites across the border.
LIANZHOU = Region("连州市", (111.6, 24.1, 113.3, 25.7))


# What a caller may name a reference system by: a code or WKT, an EPSG number, a pyproj object.
CrsLike: TypeAlias = "str | int | pyproj.CRS"


@dataclass(frozen=True)
class ReferenceSystem:
    """The system of coordinates as given in a file, x east and y north whatever the axis order of the authority.

    Attributes
    ----------
    crs : pyproj.CRS
        For GCJ-02 and BD-09 the geographic system without the offset.
    datum : str
        ``cgcs2000``, ``wgs84``, ``gcj02``, ``bd09``, ``beijing54``, ``xian80`` or ``other``.
    parameters : tuple of 7 floats, optional
        Shifts in metres, rotations in arc seconds (position vector), scale in ppm, towards CGCS2000; old datums only.
    """

    crs: pyproj.CRS
    name: str
    datum: str
    parameters: tuple[float, ...] | None = None

    @property
    def code(self) -> str:
        """The value of the column ``survey_crs``."""
        if self.datum in OFFSETS:
            return OFFSETS[self.datum]
        return authority_code(self.crs, 100) or str(self.crs.to_wkt())

    @property
    def reliable(self) -> bool:
        """Whether positions are known to a metre or so."""
        return self.datum in ("cgcs2000", "wgs84", *OFFSETS) or self.parameters is not None

    @property
    def error_band_m(self) -> float:
        """Uncertainty of the system itself, metres."""
        return OFFSET_BAND_M if self.datum in OFFSETS else 0.0


@cache
def _matches(crs: pyproj.CRS) -> tuple[tuple[str, int], ...]:
    # Cached: for a custom system PROJ searches its whole database, which takes seconds.
    return tuple((f"{found.auth_name}:{found.code}", found.confidence) for found in crs.list_authority())


def authority_code(crs: pyproj.CRS, confidence: int) -> str | None:
    """Return the registered code of a system, or None.

    Parameters
    ----------
    crs : pyproj.CRS
    confidence : int
        Least confidence of the match, 70 (same but for names) to 100.

    Examples
    --------
    >>> authority_code(pyproj.CRS("EPSG:4490"), 100)
    'EPSG:4490'
    """
    return next((code for code, sure in _matches(crs) if sure >= confidence), None)


def _datum_of(crs: pyproj.CRS) -> str:
    name = f"{crs.datum.name if crs.datum else ''} {crs.geodetic_crs.name if crs.geodetic_crs else ''}".lower()
    name = name.replace("_", " ")
    if "china 2000" in name or "china geodetic coordinate system 2000" in name or "cgcs2000" in name:
        return "cgcs2000"
    for datum, words in _OLD_DATUMS.items():
        if any(word in name for word in words):
            return datum
    if "world geodetic system 1984" in name or "wgs 84" in name or "wgs 1984" in name:
        return "wgs84"
    # Equal-area and local planes are given as proj strings on the ellipsoid of CGCS2000.
    ellipsoid = crs.ellipsoid
    if (
        "unknown" in name
        and ellipsoid is not None
        and ellipsoid.semi_major_metre == 6378137.0
        and abs(ellipsoid.inverse_flattening - 298.257222101) < 1e-6
    ):
        return "cgcs2000"
    return "other"


@cache
def crs_of(text: str) -> pyproj.CRS:
    """Return a system by its code or WKT (cached)."""
    return pyproj.CRS.from_user_input(text)


CGCS2000 = ReferenceSystem(crs_of("EPSG:4490"), "CGCS2000", "cgcs2000")

_ESRI_ZONE = re.compile(
    r"CGCS2000[_ ]?(?P<width>3|6)?[_ ]?(?:Degree)?[_ ]?GK[_ ](?P<kind>Zone|CM)[_ ](?P<number>\d+)", re.I
)


def gauss_kruger(zone: int, *, width: int = 3, prefix: bool = True) -> ReferenceSystem:
    """Return a CGCS2000 Gauss-Krueger zone.

    Parameters
    ----------
    zone : int
        Number of the zone: 25 to 45 for 3 degrees (central meridian 3 x zone), 13 to 23 for 6 degrees (6 x zone - 3).
    width : {3, 6}
    prefix : bool
        Whether eastings begin with the zone number (8 digits before the point).

    Raises
    ------
    ReferenceSystemError
        For a zone that does not exist in China.

    Examples
    --------
    >>> gauss_kruger(37).code, gauss_kruger(38, prefix=False).code, gauss_kruger(19, width=6).code
    ('EPSG:4525', 'EPSG:4547', 'EPSG:4497')
    """
    first, last, with_prefix, without = {3: (25, 45, 4513, 4534), 6: (13, 23, 4491, 4502)}.get(width, (1, 0, 0, 0))
    if not first <= zone <= last:
        raise ReferenceSystemError.from_code("zone_number_unknown", width=width, zone=zone)
    crs = crs_of(f"EPSG:{(with_prefix if prefix else without) + zone - first}")
    return ReferenceSystem(crs, crs.name, "cgcs2000")


def system_from_code(code: str) -> ReferenceSystem:
    """Return the system of a ``survey_crs`` code.

    Raises
    ------
    ReferenceSystemError
        If the code is unknown.
    """
    for datum, name in OFFSETS.items():
        if code == name:
            return ReferenceSystem(CGCS2000.crs, name, datum)
    return parse_reference_system(code, "")


def parse_reference_system(declared: object, where: str) -> ReferenceSystem:
    """Parse a declared system; ESRI names of Chinese zones are known too.

    Raises
    ------
    ReferenceSystemError
        If the name is unknown or the system is not horizontal.
    """
    try:
        crs = declared if isinstance(declared, pyproj.CRS) else pyproj.CRS.from_user_input(declared)
    except CRSError as error:
        named = _ESRI_ZONE.search(str(declared))
        if named is None:
            raise ReferenceSystemError.from_code("crs_unknown", where=where, declared=str(declared)[:80]) from error
        number, width = int(named["number"]), int(named["width"] or 3)
        if named["kind"].lower() == "cm":
            return gauss_kruger(number // 3 if width == 3 else (number + 3) // 6, width=width, prefix=False)
        return gauss_kruger(number, width=width)
    if crs.is_vertical or crs.is_geocentric:
        raise ReferenceSystemError.from_code("crs_not_horizontal", where=where, system=crs.name)
    if crs.is_compound:
        crs = crs.sub_crs_list[0]
    code = authority_code(crs, 70)
    crs = crs_of(code) if code else crs
    return ReferenceSystem(crs, crs.name, _datum_of(crs))
