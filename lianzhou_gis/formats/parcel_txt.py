"""Reader of the parcel coordinate TXT (界址点坐标文件)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import shapely

from lianzhou_gis.errors import FormatError, Issue, Message
from lianzhou_gis.formats.axis_order import Axis
from lianzhou_gis.formats.encodings import decode_text
from lianzhou_gis.formats.georeference import ReadingKind, SecondReading
from lianzhou_gis.formats.limits import MAX_SITES, MAX_TEXT_BYTES, read_bounded, refuse_count
from lianzhou_gis.formats.parcel_coordinates import (
    Attributes,
    OrderedPlot,
    check_given_system,
    declared_system,
    may_be_packed,
    order_axes,
    read_attributes,
    unpacked_plot,
    zone_trouble,
)
from lianzhou_gis.formats.parcel_grammar import Plot, parse_parcel_text
from lianzhou_gis.formats.parcel_rings import build_plot_shape
from lianzhou_gis.formats.parse_numbers import packed_degrees
from lianzhou_gis.formats.positions import DigitErrors, digit_errors
from lianzhou_gis.formats.raw_features import Geometries
from lianzhou_gis.formats.site_drafts import SiteDraft, SiteInput
from lianzhou_gis.geodesy import CGCS2000, LIANZHOU, ReferenceSystem, Region, resolve_reference_system, to_cgcs2000
from lianzhou_gis.geodesy.reference_systems import CrsLike
from lianzhou_gis.table import Columns, cells

__all__ = ["read_parcel_txt"]


def read_parcel_txt(
    path: Path,
    name: str,
    *,
    crs: CrsLike | None = None,
    datum: str | None = None,
    region: Region | None = None,
    encoding: str | None = None,
) -> SiteDraft:
    """Read a parcel coordinate file.

    Parameters
    ----------
    path : Path
    name : str
        For messages.
    crs : anything pyproj takes, optional
        Overrides the header, if the zone prefixes of the coordinates allow it.
    datum : {"gcj02", "bd09"}, optional
        For files of longitude and latitude.
    region : Region, optional
        Where coordinates must plausibly lie.
    encoding : str, optional
        UTF-8 (with or without mark) and GB18030 are recognised.

    Returns
    -------
    SiteDraft
        One row per plot, columns ``site_id`` (parcel number), ``name``, ``declared_area``; geometry in CGCS2000.

    Raises
    ------
    MissingFileError, FormatError, ReferenceSystemError
        Naming file and line, and what to do.
    """
    content = read_bounded(path, MAX_TEXT_BYTES)
    text, _, issues = decode_text(content, name, encoding=encoding)
    parsed = parse_parcel_text(text, name)
    plots = parsed.plots
    refuse_count(name, len(plots), MAX_SITES, "plots")
    attributes = read_attributes(parsed.attributes, name)
    issues += [*parsed.issues, *attributes.issues]
    given = _given_system(crs, datum, attributes, name, issues)

    native = np.full(len(plots), None, dtype=object)
    unpacked = native.copy()
    systems: list[ReferenceSystem] = []
    troubles: dict[int, Message] = {}
    for index, plot in enumerate(plots):
        if not plot.corners:
            systems.append(given or CGCS2000)
            troubles[index] = Message.from_code("plot_without_points", file=name, line=plot.line)
            continue
        ordered = order_axes(plot, name, issues)
        if ordered.kind is Axis.LON and attributes.degrees_packed:
            ordered = unpacked_plot(plot, ordered, name)
        systems.append(_system(plot, ordered, given, attributes, name, region, issues))
        trouble, packed = zone_trouble(plot, ordered, name), None
        if trouble is None:
            shape = build_plot_shape(plot, ordered.xy, name, precision_m=attributes.precision_m)
            issues += shape.issues
            native[index], trouble = shape.geometry, shape.trouble
            if attributes.degrees_packed is None and may_be_packed(plot, ordered):
                packed = build_plot_shape(
                    plot, packed_degrees(ordered.xy), name, precision_m=attributes.precision_m
                ).geometry
        unpacked[index] = packed if trouble is None and packed is not None else native[index]
        if trouble is not None:
            troubles[index] = trouble
            issues.append(Issue("error", "plot_unusable", f"{name}:{plot.line}", trouble.zh, trouble.en))
    second = _packed_reading(native, unpacked, systems, region)
    geometries = _locate(native, systems, plots, name, region, issues)
    errors = _digit_errors(native, systems, plots)
    source = SiteInput(name, hashlib.sha256(content).hexdigest(), path)
    return SiteDraft(
        name=name,
        columns=_columns(plots),
        geometries=geometries,
        systems=systems,
        rows=np.arange(1, len(plots) + 1, dtype=np.int64),
        places=[f"{name}:{plot.line}" for plot in plots],
        source=source,
        issues=issues,
        area_unit="ha",
        troubles=troubles,
        digit_errors=errors,
        second=second,
    )


def _packed_reading(
    native: Geometries, unpacked: Geometries, systems: Sequence[ReferenceSystem], region: Region | None
) -> SecondReading | None:
    """Return the plots with degrees read as DDD.MMSS, where some may be written so and lie in the region that way."""
    west, south, east, north = (region or LIANZHOU).bounds
    other = np.full(len(native), None, dtype=object)
    differs = False
    for index, (one, two) in enumerate(zip(native, unpacked, strict=True)):
        other[index] = one
        if two is None or two is one:
            continue
        centre = shapely.centroid(two)
        if west <= centre.x <= east and south <= centre.y <= north:
            other[index], differs = two, True
    if not differs:
        return None
    located = np.full(len(native), None, dtype=object)
    for system in dict.fromkeys(systems):
        rows = np.array([index for index, found in enumerate(systems) if found == system and other[index] is not None])
        if len(rows):
            located[rows] = to_cgcs2000(other[rows], system)
    return SecondReading(ReadingKind.PACKED_DEGREES, Message.from_code("parcel_may_be_packed"), located)


def _digit_errors(native: Geometries, systems: Sequence[ReferenceSystem], plots: Sequence[Plot]) -> DigitErrors:
    """Return what the written digits of each plot leave open."""
    steps = np.array([min((corner.step for corner in plot.corners), default=np.nan) for plot in plots])
    last, single = np.zeros(len(plots)), np.zeros(len(plots))
    for system in dict.fromkeys(systems):
        rows = np.array([index for index, other in enumerate(systems) if other == system])
        found = digit_errors(native[rows], system, steps[rows])
        last[rows], single[rows] = found.last_digit_m, found.single_precision_m
    return DigitErrors(last, single)


def _columns(plots: Sequence[Plot]) -> Columns:
    return Columns(
        {
            "site_id": cells(plot.plot_id or None for plot in plots),
            "name": cells(plot.name or None for plot in plots),
            "declared_area": cells(plot.area or None for plot in plots),
        }
    )


def _given_system(
    crs: CrsLike | None,
    datum: str | None,
    attributes: Attributes,
    name: str,
    issues: list[Issue],
) -> ReferenceSystem | None:
    """Return the system that the caller names, None if it is left to the file."""
    if crs is None and datum is None:
        return None
    system, found = resolve_reference_system(crs, datum=datum, where=name)
    if attributes.parameters is not None and attributes.datum == system.datum:
        system = replace(system, parameters=attributes.parameters)
        found = [issue for issue in found if issue.code != "unreliable_datum"]
    issues += found
    if attributes.datum not in (None, system.datum):
        issues.append(Issue.from_code("warning", "crs_overridden.header", name, name=system.name))
    return system


def _system(
    plot: Plot,
    ordered: OrderedPlot,
    given: ReferenceSystem | None,
    attributes: Attributes,
    name: str,
    region: Region | None,
    issues: list[Issue],
) -> ReferenceSystem:
    if given is None:
        return declared_system(plot, ordered, attributes, name, region, issues)
    check_given_system(ordered, given, f"{name}:{plot.line}")
    return given


def _locate(
    native: Geometries,
    systems: Sequence[ReferenceSystem],
    plots: Sequence[Plot],
    name: str,
    region: Region | None,
    issues: list[Issue],
) -> Geometries:
    """Transform plots to CGCS2000, each from its own system, and check that each lies in the region."""
    located = np.full(len(native), None, dtype=object)
    for system in dict.fromkeys(systems):
        rows = np.array([index for index, other in enumerate(systems) if other == system and native[index] is not None])
        if not len(rows):
            continue
        located[rows] = to_cgcs2000(native[rows], system)
        bounds = shapely.bounds(located[rows])
        middle = (bounds[:, :2] + bounds[:, 2:]) / 2.0
        if not system.reliable:
            issues += resolve_reference_system(system.crs, where=name)[1]
        if region is None and np.isfinite(middle).all():
            continue
        west, south, east, north = region.bounds if region is not None else (-180.0, -90.0, 180.0, 90.0)
        inside = (middle >= (west, south)).all(axis=1) & (middle <= (east, north)).all(axis=1)
        for row in rows[~inside][:1]:
            where = f"{name}:{plots[row].line}"
            raw = tuple(float(value) for value in shapely.bounds(native[row]))
            resolve_reference_system(system.crs, bounds=(raw[0], raw[1], raw[2], raw[3]), region=region, where=where)
            raise FormatError.from_code("parcel_point_outside", where=where)
    if len(set(systems)) > 1:
        listed = "; ".join(dict.fromkeys(system.name for system in systems))
        issues.append(Issue.from_code("info", "systems_mixed", name, listed=listed))
    return located
