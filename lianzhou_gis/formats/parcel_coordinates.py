"""Axis order, zone and datum of the coordinates of a parcel TXT.

The zone prefix of an easting overrides the header, because it is part of the number; without either nothing is guessed,
for Lianzhou lies on both sides of a zone border.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from lianzhou_gis.errors import FormatError, Issue, Message, Phrase, ReferenceSystemError
from lianzhou_gis.formats.axis_order import Axis, classify_axes, zone_prefix
from lianzhou_gis.formats.parcel_grammar import Plot
from lianzhou_gis.formats.parse_numbers import packed_degrees, parse_angle, parse_number
from lianzhou_gis.geodesy import (
    LIANZHOU,
    ReferenceSystem,
    Region,
    describe_candidates,
    gauss_kruger,
    rank_candidates,
    system_from_code,
)

__all__ = [
    "Attributes",
    "OrderedPlot",
    "check_given_system",
    "declared_system",
    "may_be_packed",
    "order_axes",
    "read_attributes",
    "unpacked_plot",
    "zone_trouble",
]

_EASTS = (Axis.EAST, Axis.EAST_WITH_ZONE)
_GEOGRAPHIC = {"cgcs2000": "EPSG:4490", "wgs84": "EPSG:4326", "xian80": "EPSG:4610", "beijing54": "EPSG:4214"}
# First EPSG code of a series, and the zone it belongs to: (datum, width, with zone number in front).
_OLD_SERIES = {
    ("xian80", 3, True): (2349, 25),
    ("xian80", 3, False): (2370, 25),
    ("xian80", 6, True): (2327, 13),
    ("xian80", 6, False): (2338, 13),
    ("beijing54", 3, True): (2401, 25),
    ("beijing54", 3, False): (2422, 25),
    ("beijing54", 6, True): (21413, 13),
    ("beijing54", 6, False): (21453, 13),
}
_ZONES = {3: (25, 45), 6: (13, 23)}
# Larger values are typing errors or another unit: metres, arc seconds, parts per million.
_LARGEST_PARAMETERS = (1000.0, 1000.0, 1000.0, 60.0, 60.0, 60.0, 100.0)


@dataclass(frozen=True)
class Attributes:
    """Attributes of the coordinates in ``[属性描述]``.

    Attributes
    ----------
    datum : str, optional
        ``cgcs2000``, ``wgs84``, ``xian80`` or ``beijing54``.
    width : int, optional
        3 or 6 degrees.
    zone : int, optional
    parameters : tuple of 7 floats, optional
        Towards CGCS2000.
    issues : tuple of Issue
    precision_m : float
        ``精度`` of the coordinates, metres; 0 where none is stated.
    degrees_packed : bool, optional
        Whether ``计量单位`` declares degrees written as DDD.MMSS; None if it does not declare a form.
    """

    datum: str | None
    width: int | None
    zone: int | None
    parameters: tuple[float, ...] | None
    issues: tuple[Issue, ...]
    precision_m: float = 0.0
    degrees_packed: bool | None = None


@dataclass(frozen=True)
class OrderedPlot:
    """The corners of a plot as east and north.

    Attributes
    ----------
    xy : ndarray of float, shape (n, 2)
        East (with zone number if it has one) and north, or longitude and latitude.
    kind : Axis
        ``LON``, ``EAST``, ``EAST_WITH_ZONE`` or ``UNKNOWN``.
    zones : tuple of int
        Zone prefixes of the eastings.
    """

    xy: npt.NDArray[np.float64]
    kind: Axis
    zones: tuple[int, ...]


def read_attributes(attributes: Mapping[str, tuple[str, int]], name: str) -> Attributes:
    """Read datum, zone and parameters of a header.

    Parameters
    ----------
    attributes : mapping of str to (value, line)
    name : str
        File.

    Raises
    ------
    FormatError
        For a projection or unit that the format does not know.
    ReferenceSystemError
        For a coordinate system that is none.
    """
    issues: list[Issue] = []
    system, line = attributes.get("坐标系", ("", 0))
    datum = _datum(system, f"{name}:{line}")
    projection, line = attributes.get("投影类型", ("", 0))
    if projection and not re.search("高斯|经纬|无|gauss", projection, re.IGNORECASE):
        raise FormatError.from_code(
            "parcel_projection", file=name, line=line, projection=projection, expected="高斯克吕格"
        )
    unit, line = attributes.get("计量单位", ("", 0))
    if unit and not re.fullmatch(r"米|公尺|m|meters?|metres?|度|度分秒|经纬度|degrees?", unit, re.IGNORECASE):
        raise FormatError.from_code("parcel_unit", file=name, line=line, unit=unit, expected="米")
    width = _whole_number(attributes, "几度分带", name)
    if width not in (3, 6, None):
        issues.append(_unused(attributes, "几度分带", name))
        width = None
    zone = _whole_number(attributes, "带号", name)
    if zone is None:
        zone = _zone_of_meridian(attributes, width or 3)
    parameters = _parameters(attributes, datum, name, issues)
    packed = {"度分秒": True, "度": False, "degree": False, "degrees": False}.get(unit.strip().lower())
    return Attributes(datum, width, zone, parameters, tuple(issues), _precision_m(attributes), packed)


def _precision_m(attributes: Mapping[str, tuple[str, int]]) -> float:
    """Return the stated precision of coordinates; what is no positive number states none."""
    text = re.sub(r"(?:米|m)$", "", attributes.get("精度", ("", 0))[0].strip(), flags=re.IGNORECASE)
    number = parse_number(text)
    return number if number is not None and number > 0.0 else 0.0


def _datum(text: str, where: str) -> str | None:
    plain = re.sub(r"\s", "", text).upper()
    if not plain:
        return None
    for pattern, datum in (("2000", "cgcs2000"), ("WGS", "wgs84"), ("80|西安", "xian80"), ("54|北京", "beijing54")):
        if re.search(pattern, plain):
            return datum
    raise ReferenceSystemError.from_code(
        "parcel_system_unknown",
        where=where,
        text=text,
        expected=("2000国家大地坐标系", "1980西安坐标系", "1954北京坐标系"),
    )


def _whole_number(attributes: Mapping[str, tuple[str, int]], key: str, name: str) -> int | None:
    text, line = attributes.get(key, ("", 0))
    digits = re.fullmatch(r"(?:第)?\s*(\d{1,3})(?:\.0*)?\s*(?:带|度|度带|°)?", text)
    if digits is None:
        if text:
            raise FormatError.from_code("parcel_attribute_not_number", file=name, line=line, key=key, text=text)
        return None
    return int(digits[1])


def _zone_of_meridian(attributes: Mapping[str, tuple[str, int]], width: int) -> int | None:
    """Return the zone of ``中央子午线``, which some programs write instead of ``带号``."""
    for key in ("中央子午线", "中央经线", "中央子午线经度"):
        degrees = parse_angle(attributes[key][0]) if key in attributes else None
        if degrees is not None:
            zone = degrees / 3 if width == 3 else (degrees + 3) / 6
            return round(zone) if abs(zone - round(zone)) < 1e-9 else None
    return None


def _unused(attributes: Mapping[str, tuple[str, int]], key: str, name: str) -> Issue:
    value, line = attributes[key]
    return Issue.from_code("warning", "attribute_unused", f"{name}:{line}", key=key, attribute=value[:40])


def _parameters(
    attributes: Mapping[str, tuple[str, int]], datum: str | None, name: str, issues: list[Issue]
) -> tuple[float, ...] | None:
    """Return the seven parameters of ``转换参数``; empty, incomplete or impossible ones count as none."""
    if "转换参数" not in attributes:
        return None
    parts = [part.strip() for part in attributes["转换参数"][0].split(",")]
    numbers = [parse_angle(part) for part in parts]
    if not any(parts):
        return None
    usable = (
        datum in ("xian80", "beijing54")
        and len(parts) >= 7
        and all(number is not None for number in numbers[:7])
        and any(numbers[:7])
        and all(abs(number or 0.0) <= largest for number, largest in zip(numbers, _LARGEST_PARAMETERS, strict=False))
    )
    if not usable:
        # Zeros are a form filled in, not a transformation; CGCS2000 needs none.
        if datum != "cgcs2000" or any(numbers):
            issues.append(_unused(attributes, "转换参数", name))
        return None
    line = attributes["转换参数"][1]
    issues.append(Issue.from_code("warning", "parameters_applied", f"{name}:{line}"))
    return tuple(float(number or 0.0) for number in numbers[:7])


def order_axes(plot: Plot, name: str, issues: list[Issue]) -> OrderedPlot:
    """Return the corners of a plot as east and north, distinguished by size; by the rule X (north) comes first.

    Raises
    ------
    FormatError
        If the points of one plot are of different kinds (some with a zone number, some without).
    """
    numbers = np.array([(corner.first, corner.second) for corner in plot.corners], dtype=np.float64).reshape(-1, 2)
    kinds = classify_axes(numbers)
    first, second = kinds[:, 0], kinds[:, 1]
    regular = (first == Axis.NORTH) & np.isin(second, _EASTS)
    swapped = (second == Axis.NORTH) & np.isin(first, _EASTS)
    lon_first = (first == Axis.LON) & (second == Axis.LAT)
    lat_first = (first == Axis.LAT) & (second == Axis.LON)
    turned = regular | lat_first
    known = turned | swapped | lon_first
    if not known.any():
        return OrderedPlot(numbers[:, ::-1], Axis.UNKNOWN, ())
    xy = np.where(turned[:, None], numbers[:, ::-1], numbers)
    east = np.where(known, classify_axes(xy)[:, 0], Axis.UNKNOWN)
    if (east != east[np.flatnonzero(known)[0]]).any():
        odd = plot.corners[int(np.flatnonzero(east != east[np.flatnonzero(known)[0]])[0])]
        raise FormatError.from_code("parcel_points_mixed", file=name, line=odd.line, first=odd.first, second=odd.second)
    if swapped.any():
        line = plot.corners[int(np.flatnonzero(swapped)[0])].line
        issues.append(Issue.from_code("warning", "axes_swapped", f"{name}:{line}", count=int(swapped.sum())))
    kind = Axis(int(east[0]))
    zones = tuple(sorted(set(zone_prefix(xy[:, 0]).tolist()) - {0}))
    return OrderedPlot(xy, kind, zones)


def may_be_packed(plot: Plot, ordered: OrderedPlot) -> bool:
    """Tell whether the degrees of a plot may be written as DDD.MMSS: plain numbers, all of which can be read so."""
    if ordered.kind is not Axis.LON or any(corner.angular for corner in plot.corners):
        return False
    fractional = bool((ordered.xy != np.round(ordered.xy)).any())
    return fractional and not np.isnan(packed_degrees(ordered.xy)).any()


def unpacked_plot(plot: Plot, ordered: OrderedPlot, name: str) -> OrderedPlot:
    """Return a plot with its packed degrees as decimal ones.

    Raises
    ------
    FormatError
        If minutes or seconds reach sixty.
    """
    xy = packed_degrees(ordered.xy)
    wrong = np.flatnonzero(np.isnan(xy).any(axis=1))
    if len(wrong):
        raise FormatError.from_code("parcel_not_packed", name=name, line=plot.corners[int(wrong[0])].line)
    return replace(ordered, xy=xy)


def zone_trouble(plot: Plot, ordered: OrderedPlot, name: str) -> Message | None:
    """Return why a plot cannot be located: its points are in different zones."""
    if len(ordered.zones) < 2:
        return None
    first = int(np.flatnonzero(zone_prefix(ordered.xy[:, 0]) != ordered.zones[0])[0])
    return Message.from_code("plot_zones_mixed", file=name, line=plot.corners[first].line, zones=ordered.zones)


def declared_system(
    plot: Plot, ordered: OrderedPlot, attributes: Attributes, name: str, region: Region | None, issues: list[Issue]
) -> ReferenceSystem:
    """Return the reference system of a plot from its numbers and the header.

    Raises
    ------
    ReferenceSystemError
        If the datum is not named, or neither header nor coordinates name the zone; never guessed.
    FormatError
        If the numbers are no coordinates inside China.
    """
    where = f"{name}:{plot.line}"
    if ordered.kind is Axis.UNKNOWN:
        corner = plot.corners[0]
        raise FormatError.from_code(
            "parcel_point_impossible", file=name, line=corner.line, first=corner.first, second=corner.second
        )
    if attributes.datum is None:
        raise ReferenceSystemError.from_code("parcel_system_missing", where=where).with_candidates(
            tuple(rank_candidates(_bounds(ordered), region or LIANZHOU))
        )
    if ordered.kind is Axis.LON:
        return _with_parameters(system_from_code(_GEOGRAPHIC[attributes.datum]), attributes)
    prefixed = ordered.kind is Axis.EAST_WITH_ZONE
    zone = ordered.zones[0] if prefixed else attributes.zone
    if zone is None:
        candidates = tuple(rank_candidates(_bounds(ordered), region or LIANZHOU))
        raise ReferenceSystemError.from_code(
            "parcel_zone_missing", where=where, fitting=describe_candidates(candidates)
        ).with_candidates(candidates)
    width = 6 if zone <= _ZONES[6][1] else 3
    if prefixed and attributes.zone is not None and attributes.zone != zone:
        issues.append(
            Issue.from_code("warning", "zone_contradiction.number", where, declared=attributes.zone, zone=zone)
        )
    if attributes.width is not None and attributes.width != width:
        issues.append(
            Issue.from_code(
                "warning", "zone_contradiction.width", where, declared=attributes.width, zone=zone, width=width
            )
        )
    return _with_parameters(_gauss_kruger(attributes.datum, zone, width, prefixed, where), attributes)


def _gauss_kruger(datum: str, zone: int, width: int, prefixed: bool, where: str) -> ReferenceSystem:
    if datum in ("cgcs2000", "wgs84"):
        # No WGS 84 zones of this kind are in use; the difference is below a metre.
        return gauss_kruger(zone, width=width, prefix=prefixed)
    low, high = _ZONES[width]
    if not low <= zone <= high:
        raise ReferenceSystemError.from_code("parcel_zone_impossible", where=where, zone=zone)
    first, base = _OLD_SERIES[datum, width, prefixed]
    return system_from_code(f"EPSG:{first + zone - base}")


def _with_parameters(system: ReferenceSystem, attributes: Attributes) -> ReferenceSystem:
    return replace(system, parameters=attributes.parameters) if attributes.parameters is not None else system


def _bounds(ordered: OrderedPlot) -> tuple[float, float, float, float]:
    west, south = (float(value) for value in ordered.xy.min(axis=0))
    east, north = (float(value) for value in ordered.xy.max(axis=0))
    return west, south, east, north


def check_given_system(ordered: OrderedPlot, system: ReferenceSystem, where: str) -> None:
    """Refuse coordinates whose zone number is not that of the system that was given for them.

    Raises
    ------
    ReferenceSystemError
    """
    operation: Any = system.crs.coordinate_operation
    easting = (
        next((item.value for item in operation.params if item.name == "False easting"), None) if operation else None
    )
    expected = int(easting // 1e6) if easting is not None else 0
    planar = ordered.kind in _EASTS
    if (planar and system.crs.is_geographic) or (ordered.kind is Axis.LON and not system.crs.is_geographic):
        raise ReferenceSystemError.from_code("parcel_form_differs", where=where, system=system.name)
    if planar and set(ordered.zones or (0,)) != {expected}:
        zones: Sequence[int | Phrase] = ordered.zones or [Phrase("无", "none")]
        raise ReferenceSystemError.from_code("parcel_zone_differs", where=where, zones=zones, system=system.name)
