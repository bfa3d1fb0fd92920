"""Transformation of features to CGCS2000 longitude and latitude, with an Issue for every assumption."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pyproj
import shapely
from pyproj.exceptions import CRSError

from lianzhou_gis.errors import Issue, Message, ReferenceSystemError
from lianzhou_gis.formats.column_aliases import plain_name, unit_in_name
from lianzhou_gis.formats.limits import MAX_VERTICES, refuse_count
from lianzhou_gis.formats.normalise import normalise
from lianzhou_gis.formats.parse_numbers import packed_degrees, packed_step
from lianzhou_gis.formats.positions import DigitErrors, digit_errors
from lianzhou_gis.formats.raw_features import UNNAMED_CRS, Geometries, RawFeatures, unreadable_issue, with_missing
from lianzhou_gis.formats.wholeness import Wholeness, wholeness_issues
from lianzhou_gis.geodesy import (
    CGCS2000,
    LIANZHOU,
    ReferenceSystem,
    Region,
    describe_candidates,
    rank_candidates,
    resolve_reference_system,
    to_cgcs2000,
)
from lianzhou_gis.geodesy.reference_systems import CrsLike
from lianzhou_gis.table import Columns

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Features", "ReadingKind", "SecondReading", "georeference_features"]

# Eastings with a zone prefix are the largest coordinates in use.
_FARTHEST = (1e8, 1e8)
_WHOLE_EARTH = (180.0, 90.0)
_WGS84_NAMES = ("urn:ogc:def:crs:ogc:1.3:crs84", "urn:ogc:def:crs:ogc::crs84", "ogc:crs84", "crs84")


class ReadingKind(StrEnum):
    """Why coordinates can be read in two ways."""

    DATUM = "datum"
    PACKED_DEGREES = "packed_degrees"


@dataclass(frozen=True)
class SecondReading:
    """The other way to read the coordinates of a file: findings must agree, or neither reading counts.

    Attributes
    ----------
    kind : ReadingKind
    message : Message
        Both readings, and how to declare the intended one.
    geometries : ndarray of shapely geometries or None, shape (n,)
        EPSG:4490.
    """

    kind: ReadingKind
    message: Message
    geometries: Geometries


@dataclass
class Features:
    """The records of one layer in CGCS2000.

    Attributes
    ----------
    columns : Columns, n rows
        The source's columns, ``source_row`` (1 for the first record) and ``geometry``: shapely geometries, EPSG:4490,
        lon/lat, 2D, the source's vertices; None where the source has none or it cannot be read.
    system : ReferenceSystem
        Of the source's coordinates.
    encoding : str, optional
        Of the texts, where the format leaves it open.
    issues : list of Issue
    sha256 : str
        Of the file's bytes.
    aliases : dict of str to str
        Column to the name that the file gives it for people (FileGDB).
    digit_errors : DigitErrors, n records
        What the numbers themselves leave open, metres.
    second : SecondReading, optional
        The other way in which the coordinates can be read, where both lie in the region.
    wholeness : Wholeness
        Evidence of the file on whether all of its records were read.
    """

    columns: Columns
    system: ReferenceSystem
    encoding: str | None
    issues: list[Issue]
    sha256: str
    aliases: dict[str, str] = field(default_factory=dict)
    digit_errors: DigitErrors = field(default_factory=lambda: DigitErrors(np.empty(0), np.empty(0)))
    second: SecondReading | None = None
    wholeness: Wholeness = field(default_factory=Wholeness)

    @cached_property
    def frame(self) -> pd.DataFrame:
        """The records as a table."""
        return self.columns.frame(inferred=[name for name in self.columns.arrays if name != "geometry"])

    def named(self, known: Iterable[str], *, requested: Iterable[str] = ()) -> Features:
        """Return the records with columns renamed to their aliases, where these are requested or recognised.

        Parameters
        ----------
        known : iterable of str
            Recognised names; compared as :func:`plain_name` folds them.
        requested : iterable of str
            Requested names: of fields, or of their aliases.
        """
        words = {plain_name(name) for name in known}
        asked = set(requested) - set(self.columns.arrays)
        taken = {plain_name(column) for column in self.columns.arrays}
        renamed = {}
        for column, alias in self.aliases.items():
            plain = {plain_name(alias), unit_in_name(alias)[0]}
            better = plain_name(column) not in words and bool(plain & words)
            if (alias in asked or better) and not plain & taken:
                renamed[column] = alias
                taken |= plain
        if not renamed:
            return self
        columns = {renamed.get(name, name): array for name, array in self.columns.arrays.items()}
        return replace(self, columns=Columns(columns))


def _standard_system(raw: RawFeatures, region: Region | None, issues: list[Issue]) -> str:
    """Return the reference system of a format that is WGS 84 by its standard; planar numbers are refused.

    The old ``crs`` member of GeoJSON takes precedence.
    """
    named = str(raw.crs) if raw.crs is not None else None
    if named is not None and named.startswith(UNNAMED_CRS):
        raise ReferenceSystemError.from_code("crs_unnamed", name=raw.name, member=named.removeprefix(UNNAMED_CRS))
    if named is not None and named.lower() not in _WGS84_NAMES:
        issues.append(Issue.from_code("info", "crs_member", raw.name, named=named))
        return named
    form = raw.wgs84_by
    _refuse_planar(raw, Message.from_code("degrees_by_standard", form=form), region)
    issues.append(Issue.from_code("warning", "datum_assumed", raw.name, form=form))
    return "EPSG:4326"


def _limits(geometries: Geometries) -> tuple[float, float, float, float] | None:
    """Return west, south, east, north of all geometries; ``None`` where there is nothing to be bounded."""
    if not len(geometries):
        return None
    west, south, east, north = (float(value) for value in shapely.total_bounds(geometries))
    return (west, south, east, north) if np.isfinite([west, south, east, north]).all() else None


def _refuse_planar(raw: RawFeatures, ground: Message, region: Region | None) -> None:
    """Raise if coordinates cannot be longitude and latitude, which they have to be on the given ground."""
    limits = _limits(raw.geometries)
    if limits is None:
        return
    west, south, east, north = limits
    if west >= -180.0 and east <= 180.0 and south >= -90.0 and north <= 90.0:
        return
    where = f"x {west:.10g}..{east:.10g}, y {south:.10g}..{north:.10g}"
    if south >= -180.0 and north <= 180.0 and west >= -90.0 and east <= 90.0:
        raise ReferenceSystemError.from_code("degrees_swapped", file=raw.name, ground=ground, where=where)
    candidates = tuple(rank_candidates((west, south, east, north), region or LIANZHOU))
    fitting = describe_candidates(candidates)
    raise ReferenceSystemError.from_code(
        "degrees_but_planar", file=raw.name, ground=ground, where=where, fitting=fitting
    ).with_candidates(candidates)


def georeference_features(
    raw: RawFeatures,
    *,
    crs: CrsLike | None,
    datum: str | None,
    region: Region | None,
) -> Features:
    """Resolve the reference system of raw features and transform them to CGCS2000.

    Parameters
    ----------
    raw : RawFeatures
    crs : anything pyproj takes, optional
        Overrides what the file declares, with an Issue where they differ.
    datum : {"wgs84", "cgcs2000", "gcj02", "bd09"}, optional
        Declared datum of longitude and latitude.
    region : Region, optional

    Raises
    ------
    ReferenceSystemError
        If the system is missing, unknown or impossible.
    """
    issues = list(raw.issues)
    refuse_count(raw.name, int(shapely.get_num_coordinates(raw.geometries).sum()), MAX_VERTICES, "vertices")
    finite = _possible(raw.geometries, _FARTHEST, raw.name, issues)
    raw = replace(raw, geometries=normalise(finite, raw.name, issues))
    assumed = False
    if datum is None and crs is None and raw.datum is not None:
        datum = raw.datum
        issues.append(_datum_of_maker(raw))
    if datum is not None:
        _refuse_planar(raw, Message.from_code("degrees_by_datum"), region)
    elif raw.wgs84_by is not None and crs is None:
        assumed = raw.crs is None or str(raw.crs).lower() in _WGS84_NAMES
        raw.crs = _standard_system(raw, region, issues)
    declared = _effective_declaration(raw, crs, datum, issues)
    raw, packed = _packed_reading(raw, declared, datum, region, issues)
    limits = raw.extent or _limits(raw.geometries)
    system, found = resolve_reference_system(declared, datum=datum, bounds=limits, region=region, where=raw.name)
    issues.extend(found)
    if system.crs.is_geographic:
        _refuse_planar(raw, Message.from_code("degrees_by_system", system=system.name), region)
    else:
        _refuse_degrees(raw.name, limits, system)
    errors = digit_errors(raw.geometries, system, raw.steps, doubles=raw.doubles)
    located = _possible(to_cgcs2000(raw.geometries, system), _WHOLE_EARTH, raw.name, issues)
    issues.extend(wholeness_issues(raw.wholeness.faults, raw.name))
    second = _datum_reading(raw) if assumed else None
    if packed is not None:
        second = replace(packed, geometries=to_cgcs2000(packed.geometries, system))
    rows = raw.rows if raw.rows is not None else range(1, len(located) + 1)
    columns = {**raw.columns, "source_row": np.asarray(rows, dtype=np.int64), "geometry": located}
    return Features(
        Columns(columns),
        system,
        raw.encoding,
        issues,
        raw.sha256,
        dict(raw.aliases),
        digit_errors=errors,
        second=second,
        wholeness=raw.wholeness,
    )


def _datum_of_maker(raw: RawFeatures) -> Issue:
    name = {"gcj02": "GCJ-02", "bd09": "BD-09"}.get(str(raw.datum), str(raw.datum))
    return Issue.from_code("warning", "datum_by_maker", raw.name, name=name)


def _datum_reading(raw: RawFeatures) -> SecondReading | None:
    """Return the GCJ-02 reading of coordinates that are WGS 84 only by the standard of their format."""
    if not len(raw.geometries) or shapely.is_missing(raw.geometries).all():
        return None
    return SecondReading(
        ReadingKind.DATUM,
        Message.from_code("datum_undeclared"),
        to_cgcs2000(raw.geometries, ReferenceSystem(CGCS2000.crs, "GCJ-02", "gcj02")),
    )


def _packed_reading(
    raw: RawFeatures,
    declared: CrsLike | None,
    datum: str | None,
    region: Region | None,
    issues: list[Issue],
) -> tuple[RawFeatures, SecondReading | None]:
    """Decide between decimal and packed degrees by place; where both lie in the region return the packed ones too.

    Returns
    -------
    RawFeatures
        With the reading that counts first.
    SecondReading or None
        In the coordinates of the source.
    """
    limits = _limits(raw.geometries)
    if not raw.may_be_packed or limits is None or (declared is None and datum is None):
        return raw, None
    around = (region or LIANZHOU).bounds
    packed = np.asarray(shapely.transform(raw.geometries, packed_degrees), dtype=object)
    decimal_inside, packed_inside = _middle_inside(limits, around), _middle_inside(_limits(packed), around)
    if decimal_inside and packed_inside:
        message = Message.from_code("degrees_may_be_packed")
        return raw, SecondReading(ReadingKind.PACKED_DEGREES, message, packed)
    if packed_inside:
        issues.append(Issue.from_code("warning", "degrees_packed_by_place", raw.name))
        steps = packed_step(raw.steps) if raw.steps is not None else None
        return replace(raw, geometries=packed, steps=steps), None
    return raw, None


def _middle_inside(limits: tuple[float, float, float, float] | None, around: tuple[float, float, float, float]) -> bool:
    if limits is None:
        return False
    x, y = (limits[0] + limits[2]) / 2.0, (limits[1] + limits[3]) / 2.0
    return around[0] <= x <= around[2] and around[1] <= y <= around[3]


def _refuse_degrees(name: str, limits: tuple[float, float, float, float] | None, system: ReferenceSystem) -> None:
    """Raise if declared metres can only be degrees: as metres they would lie at the equator."""
    if limits is None or system.crs.is_geographic:
        return
    if max(abs(limits[0]), abs(limits[2])) <= 180.0 and max(abs(limits[1]), abs(limits[3])) <= 180.0:
        raise ReferenceSystemError.from_code("degrees_for_plane", file=name, system=system.name)


def _effective_declaration(
    raw: RawFeatures, crs: CrsLike | None, datum: str | None, issues: list[Issue]
) -> CrsLike | None:
    if crs is None or raw.crs is None:
        return raw.crs if crs is None else crs
    try:
        same = pyproj.CRS.from_user_input(raw.crs).equals(pyproj.CRS.from_user_input(crs), ignore_axis_order=True)
    except CRSError:
        same = False
    if not same and datum is None:
        shown = str(raw.crs).strip()[:60]
        issues.append(Issue.from_code("warning", "crs_overridden", raw.name, shown=shown, given=str(crs)[:60]))
    return crs


def _possible(geometries: Geometries, most: tuple[float, float], name: str, issues: list[Issue]) -> Geometries:
    """Return geometries with None for those with an infinite or impossible coordinate."""
    coordinates, owners = shapely.get_coordinates(geometries, return_index=True)
    possible = geometries
    infinite = ~np.isfinite(coordinates).all(axis=1)
    if infinite.any():
        lost = np.zeros(len(geometries), dtype=bool)
        lost[owners[infinite]] = True
        issues.extend(unreadable_issue(lost, name))
        possible = with_missing(possible, lost)
    impossible = ~infinite & (np.abs(coordinates) > most).any(axis=1)
    if impossible.any():
        rows = np.unique(owners[impossible])
        x, y = coordinates[np.flatnonzero(impossible)[0]]
        shown = ", ".join(str(row + 1) for row in rows[:8]) + (" ..." if len(rows) > 8 else "")
        issues.append(Issue.from_code("error", "coordinate_absurd", name, count=len(rows), shown=shown, x=x, y=y))
        lost = np.zeros(len(geometries), dtype=bool)
        lost[rows] = True
        possible = with_missing(possible, lost)
    return possible
