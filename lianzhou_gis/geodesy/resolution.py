"""Resolution of reference systems: from the declaration, checked by location, never guessed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyproj

from lianzhou_gis.errors import Issue, ReferenceSystemError
from lianzhou_gis.geodesy.reference_systems import (
    CGCS2000,
    LIANZHOU,
    OFFSET_BAND_M,
    OFFSETS,
    Bounds,
    ReferenceSystem,
    Region,
    gauss_kruger,
    parse_reference_system,
)
from lianzhou_gis.geodesy.transformation import raw_to_lonlat

__all__ = ["Candidate", "rank_candidates", "resolve_reference_system"]


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


def _refuse(where: str, zh: str, en: str, bounds: Bounds | None, region: Region | None) -> ReferenceSystemError:
    candidates = rank_candidates(bounds, region or LIANZHOU) if bounds is not None else []
    if candidates:
        listed = "; ".join(f"{item.code} ({item.name}, {item.lon:.4f}E {item.lat:.4f}N)" for item in candidates[:4])
        zh, en = f"{zh}；落入本区的有 {listed}", f"{en}; these would lie in the region: {listed}"
    return ReferenceSystemError(
        f"{where}：{zh}。请用 --crs EPSG:代码 指明", f"{where}: {en}. Name it with --crs EPSG:code", tuple(candidates)
    )


def resolve_reference_system(
    crs: Any,  # noqa: ANN401 - whatever pyproj takes
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
    datum : {"gcj02", "bd09"}, optional
        Declared offset of longitude and latitude.
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
    if datum is not None:
        if datum not in OFFSETS:
            raise ReferenceSystemError(
                f"{where}：基准 {datum!r} 不可用；可用 gcj02、bd09",
                f"{where}: no datum {datum!r}; there are gcj02 and bd09",
            )
        name = OFFSETS[datum]
        system = ReferenceSystem(CGCS2000.crs, name, datum)
        issues.append(
            Issue(
                "warning",
                "datum_offset",
                where,
                f"坐标声明为 {name}，已按公开流传的算法纠偏，误差约 {OFFSET_BAND_M:g} 米",
                f"coordinates are declared as {name} and were corrected; the error band is about {OFFSET_BAND_M:g} m",
            )
        )
    elif crs is None:
        raise _refuse(where, "没有坐标系说明", "no reference system is given", bounds, region)
    else:
        system = parse_reference_system(crs, where)
    if system.datum == "other":
        raise _refuse(
            where,
            f"{system.name} 的基准与 CGCS2000 的关系未知",
            f"the datum of {system.name} has no known relation to CGCS2000",
            bounds,
            region,
        )
    if not system.reliable:
        issues.append(
            Issue(
                "warning",
                "unreliable_datum",
                where,
                f"{system.name} 与 CGCS2000 之间没有转换参数，位置可能偏差数十米至一百多米",
                f"no parameters lead from {system.name} to CGCS2000; positions may be off by tens of metres or more",
            )
        )
    if bounds is not None and np.isfinite(bounds).all():
        x, y = _middle(bounds)
        lon, lat = (float(value) for value in raw_to_lonlat(np.array([[x, y]]), system)[0])
        place = f"{lon:.4f}E {lat:.4f}N" if np.isfinite([lon, lat]).all() else "-"
        if place == "-" or (
            region is not None and not _inside(lon, lat, region) and not _around(region, bounds, system)
        ):
            area = region.name if region else "-"
            raise _refuse(
                where,
                f"按 {system.name} 坐标落在 {place}，不在{area}",
                f"as {system.name} the coordinates lie at {place}, not in {area}",
                bounds,
                region,
            )
    return system, issues
