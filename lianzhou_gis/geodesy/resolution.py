"""Resolution of reference systems: from the declaration, checked by location, never guessed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyproj

from lianzhou_gis.errors import Issue, Message, Phrase, ReferenceSystemError
from lianzhou_gis.geodesy.reference_systems import (
    CGCS2000,
    LIANZHOU,
    OFFSET_BAND_M,
    OFFSETS,
    Bounds,
    CrsLike,
    ReferenceSystem,
    Region,
    gauss_kruger,
    parse_reference_system,
    system_from_code,
)
from lianzhou_gis.geodesy.transformation import raw_to_lonlat

__all__ = ["Candidate", "describe_candidates", "rank_candidates", "resolve_reference_system"]


# Datums of longitude and latitude without an offset; they differ by less than a metre.
_GEOGRAPHIC = {"wgs84": "EPSG:4326", "cgcs2000": "EPSG:4490"}


@dataclass(frozen=True)
class Candidate:
    """A reference system in which the coordinates fall into the region."""

    code: str
    name: str
    lon: float
    lat: float
    distance_km: float


def _middle(bounds: Bounds) -> tuple[float, float]:
    return (bounds[0] + bounds[2]) / 2.0, (bounds[1] + bounds[3]) / 2.0


def _inside(lon: float, lat: float, region: Region) -> bool:
    west, south, east, north = region.bounds
    return west <= lon <= east and south <= lat <= north


def _around(region: Region, bounds: Bounds, system: ReferenceSystem) -> bool:
    """Return whether the centre of the region lies in the box of the coordinates, as for provincial files."""
    (west, south), (east, north) = raw_to_lonlat(np.array([bounds[:2], bounds[2:]]), system)
    lon, lat = _middle(region.bounds)
    return bool(west <= lon <= east and south <= lat <= north)


def rank_candidates(bounds: Bounds, region: Region = LIANZHOU) -> list[Candidate]:
    """Return the systems in which the coordinates fall into the region, nearest to its centre first.

    Parameters
    ----------
    bounds : tuple of float
        minx, miny, maxx, maxy of the raw coordinates.
    region : Region

    Examples
    --------
    >>> [candidate.code for candidate in rank_candidates((37650500, 2746900, 37650700, 2747100))]
    ['EPSG:4525']
    """
    x, y = _middle(bounds)
    systems = [CGCS2000, *(gauss_kruger(zone, prefix=prefix) for zone in (36, 37, 38, 39) for prefix in (True, False))]
    systems += [gauss_kruger(zone, width=6, prefix=prefix) for zone in (19, 20) for prefix in (True, False)]
    # UTM shares the meridians of the 6-degree zones at another scale: a kilometre apart, and both in the region.
    systems += [system_from_code(f"EPSG:{code}") for code in (32649, 32650, 3857)]
    centre = _middle(region.bounds)
    found = []
    for system in systems:
        lon, lat = (float(value) for value in raw_to_lonlat(np.array([[x, y]]), system)[0])
        if np.isfinite([lon, lat]).all() and _inside(lon, lat, region):
            _, _, metres = _GEOD.inv(lon, lat, *centre)
            found.append(Candidate(system.code, system.name, lon, lat, metres / 1000.0))
    # Without prefix, the 6-degree and the 3-degree zone of a meridian are the same: the first is listed.
    places = {(round(item.lon, 9), round(item.lat, 9)): item for item in reversed(found)}
    return sorted(places.values(), key=lambda candidate: candidate.distance_km)


_GEOD = pyproj.Geod(a=6378137.0, rf=298.257222101)


def describe_candidates(candidates: Sequence[Candidate]) -> Phrase:
    """Return which systems would fit, in Chinese and English; where several do, none is recommended.

    Examples
    --------
    >>> describe_candidates(rank_candidates((37650500, 2746900, 37650700, 2747100))).en
    'this would lie in the region: EPSG:4525 (CGCS2000 / 3-degree Gauss-Kruger zone 37, 112.4896E 24.8206N)'
    >>> describe_candidates([]).en
    'no system would put it into the region'
    """
    listed = [f"{item.code} ({item.name}, {item.lon:.4f}E {item.lat:.4f}N)" for item in candidates]
    if len(listed) > 1:
        message = Message.from_code("crs_fitting.several", candidates=listed, count=len(listed))
    elif listed:
        message = Message.from_code("crs_fitting.one", candidates=listed)
    else:
        message = Message.from_code("crs_fitting.none")
    return Phrase(message.zh, message.en)


def _refuse(
    code: str, where: str, bounds: Bounds | None, region: Region | None, **parameters: object
) -> ReferenceSystemError:
    """Build an error that names the reference systems that would put the coordinates into the region."""
    candidates = rank_candidates(bounds, region or LIANZHOU) if bounds is not None else []
    fitting = Message.from_code("crs_fitting", candidates=describe_candidates(candidates)) if candidates else ""
    return ReferenceSystemError.from_code(code, where=where, fitting=fitting, **parameters).with_candidates(candidates)


def resolve_reference_system(
    crs: CrsLike | None,
    *,
    datum: str | None = None,
    bounds: Bounds | None = None,
    region: Region | None = None,
    where: str = "",
) -> tuple[ReferenceSystem, list[Issue]]:
    """Return the reference system that is declared, checked against the place that it leads to.

    Parameters
    ----------
    crs : anything pyproj takes, or None
    datum : {"wgs84", "cgcs2000", "gcj02", "bd09"}, optional
        Declared datum of longitude and latitude.
    bounds : tuple of float, optional
        minx, miny, maxx, maxy of the raw coordinates, for the check of plausibility.
    region : Region, optional
        Where coordinates must lie; without one only the ranges of the system are checked.
    where : str
        The file, for messages.

    Raises
    ------
    ReferenceSystemError
        If nothing is declared, the name is unknown, the datum has no known way to CGCS2000, or the place is
        impossible; ``candidates`` holds what would fit.

    Examples
    --------
    >>> system, issues = resolve_reference_system("EPSG:4525", bounds=(37650500, 2746900, 37650700, 2747100))
    >>> system.name, issues
    ('CGCS2000 / 3-degree Gauss-Kruger zone 37', [])
    """
    issues: list[Issue] = []
    if datum is not None and datum not in (*OFFSETS, *_GEOGRAPHIC):
        raise ReferenceSystemError.from_code("datum_unknown", where=where, datum=datum)
    if datum in _GEOGRAPHIC:
        system = parse_reference_system(_GEOGRAPHIC[datum] if crs is None else crs, where)
        if system.datum not in _GEOGRAPHIC:
            raise ReferenceSystemError.from_code("datum_contradicts_crs", where=where, datum=datum, system=system.name)
    elif datum is not None:
        name = OFFSETS[datum]
        system = ReferenceSystem(CGCS2000.crs, name, datum)
        issues.append(Issue.from_code("warning", "datum_offset", where, datum=name, error=OFFSET_BAND_M))
    elif crs is None:
        raise _refuse("crs_missing", where, bounds, region)
    else:
        system = parse_reference_system(crs, where)
    if system.datum == "other":
        raise _refuse("crs_datum_unrelated", where, bounds, region, system=system.name)
    if not system.reliable:
        issues.append(Issue.from_code("warning", "unreliable_datum", where, system=system.name))
    if bounds is not None and np.isfinite(bounds).all():
        x, y = _middle(bounds)
        lon, lat = (float(value) for value in raw_to_lonlat(np.array([[x, y]]), system)[0])
        place = f"{lon:.4f}E {lat:.4f}N" if np.isfinite([lon, lat]).all() else "-"
        if place == "-" or (
            region is not None and not _inside(lon, lat, region) and not _around(region, bounds, system)
        ):
            area = region.name if region else "-"
            raise _refuse("crs_elsewhere", where, bounds, region, system=system.name, place=place, area=area)
    return system, issues
